"""Operating characteristics of `anklet trial`: what it finds, what it calls by mistake, and what
becomes of attempts to bend it.

    python -m tests.accuracy.trials [--trials 1000]

The nights are simulated numbers, not simulated movements; plan, outcome, analysis and verdict are
the tool's own.
"""

import argparse
import datetime as dt
import math
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from anklet.trial import plan as planning
from anklet.trial.analysis import analyse, outcome
from anklet.trial.answer import RATIO, Answer, answer, values
from anklet.trial.observed import Night, Nights, Observed
from anklet.trial.plan import WITH, Plan, Shape, schedule
from anklet.trial.power import redrawn

from .people import HOSTILE, HOURS, OWN, WORST_LOST, Person

NULL, HALVED = 0.0, -0.5
ALPHA = 0.05
LEAST_COVERAGE = 0.95
LEAST_POWER = 0.9  # of our own person's halving
ERRORS = 3  # Monte-Carlo standard errors that a bound is widened by
NINE = Shape(9, 2)
EIGHT = Shape(8, 3, washout=True)
SIX = Shape(6, 3)
ATTACKS = (
    "two nights hidden",
    "two nights hidden before the first look",
    "half of the nights kept back until a first result",
    "a look on every evening",
)


def attainable(pairs: int) -> float:
    """The largest size that a two-sided test of 2 ** pairs orders can have at ALPHA."""
    return int(ALPHA * 2**pairs) // 2 * 2 / 2**pairs


def error(share: float, trials: int) -> float:
    """Monte-Carlo standard error of a share."""
    return math.sqrt(max(share * (1 - share), 1 / trials) / trials)


def planned(shape: Shape) -> Plan:
    start = dt.date(2026, 1, 5)
    return planning.draw("magnesium_mg=300", start, seed=0, **vars(shape))


def lived(plan: Plan, person: Person, rng: np.random.Generator, change: float) -> Nights:
    """The nights of one simulated trial, by date."""
    nights = schedule(plan)
    with_ = np.array([plan.arms[night.arm] == WITH for night in nights], int)
    plm = person.nights(rng, with_, math.log1p(change))
    return {nights[day].date: night(n) for day, n in plm.items()}


def night(plm: int) -> Night:
    return Night(outcome(plm, HOURS * 3600), plm / HOURS, plm)


def asked(plan: Plan, nights: Nights, finished: bool = True, **more) -> Answer:
    """What the tool says of these nights."""
    first = more.pop("first", None)
    past = [each.date for each in schedule(plan)]
    return answer(plan, Observed(nights=nights, past=past, **more), finished, first=first)


def truth(person: Person, plan: Plan, change: float, scale: str) -> float:
    """The effect on a scale: of a difference, over this person's own nights."""
    if scale == RATIO:
        return math.log1p(change)
    rng = np.random.default_rng(0)
    means = [np.mean(np.exp(person.level(rng, plan.length))) for _ in range(2000)]
    return change * person.usual * (1 - person.empty) * float(np.mean(means))


@dataclass
class Measured:
    """Shares of the trials. called: a difference of nothing; covered: the truth, with no effect
    and with a halving; found: a halving; read: what a halving reads as, the median."""

    called: float
    covered: tuple[float, float]
    found: float
    read: str


def measure(person: Person, shape: Shape, trials: int, seed: int = 1) -> Measured:
    rng = np.random.default_rng(seed)
    plan, says, covered, read = planned(shape), {}, {}, []
    for change in (NULL, HALVED):
        called = held = intervals = 0
        truths = {scale: truth(person, plan, change, scale) for scale in (RATIO, "difference")}
        for _ in range(trials):
            drawn = redrawn(plan, rng)
            found = asked(drawn, lived(drawn, person, rng, change))
            called += found.says == "fewer" if change else found.says != "cannot tell"
            if found.main.low is not None and found.main.high is not None:
                intervals += 1
                held += found.main.low <= truths[found.scale] <= found.main.high
                if change:
                    read.append((found.scale, found.main.effect))
        says[change], covered[change] = called / trials, held / max(1, intervals)
    ratios = [effect for scale, effect in read if scale == RATIO]
    middle = f"{math.expm1(float(np.median(ratios))):+.0%}" if ratios else "a difference"
    return Measured(says[NULL], (covered[NULL], covered[HALVED]), says[HALVED], middle)


def attacked(attack: str, trials: int, seed: int = 1) -> tuple[int, int]:
    """How many trials of nothing end in a difference under an attack: by the tool's verdict, and
    by the analysis of the nights that the attacker wants to count."""
    rng, plan = np.random.default_rng(seed), planned(SIX)
    called = naive = 0
    for _ in range(trials):
        drawn = redrawn(plan, rng)
        nights = lived(drawn, OWN, rng, NULL)
        bent, wanted = _bent(attack, drawn, nights)
        called += bent
        naive += wanted
    return called, naive


