"""Trials of several people, pooled: what `anklet trial export` wrote of each.

A random-effects model: people differ in what helps them, so the pooled effect is the mean of such
people, and the prediction interval says where the next person's own effect may lie. Fitted by
statsmodels: the variance between people by Paule and Mandel, the interval by Hartung and Knapp,
which holds with few people (IntHout 2014). The prediction interval has t with k - 2 degrees of
freedom (Higgins 2009).
"""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from anklet.cohort import drawing
from anklet.errors import BadInput
from anklet.report.markup import table
from anklet.report.page import document
from anklet.signal.inputs import readable

COLUMNS = ("person", "key", "outcome", "effect", "se")
RATIO = "ratio"
PRIMARY = "plm_per_hour"  # what trials are for; in the CSV of an export by this name
FEWEST = 3  # people; with two, the spread between them is one number's
LEVEL = 0.95
RATIOS = (0.1, 0.2, 0.33, 0.5, 0.67, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True)
class Effect:
    """One person's: the logarithm of the ratio with to without, and its standard error."""

    person: str
    effect: float
    se: float


@dataclass
class Pooled:
    """Trials of one key and outcome. effect, low, high: of the mean person; below, above: where
    95 % of people lie; all logarithms of ratios. tau: standard deviation between people; i2: share
    of the variance that is between people. No numbers under FEWEST people."""

    key: str
    outcome: str
    people: list[Effect] = field(default_factory=list)
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    below: float | None = None
    above: float | None = None
    tau: float | None = None
    i2: float | None = None


def read(paths: Iterable[Path]) -> dict[tuple[str, str], list[Effect]]:
    """The effects by key and outcome, from CSV or from the JSON of `anklet trial export`.

    Left out is what gave no effect, and what gave a difference where others gave a ratio: a
    column `scale` says so. Raises BadInput.
    """
    found: dict[tuple[str, str], list[Effect]] = {}
    seen = set()
    for path in paths:
        with readable(path):
            rows = _exported(path) if path.suffix == ".json" else _csv(path)
        for line, row in rows:
            key = row["key"], row["outcome"], row["person"]
            if key in seen:
                raise BadInput(f"{path}, row {line}: {' '.join(key)} is there twice.")
            seen.add(key)
            if row["effect"] and row["se"] and row.get("scale", RATIO) == RATIO:
                found.setdefault(key[:2], []).append(_effect(path, line, row))
    if not found:
        raise BadInput("There is no ratio with a standard error in these files.")
    return found


