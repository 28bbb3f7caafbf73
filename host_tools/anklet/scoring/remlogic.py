"""Marks of RemLogic's event export: text, with a line of column names somewhere on top.

    Sleep Stage  Position  Time [hh:mm:ss]  Event  Duration[s]  Location

separated by tabs. Times are of the day, the leg stands in Location, stages are events
("SLEEP-S2"). Columns are found by name: Position may be missing.
"""

import datetime as dt
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring import labels, marks
from anklet.scoring.marks import Mark, Marks

NEEDED = ("time", "event", "duration")


def is_header(line: str) -> bool:
    return all(name in _columns(line) for name in NEEDED)


def _columns(line: str) -> dict[str, int]:
    """ "Time [hh:mm:ss]" and "Duration[s]" are time and duration."""
    names = (cell.partition("[")[0].strip().lower() for cell in line.split("\t"))
    return {name: at for at, name in enumerate(names)}


def read(path: Path, text: str) -> Marks:
    """The earliest line, whatever its event, is at 0. Raises BadInput."""
    columns: dict[str, int] = {}
    rows: list[tuple[int, Mark]] = []  # the time, counted over midnight
    first = now = 0
    start = None
    for number, line in enumerate(text.splitlines(), 1):
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
        now = marks.later(now, of_day) if rows else of_day
        first = min(first, now) if rows else now
        if not rows and date:
            start = dt.datetime.combine(date, dt.time()) + dt.timedelta(milliseconds=of_day)
        label, channel = cells[columns["event"]], ""
        if columns.get("location", len(cells)) < len(cells):
            channel = cells[columns["location"]]
        duration = 0
        if labels.kind(label):
            length = cells[columns["duration"]]
            duration = marks.ms(path, f"line {number}", "duration", length or "0")
        rows.append((now, Mark(0, duration, label, channel)))
    found = [Mark(now - first, mark.duration, mark.text, mark.channel) for now, mark in rows]
    if start and rows:
        start -= dt.timedelta(milliseconds=rows[0][0] - first)
    return Marks(found, start)
