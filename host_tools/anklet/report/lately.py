"""How things stand for one person: last night, the nights before it, tonight, what to look at.

`anklet` without a command prints it, and the first page of `anklet web` shows it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anklet.archive.journal import Journal
from anklet.archive.journalkeys import Value, Values
from anklet.archive.store import Archive
from anklet.errors import NotVerified
from anklet.night.grouping import by_night, select, undated
from anklet.report.usual import Earlier, earlier, number
from anklet.report.view import span_text
from anklet.report.words import LEGS
from anklet.texts import _, day, n_
from anklet.trial import tonight, words
from anklet.trial.course import Course
from anklet.trial.plan import schedule
from anklet.trial.seal import Trials

Item = dict[str, Any]

STRIP = 28  # nights
MORNING = ("sleep_quality", "urge")  # of the journal: how the night was


@dataclass(frozen=True)
class Last:
    """One leg of the newest night. `when`: "Last night", or the night by its evening."""

    night: Item
    before: Earlier
    when: str

    @property
    def interval(self) -> tuple[float, float] | None:
        return self.before.interval(self.night)

    @property
    def rate(self) -> str:
        rate = self.night["plm_per_hour"]
        return _("none") if rate is None else number(rate)

    @property
    def between(self) -> str:
        """The interval: "9 to 40"; empty without hours in bed."""
        ends = self.interval
        return _("{low} to {high}", low=number(ends[0]), high=number(ends[1])) if ends else ""

    @property
    def leg(self) -> str:
        return _(LEGS[self.night["leg"]])

    @property
    def said(self) -> str:
        """The night in a sentence or two."""
        night = self.night
        if night["plm_per_hour"] is None:
            return _("{night}, {leg}: no time in bed was recorded.", night=self.when, leg=self.leg)
        return _(
            "{night}, {leg}: {rate} PLM an hour ({between}) in {hours} in bed.",
            night=self.when,
            leg=self.leg,
            rate=self.rate,
            between=self.between,
            hours=span_text(night["in_bed_s"]),
        )


@dataclass(frozen=True)
class Task:
    """What a trial asks for tonight, in words. values: what the journal holds once it is done;
    empty where the evening is as usual. noted: it does."""

    said: str
    night: str
    label: str | None
    values: Values
    noted: bool


@dataclass(frozen=True)
class Lately:
    """strip: each of the last dates, the newest last, with the PLM per hour in bed (of both legs
    the mean) or None. of_nights, of_trial: sentences on what needs attention. unrated: nobody has
    noted how the newest night was."""

    last: Sequence[Last]
    strip: Sequence[tuple[dt.date, float | None]]
    task: Task | None
    of_nights: Sequence[str]
    of_trial: Sequence[str]
    unrated: bool

    @property
    def attention(self) -> list[str]:
        return [*self.of_nights, *self.of_trial]


def lately(archive: Archive, label: str | None = None, today: dt.date | None = None) -> Lately:
    """How things stand for this label's nights; None: for all. Raises what Archive.sessions
    does."""
    today = today or dt.date.today()
    items = select(archive.sessions(), label=label)
    nights = by_night(items)
    last = []
    if nights:
        newest = nights[-1]["night"]
        date = dt.date.fromisoformat(newest)
        when = (
            _("Last night")
            if date == today - dt.timedelta(days=1)
            else _("The night of {date}", date=day(date))
        )
        last = [Last(n, earlier(nights, n), when) for n in nights if n["night"] == newest]
    entries = Journal(archive.path).entries(label)
    noted = entries.get(nights[-1]["night"], {}) if nights else {}
    task, told = _trial(archive, label, entries)
    return Lately(
        last,
        _strip(nights, today),
        task,
        _attention(items, today),
        told,
        bool(nights) and not any(key in noted for key in MORNING),
    )


def _strip(nights: Sequence[Item], today: dt.date) -> list[tuple[dt.date, float | None]]:
    rates: dict[str, list[float]] = {}
    for night in nights:
        if night["plm_per_hour"] is not None:
            rates.setdefault(night["night"], []).append(night["plm_per_hour"])
    dates = [today - dt.timedelta(days=ago) for ago in range(STRIP, 0, -1)]
    return [
        (date, sum(there) / len(there) if (there := rates.get(date.isoformat())) else None)
        for date in dates
    ]


def _attention(items: Sequence[Item], today: dt.date) -> list[str]:
    found = []
    newest = max((item["night"] for item in items if item["night"]), default="")
    if newest > today.isoformat():
        found.append(
            _(
                "The newest night, of {night}, comes after what this computer's clock says is "
                "today, {today}: set the clock, then press Sync.",
                night=day(newest),
                today=day(today),
            )
        )
    if unknown := undated(items):
        found.append(
            n_(
                "{n} recording of unknown time: say when it began.",
                "{n} recordings of unknown time: say when they began.",
                len(unknown),
            )
        )
    return found


def _trial(
    archive: Archive, label: str | None, entries: dict[str, dict[str, Value]]
) -> tuple[Task | None, list[str]]:
    """Tonight's task of the newest trial, and what there is to say of it."""
    trials = Trials(archive.path)
    plan = trials.latest(label)
    if plan is None:
        return None, []
    try:
        course = Course(archive, trials, *trials.verified(plan.id))
    except NotVerified as error:
        return None, [str(error)]
    if not course.running:
        return None, []
    if course.over:
        return None, [_("Trial {trial} is over: its result can be seen.", trial=plan.id)]
    now = tonight()[0].isoformat()
    for night in schedule(plan):
        if night.date == now:
            values = words.noted(plan, night)
            done = entries.get(now, {})
            said = _(
                "{task} (trial, night {number} of {nights})",
                task=words.task(plan, night),
                number=night.day + 1,
                nights=plan.length,
            )
            kept = bool(values) and all(done.get(key) == value for key, value in values.items())
            return Task(said, now, plan.label, values, kept), []
    return None, []
