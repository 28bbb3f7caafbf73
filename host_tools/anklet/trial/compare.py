"""Nights with and without something in the journal, described."""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from anklet.archive import jsonl
from anklet.archive.journal import KEYS, Journal, Value
from anklet.archive.journalkeys import unknown
from anklet.archive.store import Archive
from anklet.errors import ArchiveUnwritable, BadInput
from anklet.night.grouping import by_night, select
from anklet.trial.course import Course, courses
from anklet.trial.doses import DOSES
from anklet.trial.observed import outcomes, who

LEVEL = 0.95
MIN_HOURS = 3.0
LEAST_RUNS = 3  # of nights in a row with, and without: fewer are a before and after
GOES_WITH = 0.05  # p of Fisher's test below which another item goes with this one
WEEKEND = (4, 5)  # Friday's and Saturday's evenings
LOG = "compared.jsonl"  # which items were compared when: the more, the more chance finds


@dataclass(frozen=True)
class Side:
    """Nights of one kind. rate: of a typical night, the geometric mean of (PLM + 0.5) per hour in
    bed; None of none. runs: how many times they follow each other without a break."""

    nights: int
    rate: float | None
    runs: int


@dataclass(frozen=True)
class Compared:
    """effect, low, high: of log PLM/h, with less without, Welch's interval of the means of runs;
    None from too few.

    what: which nights are with. unknown: nights of which the journal says nothing at all. assumed:
    nights without on which other things were noted, and not this. once: all nights of one kind lie
    before those of the other. before: log PLM/h of the nights right before a run with, less the
    other nights without. beside: what goes with it, name -> (share of nights with, without).
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
    once: bool
    before: float | None
    beside: dict[str, tuple[float, float]]


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
        raise unknown(key)
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
    arm: dict[str, bool] = {}
    for date in sorted(nights):
        if date in noted:
            arm[date] = _holds(noted[date], at_least)
        elif entries.get(date) and kind != "whole":
            arm[date] = False
    runs = [
        (with_, [nights[date] for date in dates])
        for with_, dates in itertools.groupby(arm, key=arm.__getitem__)
    ]
    sides = {side: [values for with_, values in runs if with_ == side] for side in (True, False)}
    effect = low = high = None
    if sides[True] and sides[False]:
        means = {side: [float(np.mean(run)) for run in sides[side]] for side in sides}
        effect = float(np.mean(means[True]) - np.mean(means[False]))
        least = min(len(run_means) for run_means in means.values())
        if least >= LEAST_RUNS and np.ptp(means[True]) + np.ptp(means[False]) > 0:
            test = stats.ttest_ind(means[True], means[False], equal_var=False)
            interval = test.confidence_interval(LEVEL)
            low, high = float(interval.low), float(interval.high)
    return Compared(
        key=key,
        what=key if at_least is None else f"{key} of {at_least:g} or more",
        with_=_side(sides[True]),
        without=_side(sides[False]),
        effect=effect,
        low=low,
        high=high,
        unknown=len(nights) - len(arm),
        assumed=len(arm) - len(noted),
        triable=key in DOSES,
        once=len(runs) == 2,
        before=_before(runs),
        beside=_beside(key, arm, entries),
    )


def _before(runs: Sequence[tuple[bool, list[float]]]) -> float | None:
    """How the nights right before each run with differ from the other nights without."""
    last = [
        run[-1] for (with_, run), (later, _) in itertools.pairwise(runs) if later and not with_
    ]
    others = [y for with_, run in runs if not with_ for y in run if y not in last]
    return float(np.mean(last) - np.mean(others)) if last and others else None


def _beside(
    key: str, arm: Mapping[str, bool], entries: Mapping[str, Mapping[str, Value]]
) -> dict[str, tuple[float, float]]:
    """What else is on the nights with more, or less, often than on those without."""
    there = {
        other: {date for date in arm if _noted(entries.get(date, {}), other)}
        for other in KEYS
        if other != key
    }
    there["Friday or Saturday"] = {
        date for date in arm if dt.date.fromisoformat(date).weekday() in WEEKEND
    }
    sides = [[date for date in arm if arm[date] == with_] for with_ in (True, False)]
    found = {}
    for other, dates in there.items():
        counts = [
            [sum(d in dates for d in side), sum(d not in dates for d in side)] for side in sides
        ]
        if all(sides) and float(np.asarray(stats.fisher_exact(counts))[1]) < GOES_WITH:
            found[other] = tuple(yes / (yes + no) for yes, no in counts)
    return found


def _noted(values: Mapping[str, Value], key: str) -> bool:
    return key in values and (KEYS[key].kind == "whole" or _holds(values[key], None))


def looked_at(archive: Path, label: str | None, key: str) -> int:
    """Log that this key is compared; how many different ones were, this one included. Raises
    ArchiveUnwritable."""
    file = archive / LOG
    try:
        jsonl.append(file, {"at": jsonl.now(), "label": label, "key": key})
        found = {line.get("key") for line in jsonl.read(file) if line.get("label") == label}
    except OSError as error:
        raise ArchiveUnwritable(
            f"{file} can't be written ({error.strerror}); correct its permissions or free space."
        ) from error
    return len(found)


def trial_of(archive: Archive, label: str | None, key: str) -> Course | None:
    """The trial that is under way, whose nights a comparison would show. Raises BadInput where it
    is of this very key."""
    for course in courses(archive, label):
        if not course.running or course.plan.start > course.evening.isoformat():
            continue
        if course.plan.key == key:
            raise BadInput(
                f"{key} is what trial {course.plan.id} is about, and its answer comes after the "
                f"night of {course.plan.last}: anklet trial status, then anklet trial result."
            )
        return course
    return None


def look(
    archive: Archive, label: str | None, key: str, at_least: float | None = None
) -> tuple[Compared, int, str]:
    """Compare, and note that somebody looked: what was found, how many different items were
    compared so far, and the trial under way ("" without one). Raises BadInput, see compare() and
    trial_of(), and ArchiveUnwritable."""
    trial = trial_of(archive, label, key)
    entries = Journal(archive.path).entries(label)
    found = compare(key, archive.sessions(), entries, at_least, label)
    keys = looked_at(archive.path, label, key)
    if trial:
        trial.note(trial.answer(), f"compare {key}")
    return found, keys, trial.plan.id if trial else ""


def _holds(value: Value, at_least: float | None) -> bool:
    if isinstance(value, str):
        return value.lower() not in ("no", "none", "0", "-")
    return value > 0 if at_least is None else value >= at_least


def _side(runs: Sequence[Sequence[float]]) -> Side:
    values = [y for run in runs for y in run]
    rate = math.exp(sum(values) / len(values)) if values else None
    return Side(len(values), rate, len(runs))