def _bent(attack: str, plan: Plan, nights: Nights) -> tuple[bool, bool]:
    if "hidden" in attack:
        left = _hidden(plan, nights, 2)
        stay = left if "before" in attack else nights
        found = asked(plan, stay, with_hidden=nights, without_hidden=left)
        return found.says != "cannot tell", _p(plan, left) <= ALPHA
    dates = [each.date for each in schedule(plan)]
    if "kept back" in attack:
        first = {date: nights[date] for date in dates[::2] if date in nights}
        early, late = asked(plan, first), asked(plan, nights, first=first)
        shown = [found.says != "cannot tell" for found in (early, late)]
        return any(shown), _p(plan, first) <= ALPHA or _p(plan, nights) <= ALPHA
    seen, wanted = False, False
    for until in range(6, len(dates) + 1):
        so_far = {date: nights[date] for date in dates[:until] if date in nights}
        found = asked(plan, so_far, finished=until == len(dates))
        interval = analyse(plan, values(so_far, RATIO))
        seen |= found.says != "cannot tell" or not _holds_zero(found.main.low, found.main.high)
        wanted |= not _holds_zero(interval.low, interval.high)
    return seen, wanted


def _holds_zero(low: float | None, high: float | None) -> bool:
    return low is None or high is None or low <= 0 <= high


def _hidden(plan: Plan, nights: Nights, count: int) -> Nights:
    """The nights after hiding so many, each time the one whose absence makes p smallest."""
    left = dict(nights)
    for _ in range(count):
        ways = [{d: n for d, n in left.items() if d != gone} for gone in left]
        left = min(ways, key=lambda way: _p(plan, way))
    return left


def _p(plan: Plan, nights: Nights) -> float:
    p = analyse(plan, values(nights, RATIO)).p
    return 1.0 if p is None else p


def report(
    trials: int = 1000, people: Iterable[tuple[Person, Shape]] | None = None
) -> tuple[str, bool]:
    """The page as Markdown, and whether all bounds hold."""
    if people is None:
        people = [
            *((OWN, shape) for shape in (NINE, EIGHT, SIX)),
            *((person, NINE) for person in HOSTILE),
            *((person, EIGHT) for person in HOSTILE if person.fade),
            (WORST_LOST, NINE),
        ]
    rows = [
        "| person | plan | calls an effect of nothing | limit | interval holds 0 | holds -50 % |"
        " finds -50 % | which reads as | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    good = True
    with ProcessPoolExecutor() as pool:
        jobs = [(each, pool.submit(measure, *each, trials)) for each in people]
        tries = [(attack, pool.submit(attacked, attack, trials)) for attack in ATTACKS]
    for (person, shape), job in jobs:
        found = job.result()
        level = attainable(shape.pairs)
        most = level + ERRORS * error(level, trials)
        least = LEAST_COVERAGE - ERRORS * error(LEAST_COVERAGE, trials)
        holds = found.called <= most and found.covered[0] >= least
        if person is OWN:
            holds &= found.covered[1] >= least
            holds &= found.found >= LEAST_POWER or shape == SIX
        bounded = person is not WORST_LOST
        good &= holds or not bounded
        name = f"{shape.pairs} x {shape.nights}{' washout' if shape.washout else ''}"
        cells = [
            person.name,
            name,
            _share(found.called, trials),
            f"{most:.1%}" if bounded else "-",
            *(_share(share, trials) for share in found.covered),
            _share(found.found, trials),
            found.read,
            ("OK" if holds else "**MISSED**") if bounded else "not bounded",
        ]
        rows.append("| " + " | ".join(cells) + " |")
        print(f"trials: {person.name}, {name}: called {found.called:.1%}", file=sys.stderr)
    attacks = [
        "| attack on trials of nothing | by the verdict | limit | by the nights wanted | |",
        "| --- | --- | --- | --- | --- |",
    ]
    level = attainable(SIX.pairs)
    most = level + ERRORS * error(level, trials)
    for attack, job in tries:
        called, naive = (n / trials for n in job.result())
        good &= called <= most
        verdict = "OK" if called <= most else "**MISSED**"
        attacks.append(
            f"| {attack} | {_share(called, trials)} | {most:.1%} | {naive:.1%} | {verdict} |"
        )
        print(f"trials: {attack}: {called:.1%}, naive {naive:.1%}", file=sys.stderr)
    intro = (
        f"{trials} simulated trials for each share, ± its Monte-Carlo standard error, the orders "
        f"drawn anew each time. The first person is the model that power is computed with; the "
        f"others are made to break it. A limit is the largest level that the exact test can "
        f"attain, plus {ERRORS} errors. These are numbers about the method; they show nothing "
        f"about people or remedies. Carry-over makes an effect smaller (an interval then holds "
        f"what is read, not the -50 % behind it), it makes none of nothing."
    )
    return "\n\n".join([intro, "\n".join(rows), "\n".join(attacks)]), good


def _share(share: float, trials: int) -> str:
    return f"{share:.1%} ± {error(share, trials):.1%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    args = parser.parse_args()
    text, good = report(args.trials)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
