"""What a plan can be expected to find, by simulation of the very analysis it will get."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from anklet.night.grouping import by_night, select
from anklet.trial.analysis import LEAST_PAIRS, Design
from anklet.trial.observed import outcomes
from anklet.trial.plan import SHAPES, WITH, Plan, Shape, schedule, smallest_p

CV = 0.4  # from night to night in one person; Skeba 2016 found 0.43
USUAL_SD = math.sqrt(math.log1p(CV * CV))  # of the logarithm
LIKENESS = 0.3  # correlation of a night with the next
MISSING = 0.1
OWN_NIGHTS = 7  # fewer say too little about a person's own variation
FULL_NIGHTS = 28  # up to here the published variation weighs in
OWN_MOST = 60  # the latest, so that years of drift are no variation from night to night
PRIOR_DF = 6  # of the published variation: people differ in it by as much as it is (43 +- 37 %)
TRIALS = 2000
PATTERNS = 40  # of missing nights among them
LOST = 7  # nights of a lost week
FADE = (2 / 3, 1 / 3)  # of an effect, on the first and second night after it was stopped
EFFECTS = (-0.3, -0.5)


def own_sd(values: Iterable[float]) -> tuple[float, float]:
    """Standard deviation of a person's nights of log PLM/h and its degrees of freedom.

    Under FULL_NIGHTS nights the variance is shrunk towards the published one, which counts as the
    nights that are missing; under OWN_NIGHTS it is the published one.
    """
    given = list(values)
    n = len(given)
    if n < OWN_NIGHTS:
        return USUAL_SD, PRIOR_DF
    usual = max(0, FULL_NIGHTS - n)
    own = float(np.var(given, ddof=1)) * (n - 1)
    return math.sqrt((own + usual * USUAL_SD**2) / (n - 1 + usual)), max(n - 1, PRIOR_DF)


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
class Prospect:
    """What can be expected of a plan.

    power: share of simulated trials that find a change, at the likely spread, by change; between:
    the same at the ends of where the spread lies with 80 %. lost: power at -50 % with a week
    lost; faded: how -50 % reads where it fades over two nights.
    """

    shape: Shape
    power: dict[float, float]
    between: dict[float, tuple[float, float]]
    lost: float
    faded: float

    @property
    def length(self) -> int:
        return 2 * self.shape.pairs * self.shape.nights


@dataclass(frozen=True)
class Chances:
    """mine: of the plan; others: of plans that could be made instead; sd: of log PLM/h, from so
    many own nights (0: what is usual)."""

    mine: Prospect
    others: list[Prospect]
    sd: float
    nights: int


def chances(
    plan: Plan, items: Iterable[dict[str, Any]], before: dt.date, shapes: Sequence[Shape] = SHAPES
) -> Chances:
    """What the plan can be expected to find, at this person's own variation from night to night.

    items: the archive's sessions; those of nights before `before` count. shapes: of the plans to
    compare it with.
    """
    mine = select(items, label=plan.label, leg=plan.leg)
    earlier = [item for item in mine if item["night"] and item["night"] < before.isoformat()]
    own = list(outcomes(by_night(earlier), plan.min_hours).values())[-OWN_MOST:]
    sd, df = own_sd(own)
    shape = Shape(plan.pairs, plan.nights, plan.washout)
    others = [prospect(plan, other, sd, df) for other in shapes if other != shape]
    nights = len(own) if len(own) >= OWN_NIGHTS else 0
    return Chances(prospect(plan, shape, sd, df), others, sd, nights)


def prospect(plan: Plan, shape: Shape, sd: float, df: float) -> Prospect:
    """What a plan of this shape can be expected to find at the spread `sd` of log PLM/h, known to
    so many degrees of freedom."""
    from scipy import stats  # noqa: PLC0415 - slow to import

    wide, narrow = (sd * math.sqrt(df / stats.chi2.ppf(tail, df)) for tail in (0.1, 0.9))
    trials = _Trials(reshaped(plan, shape), lost=0)
    return Prospect(
        shape,
        {change: trials.power(change, sd) for change in EFFECTS},
        {change: (trials.power(change, wide), trials.power(change, narrow)) for change in EFFECTS},
        _Trials(trials.plan, lost=LOST).power(EFFECTS[-1], sd),
        trials.faded(EFFECTS[-1]),
    )


class _Trials:
    """Simulated trials of one plan, each with its own order and nights; `lost` more nights in a
    row are missing. The analysis is the trial's own, done for many at once."""

    def __init__(self, plan: Plan, lost: int):
        self.plan = plan
        rng = np.random.default_rng(1)
        self._some = []
        each = TRIALS // PATTERNS
        nights = schedule(plan)
        for _ in range(PATTERNS):
            there = rng.random(len(nights)) >= MISSING
            if lost:
                first = rng.integers(0, len(nights) - lost + 1)
                there[first : first + lost] = False
            kept = [night for night in nights if there[night.day] and night.counts]
            if len({night.pair for night in kept}) < LEAST_PAIRS:
                continue
            design = Design(kept, plan.likeness)
            orders = 1 - 2 * rng.integers(0, 2, (plan.pairs, each))
            noise = _autoregression(rng, len(nights), each)[[night.day for night in kept]]
            self._some.append((design, kept, orders, noise))

    def power(self, change: float, sd: float) -> float:
        """Share of the trials that find a change of PLM/h at the plan's alpha."""
        effect, found = math.log1p(change) / sd, 0
        for design, _, orders, noise in self._some:
            if smallest_p(len(design.pairs)) > self.plan.alpha:
                continue
            drawn = orders[design.pairs]
            p = design.p(noise + effect * (design.halves.T @ drawn), drawn)
            found += int(np.sum(p <= self.plan.alpha))
        return found / TRIALS

    def faded(self, change: float) -> float:
        """The mean change that is read where an effect does not stop with its block, but over the
        two nights after it."""
        nights, read = schedule(self.plan), []
        for design, kept, orders, _ in self._some:
            taken = np.array([(orders[n.pair] > 0) == (n.block == 0) for n in nights], float)
            acting = taken.copy()
            for later, share in enumerate(FADE, 1):
                acting[later:] = np.maximum(acting[later:], share * taken[:-later])
            reached = math.log1p(change) * acting[[night.day for night in kept]]
            read.append(design.effects(reached, orders[design.pairs]))
        return math.expm1(float(np.mean(np.concatenate(read)))) if read else 0.0


def _autoregression(rng: np.random.Generator, nights: int, trials: int) -> np.ndarray:
    """Nights x trials of unit variance, each night like the one before it by LIKENESS."""
    steps = rng.normal(size=(nights, trials))
    steps[1:] *= math.sqrt(1 - LIKENESS * LIKENESS)
    for night in range(1, nights):
        steps[night] += LIKENESS * steps[night - 1]
    return steps


def redrawn(plan: Plan, rng: np.random.Generator) -> Plan:
    """The same plan with fresh coins."""
    order = tuple("AB" if coin else "BA" for coin in rng.integers(0, 2, plan.pairs))
    return replace(plan, order=order)


def reshaped(plan: Plan, shape: Shape) -> Plan:
    """The same plan cut otherwise; its order is not drawn yet."""
    return replace(
        plan,
        pairs=shape.pairs,
        nights=shape.nights,
        washout=shape.washout,
        order=("AB",) * shape.pairs,
    )
