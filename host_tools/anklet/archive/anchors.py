"""anchors.jsonl of a board: what this computer's clock said each time it spoke to the board."""

import contextlib
import datetime as dt
import warnings
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from anklet.archive import jsonl
from anklet.board.boardinfo import Info
from anklet.night.clock import FURTHEST_TZ, LATEST, LONGEST_UP, Anchor, Anchors, minutes_east


def read(path: Path) -> Anchors:
    """The lines of the file, but those that make no sense; none where there is no file."""
    return Anchors(_lines(path))


def _lines(path: Path) -> Iterator[Anchor]:
    for line in jsonl.read(path):
        with contextlib.suppress(ValueError, LookupError, TypeError):
            yield _anchor(line)


def anchor(info: Info, sessions: tuple[str, ...]) -> Anchor:
    """An Anchor of that moment, by this computer's clock and zone."""
    import tzlocal  # noqa: PLC0415 - for a sync alone

    now = dt.datetime.fromtimestamp(info.utc_ms / 1000).astimezone()
    tz_min = minutes_east(now)
    zone = ""
    try:
        with warnings.catch_warnings(action="ignore"):
            tzlocal.reload_localzone()  # a laptop that flies
            name = tzlocal.get_localzone_name() or ""
        if now.astimezone(ZoneInfo(name)).utcoffset() == now.utcoffset():
            zone = name
    except (LookupError, ValueError, OSError):
        pass  # a zone without a name: its offset has to do
    return Anchor(info.utc_ms, tz_min, zone, info.power, info.up_ms, sessions, info.error_ms)


def _anchor(given: Any) -> Anchor:
    """A line of anchors.jsonl. Raises ValueError, LookupError or TypeError."""
    found = Anchor(**{f.name: given[f.name] for f in fields(Anchor) if f.name in given})
    found = replace(found, sessions=tuple(found.sessions))
    numbers = (found.utc_ms, found.up_ms, found.tz_min, found.error_ms)
    texts = (found.power, found.zone, *found.sessions)
    if any(type(n) is not int for n in numbers) or any(type(t) is not str for t in texts):
        raise TypeError("no such line")
    if not (0 <= found.utc_ms < LATEST and 0 <= found.up_ms < LONGEST_UP):
        raise ValueError("no such moment")
    if abs(found.tz_min) > FURTHEST_TZ or found.error_ms < 0:
        raise ValueError("no such zone or error")
    if found.zone:
        ZoneInfo(found.zone)
    return found
