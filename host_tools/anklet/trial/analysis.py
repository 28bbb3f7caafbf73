"""What a trial's nights say: estimate, exact randomisation test, and the interval of that test.

The coin gives 2 ** n orders to n pairs. For each order a the analysis has a number

    T(a) = a'Py / sqrt(a'Pa)

where y are the nights' outcomes, a is +1/2 on the nights that would be with and -1/2 on those
that would be without, and P weights the nights as if neighbours correlated by `likeness` and
takes out a mean and a straight drift (generalised least squares). If what was taken changes
nothing, y is the same whatever the coin said, so the drawn order is one of 2 ** n alike: p is the
share of orders with |T| at least that of the drawn one. This holds whatever the nights' true
correlation, trend or distribution; `likeness` is a choice about power alone.

The interval is the set of effects d that the test of y - d * a (d taken off the nights with) does
not refuse. |T| of order a reaches that of the drawn order on one interval around the estimate,
its ends the two roots of a linear equation, so the ends of the whole come from sorting.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from anklet.trial.plan import WITH, Plan, PlannedNight, schedule, smallest_p

LEAST_PAIRS = 2  # below, there is nothing to give an interval to
TIE = 1e-9


@dataclass(frozen=True)
class Pair:
    """Means of a pair's outcomes; None where it has no night that counts."""

    with_: float | None
    without: float | None


@dataclass(frozen=True)
class Result:
    """effect, low, high: of the outcome, with less without; None where too few nights count.

    level: of the interval, exact. se: standard error of the effect, for pooling with other
    people's; the test does not use it. p: None where the smallest attainable one is above alpha.
    orders: that the coin could have given; as_far: those as far from no effect as the drawn one.
    pairs: each of the plan; used: how many count; nights: that count.
    """

    effect: float | None
    low: float | None
    high: float | None
    level: float | None
    p: float | None
    smallest_p: float
    orders: int
    as_far: int
    used: int
    nights: int
    pairs: list[Pair] = field(default_factory=list)
    se: float | None = None

    @property
    def early(self) -> "Result":
        """What may be told before the last night: the estimate. An interval that is looked at on
        every evening leaves out zero on some evening in 84 of 100 trials of nothing."""
        return replace(self, low=None, high=None, level=None, p=None, se=None, pairs=[])


def outcome(plm: int, in_bed_s: float) -> float:
    """Log of (PLM + 0.5) per hour in bed."""
    return math.log((plm + 0.5) * 3600 / in_bed_s)


def change(effect: float) -> float:
    """An effect on log PLM/h as a relative change of PLM/h: -0.5 is half as many."""
    return math.expm1(effect)


