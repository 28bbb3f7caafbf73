"""What a family of nights is, what is measured on it, and a bound on that."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .match import Score, f1


@dataclass
class Outcome:
    """One night: what the device made of it, and the truth.

    classes: movements by class. joined: of `pairs` neighbouring kicks of a cluster, those that lie
    in one found movement. other_error: of the count of PLMs without the respiratory ones, relative
    as Score.plm_error. undisturbed: PLM/h on the nominal night of the same seed.
    """

    family: str
    seed: int
    score: Score
    classes: dict[str, int]
    lm: int
    plm: int
    in_bed_s: float
    true_in_bed_s: float
    upright_s: float
    true_upright_s: float
    off_body_s: float
    true_off_body_s: float
    rivals: dict[str, Score] = field(default_factory=dict)
    joined: int = 0
    pairs: int = 0
    other_error: float = 0.0
    undisturbed: float | None = None

    @property
    def clm(self) -> int:
        return self.score.hits + len(self.score.extra)

    @property
    def shift(self) -> float:
        """Relative change of PLM/h against the undisturbed night."""
        return self.score.plm_per_hour / self.undisturbed - 1 if self.undisturbed else np.inf


Outcomes = list[Outcome]
Number = Callable[[Outcome], float]


@dataclass(frozen=True)
class Bound:
    """One number over all seeds of a family, and its limits (inclusive)."""

    what: str
    of: Callable[[Outcomes], float]
    least: float = -np.inf
    most: float = np.inf
    form: str = "{:.3g}"

    def holds(self, outcomes: Outcomes) -> bool:
        return self.least <= self.of(outcomes) <= self.most

    def limit(self) -> str:
        sign, value = ("≥", self.least) if np.isfinite(self.least) else ("≤", self.most)
        return f"{sign} {self.form.format(value)}"


def greatest(number: Number) -> Callable[[Outcomes], float]:
    """The seed in which `number` is farthest from 0."""
    return lambda outcomes: max(abs(number(o)) for o in outcomes)


def median(number: Number) -> Callable[[Outcomes], float]:
    return lambda outcomes: statistics.median(abs(number(o)) for o in outcomes)


def quantile(name: str, q: float) -> Callable[[Outcomes], float]:
    """Of the size of all errors `name` (a list of Score's) of all nights together."""

    def of(outcomes: Outcomes) -> float:
        errors = [abs(e) for o in outcomes for e in getattr(o.score, name)]
        return float(np.quantile(errors, q)) if errors else np.inf

    return of


def pooled(number: Callable[[list[Score]], float]) -> Callable[[Outcomes], float]:
    return lambda outcomes: number([o.score for o in outcomes])


def worst(number: Callable[[list[Score]], float]) -> Callable[[Outcomes], float]:
    """The lowest of all seeds."""
    return lambda outcomes: min(number([o.score]) for o in outcomes)


def apart(outcomes: Outcomes) -> float:
    """Share of the neighbouring kicks that no found movement joins."""
    return 1 - sum(o.joined for o in outcomes) / max(1, sum(o.pairs for o in outcomes))


def share(found: float, true: float) -> float:
    """Relative error."""
    return found / true - 1 if true else found


def rivals_beaten(outcomes: Outcomes) -> float:
    """How many of the rivals are worse on F1 as well as on the median error of PLM/h."""
    ours = [o.score for o in outcomes]
    beaten = 0
    for name in outcomes[0].rivals:
        theirs = [o.rivals[name] for o in outcomes]
        worse = statistics.median(abs(s.plm_error) for s in theirs)
        best = statistics.median(abs(s.plm_error) for s in ours)
        beaten += f1(theirs) < f1(ours) and worse > best
    return beaten


@dataclass(frozen=True)
class Family:
    """How its nights are made (`make`: arguments of make_night or make_hard_night; `ppm`: the
    sensor's rate error), what they are, and what must hold. `rivals`: they run here too."""

    name: str
    what: str
    make: dict[str, Any]
    bounds: tuple[Bound, ...]
    plan: str = "easy"
    ppm: int = 0
    least_mg: float = 0.0
    rivals: bool = False
    against_nominal: bool = False
