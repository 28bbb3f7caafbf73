"""The journal: what a person took, did and felt, night by night; which sessions are hidden; and
when those began whose time no clock knew.

journal.jsonl in the archive's folder, one JSON object a line, appended and never changed:

    {"at": "2026-11-21T20:31:07+00:00", "night": "2026-11-21", "label": "", "set": {"urge": 6}}
    {"at": "2026-11-22T06:02:44+00:00", "hide": ["e6614103e7452b2f", "00001-1a2b3c4d"], "why": "…"}
    {"at": "2026-11-22T06:03:10+00:00", "date": ["e6614103e7452b2f", "00001-1a2b3c4d"],
     "start": "2026-11-21T23:10:00+01:00"}

A null in `set` takes an entry back, a null for `why` shows the session again, a null for `start`
takes its date back. `label` is the nights' label; null where nobody had chosen one yet: such an
entry counts for every label. Medicines and blood tests have lines of their own (longterm.py).
"""

import contextlib
import datetime as dt
import re
from collections.abc import Container, Iterable, Iterator, Set
from pathlib import Path
from typing import Any

from anklet.archive import jsonl
from anklet.archive.journalkeys import KEYS, Value, Values, check, is_kept, parse
from anklet.errors import ArchiveUnwritable, BadInput
from anklet.night.named import dated

__all__ = ["KEYS", "Journal", "Value", "check", "label_of", "night_of", "parse", "tonight"]

FILE = "journal.jsonl"
BACK_DAYS = 90  # so far back a night counts that is not in the archive: a board may still hold it
LABEL = 40  # letters, as on the board
REASON = 200
DATE = re.compile(r"\d{4}-\d\d-\d\d")

Hidden = tuple[str, str]  # device, session


def tonight(now: dt.datetime | None = None) -> dt.date:
    """The night that is under way or next; it runs from noon to noon, local time."""
    return ((now or dt.datetime.now()) - dt.timedelta(hours=12)).date()


def night_of(text: str | None, recorded: Container[str], today: dt.date | None = None) -> str:
    """The night that a person named, by its evening (see named.py); without a name tonight.

    recorded: nights in the archive. Raises BadInput for what is no date, for the future, and for
    a night long past of which there is nothing.
    """
    if not text:
        return tonight().isoformat()
    text = dated(text, today)
    try:
        if not DATE.fullmatch(text):
            raise ValueError
        night = dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"There is no night {text!r}; write the date of its evening, as in 2026-11-21."
        ) from None
    today = today or dt.date.today()
    if night > today and night.isoformat() not in recorded:
        raise BadInput(f"{night} is in the future; the journal takes nights up to {today}.")
    if night < today - dt.timedelta(days=BACK_DAYS) and night.isoformat() not in recorded:
        raise BadInput(
            f"There is no night {night} in the archive, and it is more than {BACK_DAYS} days ago; "
            f"anklet nights lists those there are."
        )
    return night.isoformat()


def label_of(text: str | None, labels: Iterable[str]) -> str | None:
    """Whose journal it is: the label that a person named, else the only one there is.

    labels: of the nights in the archive; None comes back where there are none yet. Raises
    BadInput where there are several, or when it is too long.
    """
    if text is not None:
        if len(text) > LABEL or not text.isprintable():
            raise BadInput(
                f"{text[:LABEL]!r}... is no label: it has {LABEL} letters at most, all printable."
            )
        return text
    there = sorted(set(labels))
    if len(there) > 1:
        names = ", ".join(repr(label) for label in there)
        raise BadInput(f"There are nights of several labels ({names}); choose one with --label.")
    return there[0] if there else None


