"""`python -m tests.accuracy.still`: a still sleeper is in bed, and a device on a table is not.

Not on the simulator's nights, whose sleepers breathe at 1 to 10 mg and whose tables know no hands:
breathing from none to 10 mg, a sensor half and twice as noisy, hands that take the device off and
put it on, people who walk past, temperature that drifts, a partner who shakes the bed. What counts
is the device's own firmware, as everywhere.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from anklet.night import nightfile
from anklet.signal import inputs, replay

from .night import RUNTIME

RATE = 50
NOISE_G = 0.22e-3 * np.sqrt(RATE / 2)  # LIS3DH datasheet, table 4
FLAT = np.array([0.0, 0.0, 1.0])
IN_BED, RATE_OF_PLM, ON_TABLE = 0.03, 0.05, 0.10  # the errors that are allowed
INF = float("inf")  # and where nothing is promised
BREATHS = (0.1, 0.3, 0.7, 1, 3, 10)  # mg
NOISES = (0.5, 1, 2)


@dataclass
class Drawn:
    """A night in the making. `up`: the vertical in the sensor's frame."""

    breath_mg: float = 0.0
    noise: float = 1.0
    drift_mg_h: float = 0.0
    seed: int = 1
    in_bed_s: float = 0.0
    plm: int = 0
    parts: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.up = self._lying()

    def _lying(self) -> np.ndarray:
        x = self.rng.uniform(-0.3, 0.3)
        angle = self.rng.uniform(0, 2 * np.pi)
        rest = np.sqrt(1 - x * x)
        return np.array([x, rest * np.cos(angle), rest * np.sin(angle)])

    def _add(self, acc: np.ndarray, in_bed: bool) -> "Drawn":
        self.parts.append(acc)
        self.in_bed_s += len(acc) / RATE * in_bed
        return self

    def _to(self, up: np.ndarray, seconds: float) -> np.ndarray:
        """From the vertical as it is to another, by the shortest way."""
        s = np.linspace(0, 1, int(seconds * RATE))[:, None]
        s = s**3 * (10 - 15 * s + 6 * s * s)
        way = (1 - s) * self.up + s * up
        self.up = up
        return way / np.linalg.norm(way, axis=1)[:, None]

    def bed(self, minutes: float, kicks: bool = False, shakes: bool = False) -> "Drawn":
        """Lying, breathing; kicks: runs of twelve, each of which is a PLM."""
        t = np.arange(int(minutes * 60 * RATE)) / RATE
        across = np.cross(self.up, self.rng.normal(size=3))
        across /= np.linalg.norm(across)
        breath = np.sin(2 * np.pi * self.rng.uniform(0.2, 0.33) * t)
        acc = self.up + np.outer(self.breath_mg / 1000 * breath, across)
        at = 20.0
        while kicks and at + 12 * 31 < minutes * 60:
            for _ in range(12):
                self._burst(acc, at, 2.0, 0.15, 2.5, across)
                self.plm += 1
                at += self.rng.uniform(18, 31)
            at += 120
        at = 5.0
        while shakes and at < minutes * 60 - 2:
            self._burst(acc, at, 0.3, self.rng.uniform(0.01, 0.08), 11.0, FLAT)
            at += self.rng.exponential(40)
        return self._add(acc, True)

    def _burst(self, acc, at, seconds, peak, hz, along) -> None:
        t = np.arange(int(seconds * RATE)) / RATE
        wave = peak * np.sin(np.pi * t / seconds) * np.sin(2 * np.pi * hz * t)
        first = int(at * RATE)
        acc[first : first + len(t)] += np.outer(wave, along)

    def turn(self) -> "Drawn":
        """Another position, within three seconds."""
        return self._add(self._to(self._lying(), 3) + self.rng.normal(0, 0.05, (150, 3)), True)

    def upright(self, minutes: float, walks: bool = True) -> "Drawn":
        way = self._to(np.array([0.99, 0.1, 0.1]), 2)
        t = np.arange(int(minutes * 60 * RATE)) / RATE
        swing = np.outer(0.5 * np.sin(2 * np.pi * 0.9 * t) ** 3 * walks, [0.3, 1, 0.3])
        self._add(np.vstack([way, self.up + swing]), False)
        return self

    def lies_down(self) -> "Drawn":
        return self._add(self._to(self._lying(), 3), True)

    def handled(self, to: np.ndarray) -> "Drawn":
        """Turned about in somebody's hands, and put where it is to be."""
        for _ in range(5):
            up = self.rng.normal(size=3)
            self._add(self._to(up / np.linalg.norm(up), 2), False)
        self._add(self._to(to, 1), False)
        shock = np.tile(to, (25, 1))
        self._burst(shock, 0, 0.2, 0.8, 12.0, FLAT)
        return self._add(shock, False)

    def table(self, minutes: float, walkers: float = 0, hands: bool = True) -> "Drawn":
        """Taken off on the edge of the bed, left on a table, and put on again there."""
        if hands:
            self.upright(0.5, walks=False)
        self.handled(FLAT)
        acc = np.tile(FLAT, (int(minutes * 60 * RATE), 1))
        at = 30.0
        while walkers and at < minutes * 60 - 2:
            self._burst(acc, at, 0.4, self.rng.uniform(0.02, 0.12), 9.0, FLAT)
            at += self.rng.exponential(3600 / walkers)
        self._add(acc, False)
        self.handled(self._lying())
        if hands:
            self.upright(0.7, walks=False)
        return self.lies_down()

    def lies_still(self, minutes: float) -> "Drawn":
        return self._add(np.tile(self.up, (int(minutes * 60 * RATE), 1)), False)

    def put_on(self) -> "Drawn":
        """The session has begun, and somebody straps the device on."""
        return self.handled(self._lying()).upright(1, walks=False).lies_down()

    def raw(self) -> bytes:
        acc = np.vstack(self.parts)
        hours = np.arange(len(acc)) / RATE / 3600
        acc = acc + (self.drift_mg_h / 1000 * hours)[:, None]
        acc += self.rng.normal(0, self.noise * NOISE_G, acc.shape)
        return inputs.to_raw(inputs.Acceleration(RATE, acc.astype(np.float32)), RATE)


