"""Resampling by a windowed sinc: any ratio, and no ringing over a gap's edge."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HALF = 16  # half width of the kernel, samples of the slower rate
CUTOFF = 0.42  # of the slower rate: -6 dB there, flat to 0.34, -80 dB from 0.5 on
BETA = 8.0
PHASES = 512  # of the kernel; the nearest is at most a thousandth of a sample away
CHUNK = 4096


def resample(acc: np.ndarray, have: float, want: float) -> np.ndarray:
    """acc (n, 3) at `have` Hz as (m, 3) at `want` Hz; the first sample stays where it is.

    Rows of NaN are lost samples. Each stretch between them is filtered by itself, with its first
    and last value held beyond its ends, and an output row within a gap is NaN. Equal rates give
    acc itself.
    """
    step = have / want
    n = len(acc)
    if abs(1 / step - 1) * n < 0.5:
        return acc
    out = np.full((int((n - 1) / step + 1e-6) + 1, 3), np.nan)
    kernels = _kernels(step)
    whole = np.concatenate(([False], ~np.isnan(acc).any(axis=1), [False]))
    edges = np.flatnonzero(whole[1:] != whole[:-1])
    for first, stop in edges.reshape(-1, 2):
        k = np.arange(np.ceil(first / step - 1e-6), np.floor((stop - 1) / step + 1e-6) + 1)
        at = np.clip(k * step - first, 0, stop - first - 1)
        out[k.astype(np.int64)] = _stretch(acc[first:stop], at, kernels)
    return out


def _kernels(step: float) -> np.ndarray:
    """Weights (PHASES + 1, taps) at each fraction of an input sample, each row adding up to 1, so
    that gravity passes without a ripple."""
    slower = max(1.0, step)  # input samples in one of the slower rate
    half = int(np.ceil(HALF * slower))
    distance = np.arange(1 - half, half + 1) - np.arange(PHASES + 1)[:, None] / PHASES
    window = np.i0(BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1)))
    weights = np.sinc(2 * CUTOFF / slower * distance) * window
    return weights / weights.sum(axis=1, keepdims=True)


def _stretch(acc: np.ndarray, at: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """acc, without gaps, at the positions `at` (in input samples, within acc)."""
    half = kernels.shape[1] // 2
    windows = sliding_window_view(np.pad(acc, ((half, half), (0, 0)), "edge"), 2 * half, axis=0)
    base = np.floor(at).astype(np.int64)
    phase = np.rint((at - base) * PHASES).astype(np.int64)
    out = np.empty((len(at), 3))
    for i in range(0, len(at), CHUNK):
        part = slice(i, i + CHUNK)
        out[part] = (windows[base[part] + 1] @ kernels[phase[part], :, None])[..., 0]
    return out
