"""Three published ways of finding leg movements in acceleration, on the device's own samples.

Each takes acceleration (n, 3) in g at `rate` Hz and returns (onset, duration) in s. What its
source does not say is filled in to its advantage; see each docstring.
"""

from collections.abc import Callable

import numpy as np
from plmcore.rules import DEFAULT, RULES
from plmcore.series import Series
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d
from scipy.signal import butter, sosfilt, sosfilt_zi

from .match import Span


def samples_of(raw: bytes) -> np.ndarray:
    """What the sensor's FIFO hands out: (n, 3) in g, 10 bits (see anklet.inputs.to_raw)."""
    counts = np.frombuffer(raw, "<i2").reshape(-1, 3)
    return (counts & ~0x3F) / 16384


def band(signal: np.ndarray, rate: float, low: float, high: float) -> np.ndarray:
    """Second-order Butterworth band-pass along axis 0, causal, started at steady state."""
    sos = np.asarray(butter(2, (low, high), "bandpass", fs=rate, output="sos"))
    start = sosfilt_zi(sos)
    start = start.reshape(*start.shape, *[1] * (signal.ndim - 1)) * signal[0]
    return np.asarray(sosfilt(sos, signal, axis=0, zi=start)[0])


def bouts(level: np.ndarray, rate: float, on: float, off: float, dropout_s: float) -> list[Span]:
    """Stretches of `level` (n,) with hysteresis: from the first sample over `on` to the last one
    over `off` before `dropout_s` under it."""
    high = np.flatnonzero(level >= off)
    if not len(high):
        return []
    cuts = np.flatnonzero(np.diff(high) > dropout_s * rate)
    firsts = high[np.concatenate(([0], cuts + 1))]
    lasts = high[np.concatenate((cuts, [len(high) - 1]))]
    over = np.flatnonzero(level >= on)
    at = np.searchsorted(over, firsts)
    holds = (at < len(over)) & (over[np.minimum(at, len(over) - 1)] <= lasts) if len(over) else []
    onsets, ends = over[at[holds]], lasts[holds] + 1
    return list(zip((onsets / rate).tolist(), ((ends - onsets) / rate).tolist(), strict=True))


DROPOUT_S = 1.0


def pam_rl(acc: np.ndarray, rate: float) -> list[Span]:
    """PAM-RL. Sforza et al., Sleep Medicine 6 (2005) 407-413, section 2.4: 40 Hz, 0.3 to 20 Hz,
    onset over 200 mg, ends when it has stayed under 100 mg for 1 s.

    Not published: the filter's order (second here), how the axes are joined (their length here:
    it finds more than the greatest axis), and whether the second of drop-out belongs to the
    movement (it does here: else most are shorter than a CLM, and F1 is lower).
    """
    level = np.linalg.norm(band(acc, rate, 0.3, 20.0), axis=1)
    found = bouts(level, rate, 0.200, 0.100, DROPOUT_S)
    return [(onset, length + DROPOUT_S) for onset, length in found]


def rms(acc: np.ndarray, rate: float) -> list[Span]:
    """RMS over 0.5 s, onset at 100 mg, offset at 50 mg: a plain threshold, as actimeters and
    patents describe it (published ones lie at 20 to 100 mg).

    Not published: the band and the end. Here 0.3 to 20 Hz (finds more than 0.5 to 8 Hz), the
    window centred so that it is not late, and the 0.5 s offset rule of WASM 2016.
    """
    power = (band(acc, rate, 0.3, 20.0) ** 2).sum(axis=1)
    level = np.sqrt(uniform_filter1d(power, round(0.5 * rate)).clip(0))
    return bouts(level, rate, 0.100, 0.050, 0.5)


SPREAD_S = 1.0


def sicbaldi(acc: np.ndarray, rate: float) -> list[Span]:
    """Sicbaldi et al., Scientific Reports (2025), ankle: length of the acceleration vector, band
    0.1 to 10 Hz, upper less lower envelope over 15 mg.

    Filled in: the envelopes' window (extremes within SPREAD_S; its halves before and behind a
    movement are taken off again), and how near two movements may be (0.5 s as in WASM 2016; the
    authors' earlier public script joins all within 5 s, which gives a lower F1 here).
    """
    level = band(np.linalg.norm(acc, axis=1), rate, 0.1, 10.0)
    width = round(SPREAD_S * rate)
    spread = maximum_filter1d(level, width) - minimum_filter1d(level, width)
    half = SPREAD_S / 2
    found = bouts(spread, rate, 0.015, 0.015, 0.5)
    return [(onset + half, length - 2 * half) for onset, length in found if length > 2 * half]


RIVALS: dict[str, Callable[[np.ndarray, float], list[Span]]] = {
    "PAM-RL, 200/100 mg": pam_rl,
    "RMS, 100/50 mg": rms,
    "Sicbaldi, 15 mg": sicbaldi,
}


def scored(movements: list[Span]) -> tuple[list[Span], int]:
    """The CLMs among LMs, and how many PLMs they hold, by the device's own scorer."""
    series = Series(RULES[DEFAULT])
    clms = []
    for number, (onset, duration) in enumerate(movements):
        series.add(number & 0xFFFF, round(onset * 1000), round(duration * 1000))
        if series.kind == 0:  # a CLM
            clms.append((onset, duration))
    return clms, series.plm
