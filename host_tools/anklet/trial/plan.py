"""A trial's plan: everything that is decided before the first night.

The person's nights are cut into blocks, two blocks make a pair, and for each pair a coin says
which of the two is with and which without.
"""

import datetime as dt
import itertools
import json
import random
import re
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass

from anklet.archive import journal
from anklet.errors import BadInput

VERSION = 1
PAIRS = (4, 12)
NIGHTS = (1, 14)
AHEAD_DAYS = 60
PRESCRIBED = ("antidepressant", "medicine")
WITH, WITHOUT = "with", "without"
CAUTIONS = {
    "iron_mg": "Iron only after a doctor's blood test; it acts over weeks, which blocks of a few "
    "nights can't show.",
}

OUTCOME = (
    "The logarithm of (PLM + 0.5) / hours in bed, one number a night; with both legs the mean of "
    "the two. Half a movement is added so that a night without any counts too."
)
ANALYSIS = (
    "The difference between the nights with and without, a straight drift over the trial taken "
    "out, nights weighted as if neighbours were alike by `likeness`. Exact two-sided "
    "randomisation test over all orders that the coin could have given to the pairs that count; "
    "the interval is that of the same test. No p-value where the smallest that could come out "
    "is above `alpha`. Before the last night no p-value."
)
MISSING = (
    "A night of which less than `min_hours` in bed were recorded, or that is hidden, is missing. "
    "The analysis goes on with the nights there are. A pair without any night drops out, and its "
    "coin with it: the smallest p that could come out is then that of the pairs left."
)
KEPT = (
    "Every night counts as planned, whatever was taken (intention to treat). The result names the "
    "nights on which the journal says otherwise and gives the estimate without them beside it."
)


@dataclass(frozen=True)
class Plan:
    """A trial of `amount` of `key` (of the journal) against none.

    label, leg: whose nights, as in the archive; None: whoever's, either. arms: what A and B stand
    for; order: "AB" or "BA" for each pair. nights: of a block; washout: its first one does not
    count. start: evening of the first night. simulated: made on a simulated clock.
    """

    id: str
    made: str
    label: str | None
    leg: str | None
    key: str
    amount: float
    start: str
    pairs: int
    nights: int
    washout: bool
    blind: bool
    min_hours: float
    arms: dict[str, str]
    order: tuple[str, ...]
    drawn: str
    simulated: bool = False
    likeness: float = 0.3
    alpha: float = 0.05
    outcome: str = OUTCOME
    analysis: str = ANALYSIS
    missing: str = MISSING
    kept: str = KEPT
    version: int = VERSION

    @property
    def length(self) -> int:
        """Nights in all."""
        return 2 * self.pairs * self.nights

    @property
    def first(self) -> dt.date:
        return dt.date.fromisoformat(self.start)

    @property
    def last(self) -> dt.date:
        return self.first + dt.timedelta(days=self.length - 1)

    def takes(self, arm: str) -> str:
        """What is taken in an arm ("A" or "B"), in the journal's words."""
        return f"{self.key}={self.amount:g}" if self.arms[arm] == WITH else f"{self.key}=0"


@dataclass(frozen=True)
class PlannedNight:
    """day, pair, block: from 0 (block 0 is a pair's first). counts: not left out as washout."""

    day: int
    date: str
    pair: int
    block: int
    arm: str
    counts: bool


def schedule(plan: Plan) -> list[PlannedNight]:
    """All nights in order."""
    found = []
    for at in range(plan.length):
        block, night = divmod(at, plan.nights)
        pair, half = divmod(block, 2)
        date = (plan.first + dt.timedelta(days=at)).isoformat()
        arm = plan.order[pair][half]
        found.append(PlannedNight(at, date, pair, half, arm, night > 0 or not plan.washout))
    return found


def smallest_p(pairs: int) -> float:
    """Two-sided: the order that was drawn and its mirror image, of all the coin could give."""
    return min(1.0, 2 / 2**pairs)


