"""A leg movement: a minimum-jerk rotation of the shank and what the ankle feels of it.

Sensor frame: x along the shank towards the knee, y and z across it. Acceleration is specific
force in g: a sensor at rest reads +1 g along the vertical, called `up` here.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.signal import butter, sosfilt

G = 9.80665
ENVELOPE_RATE = 100.0  # Hz, at which wanted envelopes are met: at 50 Hz kinks alias by up to 3 %
SILENT_LEVEL, SILENT_S, EDGE_WINDOW_S = 0.25, 0.5, 0.2


def minimum_jerk(tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimum-jerk step from 0 to 1 over tau 0..1, with its first and second derivative.

    Source: Flash and Hogan 1985. Outside 0..1 the step rests.
    """
    t = np.clip(tau, 0.0, 1.0)
    return (
        t**3 * (10 - 15 * t + 6 * t**2),
        30 * t**2 * (1 - t) ** 2,
        60 * t * (1 - t) * (1 - 2 * t),
    )


def rotated(vector: np.ndarray, axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """`vector` (3,) turned about the unit `axis` by each `angle` in rad: (n, 3)."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return vector * cos + np.cross(axis, vector) * sin + axis * (axis @ vector) * (1 - cos)


def swing(
    up: np.ndarray,
    axis: np.ndarray,
    arm: np.ndarray,
    motion: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """What a sensor at `arm` (m, from the joint) gains while its frame turns about `axis`.

    `motion` is the angle and its two derivatives (rad, s), each (n,). Returns (n, 3) in g: the
    tangential and centripetal terms, and gravity as re-projected, less the `up` at the start.
    """
    theta, rate, acceleration = motion
    across = np.cross(axis, arm)
    kinematic = (np.outer(acceleration, across) + np.outer(rate**2, np.cross(axis, across))) / G
    return kinematic + rotated(up, axis, -theta) - up


@cache
def movement_band(rate: float) -> np.ndarray:
    """Second-order sections of the 0.5 to 8 Hz Butterworth band-pass at `rate` Hz."""
    return np.asarray(butter(2, (0.5, 8.0), "bandpass", fs=rate, output="sos"))


def envelope(acc: np.ndarray, rate: float, window_s: float) -> np.ndarray:
    """RMS over the last `window_s` of the length of `acc` (n, 3) within 0.5 to 8 Hz, in g.

    `acc` must start at rest at zero. Second-order Butterworth band-pass, causal.
    """
    power = (np.asarray(sosfilt(movement_band(rate), acc, axis=0)) ** 2).sum(axis=1)
    window = max(1, round(window_s * rate))
    total = np.concatenate((np.zeros(window), np.cumsum(power)))
    return np.sqrt(np.maximum(total[window:] - total[:-window], 0.0) / window)


@dataclass
class Movement:
    """One rotation: `levels` (fractions of `amplitude` rad) reached at `knots` (s)."""

    knots: np.ndarray
    levels: np.ndarray
    axis: np.ndarray
    arm: np.ndarray
    up: np.ndarray
    amplitude: float = 0.05

    def acceleration(self, t: np.ndarray) -> np.ndarray:
        """Change of specific force at times `t` (s from the onset): (n, 3) in g."""
        i = np.clip(np.searchsorted(self.knots, t, "right") - 1, 0, len(self.knots) - 2)
        span = self.knots[i + 1] - self.knots[i]
        step = (self.levels[i + 1] - self.levels[i]) * self.amplitude
        s, ds, dds = minimum_jerk((t - self.knots[i]) / span)
        theta = self.levels[i] * self.amplitude + step * s
        motion = (theta, step * ds / span, step * dds / span**2)
        return swing(self.up, self.axis, self.arm, motion)

    def on_grid(self) -> np.ndarray:
        """The movement and a second after it, at ENVELOPE_RATE."""
        return self.acceleration(np.arange(0, self.knots[-1] + 1.0, 1 / ENVELOPE_RATE))

    def has_silence(self) -> bool:
        """True when the short envelope stays under a quarter of its peak for half a second."""
        short = envelope(self.on_grid(), ENVELOPE_RATE, EDGE_WINDOW_S)
        inside = short[: int(self.knots[-1] * ENVELOPE_RATE)]
        loud = np.flatnonzero(inside >= SILENT_LEVEL * short.max())
        edges = np.concatenate(([-1], loud, [len(inside)]))
        return bool((np.diff(edges) - 1).max() >= SILENT_S * ENVELOPE_RATE)


def draw_shape(rng: np.random.Generator, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Knots (s) and levels of flexion, a hold that dips and recovers, and return.

    A muscle that is quick to flex is quick to relax: the dips keep the pace of the rise.
    """
    rise = min(rng.uniform(0.15, 0.5), 0.5 * duration)
    back = min(rise * rng.uniform(0.9, 1.5), duration - rise)
    hold = duration - rise - back
    if hold < 0.3:
        return np.array([0.0, rise, duration]), np.array([0.0, 1.0, 0.0])
    cycle = np.clip(rise * rng.uniform(1.6, 2.6), 0.3, 0.8)
    count = max(1, round(hold / cycle))
    lengths = rng.uniform(0.75, 1.25, count)
    lengths *= hold / lengths.sum()
    knots, levels = [0.0, rise], [0.0, 1.0]
    for length in lengths:
        knots += [knots[-1] + length * rng.uniform(0.4, 0.6), knots[-1] + length]
        levels += [rng.uniform(0.4, 0.8), rng.uniform(0.9, 1.05)]
    return np.array([*knots[:-1], duration - back, duration]), np.array([*levels, 0.0])


def scale_to(movement: Movement, envelope_g: float) -> None:
    """Set the amplitude so that the 0.5 s envelope peaks at `envelope_g`, within 0.3 %."""
    for _ in range(12):
        peak = envelope(movement.on_grid(), ENVELOPE_RATE, 0.5).max()
        if abs(peak / envelope_g - 1) < 0.003:
            break
        movement.amplitude *= envelope_g / peak


def draw_movement(
    rng: np.random.Generator, duration: float, envelope_g: float, up: np.ndarray, axis: np.ndarray
) -> Movement:
    """A movement about the knee of `duration` s whose clean envelope peaks at `envelope_g`.

    `axis` is the joint's; each movement strays from it by some degrees. Shapes with half a
    second of silence inside are drawn again, as they would be two movements.
    """
    axis = rotated(axis, np.array([1.0, 0.0, 0.0]), rng.normal(0.0, 0.15, 1))[0]
    axis *= rng.choice((-1.0, 1.0), p=(0.1, 0.9))  # now and then an extension
    arm = np.array([-rng.uniform(0.30, 0.42), 0.0, 0.0])
    while True:  # one shape in four passes, or more
        movement = Movement(*draw_shape(rng, duration), axis, arm, up)
        scale_to(movement, envelope_g)
        if not movement.has_silence():
            return movement
