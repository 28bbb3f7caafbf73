"""Two recorders' clocks laid on each other, from the movements that both heard.

The clocks never agree, so their offset and drift are found from the movements themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from anklet.errors import BadInput
from anklet.scoring.matching import pairs

FEWEST = 8  # matched movements below which an offset is chance
SHARE = 0.3  # of the shorter list that has to match
FARTHEST_S = 12 * 3600  # of an offset, beyond what the files' start times say
COARSE_S = 2.0  # a drift of 50 ppm moves the end of a night by 1.5 s
CLOCK_PPM = 50.0  # standard deviation of the drift between two quartz clocks: each is within 50
DRIFT_PPM = 200  # two quartz clocks differ by less
MOST_DIFFERENCES = 10_000_000
CHANCE = 2.0  # the best offset has to match so many times more than one elsewhere
NARROWEST_S = 0.3  # pairs farther apart than 4 standard deviations of the jitter are none
RESAMPLES = 400
SIGMA = 1.4826  # standard deviations in a median absolute deviation of normal errors
BLOCK_S = 600.0  # movements of one series err together, so blocks of time are drawn, not movements


@dataclass(frozen=True)
class Clocks:
    """reference time = our time + offset_s + drift_ppm / 1e6 * our time, seconds since our start.

    offset_ci, drift_ci: 95 % intervals; offset_se, drift_se: standard errors. matched: movements
    that they follow from.
    """

    offset_s: float
    drift_ppm: float
    offset_se: float
    drift_se: float
    matched: int
    offset_ci: tuple[float, float]
    drift_ci: tuple[float, float]

    def there(self, ours_s: float) -> float:
        return ours_s + self.offset_s + self.drift_ppm * 1e-6 * ours_s


def align(ours: Sequence[float], reference: Sequence[float], said_s: float = 0.0) -> Clocks:
    """Find the clocks' offset and drift from two ascending lists of onsets, s.

    said_s: the offset that the files' start times give; searched are FARTHEST_S around it. The
    offset that brings most onsets together is refined by the line through the pairs, its slope
    drawn towards 0 by as much as few pairs can't tell it from what clocks do. Raises BadInput
    when no offset stands out: too few movements, or another night.
    """
    one, other = np.asarray(ours, float), np.asarray(reference, float)
    if min(len(one), len(other)) < FEWEST:
        raise BadInput(
            f"There are too few movements to align the clocks by ({min(len(one), len(other))}; it "
            f"takes {FEWEST}): compare a night with more."
        )
    coarse, near, elsewhere = _coarse(one, other, said_s)
    if near < max(FEWEST, SHARE * min(len(one), len(other))) or near < CHANCE * elsewhere:
        raise BadInput(
            "No clock offset brings these two lists together: are they of the same night and leg?"
        )
    middle = float(np.median(one))
    slope, at_middle, within = 0.0, coarse, COARSE_S
    x = y = np.empty(0)
    for _ in range(5):
        moved = one + at_middle + slope * (one - middle)
        matched = pairs(moved.tolist(), other.tolist(), within)
        i, j = np.array(matched).T if matched else (np.empty(0, int), np.empty(0, int))
        if len(i) < FEWEST:
            raise BadInput("The two lists do not keep one offset: are they of the same night?")
        x, y = one[i] - middle, other[j] - one[i]
        # Theil-Sen: pairs that are none do not pull the line.
        steep, _ = np.asarray(stats.theilslopes(y, x, method="joint"), float)[:2].tolist()
        jitter = SIGMA * float(stats.median_abs_deviation(y - steep * x))
        slope = _shrunk(x, steep, jitter)
        at_middle = float(np.median(y - slope * x))
        within = float(np.clip(4 * jitter, NARROWEST_S, COARSE_S))
    if abs(slope) * 1e6 > DRIFT_PPM:
        raise BadInput(
            f"The clocks would differ by {slope * 1e6:.0f} ppm, more than clocks do: are both "
            f"lists of the same night, in seconds?"
        )
    offsets, slopes = _resampled(x, y)
    at_start = offsets - slopes * middle
    return Clocks(
        offset_s=at_middle - slope * middle,
        drift_ppm=slope * 1e6,
        offset_se=float(np.std(at_start)),
        drift_se=float(np.std(slopes)) * 1e6,
        matched=len(x),
        offset_ci=_around(at_middle - slope * middle, at_start),
        drift_ci=_around(slope * 1e6, slopes * 1e6),
    )


def _shrunk(x: np.ndarray, slope: float, jitter: float) -> float:
    """A slope weighed against what two clocks do: a normal prior around 0."""
    error = jitter**2 / max(float(((x - x.mean()) ** 2).sum()), 1e-9)
    prior = (CLOCK_PPM * 1e-6) ** 2
    return slope * prior / (prior + error)


def _resampled(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets at the middle and slopes of RESAMPLES nights put together from blocks of this one.

    Huber's weights instead of Theil-Sen: as robust here, and quick. The prior of the slope is
    drawn with its own error, so that the spread of the slopes is that of the posterior.
    """
    rng = np.random.default_rng(1)
    blocks = np.unique(np.floor(x / BLOCK_S), return_inverse=True)[1]
    draws = rng.multinomial(
        blocks.max() + 1, np.full(blocks.max() + 1, 1 / (blocks.max() + 1)), RESAMPLES
    )
    prior = CLOCK_PPM * 1e-6
    found = np.empty((2, RESAMPLES))
    for k, drawn in enumerate(draws):
        counts = drawn[blocks].astype(float)
        slope, offset, jitter = 0.0, float(np.median(y)), float(np.std(y)) + 1e-6
        wanted = rng.normal(0, prior)
        for _ in range(6):
            left = y - offset - slope * x
            jitter = max(float(np.median(np.abs(left))) * SIGMA, 1e-3)
            w = counts * np.minimum(1.0, 1.5 * jitter / np.maximum(np.abs(left), 1e-9))
            total = w.sum()
            if not total:
                break
            mean = float((w * x).sum() / total)
            info = float((w * (x - mean) ** 2).sum()) / jitter**2
            raw = float((w * (x - mean) * y).sum()) / jitter**2
            slope = (raw + wanted / prior**2) / (info + 1 / prior**2)
            offset = float((w * (y - slope * x)).sum() / total)
        found[:, k] = offset, slope
    return found[0], found[1]


def _around(estimate: float, resampled: np.ndarray) -> tuple[float, float]:
    """95 % interval: the estimate, and the standard error of the resampled on each side, by t of
    few blocks."""
    half = float(stats.t.ppf(0.975, 20)) * float(np.std(resampled))
    return estimate - half, estimate + half


def _coarse(one: np.ndarray, other: np.ndarray, said_s: float) -> tuple[float, int, float]:
    """The best offset to COARSE_S, how many onsets meet there, and how many at the best offset
    that lies elsewhere: a series of even intervals meets itself at every one of them."""
    # Of very long lists a part says enough, and memory stays bounded.
    some = one[:: max(1, len(one) * len(other) // MOST_DIFFERENCES)]
    differences = np.concatenate([other - onset for onset in some])
    differences = differences[np.abs(differences - said_s) <= FARTHEST_S]
    if not len(differences):
        return 0.0, 0, 0.0
    differences.sort()
    ends = np.searchsorted(differences, differences + COARSE_S, side="right")
    counts = ends - np.arange(len(differences))
    best = int(np.argmax(counts))
    offset = float(np.median(differences[best : ends[best]]))
    away = np.abs(differences - offset) > 2 * COARSE_S
    return offset, int(counts[best]), float(counts[away].max()) if away.any() else 0.0
