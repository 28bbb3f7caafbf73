"""The answer of a trial: its analysis, those beside it, and when a difference is called one."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from anklet.night.session import Session
from anklet.texts import N_
from anklet.trial.analysis import Result, analyse
from anklet.trial.observed import Night, Nights, Observed
from anklet.trial.plan import Plan, schedule
from anklet.trial.protocol import FEW_PLM, FEW_SHARE

RATIO, DIFFERENCE, POINTS = "ratio", "difference", "points"
WORST = (10, 90)  # percentiles of the person's own nights that missing ones are filled with
FEWEST_IMI = 8  # intervals below which a night's mean is mostly chance
RESCORED = N_("with every night scored again from its trace ({n} have one)")
SECOND_SCALES = {"rhythm": RATIO, "urge": POINTS, "sleep_quality": POINTS}


@dataclass
class Answer:
    """scale: RATIO (outcomes are logarithms), or DIFFERENCE where too many nights have few PLM.

    main: the analysis that was planned. beside: those that have to agree with it before there is
    a difference, by what they are. as_kept: without nights that were not kept; worst: with the
    missing nights filled against the estimate, where the arms miss different numbers. second: the
    secondary outcomes. missing: how many nights of each arm are missing. says: "fewer", "more" or
    "cannot tell".
    """

    scale: str
    main: Result
    beside: dict[str, Result] = field(default_factory=dict)
    as_kept: Result | None = None
    worst: Result | None = None
    second: dict[str, Result] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    says: str = "cannot tell"


def scale_of(plan: Plan, nights: Nights) -> str:
    """By the nights of both arms together, so that the choice can't favour one order."""
    dates = {night.date for night in schedule(plan) if night.counts}
    plm = [night.plm for date, night in nights.items() if date in dates]
    few = sum(n < FEW_PLM for n in plm) > FEW_SHARE * len(plm)
    return DIFFERENCE if plan.version > 1 and few else RATIO


def values(nights: Mapping[str, Night], scale: str) -> dict[str, float]:
    """The outcomes on a scale, by date."""
    if scale == DIFFERENCE:
        return {date: night.rate for date, night in nights.items()}
    return {date: night.log for date, night in nights.items()}


def answer(
    plan: Plan,
    seen: Observed,
    finished: bool,
    second: Mapping[str, Mapping[str, float]] | None = None,
    first: Nights | None = None,
    rescored: Nights | None = None,
) -> Answer:
    """second: the secondary outcomes by date. first: the nights of the first result that was
    given after the end, if one was. rescored: the nights by their traces, if they were asked
    for."""
    scale = scale_of(plan, seen.nights)

    def result(nights: Nights, on: str) -> Result:
        found = analyse(plan, values(nights, on))
        return found if finished else found.early

    found = Answer(scale, result(seen.nights, scale))
    others = {
        N_("with every night, hidden or not"): seen.with_hidden,
        N_("without the hidden nights"): seen.without_hidden,
        N_("with the nights of the first result"): first or {},
        RESCORED.format(n=len(rescored or {})): rescored or {},
    }
    for name, nights in others.items():
        if nights and nights != seen.nights:
            found.beside[name] = result(nights, scale_of(plan, nights))
    if seen.broken:
        found.as_kept = result(seen.kept, scale)
    counting = [night for night in schedule(plan) if night.counts and night.date in seen.past]
    gone = [night for night in counting if night.date not in seen.nights]
    found.missing = {"with": 0, "without": 0} | Counter(plan.arms[night.arm] for night in gone)
    if finished and found.missing["with"] != found.missing["without"]:
        found.worst = _worst(plan, found, seen.nights)
    for name, given in (second or {}).items():
        there = analyse(plan, given)
        if there.effect is not None:
            found.second[name] = there if finished else there.early
    found.says = _says(plan, [found.main, *_deciding(plan, found)]) if finished else found.says
    return found


def _deciding(plan: Plan, found: Answer) -> Iterable[Result]:
    """What was sealed before hidden nights were decided about is answered by its analysis."""
    return found.beside.values() if plan.version > 1 else ()


def _says(plan: Plan, results: Sequence[Result]) -> str:
    """A difference only where every analysis finds it, and on the same side."""
    signs = set()
    for found in results:
        if found.p is None or found.effect is None or found.p > plan.alpha:
            return "cannot tell"
        signs.add(found.effect < 0)
    return "cannot tell" if len(signs) > 1 else ("fewer" if signs.pop() else "more")


def _worst(plan: Plan, found: Answer, nights: Nights) -> Result | None:
    """The analysis with each missing night filled by one of the person's worst or best, whichever
    speaks against the estimate."""
    given = values(nights, found.scale)
    if found.main.effect is None:
        return None
    low, high = (float(end) for end in np.percentile(list(given.values()), WORST))
    against = {"with": high, "without": low}
    if found.main.effect > 0:
        against = {"with": low, "without": high}
    filled = {night.date: against[plan.arms[night.arm]] for night in schedule(plan)}
    return analyse(plan, filled | given)


def rhythm(sessions: Iterable[Session]) -> float | None:
    """Mean of the logarithm of the intervals (s, onset to onset) between neighbours in a series,
    of one night's sessions; None with fewer than FEWEST_IMI.

    Between nights of one person it varies by 3.6 %, the rate by 43 % (Skeba 2016).
    """
    logs = [
        math.log((later.onset_ms - earlier.onset_ms) / 1000)
        for session in sessions
        for earlier, later in pairwise([lm for lm in session.lms if lm.series])
        if earlier.series == later.series and later.onset_ms > earlier.onset_ms
    ]
    return sum(logs) / len(logs) if len(logs) >= FEWEST_IMI else None


def content(found: Answer, nights: Nights) -> dict[str, Any]:
    """What the log keeps of a result: what was seen, and the nights it was made of."""
    main = found.main
    return {
        "says": found.says,
        "scale": found.scale,
        **{name: getattr(main, name) for name in ("effect", "low", "high", "p")},
        "nights": len(nights),
        "values": {
            date: [night.log, night.rate, night.plm] for date, night in sorted(nights.items())
        },
    }


def nights_of(event: Mapping[str, Any]) -> Nights:
    """The nights that a logged result was made of."""
    return {date: Night(*numbers) for date, numbers in event["values"].items()}
