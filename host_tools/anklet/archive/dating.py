"""Nights whose time nobody knew: what the person says, held against what is known, and a proposal.

Where the power goes before a computer has read a board, its clock goes too. What remains is the
order in which a board recorded, and when a computer first found the night.
"""

import datetime as dt
import re
from itertools import takewhile
from statistics import median
from typing import Any, NamedTuple

from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.night.clock import TOLERANCE_MS
from anklet.night.session import BY_HAND

Item = dict[str, Any]

EVENING = dt.timedelta(hours=23)  # since midnight: when nights begin where none is dated
NIGHT_S = 3 * 3600  # a session that long is the sleep of a night; shorter ones belong to the next
EARLY = dt.timedelta(hours=3)  # by which a person may go to bed before the usual time
TOLERANCE = dt.timedelta(milliseconds=TOLERANCE_MS)
WHEN = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d?:\d\d")


class Room(NamedTuple):
    """Between these moments a session lies, as far as anything says so."""

    earliest: dt.datetime | None
    latest: dt.datetime | None


def when(text: str) -> dt.datetime:
    """A local time that a person wrote, as 2026-11-21 23:10. Raises BadInput."""
    try:
        if not WHEN.fullmatch(text.strip()):
            raise ValueError
        day, time = re.split("[ T]", text.strip())
        return dt.datetime.fromisoformat(f"{day} {time:0>5}").astimezone()
    except (ValueError, OverflowError, OSError):
        raise BadInput(
            f"{text!r} is no date and time; write when the recording began, by the clock on the "
            f"wall, as in 2026-11-21 23:10."
        ) from None


def can_be_dated(item: Item) -> bool:
    """Its time is unknown, or known from a person alone."""
    return item["start"] is None or BY_HAND in item["flags"]


def check(archive: Archive, item: Item, start: dt.datetime) -> None:
    """Raises BadInput where the session can't have begun then."""
    if not can_be_dated(item):
        raise BadInput(
            f"The time of {item['session']} is known ({item['clock']}): it began on "
            f"{_text(dt.datetime.fromisoformat(item['start']))}."
        )
    room = _room(archive, item, _of_board(archive, item))
    end = start + _length(item)
    if room.earliest and start < room.earliest - TOLERANCE:
        raise BadInput(
            f"{item['session']} can't have begun on {_text(start)}: the board was recording the "
            f"one before it until {_text(room.earliest)}."
        )
    if room.latest and end > room.latest + TOLERANCE:
        raise BadInput(
            f"{item['session']} can't have begun on {_text(start)}: it is {_hours(item)} long and "
            f"was over by {_text(room.latest)}, when the next began or a computer read it."
        )
    if end > dt.datetime.now().astimezone() + TOLERANCE:
        raise BadInput(f"{item['session']} can't have begun on {_text(start)}: it is over.")


def proposal(archive: Archive, item: Item) -> dt.datetime | None:
    """When a session of unknown time may have begun: on the last evenings that there is room for,
    at the time at which this board's dated nights begin. None where nothing bounds it."""
    board = _of_board(archive, item)
    at = next(i for i, other in enumerate(board) if other["session"] == item["session"])
    later = takewhile(lambda other: other["start"] is None, board[at + 1 :])
    found = None
    evening = _evening(board)
    for session in reversed([item, *later]):
        earliest, latest = _room(archive, session, board)
        latest = min((m for m in (latest, found) if m), default=None)
        if latest is None:
            return None
        found = latest - _length(session)
        if session["recorded_s"] >= NIGHT_S:
            found = min(found, _before(found + EARLY, evening))
        if earliest and found < earliest:
            found = earliest
    return found and found.replace(second=0, microsecond=0)


def _of_board(archive: Archive, item: Item) -> list[Item]:
    """The sessions of its board, in the order in which they were recorded."""
    found = [other for other in archive.sessions() if other["device"] == item["device"]]
    return sorted(found, key=lambda other: other["session"])


def _room(archive: Archive, item: Item, board: list[Item]) -> Room:
    before, after = archive.seen(item["device"], item["session"])
    dated = [other for other in board if other["start"] and other["session"] != item["session"]]
    ends = [_start(other) + _length(other) for other in dated if _is_before(other, item)]
    starts = [_start(other) for other in dated if _is_before(item, other)]
    ends += [before] if before else []
    starts += [after] if after else []
    return Room(max(ends, default=None), min(starts, default=None))


def _is_before(one: Item, other: Item) -> bool:
    return one["session"] < other["session"]


def _evening(board: list[Item]) -> dt.timedelta:
    """When this board's nights begin: since midnight of the evening's date."""
    noon = dt.timedelta(hours=12)
    starts = [_start(i) - noon for i in board if i["start"] and i["recorded_s"] >= NIGHT_S]
    if not starts:
        return EVENING
    return noon + dt.timedelta(minutes=round(median(s.hour * 60 + s.minute for s in starts)))


def _before(moment: dt.datetime, evening: dt.timedelta) -> dt.datetime:
    """The last such evening that is not behind `moment`."""
    day = moment.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    for back in range(3):
        found = (day - dt.timedelta(days=back) + evening).astimezone()
        if found <= moment:
            return found
    return moment


def _start(item: Item) -> dt.datetime:
    return dt.datetime.fromisoformat(item["start"])


def _length(item: Item) -> dt.timedelta:
    return dt.timedelta(seconds=item["recorded_s"])


def _hours(item: Item) -> str:
    return f"{item['recorded_s'] / 3600:.1f} h"


def _text(moment: dt.datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
