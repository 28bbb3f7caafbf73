"""How sure a night's rate is, and how sure the middle of several nights is.

PLMs come in series: the 20 of one series are one event, not twenty. So the count of a night is
taken as compound Poisson: series come by chance, each brings its own number of PLMs. Its variance
is the sum of the squared numbers, which is `spread` times that of a Poisson count (a quasi-Poisson
count, McCullagh and Nelder 1989). The interval is the exact Poisson one (Garwood 1936) of
count / spread, times spread. A night without a PLM has the spread of the smallest series.

It speaks of chance within the night alone; nights differ by more than that.
"""

import math
from collections.abc import Sequence

LEVEL = 0.95
SMALLEST_SERIES = 4


def spread(series_plm: Sequence[int]) -> float:
    """Variance of the PLM count over that of a Poisson count, from the PLMs of each series."""
    plm = sum(series_plm)
    return sum(n * n for n in series_plm) / plm if plm else float(SMALLEST_SERIES)


def interval(plm: int, series_plm: Sequence[int], in_bed_s: float) -> tuple[float, float] | None:
    """95 % interval of PLM per hour in bed; None without such time.

    series_plm: the PLMs of each series.
    """
    from scipy.special import gammaincinv  # noqa: PLC0415 - slow to import

    if not in_bed_s:
        return None
    wide = spread(series_plm)
    series = plm / wide
    hours = in_bed_s / 3600
    tail = (1 - LEVEL) / 2
    low = float(gammaincinv(series, tail)) if plm else 0.0
    high = float(gammaincinv(series + 1, 1 - tail))
    return wide * low / hours, wide * high / hours


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Interval of the median that holds it at least 95 % of the times, whatever the distribution.

    Two of the ordered values, by the sign test (binomial, one half). None under 6 values, where no
    such pair exists.
    """
    ordered, n = sorted(values), len(values)
    rank = 0
    below = 0.5**n  # chance that `rank` values or fewer lie under the median
    while below <= (1 - LEVEL) / 2:
        rank += 1
        below += _half(n, rank)
    return (ordered[rank - 1], ordered[n - rank]) if rank else None


def _half(n: int, k: int) -> float:
    """Chance of k heads in n throws; by logarithms, for exact numbers of years are slow."""
    logs = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(logs - n * math.log(2))
