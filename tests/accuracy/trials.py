"""Operating characteristics of `anklet trial`: 1,000 simulated trials, and what must hold.

    python -m tests.accuracy.trials [--trials 1000]

The nights are simulated numbers (log-normal PLM counts with an autocorrelation), not simulated
movements; plan, outcome and analysis are the tool's own.
"""

import argparse
import datetime as dt
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from anklet.trial import plan as planning
from anklet.trial.analysis import Result, analyse, outcome
from anklet.trial.power import USUAL_SD, redrawn, simulated

HOURS = 7.0


@dataclass(frozen=True)
class Case:
    """Simulated trials of one kind, and the bound that they have to keep, if any.

    change: of PLM/h on the nights with. more: what the plan or simulated() takes.
    """

    what: str
    change: float
    measure: str
    least: float = 0.0
    most: float = 1.0
    plan: tuple[tuple[str, Any], ...] = ()
    nights: tuple[tuple[str, Any], ...] = ()

    @property
    def bounded(self) -> bool:
        return self.least > 0 or self.most < 1

    @property
    def limit(self) -> str:
        if not self.bounded:
            return "-"
        return f"at most {self.most:.0%}" if self.most < 1 else f"at least {self.least:.0%}"


NO_EFFECT = "no effect: 6 pairs of 3 nights, autocorrelation 0.3, 10 % missing"
HALVED = "-50 %: the same nights"
CASES = (
    Case(NO_EFFECT, 0.0, "calls an effect", most=0.06),
    Case(HALVED, -0.5, "finds it", least=0.85),
    Case(NO_EFFECT, 0.0, "interval covers the truth", least=0.93),
    Case(HALVED, -0.5, "interval covers the truth", least=0.93),
    Case(
        "no effect, autocorrelation 0.6", 0.0, "calls an effect", 0, 0.06, (), (("likeness", 0.6),)
    ),
    Case("no effect, 1 PLM/h", 0.0, "calls an effect", 0, 0.06, (), (("usual", 1.0),)),
    Case("no effect, 8 pairs", 0.0, "calls an effect", 0, 0.06, (("pairs", 8),)),
    Case("-50 %, no night missing", -0.5, "finds it", least=0.85, nights=(("missing", 0.0),)),
    Case("-50 %, nights independent", -0.5, "finds it", nights=(("likeness", 0.0),)),
    Case("-50 %, night-to-night CV 0.5", -0.5, "finds it", nights=(("sd", 0.472),)),
    Case("-50 %, first night left out", -0.5, "finds it", plan=(("washout", True),)),
    Case("-50 %, 8 pairs", -0.5, "finds it", plan=(("pairs", 8),)),
    Case("-30 %", -0.3, "finds it"),
    Case("-30 %, 12 pairs", -0.3, "finds it", plan=(("pairs", 12),)),
    Case("-50 %, 5 pairs: no p-value", -0.5, "finds it", most=0.0, plan=(("pairs", 5),)),
    Case("-50 %, 5 pairs", -0.5, "interval covers the truth", plan=(("pairs", 5),)),
)
MEASURES: dict[str, Callable[[Result, float], bool]] = {
    "calls an effect": lambda found, truth: found.p is not None and found.p <= 0.05,
    "finds it": lambda found, truth: (
        found.p is not None and found.p <= 0.05 and (found.effect or 0.0) < 0
    ),
    "interval covers the truth": lambda found, truth: (
        found.low is not None and found.high is not None and found.low <= truth <= found.high
    ),
}


def run(case: Case, trials: int, seed: int = 1) -> float:
    """The share of simulated trials for which the case's measure holds."""
    rng = np.random.default_rng(seed)
    plan = planning.draw("magnesium_mg=300", dt.date(2026, 1, 5), seed=0, **dict(case.plan))
    truth, holds = math.log1p(case.change), MEASURES[case.measure]
    found = 0
    for _ in range(trials):
        drawn = redrawn(plan, rng)
        nights = simulated(drawn, rng, case.change, **dict(case.nights))
        # Whole movements, as a night has them.
        values = {
            date: outcome(round(math.exp(value) * HOURS), HOURS * 3600)
            for date, value in nights.items()
        }
        found += holds(analyse(drawn, values), truth)
    return found / trials


def report(trials: int = 1000, cases: Iterable[Case] = CASES) -> tuple[str, bool]:
    """The table as Markdown, and whether all bounds hold."""
    rows = [
        "| simulated trials | measure | limit | measured | |",
        "| --- | --- | --- | --- | --- |",
    ]
    good = True
    for case in cases:
        share = run(case, trials)
        holds = case.least <= share <= case.most
        good &= holds
        verdict = ("OK" if holds else "**MISSED**") if case.bounded else ""
        rows.append(f"| {case.what} | {case.measure} | {case.limit} | {share:.1%} | {verdict} |")
        print(f"trials: {case.what}: {case.measure} {share:.1%}", file=sys.stderr)
    intro = (
        f"{trials} simulated trials a row, the orders drawn anew each time. Nights vary with a CV "
        f"of 0.4 (standard deviation of the logarithm {USUAL_SD:.3f}, counting included) around "
        f"25 PLM/h, and each is like the one before with correlation 0.3, unless said. These are "
        f"numbers about the method; they show nothing about people or remedies. The error of a "
        f"share near 85 % is {100 * math.sqrt(0.85 * 0.15 / trials):.1f} percentage points."
    )
    return "\n\n".join([intro, "\n".join(rows)]), good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    args = parser.parse_args()
    text, good = report(args.trials)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
