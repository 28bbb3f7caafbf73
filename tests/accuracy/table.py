"""The results as Markdown."""

import datetime as dt
from collections.abc import Callable, Iterable

import numpy as np

from .families import BY_NAME, Outcome, Outcomes
from .match import Score, f1, precision, sensitivity

INTRO = """Measured on {date} with {seeds} seeds a family. **The nights are synthetic**: made by \
`anklet simulate`, with movements as minimum-jerk rotations of the shank, the distractors named, \
sensor noise, and the 10 bits of the sensor's FIFO. They show how the count behaves where the \
truth is known; they show nothing about people. The device's own firmware counted, on the \
simulated board."""
MATCHING = """CLMs are matched one to one with true CLMs, onsets within 1 s (the most pairs, then \
the least error). Sensitivity, precision, F1 and timing are over all nights of a family, errors \
without their sign; PLM/h and PI errors are the median seed and the worst one."""
RIVAL_NOTE = """The rivals are written from their published parameters \
(`tests/accuracy/rivals.py` says what was not published), get the same 10-bit samples, are told \
when the sleeper was out of bed, and are scored by the same rules."""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rows(head: list[str], rows: list[list[str]]) -> str:
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
        f"{f1(scores):.3f}",
        f"{np.median(onset) * 1000:.0f} / {np.quantile(onset, 0.95) * 1000:.0f}",
        f"{np.median(length):.2f}",
        f"{np.median(per_hour):.1%} / {per_hour.max():.1%}",
        f"{np.median(index):.3f} / {index.max():.3f}",
    ]


HEAD = [
    "sensitivity",
    "precision",
    "F1",
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
            rows.append([name, family.what, bound.what, bound.limit(), measured, verdict])
    return _rows(["family", "nights", "requirement", "limit", "measured", ""], rows), good


def _by(outcomes: Outcomes, pick: Callable[[Outcome], Score]) -> list[str]:
    return _accuracy([pick(o) for o in outcomes])


def report(results: dict[str, Outcomes], seeds: int) -> tuple[str, bool]:
    """The whole report, and whether every requirement holds."""
    table, good = requirements(results)
    parts = [INTRO.format(date=dt.date.today().isoformat(), seeds=seeds), table]
    moving = {n: o for n, o in results.items() if any(x.score.true_plm_per_hour for x in o)}
    if moving:
        rows = [[name, *_by(outcomes, lambda o: o.score)] for name, outcomes in moving.items()]
        parts += [MATCHING, _rows(["family", *HEAD], rows)]
    for outcomes in results.values():
        if outcomes[0].rivals:
            rows = [["**Anklet**", *_by(outcomes, lambda o: o.score)]]
            for rival in outcomes[0].rivals:
                rows.append([rival, *_by(outcomes, lambda o, r=rival: o.rivals[r])])
            parts += [RIVAL_NOTE, _rows(["nominal night", *HEAD], rows)]
    return "\n\n".join(parts), good
