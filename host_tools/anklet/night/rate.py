"""How sure a night's rate is, and how sure the middle of several nights is.

PLMs come in series: the 20 of one series are one event, not twenty. So the count of a night is
taken as compound Poisson: series come by chance, each brings its own number of PLMs. Its variance
is `spread` times that of a Poisson count (a quasi-Poisson count, McCullagh and Nelder 1989), and
the interval is the exact Poisson one (Garwood 1936) of count / spread, times spread.

One night has too few series to tell its own spread, so that of the person's last nights is pooled
with what series are like in general; and series come in clusters, which widens it once more. It
still speaks of chance within the night alone, the least that chance does: nights differ by more.
"""

import math
from collections.abc import Sequence
from statistics import quantiles

LEVEL = 0.95
POOLED_NIGHTS = 28
LEAST_USUAL = 6  # nights; with fewer nothing is usual yet
# Series are 4 to 71 long in scored nights; these are of a log-normal with a median of 8 and a
# standard deviation of the logarithm of 0.7. They weigh as much as so many PLMs of one's own.
USUAL_SPREAD = 20.0
USUAL_LENGTH = 12.0
USUAL_WEIGHT = 40
CLUSTERS = 1.5  # chosen on series in pairs and threes; judged on other processes by the tests


def spread(series_plm: Sequence[int]) -> float:
    """Variance of the PLM count over that of a Poisson count, from the PLMs of each series."""
    squares = sum(n * n for n in series_plm) + USUAL_WEIGHT * USUAL_SPREAD
    return CLUSTERS * squares / (sum(series_plm) + USUAL_WEIGHT)


def length(series_plm: Sequence[int]) -> float:
    """Mean number of PLMs of a series."""
    usual = USUAL_WEIGHT / USUAL_LENGTH
    return (sum(series_plm) + USUAL_WEIGHT) / (len(series_plm) + usual)


def interval(
    plm: int, series_plm: Sequence[int], in_bed_s: float, others: Sequence[int] = ()
) -> tuple[float, float] | None:
    """95 % interval of PLM per hour in bed; None without such time.

    series_plm: the PLMs of each series; others: those of the person's last POOLED_NIGHTS. A night
    without any has an upper bound alone: more, and so long a night would have had a series.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    if not in_bed_s:
        return None
    known = [*series_plm, *others]
    hours = in_bed_s / 3600
    if not plm:
        return 0.0, -math.log(1 - LEVEL) * CLUSTERS * length(known) / hours
    wide = spread(known)
    series = plm / wide
    tail = (1 - LEVEL) / 2
    low = float(stats.gamma.ppf(tail, series))
    high = float(stats.gamma.ppf(1 - tail, series + 1))
    return wide * low / hours, wide * high / hours


def usual(values: Sequence[float]) -> tuple[float, float] | None:
    """The middle half of a person's nights, from their first to their third quartile (inclusive,
    as numpy.percentile has them); None under LEAST_USUAL of them."""
    if len(values) < LEAST_USUAL:
        return None
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


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
