"""The pieces of movement in a trace, at any thresholds.

The device's own detector (plmcore.kernel.envelope) runs over the trace's powers. What the device
can't do is done here: the noise floor looks ahead as well as back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import percentile_filter

from anklet import device
from anklet.night.trace import NOMINAL_MS, Trace

device.use()  # the detector is the device's own

from plmcore import detector, floor, kernel  # noqa: E402
from plmcore.rules import GAP_BREAKS_MS  # noqa: E402
from plmcore.trace import SAMPLES  # noqa: E402

BLOCK, WINDOW = kernel.BLOCK, kernel.LONG
# Power of a movement's greatest half second, as it comes from the trace, to what it was: the trace
# is smooth within a fifth of a second (median of simulated movements, 0.983 in amplitude).
SEEN = 0.967

Powers = NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """onset, offset: sample numbers, or ms; peak: power; plateau: samples over the edge
    threshold."""

    onset: int
    offset: int
    peak: int
    plateau: int


def find(
    trace: Trace,
    onset_mg: float,
    offset_mg: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[Piece]:
    """The pieces of movement in a trace, in order of onset."""
    at_level = np.flatnonzero(trace.known)
    samples = _samples(trace.powers[at_level])
    power: Any = [0] * WINDOW + samples.tolist()
    thresholds = _thresholds(samples, onset_mg, offset_mg)
    state: Any = kernel.new_state()
    # Each run of levels ends where some are missing.
    ends = (np.flatnonzero(np.diff(at_level) > 1) + 1).tolist()
    begin = 0
    for end in [*ends, len(at_level)] if len(at_level) else ():
        first = int(at_level[begin]) * SAMPLES
        at, stop = begin * SAMPLES, end * SAMPLES
        if (first - state[kernel.N]) * NOMINAL_MS > GAP_BREAKS_MS:
            if state[kernel.OPEN]:
                yield _close(state)
            power[at : at + WINDOW] = [0] * WINDOW
            for item in (kernel.LONG_SUM, kernel.EDGE_SUM, kernel.UP, kernel.HUSH):
                state[item] = 0
        state[kernel.N] = first
        while at < stop:
            on, edge_on, edge_off = thresholds[at // BLOCK]
            state[kernel.ON], state[kernel.EDGE_ON], state[kernel.EDGE_OFF] = on, edge_on, edge_off
            # The kernel's blocks are those of `thresholds`, whatever gap lies in one.
            state[kernel.PHASE] = at % BLOCK
            found = kernel.envelope(0, 0, at + WINDOW, stop - at, state, power)
            at += found & kernel.TAKEN
            if found & kernel.LM_ENDED:
                yield _piece(state)
            elif progress and at % 60_000 < BLOCK:
                progress(at / len(samples))
        begin = end
    if state[kernel.OPEN]:
        yield _close(state)


def _samples(powers: Powers) -> Powers:
    """The power of each sample from that of each ten: smooth between them, with the same sums."""
    if not len(powers):
        return powers
    total = np.concatenate([[0], np.cumsum(powers)])
    smooth = PchipInterpolator(np.arange(len(total)) * SAMPLES, total)
    return np.diff(np.rint(smooth(np.arange(len(powers) * SAMPLES + 1)))).astype(np.int64)


def _thresholds(
    samples: Powers, onset_mg: float, offset_mg: float | None
) -> list[tuple[int, int, int]]:
    """ON, EDGE_ON and EDGE_OFF of each half second, as detector.Detector sets them, from a floor
    of two minutes that has the half second in its middle."""
    if not len(samples):
        return []
    blocks = np.add.reduceat(samples, np.arange(0, len(samples), BLOCK))
    floors = percentile_filter(blocks, floor.QUANTILE, size=floor.SPAN + 1, mode="nearest")
    least = (onset_mg * kernel.UNIT_PER_G / 1000) ** 2 * WINDOW
    on = np.clip(floors * detector.FLOOR_FACTOR**2, least, 1 << 28)
    off = (offset_mg / onset_mg) ** 2 * kernel.EDGE / WINDOW if offset_mg else 1 / 28
    columns = [on * SEEN, on * kernel.EDGE / WINDOW / 4, on * off]
    return list(zip(*(column.astype(np.int64).tolist() for column in columns), strict=True))


def _close(state: Any) -> Piece:
    """The movement under way ends with the recording, as Detector.close has it."""
    if not state[kernel.QUIET_RUN]:
        state[kernel.FALL] = state[kernel.N]
    state[kernel.OPEN] = 0
    return _piece(state)


def _piece(state: Any) -> Piece:
    """The one that has just ended; in sample numbers."""
    onset = max(0, state[kernel.RISE] - detector.ONSET_LAG)
    peak = min(round(state[kernel.PEAK] / SEEN), (1 << 29) - 1)
    return Piece(
        onset,
        max(onset + 1, state[kernel.FALL] - detector.OFFSET_LAG),
        peak,
        state[kernel.ABOVE],
    )
