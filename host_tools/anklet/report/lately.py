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
from anklet.night.damage import plural
from anklet.night.grouping import by_night, select, undated
from anklet.report.usual import Earlier, earlier, number
from anklet.report.view import span_text
from anklet.report.words import day
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
        return "none" if rate is None else number(rate)

    @property
    def between(self) -> str:
        """The interval: "9 to 40"; empty without hours in bed."""
        ends = self.interval
        return f"{number(ends[0])} to {number(ends[1])}" if ends else ""

    @property
    def leg(self) -> str:
        return f"{self.night['leg']} leg" if self.night["leg"] else "one leg"

    @property
    def said(self) -> str:
        """The night in a sentence or two."""
        night = self.night
        hours = f"in {span_text(night['in_bed_s'])} in bed"
        if night["plm_per_hour"] is None:
            return f"{self.when}, {self.leg}: no time in bed was recorded."
        return f"{self.when}, {self.leg}: {self.rate} PLM an hour ({self.between}) {hours}."


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
    the mean) or None. attention: sentences. unrated: nobody has noted how the newest night was."""

    last: Sequence[Last]
    strip: Sequence[tuple[dt.date, float | None]]
    task: Task | None
    attention: Sequence[str]
    unrated: bool


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
            "Last night" if date == today - dt.timedelta(days=1) else f"The night of {day(date)}"
        )
        last = [Last(n, earlier(nights, n), when) for n in nights if n["night"] == newest]
    entries = Journal(archive.path).entries(label)
    noted = entries.get(nights[-1]["night"], {}) if nights else {}
    task, told = _trial(archive, label, entries)
    return Lately(
        last,
        _strip(nights, today),
        task,
        [*_attention(items, today), *told],
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
            f"The newest night, of {day(dt.date.fromisoformat(newest))}, comes after what this "
            f"computer's clock says is today, {day(today)}: set the clock, then press Sync."
        )
    if unknown := undated(items):
        found.append(f"{plural(len(unknown), 'recording')} of unknown time: say when it began.")
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
        return None, [f"Trial {plan.id} is over: its result can be seen."]
    now = tonight()[0].isoformat()
    for night in schedule(plan):
        if night.date == now:
            values = words.noted(plan, night)
            done = entries.get(now, {})
            said = f"{words.task(plan, night)} (trial, night {night.day + 1} of {plan.length})"
            kept = bool(values) and all(done.get(key) == value for key, value in values.items())
            return Task(said, now, plan.label, values, kept), []
    return None, []
