"""Marks of Luna's .annot files (documented at zzz.bwh.harvard.edu/luna).

Six columns (class, instance, channel, start, stop, meta), or four (class, instance, start, stop),
or three (class, start, stop), separated by tabs; lines with # come first. A start is in seconds,
"0+hh:mm:ss" or a time of day; a stop also "+seconds", or "..." for "until the next line". The
epochs that Luna counts ("e:12") are 30 s long, if they don't say otherwise.
"""

import re
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring import labels, marks
from anklet.scoring.marks import Mark, Marks

# Where instance, channel, start and stop stand, by the number of columns.
COLUMNS = {6: (1, 2, 3, 4), 4: (1, None, 2, 3), 3: (None, None, 1, 2)}
HEADERS = (
    ["class", "instance", "channel", "start", "stop", "meta"],
    ["class", "instance", "start", "stop"],
    ["class", "start", "stop"],
)
_EPOCH = re.compile(r"e:(\d{1,6})(?::(\d{1,4}))?(?::(\d{1,4}))?")


def is_header(line: str) -> bool:
    return line.lower().split() in HEADERS


def read(path: Path) -> Marks:
    """Times of day count from the first of them. Raises BadInput."""
    reader = _Times(path)
    marked = Marks(path)
    found = marked.marks
    until_next: list[int] = []  # marks whose stop is the next line's start
    for number, line in marks.lines(path):
        cells = line.strip().split("\t") if "\t" in line.strip() else line.split()
        cells = [cell.strip() for cell in cells]
        if not cells or not cells[0] or cells[0].startswith("#") or is_header(line):
            continue
        if len(cells) not in COLUMNS:
            raise BadInput(
                f"{path}: line {number} has {len(cells)} columns; Luna's annotations have 6, 4 "
                f"or 3."
            )
        instance, channel, start, stop = COLUMNS[len(cells)]
        onset, end = reader.span(f"line {number}", cells[start], cells[stop])
        for index in until_next:
            mark = found[index]
            found[index] = Mark(mark.onset, max(0, onset - mark.onset), mark.text, mark.channel)
        until_next = [len(found)] if end is None else []
        # Either may name the leg: class LM, instance "left".
        given = [cells[at] for at in (instance, channel) if at is not None and cells[at] != "."]
        where = next((text for text in given if labels.sides("", text)), "")
        if not where and channel is not None and cells[channel] != ".":
            where = cells[channel]
        duration = 0 if end is None else end - onset
        if duration < 0:
            raise BadInput(f"{path}: line {number} stops before it starts; correct it.")
        marked.add(onset, duration, cells[0], where)
    return marked


class _Times:
    """Starts and stops of one file, in ms; a time of day is measured from the first one."""

    def __init__(self, path: Path):
        self._path = path
        self._first: int | None = None
        self._now = 0

    def span(self, where: str, start: str, stop: str) -> tuple[int, int | None]:
        epoch = _EPOCH.fullmatch(start)
        if epoch:
            last = _EPOCH.fullmatch(stop) or epoch
            return self._epoch(where, epoch)[0], self._epoch(where, last)[1]
        onset = self._time(where, "start", start)
        if stop == "...":
            return onset, None
        if stop.startswith("+"):
            return onset, onset + marks.ms(self._path, where, "stop", stop[1:])
        return onset, self._time(where, "stop", stop)

    def _epoch(self, where: str, epoch: re.Match[str]) -> tuple[int, int]:
        number, length, step = (int(text) if text else 0 for text in epoch.groups())
        if number < 1:
            raise BadInput(f"{self._path}: {where}: epochs count from 1; correct it.")
        length = length or 30
        begin = (number - 1) * (step or length) * 1000
        return begin, begin + length * 1000

    def _time(self, where: str, what: str, given: str) -> int:
        since_start = given.startswith("0+")
        at = marks.clock(given[2:] if since_start else given)
        if at is None:
            return marks.ms(self._path, where, what, given)
        if since_start:
            return at[1]
        if self._first is None:
            self._first = self._now = at[1]
        self._now = marks.later(self._now, at[1])
        if self._now < self._first:
            raise BadInput(
                f"{self._path}: {where}: {given} lies before the first line; sort by start."
            )
        return self._now - self._first
