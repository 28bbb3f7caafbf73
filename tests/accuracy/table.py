"""The results as Markdown."""

import datetime as dt
from collections.abc import Callable, Iterable

import numpy as np

from .families import Outcome, Outcomes
from .match import Score, f1, precision, sensitivity
from .night import BY_NAME

INTRO = """Measured on {date} on {count} nights a family, seeds {first} to {last}: {which}. \
**All nights are synthetic.** In the easy plan everything keeps its distance, so that each family \
shows one thing; in the hard plan intervals, amplitudes and durations are those of scored nights, \
and turns, posture changes, tremor and shocks fall on and beside movements. They show how the \
count behaves where the truth is known; they show nothing about people. The device's own firmware \
counted, on the simulated board."""
SHOWN = "no constant was chosen on them"
CHOSEN = "**constants are chosen on these, so the figures flatter**"
MATCHING = """CLMs are matched one to one with true CLMs, onsets within 1 s (the most pairs, then \
the least error). On the hard plan true CLMs have an envelope of at least 16 mg and lie outside \
turns, posture changes and walks, and the count is held against theirs. Sensitivity, precision, \
F1 and timing are over all nights of a family, errors without their sign; behind a stroke stands \
the worst seed. Errors of PLM/h are relative; on the hard plan, where a night may have next to \
none, to at least 10 PLM/h."""
RIVAL_NOTE = """The rivals are written from their published parameters \
(`tests/accuracy/rivals.py` says what was not published), get the same 10-bit samples, are told \
when the sleeper was out of bed, and are scored by the same rules."""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def rows_of(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(map(_row, [head, ["---"] * len(head), *rows]))


def _accuracy(scores: list[Score]) -> list[str]:
    """The cells of one detector on the nights of one family."""
    onset = np.abs([e for s in scores for e in s.onset_errors] or [np.nan])
    length = np.abs([e for s in scores for e in s.duration_errors] or [np.nan])
    per_hour = np.abs([s.plm_error for s in scores])
    index = np.abs([s.index_error for s in scores])
    return [
        f"{sensitivity(scores):.3f}",
        f"{precision(scores):.3f}",
        f"{f1(scores):.3f} / {min(f1([score]) for score in scores):.3f}",
        f"{np.median(onset) * 1000:.0f} / {np.quantile(onset, 0.95) * 1000:.0f}",
        f"{np.median(length):.2f}",
        f"{np.median(per_hour):.1%} / {per_hour.max():.1%}",
        f"{np.median(index):.3f} / {index.max():.3f}",
    ]


HEAD = [
    "sensitivity",
    "precision",
    "F1, all / worst",
    "onset error, ms, median / 95 %",
    "duration error, s, median",
    "PLM/h error, median / worst",
    "PI error, median / worst",
]


def requirements(results: dict[str, Outcomes]) -> tuple[str, bool]:
    """Every requirement with what was measured, and whether all hold."""
    rows, good = [], True
    for name, outcomes in results.items():
        family = BY_NAME[name]
        for bound in family.bounds:
            holds = bound.holds(outcomes)
            good &= holds
            measured = bound.form.format(bound.of(outcomes))
            verdict = "OK" if holds else "**MISSED**"
            what = f"{name}: {family.what}"
            rows.append([family.plan, what, bound.what, bound.limit(), measured, verdict])
    return rows_of(["plan", "nights", "requirement", "limit", "measured", ""], rows), good


def _by(outcomes: Outcomes, pick: Callable[[Outcome], Score]) -> list[str]:
    return _accuracy([pick(o) for o in outcomes])


def report(results: dict[str, Outcomes], seeds: range, choosing: bool = False) -> tuple[str, bool]:
    """The whole report, and whether every requirement holds."""
    table, good = requirements(results)
    intro = INTRO.format(
        date=dt.date.today().isoformat(),
        count=len(seeds),
        first=seeds[0],
        last=seeds[-1],
        which=CHOSEN if choosing else SHOWN,
    )
    parts = [intro, table]
    moving = {n: o for n, o in results.items() if any(x.score.true_plm_per_hour for x in o)}
    if moving:
        rows = [
            [BY_NAME[name].plan, name, *_by(outcomes, lambda o: o.score)]
            for name, outcomes in moving.items()
        ]
        parts += [MATCHING, rows_of(["plan", "family", *HEAD], rows)]
    rows = []
    for name, outcomes in results.items():
        if outcomes[0].rivals:
            plan = BY_NAME[name].plan
            rows.append([plan, "**Anklet**", *_by(outcomes, lambda o: o.score)])
            for rival in outcomes[0].rivals:
                rows.append([plan, rival, *_by(outcomes, lambda o, r=rival: o.rivals[r])])
    if rows:
        parts += [RIVAL_NOTE, rows_of(["plan", "detector", *HEAD], rows)]
    return "\n\n".join(parts), good
