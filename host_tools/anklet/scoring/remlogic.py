"""Marks of RemLogic's event export: text, with a line of column names somewhere on top.

    Sleep Stage  Position  Time [hh:mm:ss]  Event  Duration[s]  Location

separated by tabs. Times are of the day, the leg stands in Location, stages are events
("SLEEP-S2"). Columns are found by name: Position may be missing.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring import labels, marks
from anklet.scoring.marks import Marks

NEEDED = ("time", "event", "duration")


def is_header(line: str) -> bool:
    return all(name in _columns(line) for name in NEEDED)


def _columns(line: str) -> dict[str, int]:
    """ "Time [hh:mm:ss]" and "Duration[s]" are time and duration."""
    names = (cell.partition("[")[0].strip().lower() for cell in line.split("\t"))
    return {name: at for at, name in enumerate(names)}


def read(path: Path) -> Marks:
    """The earliest line, whatever its event, is at 0. Raises BadInput."""
    columns: dict[str, int] = {}
    found = Marks(path)
    now: int | None = None  # ms since the midnight before the first line
    for number, line in marks.lines(path):
        if not columns:
            columns = _columns(line) if is_header(line) else {}
            continue
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) <= max(columns[name] for name in NEEDED):
            raise BadInput(f"{path}: line {number} has too few columns; export the events again.")
        at = marks.clock(cells[columns["time"]])
        if at is None:
            raise BadInput(
                f"{path}: line {number}: {marks.printable(cells[columns['time']])!r} is no time "
                f"like 23:58:03; correct it."
            )
        date, of_day = at
        if now is None and date:
            found.start = dt.datetime.combine(date, dt.time())
        now = of_day if now is None else marks.later(now, of_day)
        label, location = cells[columns["event"]], columns.get("location", len(cells))
        duration = 0
        if labels.kind(label):
            length = cells[columns["duration"]] or "0"
            duration = marks.ms(path, f"line {number}", "duration", length)
        found.add(now, duration, label, cells[location] if location < len(cells) else "")
    first = min((mark.onset for mark in found.marks), default=0)
    found.marks = [replace(mark, onset=mark.onset - first) for mark in found.marks]
    if found.start:
        found.start += dt.timedelta(milliseconds=first)
    return found
