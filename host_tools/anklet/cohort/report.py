"""The page of a cohort, from its tables: aggregates alone, no person and no night stands on it."""

import json
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from anklet.cohort import drawing
from anklet.cohort.plan import PART
from anklet.errors import BadInput
from anklet.report.page import document
from anklet.report.parts import facts, table

LEGS = ("both", "left", "right", "")  # of a night's rows the first of these is the person's
COLUMNS = ("person", "group", "night", "leg", "rules", "onset_mg", "kind", "plm", "clm")
COLUMNS += ("in_bed_s", "plm_per_hour", "log_imi", "flags")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NIGHTS = 3  # a person has at least, for a spread from night to night
HEADS = ("group", "people", "nights", "PLM/h", "5 to 95 %", "CV", "rhythm", "its CV")

Rows = list[dict[str, Any]]


def page(out: Path) -> str:
    """HTML. Raises BadInput where there is no output of a run."""
    nights = _read(out, "nights", COLUMNS)
    failures = _read(out, "failures", ("person", "night", "reason"))
    settings: dict[tuple[str, int | None], Rows] = {}
    for row in _persons_legs(nights):
        settings.setdefault((row["rules"], row["onset_mg"]), []).append(row)
    everyone = {row["person"] for row in nights}
    cards = [_card(*key, rows) for key, rows in sorted(settings.items(), key=str)]
    body = f"""<h1>A cohort of {len(everyone)} people</h1>
<p class="quiet">Movements at the ankle, PLM per hour in bed, awake or asleep: limits that were set
on EMG during sleep do not apply. Each person counts once, with the mean of their nights.</p>
{"".join(cards)}
{_failed(failures, nights)}
{_made(_read(out, "run", ("settings", "versions")))}"""
    return document("A cohort", body, {})


def _read(out: Path, name: str, columns: tuple[str, ...]) -> Rows:
    files = sorted((out / name).glob(PART))
    if not files:
        raise BadInput(f"{out} holds no tables of a cohort: anklet cohort run writes them.")
    tables = [pq.read_table(file, columns=list(columns)) for file in files]
    return pa.concat_tables(tables).to_pylist()


def _persons_legs(nights: Rows) -> Rows:
    """One row a night and setting: both legs where they could be combined, else one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(nights, key=lambda row: LEGS.index(row["leg"])):
        found.setdefault((row["person"], row["night"], row["rules"], row["onset_mg"]), row)
    return list(found.values())


def _card(rules: str, onset_mg: int | None, nights: Rows) -> str:
    groups: dict[str, Rows] = {}
    for row in nights:
        groups.setdefault(row["group"], []).append(row)
    if len(groups) > 1:
        groups = {**dict(sorted(groups.items())), "all": nights}
    shown, spans = [], []
    for name, rows in groups.items():
        rates = _by_person(rows, "plm_per_hour")
        rhythms = _by_person(rows, "log_imi")
        q = np.quantile([r.mean() for r in rates], QUANTILES) if rates else None
        if q is not None:
            low, q1, middle, q3, high = map(float, q)
            spans.append(drawing.Span(name or "all", low, middle, high, (q1, q3)))
        rhythm = np.exp(np.mean([r.mean() for r in rhythms])) if rhythms else None
        shown.append(
            (
                name or "all",
                str(len({row["person"] for row in rows})),
                str(len(rows)),
                "-" if q is None else f"{q[2]:.1f}",
                "-" if q is None else f"{q[0]:.1f} to {q[4]:.1f}",
                _percent([r.std(ddof=1) / r.mean() for r in _often(rates) if r.mean()]),
                "-" if rhythm is None else f"{rhythm:.1f}",
                _percent([r.std(ddof=1) / r.mean() for r in _often(rhythms)]),
            )
        )
    at = f", onset at {onset_mg} mg" if onset_mg else ""
    return f"""<section class="card">
<h2>{escape(rules + at)}</h2>
{_figure(spans)}
{table(f"The groups by {rules}{at}", HEADS, shown)}
<p class="quiet">PLM/h: the median person's. CV: standard deviation over mean from night to night,
of the median person with at least {NIGHTS} nights. Rhythm: geometric mean of the periodic
intervals, in s; beside it the CV of its logarithm.</p>
</section>"""


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


def _by_person(rows: Rows, name: str) -> list[np.ndarray]:
    values: dict[str, list[float]] = {}
    for row in rows:
        if row[name] is not None:
            values.setdefault(row["person"], []).append(row[name])
    return [np.array(v) for v in values.values()]


def _often(people: list[np.ndarray]) -> list[np.ndarray]:
    return [values for values in people if len(values) >= NIGHTS]


def _percent(values: list[float]) -> str:
    return f"{100 * float(np.median(values)):.0f} %" if values else "-"


def _failed(failures: Rows, nights: Rows) -> str:
    of = {(row["person"], row["night"]) for row in (*failures, *nights)}
    failed = {(row["person"], row["night"]) for row in failures}
    flags = Counter(flag for row in nights for flag in row["flags"].split())
    said = "every night could be scored." if not failed else ""
    reasons = Counter(row["reason"] for row in failures).most_common(20)
    rows = [(reason, str(n)) for reason, n in reasons]
    shown = table("What failed and why", ("reason", "times"), rows) if rows else ""
    noted = ", ".join(f"{flag} {n}" for flag, n in flags.most_common()) or "none"
    return f"""<section class="card">
<h2>What failed</h2>
<p>Of {len(of)} nights {len(failed)} failed{":" if failed else "; " + said}</p>
{shown}
<p class="quiet">Flags of the rows that were scored: {escape(noted)}.</p>
</section>"""


def _made(run: Rows) -> str:
    ways = Counter((row["settings"], row["versions"]) for row in run)
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
{facts([("files", str(len(run))), *rows])}
</section>"""


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "-")