def _csv(path: Path) -> list[tuple[int, dict[str, str]]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        for name in COLUMNS:
            if name not in (rows.fieldnames or ()):
                raise BadInput(f"{path}: there is no column {name}: it has {','.join(COLUMNS)}.")
        return [(rows.line_num, row) for row in rows]


def _exported(path: Path) -> list[tuple[int, dict[str, str]]]:
    """One trial; its seal stands for the person, whose name it does not tell."""
    try:
        trial = json.loads(path.read_text(encoding="utf-8"))
        design, result = trial["design"], trial["result"]
        row = {
            "person": str(design["seal"])[:12],
            "key": str(design["item"]) + ("" if design["amount"] else "=none"),
            "outcome": PRIMARY,
            "scale": str(result["scale"]),
            **{n: "" if result[n] is None else repr(result[n]) for n in ("effect", "se")},
        }
    except (ValueError, LookupError, TypeError) as error:
        raise BadInput(f"{path} is no trial that anklet trial export wrote.") from error
    return [(1, row)]


def _effect(path: Path, line: int, row: dict[str, str]) -> Effect:
    try:
        effect, se = float(row["effect"]), float(row["se"])
    except ValueError as error:
        raise BadInput(f"{path}, row {line}: effect and se are numbers: correct them.") from error
    if not math.isfinite(effect) or not 0 < se < math.inf:
        raise BadInput(f"{path}, row {line}: a standard error is over 0 and finite: correct it.")
    return Effect(row["person"], effect, se)


def pool(found: dict[tuple[str, str], list[Effect]]) -> list[Pooled]:
    """Each key and outcome pooled over its people."""
    return [_pool(key, outcome, people) for (key, outcome), people in sorted(found.items())]


def _pool(key: str, outcome: str, people: list[Effect]) -> Pooled:
    pooled = Pooled(key, outcome, sorted(people, key=lambda e: e.effect))
    if len(people) < FEWEST:
        return pooled
    try:
        # Slow to import, and brings pandas.
        from statsmodels.stats.meta_analysis import combine_effects  # noqa: PLC0415
    except ImportError as error:
        raise BadInput("Pooling needs statsmodels: run pip install 'anklet[cohort]'.") from error
    fit: Any = combine_effects(
        np.array([e.effect for e in people]),
        np.array([e.se**2 for e in people]),
        method_re="iterated",
        use_t=True,
    )
    k = len(people)
    mean, se, tau2 = float(fit.mean_effect_re), float(fit.sd_eff_w_re_hksj), float(fit.tau2)
    t = float(stats.t.ppf((1 + LEVEL) / 2, k - 1))
    pooled.effect, pooled.low, pooled.high = mean, mean - t * se, mean + t * se
    pooled.p = float(2 * stats.t.sf(abs(mean) / se, k - 1)) if se else None
    wide = float(stats.t.ppf((1 + LEVEL) / 2, k - 2)) * math.sqrt(tau2 + se**2)
    pooled.below, pooled.above = mean - wide, mean + wide
    pooled.tau, pooled.i2 = math.sqrt(tau2), max(0.0, float(fit.i2))
    return pooled


def as_json(found: Sequence[Pooled]) -> dict[str, Any]:
    return {"schema": 1, "pooled": [asdict(one) for one in found]}


def words(found: Sequence[Pooled]) -> str:
    return "\n\n".join(_sentence(one) for one in found)


def _sentence(one: Pooled) -> str:
    head = f"{one.key}, {one.outcome}: {len(one.people)} people."
    if one.effect is None:
        return f"{head} At least {FEWEST} are needed for a mean of people."
    assert one.low is not None and one.high is not None
    assert one.below is not None and one.above is not None
    return (
        f"{head} With it, {math.exp(one.effect):.2f} times as much as without "
        f"(95 % interval {math.exp(one.low):.2f} to {math.exp(one.high):.2f}); in the next person "
        f"between {math.exp(one.below):.2f} and {math.exp(one.above):.2f} times. Between people: "
        f"tau {one.tau:.2f}, I² {100 * (one.i2 or 0):.0f} %."
    )


def page(found: Sequence[Pooled]) -> str:
    """HTML: a forest plot for each key and outcome."""
    cards = "".join(
        f'<section class="card"><h2>{escape(f"{one.key}: {one.outcome}")}</h2>'
        f"<p>{escape(_sentence(one))}</p>{_forest(one)}{_table(one)}</section>"
        for one in found
    )
    return document(
        "Trials pooled",
        f'<h1>Trials of several people, pooled</h1><p class="quiet">Each person tried it on '
        f"themselves, in an order that a coin drew. The line of a person is the 95 % interval of "
        f"their own effect.</p>{cards}",
    )


def _forest(one: Pooled) -> str:
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    spans = [
        drawing.Span(e.person, e.effect - z * e.se, e.effect, e.effect + z * e.se)
        for e in one.people
    ]
    if one.effect is not None and one.low is not None and one.high is not None:
        spans.append(drawing.Span("all", one.low, one.effect, one.high, strong=True))
        assert one.below is not None and one.above is not None
        spans.append(drawing.Span("the next person", one.below, one.effect, one.above))
    ticks = [(math.log(ratio), f"{ratio:g}") for ratio in RATIOS]
    return drawing.spans(
        spans, ticks, "ratio, with it to without (logarithmic)", _sentence(one), line=0.0
    )


def _table(one: Pooled) -> str:
    rows = [
        (e.person, f"{math.exp(e.effect):.2f}", f"{e.effect:.3f}", f"{e.se:.3f}")
        for e in one.people
    ]
    heads = ("person", "ratio", "log ratio", "standard error")
    return table(f"Effects of {one.key}", heads, rows)
