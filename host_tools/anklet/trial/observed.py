"""What was done beside what was planned: a trial's nights from the archive and the journal."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anklet.archive.journal import Hidden, Value
from anklet.errors import BadInput
from anklet.night.grouping import by_night, select
from anklet.trial.analysis import outcome
from anklet.trial.plan import Plan, PlannedNight, schedule

Item = dict[str, Any]
ADVERSE = "adverse_event"
BOTTLE = "bottle"


@dataclass(frozen=True)
class Night:
    """A night that can count. log: the outcome; rate: PLM per hour in bed; plm: their number; of
    both legs the means."""

    log: float
    rate: float
    plm: float


Nights = dict[str, Night]  # by date


@dataclass
class Observed:
    """A trial's nights so far.

    nights: those that can count; with_hidden, without_hidden: the same with every hidden night
    and with none, empty where nothing is hidden. recorded: dates with any night. past: dates that
    are over. missing: past ones that can't count; short: those among them with too little time in
    bed; hidden: those with hidden sessions; late: those among them hidden after the first look.
    broken: date -> what the journal says instead of the plan. silent: past dates on which the
    journal says nothing of it. adverse: date -> what was unwanted. outside: how many nights there
    are outside of the plan; they are left out.
    """

    nights: Nights = field(default_factory=dict)
    with_hidden: Nights = field(default_factory=dict)
    without_hidden: Nights = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    adverse: dict[str, str] = field(default_factory=dict)
    detectors: dict[int, list[str]] = field(default_factory=dict)
    outside: int = 0

    @property
    def kept(self) -> Nights:
        """The nights without those on which the plan was not kept."""
        return {date: night for date, night in self.nights.items() if date not in self.broken}


def observe(
    plan: Plan,
    items: Iterable[Item],
    entries: Mapping[str, Mapping[str, Value]],
    tonight: dt.date,
    late: Collection[Hidden] = (),
) -> Observed:
    """items: as Archive.sessions gives them. entries: as Journal.entries gives them. tonight: the
    night that is not over yet. late: the sessions that were hidden after the first look. Raises
    BadInput where nights of several people are mixed."""
    items = select(items, label=plan.label, leg=plan.leg)
    nights = schedule(plan)
    dates = {night.date for night in nights}
    inside = [item for item in items if item["night"] in dates]
    late = late if plan.version > 1 else ()
    stays = [_shown(i) if (i["device"], i["session"]) in late else i for i in inside]
    joined = by_night(stays)
    who(joined)
    found = Observed(outside=len({i["night"] for i in items if i["night"]} - dates))
    found.nights = counted(joined, plan.min_hours)
    hidden = [item for item in inside if "hidden" in item["flags"]]
    if hidden:
        found.with_hidden = counted(by_night(map(_shown, inside)), plan.min_hours)
        found.without_hidden = counted(by_night(inside), plan.min_hours)
    found.hidden = sorted({item["night"] for item in hidden})
    found.late = sorted({i["night"] for i in hidden if (i["device"], i["session"]) in late})
    found.recorded = sorted({night["night"] for night in joined})
    by_detector: dict[int, set[str]] = defaultdict(set)
    for item in inside:
        by_detector[item.get("detector", 1)].add(item["night"])
    if len(by_detector) > 1:
        found.detectors = {number: sorted(dates) for number, dates in by_detector.items()}
    for night in nights:
        date = night.date
        over = dt.date.fromisoformat(date) < tonight
        if date in found.recorded and date not in found.nights:
            found.short.append(date)
        if over:
            found.past.append(date)
            if date not in found.nights:
                found.missing.append(date)
        _adherence(plan, night, entries.get(date, {}), over, found)
        if ADVERSE in entries.get(date, {}):
            found.adverse[date] = str(entries[date][ADVERSE])
    return found


def _adherence(
    plan: Plan, night: PlannedNight, noted: Mapping[str, Value], over: bool, found: Observed
) -> None:
    """Enter what the journal says of a night's arm: of the item, and in a blind trial, where the
    person can't know that, of the bottle."""
    asked = plan.asks(night.arm)
    if plan.blind and BOTTLE in noted:
        if noted[BOTTLE] != night.arm:
            found.broken[night.date] = f"{BOTTLE}={noted[BOTTLE]}"
    elif plan.key in noted:
        if asked is not None and noted[plan.key] != asked:
            found.broken[night.date] = f"{plan.key}={noted[plan.key]}"
    elif over and asked is not None:
        found.silent.append(night.date)


def _shown(item: Item) -> Item:
    return item | {"flags": [flag for flag in item["flags"] if flag != "hidden"]}


def noted(key: str, entries: Mapping[str, Mapping[str, Value]]) -> dict[str, float]:
    """What the journal has of a score, by date."""
    return {date: float(values[key]) for date, values in entries.items() if key in values}


def counted(nights: Iterable[Item], min_hours: float) -> Nights:
    """The joined nights with enough time in bed, by date; of both legs the mean.

    Of two nights of one leg (its rules were changed in between) the longer counts.
    """
    longest: dict[str, dict[str, Item]] = defaultdict(dict)
    for night in nights:
        legs = longest[night["night"]]
        there = legs.get(night["leg"])
        if there is None or night["in_bed_s"] > there["in_bed_s"]:
            legs[night["leg"]] = night
    found = {}
    for date, legs in longest.items():
        long = [night for night in legs.values() if night["in_bed_s"] >= min_hours * 3600]
        if long:
            plm = [(night["counts"]["plm"], night["in_bed_s"]) for night in long]
            found[date] = Night(
                sum(outcome(*each) for each in plm) / len(plm),
                sum(3600 * n / s for n, s in plm) / len(plm),
                sum(n for n, _ in plm) / len(plm),
            )
    return found


def outcomes(nights: Iterable[Item], min_hours: float) -> dict[str, float]:
    """The outcome alone of counted(), by date."""
    return {date: night.log for date, night in counted(nights, min_hours).items()}


def who(nights: Iterable[Item]) -> None:
    """Raise BadInput where nights of several people are mixed."""
    labels = {night["label"] for night in nights}
    boards = {d for night in nights if not night["leg"] for d in night["devices"]}
    if len(labels) > 1 or len(boards) > 1:
        what = "labels" if len(labels) > 1 else "boards without a leg"
        raise BadInput(
            f"The nights are of several {what}, and whose they are can't be told; "
            f"anklet install --label --leg names a board, anklet web hides nights."
        )
