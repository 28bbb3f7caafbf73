"""A trial's evenings as a calendar file (iCalendar, RFC 5545) for a phone or any calendar program.

It says what each evening asks for, as `trial tonight` does, and of a blind trial the bottle alone:
the file may lie open on a phone, and at whoever keeps that calendar. No night's result is in it.
"""

import datetime as dt

from icalendar import Alarm, Calendar, Event

from anklet.errors import BadInput
from anklet.texts import _
from anklet.trial import words
from anklet.trial.plan import Plan, schedule

AT = "21:00"  # of the reminder
LASTS = dt.timedelta(minutes=15)


def clock(text: str) -> dt.time:
    """The time of "21:00". Raises BadInput."""
    try:
        return dt.datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise BadInput(
            _("{text!r} is no time of day; write it as in {at}.", text=text, at=AT)
        ) from None


def ics(plan: Plan, at: dt.time) -> bytes:
    """The file: an event an evening at this time, wherever the person then is, each with a
    reminder, and one on the morning after the last night. Made again it is the same but for the
    time, so a calendar replaces what it has."""
    made = dt.datetime.fromisoformat(plan.made) if plan.made else dt.datetime.now(dt.UTC)
    calendar = Calendar()
    calendar.add("prodid", "-//Anklet//trial//EN")
    calendar.add("version", "2.0")
    for night in schedule(plan):
        calendar.add_component(
            _event(
                f"{plan.id}-{night.date}",
                made,
                dt.datetime.combine(dt.date.fromisoformat(night.date), at),
                f"Anklet: {words.task(plan, night)}",
                _(
                    "Night {number} of {nights}. Note what you took.",
                    number=night.day + 1,
                    nights=plan.length,
                ),
            )
        )
    calendar.add_component(
        _event(
            f"{plan.id}-over",
            made,
            dt.datetime.combine(plan.last + dt.timedelta(days=1), dt.time(9)),
            _("Anklet: the trial's nights are over"),
            _("Sync the board; then the result can be seen, under Try."),
        )
    )
    return calendar.to_ical()


def _event(uid: str, made: dt.datetime, start: dt.datetime, what: str, more: str) -> Event:
    """start: without a zone, so that it is at this hour where the person is."""
    event = Event()
    event.add("uid", f"{uid}@anklet")
    event.add("dtstamp", made)
    event.add("dtstart", start)
    event.add("dtend", start + LASTS)
    event.add("summary", what)
    event.add("description", more)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")  # nobody is busy for it
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", what)
    alarm.add("trigger", dt.timedelta(0))
    event.add_component(alarm)
    return event
