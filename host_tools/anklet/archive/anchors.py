"""anchors.jsonl of a board: what this computer's clock said each time it spoke to the board."""

import contextlib
import datetime as dt
import warnings
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from anklet.archive import jsonl
from anklet.archive.rawfiles import RawFiles
from anklet.board.boardinfo import Info
from anklet.night.clock import FURTHEST_TZ, LATEST, LONGEST_UP, Anchor, Anchors, minutes_east


def read(path: Path) -> Anchors:
    """The lines of the file, but those that make no sense; none where there is no file."""
    return Anchors(_lines(path))


class AnchorFiles:
    """The anchors.jsonl of each board among the raw files, each read once."""

    def __init__(self, raw: RawFiles):
        self._raw = raw
        self._read: dict[str, Anchors] = {}

    def of(self, device: str) -> Anchors:
        """Those of a board."""
        if device not in self._read:
            self._read[device] = read(self._raw.anchors(device))
        return self._read[device]

    def keep(self, info: Info) -> None:
        """Append a line for this Info, once. Raises OSError."""
        known = self.of(info.device)
        if known.all and known.all[-1].utc_ms == info.utc_ms:
            return
        anchor = _anchor_of(info, known.new(night.session for night in info.nights))
        jsonl.append(self._raw.anchors(info.device), asdict(anchor))
        known.append(anchor)

    def times_around(
        self, device: str, session: str
    ) -> tuple[dt.datetime | None, dt.datetime | None]:
        """When the last computer spoke to the board before this session, and the one that found
        it."""
        before, after = (
            anchor and dt.datetime.fromtimestamp(anchor.utc_ms / 1000).astimezone()
            for anchor in self.of(device).around(session)
        )
        return before, after


def _lines(path: Path) -> Iterator[Anchor]:
    for line in jsonl.read(path):
        with contextlib.suppress(ValueError, LookupError, TypeError):
            yield _anchor(line)


def _anchor_of(info: Info, sessions: tuple[str, ...]) -> Anchor:
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
