"""Nights with and without something in the journal, described."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from anklet.archive.journal import KEYS, Value
from anklet.errors import BadInput
from anklet.night.nightly import by_night, select
from anklet.trial.observed import outcomes, who
from anklet.trial.words import LIMITS, amount, paragraphs

LEVEL = 0.95
MIN_HOURS = 3.0
LEAST = 2  # nights on each side for an interval
NO_CAUSE = (
    "This can't show cause: you chose these nights yourself, and whatever made you choose them (a "
    "bad day, a late evening, a hope) may be what made the difference. The interval takes the "
    "nights as independent of each other, which makes it too narrow."
)


@dataclass(frozen=True)
class Side:
    """Nights of one kind. rate: geometric mean of (PLM + 0.5) per hour in bed; None of none."""

    nights: int
    rate: float | None


@dataclass(frozen=True)
class Compared:
    """effect, low, high: of log PLM/h, with less without, Welch's interval; None from too few.

    what: which nights are with. unknown: nights of which the journal says nothing at all. assumed:
    nights without on which other things were noted, and not this.
    """

    key: str
    what: str
    with_: Side
    without: Side
    effect: float | None
    low: float | None
    high: float | None
    unknown: int
    assumed: int
    triable: bool


def compare(
    key: str,
    items: Iterable[dict[str, Any]],
    entries: Mapping[str, Mapping[str, Value]],
    at_least: float | None = None,
    label: str | None = None,
) -> Compared:
    """Nights with `key` against those without. Raises BadInput.

    items, entries: as Archive.sessions and Journal.entries give them. An amount or a text counts
    as with when there is any, a score when it is over the middle one noted; at_least says
    otherwise. A night on which only other things were noted is one without.
    """
    if key not in KEYS:
        raise BadInput(f"The journal has no {key!r}; it has {', '.join(KEYS)}.")
    kind = KEYS[key].kind
    if at_least is not None and kind not in ("number", "whole"):
        raise BadInput(f"{key} is no number; leave out --at-least.")
    joined = by_night(select(items, label=label))
    who(joined)
    nights = outcomes(joined, MIN_HOURS)
    noted = {date: entries[date][key] for date in nights if key in entries.get(date, {})}
    if not noted:
        raise BadInput(
            f"{key} is noted on none of the {len(nights)} recorded nights; anklet note --night "
            f"DATE {key}=... notes it."
        )
    if kind == "whole" and at_least is None:
        at_least = math.floor(float(np.median([float(value) for value in noted.values()]))) + 1
    with_, without = [], []
    for date, y in nights.items():
        if date in noted:
            (with_ if _holds(noted[date], at_least) else without).append(y)
        elif entries.get(date) and kind != "whole":
            without.append(y)
    unknown = len(nights) - len(with_) - len(without)
    what = key if at_least is None else f"{key} of {at_least:g} or more"
    effect = low = high = None
    if with_ and without:
        effect = float(np.mean(with_) - np.mean(without))
    if min(len(with_), len(without)) >= LEAST and np.ptp(with_) + np.ptp(without) > 0:
        interval = stats.ttest_ind(with_, without, equal_var=False).confidence_interval(LEVEL)
        low, high = float(interval.low), float(interval.high)
    assumed = len(with_) + len(without) - len(noted)
    sides = _side(with_), _side(without)
    triable = kind == "number"
    return Compared(key, what, *sides, effect, low, high, unknown, assumed, triable)


def _holds(value: Value, at_least: float | None) -> bool:
    if isinstance(value, str):
        return value.lower() not in ("no", "none", "0", "-")
    return value > 0 if at_least is None else value >= at_least


def _side(values: list[float]) -> Side:
    return Side(len(values), math.exp(sum(values) / len(values)) if values else None)


def text(found: Compared) -> str:
    """What `anklet compare` prints."""
    lines = ["           nights   PLM per hour in bed"]
    for name, side in (("with", found.with_), ("without", found.without)):
        rate = "-" if side.rate is None else f"{side.rate:.1f}"
        lines.append(f"  {name:<8} {side.nights:6d}   {rate:>19}")
    return paragraphs(
        [
            f"Nights with and without {found.what}, as noted in the journal",
            "\n".join(lines),
            _difference(found),
            _left_out(found),
            NO_CAUSE + (f" anklet trial plan {found.key}=AMOUNT can." if found.triable else ""),
            LIMITS,
        ]
    )


def _difference(found: Compared) -> str:
    if found.effect is None:
        return "There are no nights of the one kind, so there is nothing to compare with."
    if found.low is None or found.high is None:
        return f"Estimate: {amount(found.effect)} with; too few nights for an interval."
    return (
        f"Estimate: {amount(found.effect)} with than without; {100 * LEVEL:.0f} % interval from "
        f"{amount(found.low)} to {amount(found.high)}."
    )


def _left_out(found: Compared) -> str:
    told = []
    if found.assumed:
        told.append(
            f"On {found.assumed} of the nights without, other things were noted and this was not."
        )
    if found.unknown:
        told.append(f"{found.unknown} nights are left out: the journal does not tell.")
    return " ".join(told)
