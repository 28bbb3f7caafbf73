"""Simulated people for the trials: our own model of nights and hostile ones.

Each gives the PLM and the hours in bed of every night of a plan, whole movements as a night has
them. `with_` is 1 on the nights with, 0 on those without; `effect` is what it does to log PLM/h.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from anklet.trial.power import USUAL_SD

HOURS = 7.0
USUAL = 25.0  # PLM per hour
LIKENESS = 0.3

Levels = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Person:
    """level: log PLM/h of each night without anything taken, by night. empty: share of nights
    with no series at all. missing: share of nights missing, with and without. fade: whether the
    effect goes on over the two nights after its block. usual: PLM per hour."""

    name: str
    level: Levels
    usual: float = USUAL
    empty: float = 0.0
    missing: tuple[float, float] = (0.1, 0.1)
    fade: bool = False
    worst_lost: float = 0.0

    def nights(self, rng: np.random.Generator, with_: np.ndarray, effect: float) -> dict[int, int]:
        """PLM by day, without the missing nights."""
        acting = with_.astype(float)
        if self.fade:
            for later, share in ((1, 2 / 3), (2, 1 / 3)):
                acting[later:] = np.maximum(acting[later:], share * with_[:-later])
        level = self.level(rng, len(with_)) + effect * acting
        plm = rng.poisson(self.usual * HOURS * np.exp(level))
        plm[rng.random(len(plm)) < self.empty] = 0
        lost = np.where(with_ > 0, *self.missing)
        gone = rng.random(len(plm)) < lost
        gone |= (with_ > 0) & (level > USUAL_SD) & (rng.random(len(plm)) < self.worst_lost)
        return {day: int(n) for day, n in enumerate(plm) if not gone[day]}


def alike(rng: np.random.Generator, nights: int, likeness: float = LIKENESS) -> np.ndarray:
    """A first-order autoregression: what the power is computed with."""
    steps = rng.normal(0, USUAL_SD, nights)
    steps[1:] *= math.sqrt(1 - likeness**2)
    for night in range(1, nights):
        steps[night] += likeness * steps[night - 1]
    return steps


def tails(rng: np.random.Generator, nights: int) -> np.ndarray:
    """Student's t with 2 degrees of freedom: now and then a night of ten times as many."""
    return np.clip(0.5 * USUAL_SD * rng.standard_t(2, nights), -3, 3)


def from_bad(rng: np.random.Generator, nights: int) -> np.ndarray:
    """Begun in a bad spell, from which it gets better by itself within two weeks."""
    return alike(rng, nights) + 1.0 * np.exp(-np.arange(nights) / 7)


def drifts(rng: np.random.Generator, nights: int) -> np.ndarray:
    """Falls to a half over the trial."""
    return alike(rng, nights) - math.log(2) * np.arange(nights) / nights


def season(rng: np.random.Generator, nights: int) -> np.ndarray:
    """A wave of eight weeks."""
    return alike(rng, nights) + 0.5 * np.sin(2 * np.pi * (np.arange(nights) / 56 + rng.random()))


def weekend(rng: np.random.Generator, nights: int) -> np.ndarray:
    """Two nights a week with twice as many."""
    return alike(rng, nights) + math.log(2) * ((np.arange(nights) + rng.integers(7)) % 7 < 2)


def growing(rng: np.random.Generator, nights: int) -> np.ndarray:
    """A spread that grows fivefold."""
    return np.linspace(0.2, 1, nights) * tails(rng, nights)


def very_alike(rng: np.random.Generator, nights: int) -> np.ndarray:
    return alike(rng, nights, 0.7)


OWN = Person("our own: log-normal, each night like the one before by 0.3", alike)
HOSTILE = (
    Person("nights alike by 0.7", very_alike),
    Person("drift: falls to a half over the trial", drifts),
    Person("regression to the mean: begun in a bad spell", from_bad),
    Person("season: a wave of eight weeks, ±60 %", season),
    Person("weekday: two nights a week with twice as many", weekend),
    Person("heavy tails (t, 2 degrees of freedom)", tails),
    Person("zero-inflated: 60 % of the nights empty", alike, empty=0.6),
    Person("low counts: 0.5 PLM/h", alike, usual=0.5),
    Person("carry-over: fades over two nights", alike, fade=True),
    Person("missing by arm: 30 % with, 5 % without", alike, missing=(0.3, 0.05)),
    Person("spread that grows fivefold", growing),
)
# Not bounded: no analysis of the nights there are can mend it. The worst case says so.
WORST_LOST = Person("bad nights with get lost (4 in 10)", alike, worst_lost=0.4)