Draw = Callable[[Drawn], Drawn]


def sleeper(night: Drawn) -> Drawn:
    """Two hours and a half, with 55, 40 and 20 minutes without any movement."""
    night.put_on().bed(14, kicks=True).turn().bed(55).turn().bed(14, kicks=True)
    return night.upright(3).lies_down().bed(40).turn().bed(14, kicks=True).turn().bed(20).turn()


def frozen(minutes: float, **how) -> Draw:
    """So long without any movement, between two turns."""

    def draw(night: Drawn) -> Drawn:
        night.put_on().bed(28, kicks=True).turn().bed(minutes, **how)
        return night.turn().bed(28, kicks=True)

    return draw


def toilet(night: Drawn) -> Drawn:
    """From the toilet, fifty minutes without any movement, and to the toilet again."""
    night.put_on().bed(240, kicks=True).upright(3).lies_down().bed(50).upright(3)
    return night.lies_down().bed(120, kicks=True)


def on_table(minutes: float, **how) -> Draw:
    """Five hours in bed, the table, three hours in bed."""

    def draw(night: Drawn) -> Drawn:
        night.put_on().bed(300, kicks=True).table(minutes, **how)
        return night.bed(180, kicks=True)

    return draw


def in_the_morning(night: Drawn) -> Drawn:
    """Seven hours in bed, and left on the table until a computer comes."""
    night.put_on().bed(240, kicks=True).turn().bed(180, kicks=True).upright(2)
    return night.handled(FLAT).lies_still(90)


