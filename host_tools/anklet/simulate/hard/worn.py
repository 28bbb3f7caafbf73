"""How the sensor is put on: five ways."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.signal import bilinear, lfilter

from anklet.errors import BadInput
from anklet.simulate.movements import rotated

WEARS = ("snug", "turned", "askew", "high", "loose")


@dataclass
class Worn:
    """`turn` (3, 3) takes the shank's frame to the sensor's; `reach_m`: worn this much higher
    than just above the ankle; swing_hz, damping: of a loose strap, 0 where it sits tight."""

    how: str
    turn: np.ndarray
    reach_m: float = 0.0
    swing_hz: float = 0.0
    damping: float = 1.0

    def felt(self, acc: np.ndarray, rate: float) -> np.ndarray:
        """What the sensor gets of the shank's motion (n, 3), from rest: a loose one swings like
        a damped weight on a spring, across the shank."""
        if not self.swing_hz:
            return acc
        swung = acc.copy()
        swung[:, 1:] = lfilter(*_spring(self.swing_hz, self.damping, rate), acc[:, 1:], axis=0)
        return swung


@cache
def _spring(hertz: float, damping: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """What a weight on a damped spring does to its base's motion, as a filter at `rate` Hz."""
    w = 2 * np.pi * hertz
    b, a = bilinear([2 * damping * w, w * w], [1.0, 2 * damping * w, w * w], rate)
    return np.asarray(b), np.asarray(a)


def put_on(rng: np.random.Generator, how: str | None) -> Worn:
    """One of WEARS, or any of them. Raises BadInput for an unknown one."""
    drawn = str(rng.choice(WEARS))
    how = how or drawn
    if how not in WEARS:
        raise BadInput(f"A sensor can't be worn '{how}'; choose from {', '.join(WEARS)}.")
    along, eye = np.array([1.0, 0.0, 0.0]), np.eye(3)
    around = rng.uniform(-np.pi, np.pi) if how == "turned" else rng.normal(0.0, 0.35)
    turn = np.array([rotated(e, along, np.array([around]))[0] for e in eye]).T
    if how == "askew":  # x strays from the shank
        axis = rotated(np.array([0.0, 1.0, 0.0]), along, rng.uniform(0, 2 * np.pi, 1))[0]
        tip = np.radians(rng.uniform(15, 30, 1))
        turn = np.array([rotated(e, axis, tip)[0] for e in eye]).T @ turn
    worn = Worn(how, turn)
    if how == "high":
        worn.reach_m = rng.uniform(0.08, 0.15)
    if how == "loose":
        worn.swing_hz, worn.damping = rng.uniform(5.0, 12.0), rng.uniform(0.15, 0.35)
    return worn
