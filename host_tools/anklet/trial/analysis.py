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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from anklet.trial.plan import WITH, Plan, schedule, smallest_p

LEAST_PAIRS = 2  # below, there is nothing to give an interval to
TIE = 1e-9


@dataclass(frozen=True)
class Pair:
    """Means of log PLM/h of a pair's nights; None where it has no night that counts."""

    with_: float | None
    without: float | None


@dataclass(frozen=True)
class Result:
    """effect, low, high: of log PLM/h, with less without; None where too few nights count.

    level: of the interval, exact. p: None where the smallest attainable one is above alpha.
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


def outcome(plm: int, in_bed_s: float) -> float:
    """Log of (PLM + 0.5) per hour in bed."""
    return math.log((plm + 0.5) * 3600 / in_bed_s)


def change(effect: float) -> float:
    """An effect on log PLM/h as a relative change of PLM/h: -0.5 is half as many."""
    return math.expm1(effect)


def analyse(plan: Plan, values: Mapping[str, float]) -> Result:
    """The result of a plan's nights: `values` gives the outcome of each date there is."""
    nights = [night for night in schedule(plan) if night.counts and night.date in values]
    cells = {(pair, half): [] for pair in range(plan.pairs) for half in (0, 1)}
    for night in nights:
        cells[night.pair, night.block].append(values[night.date])
    used = [pair for pair in range(plan.pairs) if cells[pair, 0] or cells[pair, 1]]
    pairs = [_pair(plan, pair, cells[pair, 0], cells[pair, 1]) for pair in range(plan.pairs)]
    n, least = len(used), smallest_p(len(used))
    nothing = Result(None, None, None, None, None, least, 2**n, 0, n, len(nights), pairs)
    if n < LEAST_PAIRS:
        return nothing

    y = np.array([values[night.date] for night in nights])
    weights = _weights(np.array([night.day for night in nights]), plan.likeness)
    # a = c @ halves, where c has +1 for each pair whose first block is with, else -1.
    halves = np.zeros((n, len(nights)))
    for at, night in enumerate(nights):
        halves[used.index(night.pair), at] = 0.5 - night.block
    drawn = np.array([1 if plan.arms[plan.order[pair][0]] == WITH else -1 for pair in used])
    coins = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    score, spread = halves @ weights @ y, halves @ weights @ halves.T
    size = np.sqrt(np.maximum(np.sum(coins @ spread * coins, axis=1), TIE))
    t, slope = coins @ score / size, coins @ spread @ drawn / size  # and per unit of effect
    norm = math.sqrt(max(0.0, drawn @ spread @ drawn))
    if norm < TIE:
        return nothing  # a drift would explain all there is
    t_drawn = float(drawn @ score) / norm
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
        found = replace(found, low=low, high=high, level=1 - refused / 2**n)
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
