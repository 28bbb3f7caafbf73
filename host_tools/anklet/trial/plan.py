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
from anklet.texts import N_
from anklet.trial import doses, protocol

VERSION = 2  # 1: nights hidden at any time were missing, and there was one outcome
KNOWN = (1, VERSION)
PAIRS = (4, 12)
NIGHTS = (1, 14)
AHEAD_DAYS = 60
WITH, WITHOUT = "with", "without"
BY_CHANCE = N_("by the computer's random numbers")


@dataclass(frozen=True)
class Plan:
    """A trial of `amount` of `key` (of the journal) against none, or of none (0) against as usual.

    The texts from `outcome` on are what is decided; a plan of version 1 has no `second`, no
    `secondary`, `hidden` and `stop`, and is analysed as it says itself.

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
    outcome: str = ""
    analysis: str = ""
    missing: str = ""
    kept: str = ""
    hidden: str = ""
    second: tuple[str, ...] = ()
    secondary: str = ""
    stop: str = ""
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

    def asks(self, arm: str) -> float | None:
        """How much of `key` an arm ("A" or "B") asks for; None: as usual."""
        if self.arms[arm] == WITH:
            return self.amount
        return 0 if self.amount else None

    def takes(self, arm: str) -> str:
        """What is taken in an arm, in the journal's words; "as usual" where nothing is asked."""
        asked = self.asks(arm)
        return N_("as usual") if asked is None else f"{self.key}={asked:g}"


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


@dataclass(frozen=True)
class Shape:
    """How a trial's nights are cut: pairs of blocks of so many nights."""

    pairs: int
    nights: int
    washout: bool = False


SHAPES = (Shape(9, 2), Shape(8, 3, washout=True), Shape(10, 3, washout=True))


def usual_shape(key: str) -> Shape:
    """What a plan of this item is cut into if nothing else is asked for.

    Many short blocks find most: at 36 nights 9 pairs of 2 find more than 6 of 3, and a lost week
    leaves enough pairs for a p-value. What is swallowed may still act on the night after, so there
    the first night of each block is left out.
    """
    return SHAPES[doses.DOSES[key].lasting]


def draw(
    given: str,
    start: dt.date,
    *,
    label: str | None = None,
    leg: str | None = None,
    pairs: int | None = None,
    nights: int | None = None,
    washout: bool | None = None,
    blind: bool = False,
    min_hours: float = 3.0,
    seed: int | None = None,
    made: str = "",
    simulated: bool = False,
    taken: Container[str] = (),
) -> Plan:
    """Draw a plan for KEY=AMOUNT. A coin for each pair, and in a blind trial one for the bottles.

    pairs, nights, washout: what is not given is that of usual_shape(), and of one night's block no
    washout.
    seed: for simulations, the same plan again. taken: ids of other trials. Raises BadInput.
    """
    key, amount = doses.parse(given)
    shape = usual_shape(key)
    pairs = shape.pairs if pairs is None else pairs
    nights = shape.nights if nights is None else nights
    washout = shape.washout and nights > 1 if washout is None else washout
    for name, value, (low, high) in (("pairs", pairs, PAIRS), ("nights", nights, NIGHTS)):
        if not low <= value <= high:
            raise BadInput(f"--{name} goes from {low} to {high}, not {value}.")
    if washout and nights < 2:
        raise BadInput("With --washout a block needs 2 nights or more; choose --nights 3.")
    if not 0 < min_hours <= 12:
        raise BadInput(f"--min-hours is above 0 and goes up to 12, not {min_hours:g}.")
    if blind and not amount:
        raise BadInput(f"Nobody can leave out {key} without knowing it; leave out --blind.")
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
        drawn=BY_CHANCE if seed is None else f"with seed {seed}",
        simulated=simulated,
        outcome=protocol.OUTCOME,
        analysis=protocol.ANALYSIS,
        missing=protocol.MISSING,
        kept=protocol.KEPT,
        hidden=protocol.HIDDEN,
        second=protocol.SECOND,
        secondary=protocol.SECONDARY,
        stop=protocol.STOP,
    )


def to_text(plan: Plan) -> str:
    """The plan's file: what the seal is over."""
    return json.dumps(asdict(plan), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_text(text: str) -> Plan:
    """Raises BadInput for a plan of another version, ValueError or TypeError for no plan."""
    given = json.loads(text)
    if given["version"] not in KNOWN:
        raise BadInput(f"The plan is of version {given['version']}; update anklet.")
    lists = {name: tuple(given.get(name, ())) for name in ("order", "second")}
    return Plan(**given | lists)


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
