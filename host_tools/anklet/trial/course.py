"""How a trial goes: its plan, what is logged of it, and its nights, all read from the archive."""

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from anklet.archive.journal import Hidden, Journal, label_of
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.night.grouping import select
from anklet.texts import _
from anklet.trial import CLOCK, tonight
from anklet.trial.answer import Answer, answer, content, nights_of, rhythm
from anklet.trial.observed import Nights, Observed, noted, observe
from anklet.trial.plan import Plan, schedule
from anklet.trial.rescored import again
from anklet.trial.seal import Event, Trials

LOOKED, GIVEN, STOPPED, GUESSED = "looked", "result", "stopped", "guessed"
UNSURE = "unsure"


class Course:
    """A trial whose seal was found unbroken.

    Raises BadInput where a simulated clock would end a trial that was planned on the real one.
    """

    def __init__(self, archive: Archive, trials: Trials, plan: Plan, seal: str):
        if os.environ.get(CLOCK) and not plan.simulated:
            raise BadInput(
                f"Trial {plan.id} was planned on the computer's own clock, so it can't be looked "
                f"at on a simulated one; unset {CLOCK}."
            )
        self.archive, self.trials, self.plan, self.seal = archive, trials, plan, seal
        self.evening = tonight()[0]

    @property
    def over(self) -> bool:
        """The last night is over and the trial was not given up."""
        return self.evening > self.plan.last and not self.stopped

    @property
    def running(self) -> bool:
        """Its result is still to come: it is not over, or nobody has asked for the result yet."""
        return not self.stopped and not (self.over and self.events(GIVEN))

    @property
    def stopped(self) -> str:
        """That it was given up, when and why; empty if it was not."""
        for event in self.events(STOPPED):
            return _(
                "Trial {trial} was given up before the night of {night}: {why}.",
                trial=self.plan.id,
                night=event["night"],
                why=event["why"],
            )
        return ""

    @property
    def guess(self) -> str:
        """The bottle that the person believed to be the one with: "A", "B" or UNSURE; empty
        before the question was answered."""
        return next((event["bottle"] for event in self.events(GUESSED)), "")

    def events(self, kind: str) -> list[Event]:
        """What is logged, oldest first."""
        return self.trials.events(self.plan.id, kind)

    def abandoned(self) -> list[Event]:
        """Earlier trials of the same item and person that were given up, as they were logged."""
        plans = self.trials.sealed()
        ids = [plan.id for plan in plans]
        before = plans[: ids.index(self.plan.id)] if self.plan.id in ids else plans
        return [
            event
            for plan in before
            if (plan.key, plan.label) == (self.plan.key, self.plan.label)
            for event in self.trials.events(plan.id, STOPPED)[:1]
        ]

    @cached_property
    def seen(self) -> Observed:
        """Its nights so far. Raises BadInput where nights of several people are mixed."""
        plan = self.plan
        entries = self._journal.entries(plan.label)
        return observe(plan, self.archive.sessions(), entries, self.evening, self._late())

    def answer(self, rescored: Nights | None = None) -> Answer:
        """What its nights say, as far as may be told now. Reads the raw files.

        rescored: the same nights as rescored() gives them, an analysis beside the others."""
        return answer(
            self.plan, self.seen, self.over, dict(self._second()), self._first(), rescored
        )

    def rescored(self, progress: Callable[[float], None]) -> Nights:
        """Its nights by one detector's counts: all scored again from their traces. One without a
        trace is missing. progress: takes the fraction done."""
        dates = {night.date for night in schedule(self.plan)}
        own = select(self.archive.sessions(), label=self.plan.label, leg=self.plan.leg)
        inside = [item for item in own if item["night"] in dates]
        items = again(self.archive, inside, progress)
        entries = self._journal.entries(self.plan.label)
        return observe(self.plan, items, entries, self.evening, self._late()).nights

    def note(self, found: Answer, how: str, **more: Any) -> None:
        """Log that somebody saw this, by the command `how`. Raises ArchiveUnwritable."""
        kind = GIVEN if self.over and how in ("result", "export") else LOOKED
        seen = content(found, self.seen.nights)
        self.trials.note(self.plan.id, kind, how=how, **seen, **more)

    @cached_property
    def _journal(self) -> Journal:
        return Journal(self.archive.path)

    def _late(self) -> list[Hidden]:
        """The sessions that were hidden after, or in the second of, the first look."""
        looks = sorted(event["at"] for kind in (LOOKED, GIVEN) for event in self.events(kind))
        hidden = self._journal.when_hidden().items()
        return [session for session, at in hidden if looks and at >= looks[0]]

    def _first(self) -> Nights | None:
        """The nights of the first result after the end."""
        return next((nights_of(event) for event in self.events(GIVEN)), None)

    def _second(self) -> Iterator[tuple[str, dict[str, float]]]:
        for name in self.plan.second:
            if name == "rhythm":
                yield name, self._rhythms()
            else:
                yield name, noted(name, self._journal.entries(self.plan.label))

    def _rhythms(self) -> dict[str, float]:
        """The nights' rhythm by date, of those that count."""
        sessions = select(
            self.archive.sessions(),
            *(night.date for night in schedule(self.plan) if night.date in self.seen.nights),
            label=self.plan.label,
            leg=self.plan.leg,
        )
        found = {}
        for date in {item["night"] for item in sessions} & self.seen.nights.keys():
            of = [(i["session"], i["device"]) for i in sessions if i["night"] == date]
            value = rhythm(self.archive.load(*one) for one in of)
            if value is not None:
                found[date] = value
        return found


def current(archive: Archive, label: str | None) -> Course:
    """The newest trial of the person asked for. Raises BadInput where there is none, NotVerified
    where its plan or its seal was altered."""
    trials = Trials(archive.path)
    planned = {plan.label for plan in trials.sealed()} - {None}
    if label is None and len(planned) == 1:
        label = planned.pop()  # the only one a trial was planned for
    else:
        label = label_of(label, [item["label"] for item in archive.sessions()])
    latest = trials.latest(label)
    if latest is None:
        whose = _(" for {label!r}", label=label) if label else ""
        raise BadInput(
            _("No trial is planned{whose}; anklet trial plan KEY=AMOUNT makes one.", whose=whose)
        )
    return Course(archive, trials, *trials.verified(latest.id))


def courses(archive: Archive, label: str | None) -> list[Course]:
    """Every trial of a person, oldest first. Raises NotVerified as current()."""
    trials = Trials(archive.path)
    return [
        Course(archive, trials, *trials.verified(plan.id))
        for plan in trials.sealed()
        if label is None or plan.label in (None, label)
    ]