@dataclass
class Case:
    """A night, and what must hold: in_bed, the error of the hours; rate, of the PLM per hour; off,
    at least so much of the time on the table is marked."""

    name: str
    draw: Draw
    made: dict[str, float] = field(default_factory=dict)
    in_bed: float = IN_BED
    rate: float = RATE_OF_PLM
    marked_min: float = 0.0


TABLE = {"in_bed": ON_TABLE, "rate": ON_TABLE}
CASES = [
    *(
        Case(
            f"sleeper, breathing {breath:g} mg, noise x {noise:g}",
            sleeper,
            {"breath_mg": breath, "noise": noise},
        )
        for breath in BREATHS
        for noise in NOISES
    ),
    Case("no breathing at all", sleeper),
    Case("no breathing, drift of 4 mg an hour", sleeper, {"drift_mg_h": 4}),
    Case("two hours frozen, no breathing", frozen(119)),
    Case("three hours frozen, no breathing", frozen(180)),
    Case("two hours frozen on a bed that is shaken", frozen(119, shakes=True)),
    *(
        Case(f"table, {m} min", on_table(m), marked_min=0.9 * m, **TABLE)
        for m in (30, 44, 60, 120, 300, 600)
    ),
    Case("table, 2 h, noise x 0.5", on_table(120), {"noise": 0.5}, marked_min=108, **TABLE),
    Case("table, 2 h, noise x 2", on_table(120), {"noise": 2}, marked_min=108, **TABLE),
    Case(
        "table, 2 h, people walk past, drift",
        on_table(120, walkers=20),
        {"drift_mg_h": 4},
        marked_min=100,
        **TABLE,
    ),
    Case("table, 90 min, until a computer comes", in_the_morning, marked_min=80, **TABLE),
    Case(
        "table, 2 h, nobody upright",
        on_table(120, hands=False),
        marked_min=108,
        in_bed=INF,
        rate=INF,
    ),
    Case("from toilet to toilet, no breathing", toilet, in_bed=INF, rate=INF),
]


@dataclass
class Found:
    """off, still: minutes that count as off the body, and that are marked as very still."""

    hours: float
    rate: float
    off: float
    still: float
    true_hours: float
    true_rate: float

    @property
    def errors(self) -> tuple[float, float]:
        return self.hours / self.true_hours - 1, self.rate / self.true_rate - 1


def count(number: int) -> Found:
    """What the firmware makes of that case."""
    case = CASES[number]
    night = case.draw(Drawn(**case.made))
    read = nightfile.parse(replay.record_raw(night.raw(), runtime=RUNTIME))
    hours = night.in_bed_s / 3600
    return Found(
        read.in_bed_s / 3600,
        read.plm_per_hour or 0.0,
        read.counts["off_body_ms"] / 60_000,
        (read.in_bed_s - read.in_bed_range_s[0]) / 60,
        hours,
        night.plm / hours,
    )


def holds(case: Case, found: Found) -> bool:
    hours, rate = (abs(error) for error in found.errors)
    marked = found.off + found.still >= case.marked_min
    return hours <= case.in_bed and rate <= case.rate and marked


def main() -> int:
    print(
        "| night | hours in bed | found | error | PLM/h | off the body, min | very still, min | |"
    )
    print("| --- |" + " --- |" * 7)
    good = True
    with ProcessPoolExecutor(2) as pool:
        for case, found in zip(CASES, pool.map(count, range(len(CASES))), strict=True):
            bound = np.isfinite(case.in_bed)
            good = good and holds(case, found)
            verdict = ("" if holds(case, found) else "**missed**") if bound else "no bound"
            hours, rate = found.errors
            print(
                f"| {case.name} | {found.true_hours:.2f} | {found.hours:.2f} | {hours:+.1%} | "
                f"{rate:+.1%} | {found.off:.0f} | {found.still:.0f} | {verdict} |",
                flush=True,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
