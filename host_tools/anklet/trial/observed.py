"""What was done beside what was planned: a trial's nights from the archive and the journal."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from anklet.archive.journal import Value
from anklet.errors import BadInput
from anklet.night.nightly import by_night, select
from anklet.trial.analysis import outcome
from anklet.trial.plan import WITH, Plan, schedule

Item = dict[str, Any]


@dataclass
class Observed:
    """A trial's nights so far.

    values: outcome of each date that can count. recorded: dates with any night. past: dates that
    are over. missing: past ones without a value; short: those among them with too little time in
    bed; hidden: those with hidden sessions. broken: date -> what the journal says instead of the
    plan. silent: past dates on which the journal says nothing of the key. outside: how many
    nights there are outside of the plan; they are left out.
    """

    values: dict[str, float] = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    outside: int = 0

    @property
    def kept(self) -> dict[str, float]:
        """The outcomes without the nights on which the plan was not kept."""
        return {date: y for date, y in self.values.items() if date not in self.broken}


def observe(
    plan: Plan,
    items: Iterable[Item],
    entries: Mapping[str, Mapping[str, Value]],
    tonight: dt.date,
) -> Observed:
    """items: as Archive.sessions gives them. entries: as Journal.entries gives them. tonight: the
    night that is not over yet. Raises BadInput where nights of several people are mixed."""
    items = select(items, label=plan.label, leg=plan.leg)
    nights = schedule(plan)
    dates = {night.date for night in nights}
    inside = [item for item in items if item["night"] in dates]
    joined = by_night(inside)
    who(joined)
    found = Observed(outside=len({i["night"] for i in items if i["night"]} - dates))
    found.values = outcomes(joined, plan.min_hours)
    found.recorded = sorted({night["night"] for night in joined})
    hidden = {item["night"] for item in inside if "hidden" in item["flags"]}
    for night in nights:
        date = night.date
        if date in found.recorded and date not in found.values:
            found.short.append(date)
        if date in hidden:
            found.hidden.append(date)
        if dt.date.fromisoformat(date) < tonight:
            found.past.append(date)
            if date not in found.values:
                found.missing.append(date)
        noted = entries.get(date, {}).get(plan.key)
        if noted is not None:
            taken = plan.amount if plan.arms[night.arm] == WITH else 0
            if noted != taken:
                found.broken[date] = f"{plan.key}={noted}"
        elif date in found.past:
            found.silent.append(date)
    return found


def outcomes(nights: Iterable[Item], min_hours: float) -> dict[str, float]:
    """Outcome by date of joined nights with enough time in bed; of both legs the mean.

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
        values = [
            outcome(night["counts"]["plm"], night["in_bed_s"])
            for night in legs.values()
            if night["in_bed_s"] >= min_hours * 3600
        ]
        if values:
            found[date] = sum(values) / len(values)
    return found


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