class Design:
    """All that the test knows of a trial before it sees an outcome.

    nights: those that count, in order. Where n pairs have any: halves, n x nights, is +1/2 on a
    pair's first block and -1/2 on its second, so that an order c (+1 for each pair whose first
    block is with, else -1) has a = c @ halves; spread, n x n, and size, 2 ** n, are a'Pa.
    """

    def __init__(self, nights: Sequence[PlannedNight], likeness: float):
        self.pairs = sorted({night.pair for night in nights})
        n = len(self.pairs)
        self.halves = np.zeros((n, len(nights)))
        for at, night in enumerate(nights):
            self.halves[self.pairs.index(night.pair), at] = 0.5 - night.block
        self.weights = _weights(np.array([night.day for night in nights]), likeness)
        self.weighted = self.halves @ self.weights
        self.spread = self.weighted @ self.halves.T
        self.coins = 1.0 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
        squared = np.sum(self.coins @ self.spread * self.coins, axis=1)
        self.size = np.sqrt(np.maximum(squared, TIE))

    def norm(self, drawn: np.ndarray) -> np.ndarray:
        """sqrt(a'Pa) of drawn orders, one a column."""
        return np.sqrt(np.maximum(np.sum(drawn * (self.spread @ drawn), axis=0), 0.0))

    def p(self, outcomes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """p of many trials at once: outcomes, nights x trials; drawn orders, n x trials."""
        score = self.weighted @ outcomes
        half = len(self.coins) // 2  # the other half are their mirror images, alike in |T|
        t = np.abs(self.coins[:half] @ score / self.size[:half, None])
        mine = np.abs(np.sum(drawn * score, axis=0)) / np.maximum(self.norm(drawn), TIE)
        return np.mean(t >= mine - TIE, axis=0)

    def effects(self, outcomes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The estimates of many trials at once, as p()."""
        score = np.sum(drawn * (self.weighted @ outcomes), axis=0)
        return score / np.maximum(self.norm(drawn) ** 2, TIE)


def drawn(plan: Plan, pairs: Sequence[int]) -> np.ndarray:
    """The order that the coin gave to these pairs: 1 where the first block is with, else -1."""
    return np.array([1 if plan.arms[plan.order[pair][0]] == WITH else -1 for pair in pairs])


def analyse(plan: Plan, values: Mapping[str, float]) -> Result:
    """The result of a plan's nights: `values` gives the outcome of each date there is."""
    nights = [night for night in schedule(plan) if night.counts and night.date in values]
    cells = {(pair, half): [] for pair in range(plan.pairs) for half in (0, 1)}
    for night in nights:
        cells[night.pair, night.block].append(values[night.date])
    pairs = [_pair(plan, pair, cells[pair, 0], cells[pair, 1]) for pair in range(plan.pairs)]
    n = len({night.pair for night in nights})
    least = smallest_p(n)
    nothing = Result(None, None, None, None, None, least, 2**n, 0, n, len(nights), pairs)
    if n < LEAST_PAIRS:
        return nothing

    y = np.array([values[night.date] for night in nights])
    design = Design(nights, plan.likeness)
    order = drawn(plan, design.pairs)
    score = design.weighted @ y
    # T of each order, and how much it moves with the effect.
    t = design.coins @ score / design.size
    slope = design.coins @ design.spread @ order / design.size
    norm = float(design.norm(order[:, None])[0])
    if norm < TIE:
        return nothing  # a drift would explain all there is
    t_drawn = float(order @ score) / norm
    effect = t_drawn / norm
    as_far = int(np.sum(np.abs(t) >= abs(t_drawn) - TIE))

    # The order drawn and its mirror image reach |T| of the drawn order everywhere.
    ends = np.full((2, 2**n), np.inf)
    ends[0] = -np.inf
    other = norm - np.abs(slope) > TIE
    roots = (
        (t_drawn - t[other]) / (norm - slope[other]),
        (t_drawn + t[other]) / (norm + slope[other]),
    )
    ends[:, other] = np.minimum(*roots), np.maximum(*roots)
    refused = max(2, int(plan.alpha * 2**n) // 2 * 2)  # orders that a test at alpha may refuse
    low, high = float(np.sort(ends[0])[refused]), float(np.sort(ends[1])[-1 - refused])
    found = replace(nothing, effect=effect, as_far=as_far)
    if math.isfinite(high - low) and np.ptp(y) > TIE:
        left = float(y @ design.weights @ y) - t_drawn**2
        se = math.sqrt(max(0.0, left) / max(1, len(y) - 3)) / norm
        found = replace(found, low=low, high=high, level=1 - refused / 2**n, se=se)
    return replace(found, p=as_far / 2**n) if least <= plan.alpha else found


def _pair(plan: Plan, pair: int, first: list[float], second: list[float]) -> Pair:
    means = [sum(cell) / len(cell) if cell else None for cell in (first, second)]
    if plan.arms[plan.order[pair][0]] != WITH:
        means.reverse()
    return Pair(*means)


def _weights(days: np.ndarray, likeness: float) -> np.ndarray:
    """P: the inverse correlation of these days, mean and drift projected out."""
    inverse = np.linalg.inv(likeness ** np.abs(np.subtract.outer(days, days)))
    course = np.column_stack([np.ones(len(days)), days - days.mean()])
    kept = inverse @ course
    return inverse - kept @ np.linalg.pinv(course.T @ kept) @ kept.T
