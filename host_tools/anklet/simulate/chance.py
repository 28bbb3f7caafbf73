"""Random draws that the plan of a night is made of."""

import numpy as np
from scipy.special import ndtr, ndtri

Intervals = list[tuple[float, float]]


def log_normal(
    rng: np.random.Generator, median: float, sigma: float, low: float, high: float
) -> float:
    """One draw from a log-normal cut (not clipped) to low..high."""
    bounds = ndtr(np.log(np.array([low, high]) / median) / sigma)
    return float(median * np.exp(sigma * ndtri(rng.uniform(*bounds))))


def draw_start(
    rng: np.random.Generator, busy: Intervals, length: float, low: float, high: float
) -> float | None:
    """A start for `length` s, uniform over all that fit in low..high between `busy` spans."""
    free, at = [], low
    for first, last in sorted(busy):
        if first - length > at:
            free.append((at, min(first, high) - length))
        at = max(at, last)
    free.append((at, high - length))
    free = [(a, b) for a, b in free if b > a]
    sizes = np.array([b - a for a, b in free])
    if not free:
        return None
    place = rng.uniform(0.0, sizes.sum())
    index = min(int(np.searchsorted(np.cumsum(sizes), place)), len(free) - 1)
    return round(free[index][1] - max(float(np.cumsum(sizes)[index] - place), 0.0), 3)


def widened(spans: Intervals, margin: float) -> Intervals:
    """Each span, longer by `margin` at both ends."""
    return [(first - margin, last + margin) for first, last in spans]
