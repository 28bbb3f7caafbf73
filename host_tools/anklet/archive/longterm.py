"""What lasts longer than an evening: medicines, from a first day to a last, and blood tests.

They are lines of the journal (see journal.py), appended and never changed:

    {"at": "…", "label": "", "medicine": "pramipexole", "since": "2026-10-01", "dose": "0.18 mg",
     "until": null}
    {"at": "…", "label": "", "ferritin": 45, "date": "2026-09-20"}

A line of the same medicine and first day, or of the same day's test, replaces the earlier one; a
null for `dose` or `ferritin` takes it back. A null for `until` is "still". `ferritin` is in
micrograms a litre, which is as many nanograms a millilitre.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from anklet.archive.journal import Journal
from anklet.archive.journalkeys import Key, checked
from anklet.errors import BadInput
from anklet.texts import _

NAME, DOSE = 60, 40  # letters
SAME: dict[str, float] = dict.fromkeys(("ng/ml", "ug/l", "\N{GREEK SMALL LETTER MU}g/l"), 1)
FERRITIN = Key(
    "number",
    "Ferritin",
    "\N{MICRO SIGN}g/L",
    1,
    10_000,
    others=SAME,
)
EARLIEST = dt.date(1920, 1, 1)


@dataclass(frozen=True)
class Medicine:
    """since, until: the first and the last day (ISO); until None: still taken."""

    name: str
    dose: str
    since: str
    until: str | None = None

    @property
    def when(self) -> str:
        """The days, in words."""
        if self.until:
            return _("{first} to {last}", first=self.since, last=self.until)
        return _("since {first}, still", first=self.since)

    def at(self, day: str) -> bool:
        """It was taken on this day (ISO)."""
        return self.since <= day and (self.until is None or day <= self.until)


class LongTerm:
    """The medicines and blood tests in an archive's journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def medicines(self, label: str | None = None) -> list[Medicine]:
        """Those that stand now, by their first day; label None: whoever's. With another dose of
        the same medicine the one before it ends."""
        found: dict[tuple[str, str], Medicine] = {}
        for line in self._of(label):
            match line:
                case {"medicine": str(name), "since": str(since), "dose": None}:
                    found.pop((name.lower(), since), None)
                case {
                    "medicine": str(name),
                    "since": str(since),
                    "dose": str(dose),
                    "until": str() | None as until,
                } if _is_day(since) and (until is None or _is_day(until)):
                    found[name.lower(), since] = Medicine(name, dose, since, until)
        return sorted(_ended(found), key=lambda one: (one.since, one.name))

    def take(
        self,
        label: str | None,
        name: str,
        dose: str,
        since: str,
        until: str = "",
        today: dt.date | None = None,
    ) -> None:
        """Note that a medicine was taken from one day to another; until "": it still is. Raises
        BadInput, and then nothing has changed, or ArchiveUnwritable."""
        name, dose = _words(name, NAME, "the medicine"), _words(dose, DOSE, "its dose")
        first = day_of(since, "the first day", today)
        last = day_of(until, "the last day", today) if until else None
        if last and last < first:
            raise BadInput(f"The last day, {last}, is before the first, {first}.")
        line = {"label": label, "medicine": name, "since": first, "dose": dose, "until": last}
        self._journal.append(line)

    def untake(self, label: str | None, name: str, since: str) -> None:
        """Take a medicine's entry back. Raises ArchiveUnwritable."""
        self._journal.append(
            {"label": label, "medicine": name, "since": since, "dose": None, "until": None}
        )

    def ferritin(self, label: str | None = None) -> list[tuple[str, float]]:
        """(day, micrograms a litre) of each blood test, by day."""
        found: dict[str, float] = {}
        for line in self._of(label):
            match line:
                case {"ferritin": None, "date": str(day)}:
                    found.pop(day, None)
                case {"ferritin": int() | float() as value, "date": str(day)}:
                    if FERRITIN.low <= value <= FERRITIN.high and _is_day(day):
                        found[day] = value
        return sorted(found.items())

    def test(self, label: str | None, day: str, value: str, today: dt.date | None = None) -> None:
        """Note a blood test's ferritin; value "": take that day's back. Raises BadInput,
        ArchiveUnwritable."""
        amount = checked("Ferritin", FERRITIN, value)
        day = day_of(day, "the day of the blood test", today)
        self._journal.append({"label": label, "ferritin": amount, "date": day})

    def _of(self, label: str | None) -> Iterator[dict[str, Any]]:
        for line in self._journal.lines():
            whose = line.get("label", 0)
            if (whose is None or isinstance(whose, str)) and (
                label in (None, whose) or whose is None
            ):
                yield line


def day_of(text: str, what: str, today: dt.date | None = None) -> str:
    """A day as it is kept. Raises BadInput for none, for the future and for long ago."""
    today = today or dt.date.today()
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"Say {what} as a date, as in 2026-11-21.") from None
    if not EARLIEST <= day <= today:
        raise BadInput(f"{day} can't be {what}: it goes from {EARLIEST} to today, {today}.")
    return day.isoformat()


def _ended(found: dict[tuple[str, str], Medicine]) -> Iterator[Medicine]:
    """With the end that the next period of the same medicine brings."""
    for (name, since), medicine in found.items():
        later = [other for same, other in found if same == name and other > since]
        if later:
            before = dt.date.fromisoformat(min(later)) - dt.timedelta(days=1)
            until = min(medicine.until or "9999", before.isoformat())
            medicine = replace(medicine, until=until)  # noqa: PLW2901
        yield medicine


def _words(text: str, most: int, what: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not 0 < len(text) <= most:
        raise BadInput(f"Say {what}, in {most} letters at most.")
    return text


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
