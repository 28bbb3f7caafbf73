"""What the trial commands print for programs, with --json."""

import math
from typing import Any

from anklet.trial.analysis import Result, change
from anklet.trial.observed import Observed
from anklet.trial.plan import Plan, smallest_p
from anklet.trial.power import Chances


def head(plan: Plan, seal: str) -> dict[str, Any]:
    """What every action's object begins with."""
    return {
        "schema": 1,
        "trial": plan.id,
        "label": plan.label,
        "seal": seal,
        "key": plan.key,
        "amount": plan.amount,
        "first": plan.start,
        "last": plan.last.isoformat(),
        "pairs_planned": plan.pairs,
        "blind": plan.blind,
        "simulated_clock": plan.simulated,
    }


def expected(plan: Plan, told: Chances) -> dict[str, Any]:
    """power: share of simulated trials that find a change, by change; sd of log PLM/h."""
    return {
        "smallest_p": smallest_p(plan.pairs),
        "power": told.power,
        "sd": round(told.sd, 4),
        "sd_nights": told.nights,
    }


def done(plan: Plan, seen: Observed) -> dict[str, Any]:
    """What was done beside what was planned; nights as ISO dates."""
    return {
        "nights_planned": plan.length,
        "nights_over": len(seen.past),
        "nights_counted": len(seen.values),
        "missing": seen.missing,
        "short": seen.short,
        "hidden": seen.hidden,
        "not_as_planned": sorted(seen.broken),
        "not_noted": seen.silent,
        "nights_outside": seen.outside,
    }


def numbers(found: Result, finished: bool) -> dict[str, Any]:
    """Changes are of PLM per hour in bed with against without: -0.5 is half as many. In `pairs`
    geometric means of it. p: null before the end and where the smallest one is too large."""

    def moved(effect: float | None) -> float | None:
        return None if effect is None else round(change(effect), 4)

    def rate(value: float | None) -> float | None:
        return None if value is None else round(math.exp(value), 3)

    return {
        "change": moved(found.effect),
        "low": moved(found.low),
        "high": moved(found.high),
        "level": found.level,
        "p": found.p if finished else None,
        "smallest_p": found.smallest_p,
        "orders": found.orders,
        "pairs_used": found.used,
        "pairs": [{"with": rate(p.with_), "without": rate(p.without)} for p in found.pairs],
    }
