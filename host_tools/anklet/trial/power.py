"""What a plan can be expected to find, by simulation of the very analysis it will get."""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from anklet.night.nightly import by_night, select
from anklet.trial.analysis import analyse
from anklet.trial.observed import outcomes
from anklet.trial.plan import PAIRS, WITH, Plan, schedule, smallest_p

CV = 0.4  # from night to night in one person; Skeba 2016 found 0.43
USUAL_SD = math.sqrt(math.log1p(CV * CV))  # of the logarithm
LIKENESS = 0.3  # correlation of a night with the next
MISSING = 0.1
OWN_NIGHTS = 7  # fewer say too little about a person's own variation
OWN_MOST = 60  # the latest, so that years of drift are no variation from night to night
TRIALS = 300
EFFECTS = (-0.3, -0.5)


def own_sd(values: Iterable[float]) -> float | None:
    """Standard deviation of a person's nights of log PLM/h; None from too few."""
    given = list(values)
    return float(np.std(given, ddof=1)) if len(given) >= OWN_NIGHTS else None


def simulated(
    plan: Plan,
    rng: np.random.Generator,
    change: float,
    sd: float = USUAL_SD,
    likeness: float = LIKENESS,
    missing: float = MISSING,
    usual: float = 25.0,
) -> dict[str, float]:
    """Log PLM/h of a simulated person's nights by date, some missing.

    change: what the nights with do to PLM/h (-0.5: half). The nights vary as a first-order
    autoregression of standard deviation `sd` and lag-1 correlation `likeness` around `usual`.
    """
    nights = schedule(plan)
    steps = rng.normal(0.0, sd, len(nights))
    steps[1:] *= math.sqrt(1 - likeness * likeness)
    effect, values, level = math.log1p(change), {}, 0.0
    for night, step, there in zip(nights, steps, rng.random(len(nights)) >= missing, strict=True):
        level = likeness * level + step
        if there:
            taken = effect if plan.arms[night.arm] == WITH else 0.0
            values[night.date] = math.log(usual) + level + taken
    return values


@dataclass(frozen=True)
class Chances:
    """What to expect of a plan. power: by change; sd: of log PLM/h, from so many own nights (0:
    what is usual); sentences: the same for people."""

    power: dict[str, float]
    sd: float
    nights: int
    sentences: list[str]


def chances(plan: Plan, items: Iterable[dict[str, Any]], before: dt.date) -> Chances:
    """What the plan can be expected to find, at this person's own variation from night to night.

    items: the archive's sessions; those of nights before `before` count.
    """
    mine = select(items, label=plan.label, leg=plan.leg)
    earlier = [item for item in mine if item["night"] and item["night"] < before.isoformat()]
    own = list(outcomes(by_night(earlier), plan.min_hours).values())[-OWN_MOST:]
    sd = own_sd(own)
    nights = len(own) if sd else 0
    vary = (
        f"your {nights} nights before it" if sd else "the usual variation of one person's nights"
    )
    sd = sd or USUAL_SD
    found = {change: power(plan, change, sd) for change in EFFECTS}
    told = [
        f"{-100 * change:.0f} % fewer in {100 * share:.0f} %" for change, share in found.items()
    ]
    sentences = [
        f"What to expect, from {TRIALS} simulated trials at {vary} (standard deviation of the "
        f"logarithm {sd:.2f}; one night in ten missing). Share of trials that find a true change "
        f"of PLM per hour: {', '.join(told)}."
    ]
    if not nights:
        sentences.append(
            f"Fewer than {OWN_NIGHTS} nights of your own are in the archive; with them this would "
            f"be about you."
        )
    if found[EFFECTS[-1]] < 0.5:
        sentences.append(_advice(plan, sd))
    return Chances({f"{c:g}": share for c, share in found.items()}, sd, nights, sentences)


def _advice(plan: Plan, sd: float) -> str:
    for pairs in range(max(plan.pairs + 1, 6), PAIRS[1] + 1):
        share = power(plan, EFFECTS[-1], sd, pairs)
        if share >= 0.5:
            return (
                f"That is less than even odds of finding a halving. Take more pairs: with "
                f"--pairs {pairs} it is {100 * share:.0f} %."
            )
    return (
        f"That is less than even odds of finding a halving, and {PAIRS[1]} pairs would not do "
        f"either: your nights differ too much. Longer blocks (--nights) help."
    )


def power(plan: Plan, change: float, sd: float, pairs: int | None = None) -> float:
    """Share of simulated trials that find this change at the plan's alpha. Each draws its own
    order, as `anklet trial plan` does; one night in ten is missing."""
    if smallest_p(pairs or plan.pairs) > plan.alpha:
        return 0.0
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(TRIALS):
        drawn = redrawn(plan, rng, pairs)
        p = analyse(drawn, simulated(drawn, rng, change, sd)).p
        found += p is not None and p <= plan.alpha
    return found / TRIALS


def redrawn(plan: Plan, rng: np.random.Generator, pairs: int | None = None) -> Plan:
    """The same plan with fresh coins, and with another number of pairs if given."""
    n = pairs or plan.pairs
    order = tuple("AB" if coin else "BA" for coin in rng.integers(0, 2, n))
    return replace(plan, pairs=n, order=order)