def what(text: str) -> tuple[str, float]:
    """Key and amount of KEY=AMOUNT. Raises BadInput for what can't, or should not, be tried."""
    key, _, given = text.partition("=")
    key = key.strip()
    item = journal.KEYS.get(key)
    if item is None:
        journal.check(key, None)  # says which keys there are
    if key in PRESCRIBED:
        raise BadInput(
            f"{key} is not for a trial: to start, stop or skip a prescribed medicine by the toss "
            f"of a coin can do harm (withdrawal, worse legs), so that is for whoever prescribes "
            f"it; anklet compare {key} describes the nights there are."
        )
    tried = [name for name, other in journal.KEYS.items() if other.kind == "number"]
    if key not in tried:
        raise BadInput(
            f"{key} can't be given or left out by plan, so there is nothing to draw; a trial can "
            f"be of {', '.join(tried)}."
        )
    value = journal.check(key, given or None)
    if not isinstance(value, int | float) or value <= 0:
        raise BadInput(f"Say how much of {key} to try, as in {key}={_example(key)}.")
    return key, value


def _example(key: str) -> int:
    return max(1, journal.KEYS[key].high // 10)


def draw(
    given: str,
    start: dt.date,
    *,
    label: str | None = None,
    leg: str | None = None,
    pairs: int = 6,
    nights: int = 3,
    washout: bool = False,
    blind: bool = False,
    min_hours: float = 3.0,
    seed: int | None = None,
    made: str = "",
    simulated: bool = False,
    taken: Container[str] = (),
) -> Plan:
    """Draw a plan for KEY=AMOUNT. A coin for each pair, and in a blind trial one for the bottles.

    seed: for simulations, the same plan again. taken: ids of other trials. Raises BadInput.
    """
    key, amount = what(given)
    for name, value, (low, high) in (("pairs", pairs, PAIRS), ("nights", nights, NIGHTS)):
        if not low <= value <= high:
            raise BadInput(f"--{name} goes from {low} to {high}, not {value}.")
    if washout and nights < 2:
        raise BadInput("With --washout a block needs 2 nights or more; choose --nights 3.")
    if not 0 < min_hours <= 12:
        raise BadInput(f"--min-hours is above 0 and goes up to 12, not {min_hours:g}.")
    coin = random.SystemRandom() if seed is None else random.Random(seed)
    arms = [WITH, WITHOUT]
    if blind:
        coin.shuffle(arms)
    order = tuple(coin.choice(("AB", "BA")) for _ in range(pairs))
    names = (f"{start}-{key}{f'-{n}' if n > 1 else ''}" for n in itertools.count(1))
    return Plan(
        id=next(name for name in names if name not in taken),
        made=made,
        label=label,
        leg=leg,
        key=key,
        amount=amount,
        start=start.isoformat(),
        pairs=pairs,
        nights=nights,
        washout=washout,
        blind=blind,
        min_hours=min_hours,
        arms=dict(zip("AB", arms, strict=True)),
        order=order,
        drawn="by the computer's random numbers" if seed is None else f"with seed {seed}",
        simulated=simulated,
    )


def to_text(plan: Plan) -> str:
    """The plan's file: what the seal is over."""
    return json.dumps(asdict(plan), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_text(text: str) -> Plan:
    """Raises BadInput for a plan of another version, ValueError or TypeError for no plan."""
    given = json.loads(text)
    if given["version"] != VERSION:
        raise BadInput(f"The plan is of version {given['version']}; update anklet.")
    return Plan(**{**given, "order": tuple(given["order"])})


def arm_of(plan: Plan, night: str) -> PlannedNight:
    """The planned night of a date. Raises BadInput for what is no date or outside the plan."""
    if not re.fullmatch(journal.DATE, night):
        raise BadInput(f"There is no night {night!r}; write the date of its evening.")
    for planned in schedule(plan):
        if planned.date == night:
            return planned
    where = "begins on" if night < plan.start else "ended with the night of"
    day = plan.first if night < plan.start else plan.last
    raise BadInput(f"{night} is outside the plan: trial {plan.id} {where} {day}.")


def blocks(plan: Plan) -> list[Sequence[PlannedNight]]:
    """The nights by block."""
    nights = schedule(plan)
    return [nights[at : at + plan.nights] for at in range(0, len(nights), plan.nights)]
