"""The marks of a scored night as a file has them, before anybody asks what they mean."""

import codecs
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from anklet.errors import BadInput
from anklet.signal import inputs

LARGEST = 100_000_000  # bytes; the events of a night are some 200 kB
MOST = 200_000  # marks; a night has some thousands
DAY_MS = 24 * 3600 * 1000
_CLOCK = re.compile(r"(?:(\d{4})-(\d\d?)-(\d\d?)T)?(\d\d?)[:.](\d\d)[:.](\d\d(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Mark:
    """onset, duration: ms; text: its label; channel: the signal it was made on, if told."""

    onset: int
    duration: int
    text: str
    channel: str = ""


@dataclass
class Marks:
    """start: of the recording, local time without a zone, if the file tells date and time."""

    path: Path
    marks: list[Mark] = field(default_factory=list)
    start: dt.datetime | None = None

    def add(self, onset: int, duration: int, text: str, channel: str = "") -> None:
        """Raises BadInput when there are too many."""
        if len(self.marks) >= MOST:
            raise BadInput(
                f"{self.path} has more than {MOST} marks; export the events of one night."
            )
        self.marks.append(Mark(onset, duration, text, channel))


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a text file as any program may have written it. Raises BadInput."""
    return enumerate(io.StringIO(_text(path), newline=None), 1)


def _text(path: Path) -> str:
    with inputs.readable(path):
        small(path)
        data = path.read_bytes()
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16")
        if b"\0" in data:
            raise BadInput(f"{path} is no text file; export the events as text.")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")


def small(path: Path) -> None:
    """Raises BadInput for a file that is no list of events by its size."""
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than 100 MB; give the events of one night alone.")


def ms(path: Path, where: str, what: str, number: str) -> int:
    """A time in seconds, 0 or more, as whole ms; `where` in the file for the error."""
    try:
        found = inputs.milliseconds(number.strip().replace(",", "."))
    except ValueError as error:
        raise BadInput(
            f"{path}: {where}: the {what} {printable(number)!r} is not a number of seconds; "
            f"correct it."
        ) from error
    if found < 0:
        raise BadInput(f"{path}: {where}: the {what} is negative; correct it.")
    return found


def clock(given: str) -> tuple[dt.date | None, int] | None:
    """The date, if it has one, and the time of day in ms of hh:mm:ss; None if it is no time."""
    found = _CLOCK.fullmatch(given.strip())
    if not found:
        return None
    *day, hour, minute, second = found.groups()
    try:
        date = dt.date(*map(int, day)) if day[0] else None
    except ValueError:
        return None
    if int(hour) > 23 or int(minute) > 59:
        return None
    seconds = inputs.milliseconds(second.replace(",", "."))
    return date, (int(hour) * 60 + int(minute)) * 60_000 + seconds


def later(before: int, of_day: int) -> int:
    """The moment with that time of day nearest to `before`, ms: midnight passes by itself."""
    return before + (of_day - before + DAY_MS // 2) % DAY_MS - DAY_MS // 2


def printable(text: str) -> str:
    """Text of a stranger's file, fit for a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)[:60]