class Journal:
    """The journal of the archive at `path`. Nothing is created before something is noted."""

    def __init__(self, path: Path):
        self.path = path
        self.file = path / FILE

    def entries(self, label: str | None = None) -> dict[str, dict[str, Value]]:
        """Night (ISO date) -> key -> value, as they stand now; label None: whoever's."""
        found: dict[str, dict[str, Value]] = {}
        for line in self._notes(label):
            night = found.setdefault(line["night"], {})
            for key, value in line["set"].items():
                night.pop(key, None)
                if value is not None:
                    night[key] = value
        return {night: values for night, values in sorted(found.items()) if values}

    def history(self, night: str, label: str | None = None) -> list[dict[str, Any]]:
        """Every change to a night, oldest first: `at` (UTC), `label` and `set`."""
        return [line for line in self._notes(label) if line["night"] == night]

    def set(self, night: str, values: Values, label: str | None = "") -> Values:
        """Note values for a night (ISO date); returns those that changed something.

        label: None counts for every label. Raises BadInput, and then nothing has changed, or
        ArchiveUnwritable.
        """
        dt.date.fromisoformat(night)
        checked = {key: check(key, value) for key, value in values.items()}
        now = self.entries(label).get(night, {})
        changed = {key: value for key, value in checked.items() if now.get(key) != value}
        if changed:
            self.append({"night": night, "label": label, "set": changed})
        return changed

    def hide(self, device: str, session: str, why: str) -> None:
        """Leave a session out of what is shown; its raw file stays. Raises BadInput without a
        reason, ArchiveUnwritable."""
        why = " ".join(why.split())
        if not 0 < len(why) <= REASON or not why.isprintable():
            raise BadInput(f"Say why the night is hidden, in {REASON} letters at most.")
        self.append({"hide": [device, session], "why": why})

    def show(self, device: str, session: str) -> None:
        """Take hide back. Raises ArchiveUnwritable."""
        self.append({"hide": [device, session], "why": None})

    def hidden(self) -> Set[Hidden]:
        """The hidden sessions, each as (device, session)."""
        return set(self.reasons())

    def reasons(self) -> dict[Hidden, str]:
        """Why each hidden session is hidden."""
        found: dict[Hidden, str] = {}
        for line in self.lines():
            match line:
                case {"hide": [str(device), str(session)], "why": str(why)}:
                    found[device, session] = why
                case {"hide": [str(device), str(session)], "why": None}:
                    found.pop((device, session), None)
        return found

    def date(self, device: str, session: str, start: dt.datetime | None) -> None:
        """Say when a session began, with its UTC offset; None takes that back. Raises
        ArchiveUnwritable."""
        text = start.isoformat(timespec="seconds") if start else None
        self.append({"date": [device, session], "start": text})

    def dates(self) -> dict[Hidden, dt.datetime]:
        """When sessions began, as a person said."""
        found: dict[Hidden, dt.datetime] = {}
        for line in self.lines():
            match line:
                case {"date": [str(device), str(session)], "start": str(start)}:
                    with contextlib.suppress(ValueError):
                        when = dt.datetime.fromisoformat(start)
                        if when.tzinfo:
                            found[device, session] = when
                case {"date": [str(device), str(session)], "start": None}:
                    found.pop((device, session), None)
        return found

    def when_hidden(self) -> dict[Hidden, str]:
        """When each hidden session was hidden: `at` of its line (UTC)."""
        found: dict[Hidden, str] = {}
        for line in self.lines():
            match line:
                case {"at": str(at), "hide": [str(device), str(session)], "why": str()}:
                    found.setdefault((device, session), at)
                case {"hide": [str(device), str(session)], "why": None}:
                    found.pop((device, session), None)
        return found

    def labels(self) -> Set[str]:
        """The labels that something was noted under."""
        return {
            line["label"]
            for line in self.lines()
            if isinstance(line.get("label"), str) and line.keys() & {"set", "medicine", "ferritin"}
        }

    def _notes(self, label: str | None) -> Iterator[dict[str, Any]]:
        for line in self.lines():
            match line:
                case {"at": str(), "night": str(night), "label": str() | None, "set": dict(given)}:
                    whose = line["label"]
                    if DATE.fullmatch(night) and (label in (None, whose) or whose is None):
                        yield {**line, "set": {k: v for k, v in given.items() if is_kept(k, v)}}

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every line, oldest first. Raises ArchiveUnwritable where the file can't be read."""
        try:
            yield from jsonl.read(self.file)
        except OSError as error:
            raise ArchiveUnwritable(
                f"The journal {self.file} can't be read ({error.strerror}); correct its "
                f"permissions."
            ) from error

    def append(self, line: dict[str, Any]) -> None:
        """Add a line, with the moment. Raises ArchiveUnwritable."""
        try:
            jsonl.append(self.file, {"at": jsonl.now(), **line})
        except OSError as error:
            look = "anklet note --night DATE shows what is noted, anklet nights what is hidden."
            raise jsonl.unwritable(error, self.file, look) from error
