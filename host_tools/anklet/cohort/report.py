"""The page of a cohort, from its tables: aggregates alone, no person and no night stands on it."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from anklet.cohort import drawing
from anklet.cohort.plan import PART
from anklet.errors import BadInput
from anklet.report.markup import facts, table
from anklet.report.page import document

LEGS = ("both", "left", "right", "")  # of a night's rows the first of these is the person's
COLUMNS = (
    "person",
    "group",
    "night",
    "leg",
    "rules",
    "onset_mg",
    "plm_per_hour",
    "log_imi",
    "flags",
)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
REASONS = 20  # that are shown, the most frequent first
NIGHTS = 3  # a person has at least, for a spread from night to night
HEADS = ("group", "people", "nights", "PLM/h", "5 to 95 %", "CV", "rhythm", "its CV")

ALL = "all"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Person:
    """One person's nights at one setting: how many; mean and CV of PLM per hour, and of the log
    interval; None where there are no such nights, or under NIGHTS for a CV."""

    nights: int
    rate: float | None
    rate_cv: float | None
    rhythm: float | None
    rhythm_cv: float | None


@dataclass
class Whole:
    """What all parts come to. groups: people by setting and group; done, failed: nights."""

    people: int = 0
    done: int = 0
    failed: int = 0
    groups: dict[tuple[str, int | None], dict[str, list[Person]]] = field(default_factory=dict)
    flags: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)


def page(out: Path) -> str:
    """HTML. Raises BadInput where there is no output of a run."""
    whole = Whole()
    for file in sorted((out / "run").glob(PART)):
        _add(whole, out, file.name)
    if not whole.ways:
        raise BadInput(f"{out} holds no tables of a cohort: anklet cohort run writes them.")
    cards = [_card(*key, groups) for key, groups in sorted(whole.groups.items(), key=str)]
    body = f"""<h1>A cohort of {whole.people} people</h1>
<p class="quiet">Movements at the ankle, PLM per hour in bed, awake or asleep: limits that were set
on EMG during sleep do not apply. Each person counts once, with the mean of their nights.</p>
{"".join(cards)}
{_failed(whole)}
{_made(whole.ways)}"""
    return document("A cohort", body)


def _add(whole: Whole, out: Path, part: str) -> None:
    """One part: all nights of its people, whom no other part has."""
    nights, failures, run = (
        pq.read_table(out / name / part, columns=list(columns)).to_pylist()
        for name, columns in (
            ("nights", COLUMNS),
            ("failures", ("person", "night", "reason")),
            ("run", ("settings", "versions")),
        )
    )
    failed = {(row["person"], row["night"]) for row in failures}
    everything = failed | {(row["person"], row["night"]) for row in nights}
    whole.people += len({person for person, _ in everything})
    whole.done += len(everything)
    whole.failed += len(failed)
    whole.flags.update(flag for row in nights for flag in row["flags"].split())
    whole.reasons.update(row["reason"] for row in failures)
    whole.ways.update((row["settings"], row["versions"]) for row in run)
    members: dict[tuple[Any, ...], Rows] = {}
    for row in _one_a_night(nights):
        for group in {row["group"], ALL}:
            key = row["rules"], row["onset_mg"], group, row["person"]
            members.setdefault(key, []).append(row)
    for (rules, onset_mg, group, _), rows in members.items():
        groups = whole.groups.setdefault((rules, onset_mg), {})
        groups.setdefault(group, []).append(_person(rows))


def _one_a_night(nights: Rows) -> Rows:
    """One row a night and setting: both legs where they could be combined, else one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(nights, key=lambda row: LEGS.index(row["leg"])):
        found.setdefault((row["person"], row["night"], row["rules"], row["onset_mg"]), row)
    return list(found.values())


def _person(rows: Rows) -> Person:
    told: list[float | None] = []
    for name in ("plm_per_hour", "log_imi"):
        values = [row[name] for row in rows if row[name] is not None]
        mean = float(np.mean(values)) if values else None
        told.append(mean)
        often = len(values) >= NIGHTS and mean
        told.append(float(np.std(values, ddof=1)) / mean if often and mean else None)
    return Person(len(rows), *told)


def _card(rules: str, onset_mg: int | None, groups: dict[str, list[Person]]) -> str:
    shown, spans = [], []
    named = {name: people for name, people in sorted(groups.items()) if name not in ("", ALL)}
    for name, people in {**named, ALL: groups[ALL]}.items():
        q = _quantiles([p.rate for p in people])
        if q:
            spans.append(drawing.Span(name, q[0], q[2], q[4], (q[1], q[3])))
        rhythm = _quantiles([p.rhythm for p in people])
        shown.append(
            (
                name,
                str(len(people)),
                str(sum(p.nights for p in people)),
                f"{q[2]:.1f}" if q else "-",
                f"{q[0]:.1f} to {q[4]:.1f}" if q else "-",
                _percent([p.rate_cv for p in people]),
                f"{math.exp(rhythm[2]):.1f}" if rhythm else "-",
                _percent([p.rhythm_cv for p in people]),
            )
        )
    at = f", onset at {onset_mg} mg" if onset_mg else ""
    return f"""<section class="card">
<h2>{escape(rules + at)}</h2>
{_figure(spans)}
{table(f"The groups by {rules}{at}", HEADS, shown)}
<p class="quiet">PLM/h: the median person's. CV: standard deviation over mean from night to night,
of the median person with at least {NIGHTS} nights. Rhythm: geometric mean of a person's periodic
intervals in s, the median person's; beside it the CV of its logarithm.</p>
</section>"""


def _quantiles(values: list[float | None]) -> list[float]:
    """QUANTILES of those that there are; empty without any."""
    there = [value for value in values if value is not None]
    return [float(q) for q in np.quantile(there, QUANTILES)] if there else []


def _figure(spans: list[drawing.Span]) -> str:
    if not spans:
        return '<p class="quiet">Lists of movements tell no hours, so there is no rate.</p>'
    top = max(span.high for span in spans)
    said = "; ".join(f"{span.name}: median {span.middle:.1f}" for span in spans)
    return drawing.spans(
        spans,
        drawing.even(top),
        "PLM per hour in bed; people at 5, 25, 50, 75 and 95 %",
        f"PLM per hour in bed by group. {said}.",
    )


def _percent(values: list[float | None]) -> str:
    middle = _quantiles(values)
    return f"{100 * middle[2]:.0f} %" if middle else "-"


def _failed(whole: Whole) -> str:
    rows = [(reason, str(n)) for reason, n in whole.reasons.most_common(REASONS)]
    shown = table("What failed and why", ("reason", "times"), rows) if rows else ""
    noted = ", ".join(f"{flag} {n}" for flag, n in whole.flags.most_common()) or "none"
    return f"""<section class="card">
<h2>What failed</h2>
<p>Of {whole.done} nights {whole.failed} failed.</p>
{shown}
<p class="quiet">Flags of the rows that were scored: {escape(noted)}.</p>
</section>"""


def _made(ways: Counter[tuple[str, str]]) -> str:
    mixed = (
        "<p><strong>Not all of it was scored alike: run the same command again to finish it."
        "</strong></p>"
        if len(ways) > 1
        else ""
    )
    (settings, versions), _ = ways.most_common(1)[0]
    told = {**json.loads(settings), **json.loads(versions)}
    rows = [(name.replace("_", " "), _said(value)) for name, value in told.items()]
    return f"""<section class="card">
<h2>How it was made</h2>
{mixed}
{facts([("files", str(ways.total())), *rows])}
</section>"""


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "-")
