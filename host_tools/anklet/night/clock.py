"""When a night was: a session's own time, in ms, laid onto the wall clock.

A point is a moment of which both are known. Points come from the board's clock, which the session
logged when it began, and from the computers that spoke to the board later (anchors.jsonl): within
one power-up the board's timer runs through, so that what a computer knew in the morning dates the
evening. Between two points the drift is taken out linearly. Nothing measured, no interval and no
hour, is ever taken from the wall clock.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from anklet.night.session import BY_HAND, ESTIMATED, KNOWN, UNKNOWN, Session, local

DAY_MS = 86_400_000
FURTHEST_TZ = 14 * 60  # minutes
PPM = 500  # of drift that are believed; a Pico's crystal has 30, and 200 when something is wrong
CRYSTAL_PPM = 50  # by which a clock is taken to be off where its drift was not measured
WANDER_PPM = 2  # from its mean drift, between a leg's warmth and a table's
SLACK_MS = 1_500  # a board's clock is set to whole seconds
TOLERANCE_MS = 600_000  # by which a board's clock may leave the time in which a night must lie
POWER = re.compile(r"[0-9]{5}-[0-9a-f]{8}")
LONGEST_UP = 1 << 40  # ms: 34 years
LATEST = 1 << 43  # ms since 1970: in 2248

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Point(NamedTuple):
    """At `ms` (of a session, or of a power-up) it was utc_ms (since 1970), tz_min east of UTC."""

    ms: int
    utc_ms: int
    tz_min: int

    def since(self, ms: int) -> "Point":
        """The same, counted from `ms`."""
        return self._replace(ms=self.ms - ms)


@dataclass(frozen=True)
class Anchor:
    """What a computer knew when it spoke to a board: a line of anchors.jsonl.

    error_ms: by which utc_ms and up_ms may miss each other. zone: the computer's, by its IANA
    name; "" if that is not known. power, up_ms: the board's power-up and ms since it; "" when
    nothing had been recorded in it. sessions: those that no computer had found on this board
    before.
    """

    utc_ms: int
    tz_min: int
    zone: str
    power: str
    up_ms: int
    sessions: tuple[str, ...]
    error_ms: int = 1000


class Anchors:
    """What computers knew when they spoke to one board, oldest first."""

    def __init__(self, anchors: Iterable[Anchor] = ()):
        self.all: list[Anchor] = []
        self._found: dict[str, int] = {}
        for anchor in anchors:
            self.append(anchor)

    def append(self, anchor: Anchor) -> None:
        for session in anchor.sessions:
            self._found.setdefault(session, len(self.all))
        self.all.append(anchor)

    def new(self, sessions: Iterable[str]) -> tuple[str, ...]:
        """Those of these sessions that are in no line yet."""
        return tuple(session for session in sessions if session not in self._found)

    def around(self, session: str) -> tuple[Anchor | None, Anchor | None]:
        """The last one before this session and the one that found it: it lies between."""
        at = self._found.get(session)
        if at is None:
            return None, None
        return (self.all[at - 1] if at else None), self.all[at]


def settle(night: Session, anchors: Anchors | None = None, others: Sequence[Point] = ()) -> None:
    """Set the night's start, clock, ppm, error_ms and zone, and its flag "clock".

    anchors: of its board. others: points that other sessions of its power-up have logged, in ms of
    that. Where the board's clock contradicts the computers', it is not believed.
    """
    before, after = anchors.around(night.session) if anchors else (None, None)
    power, up_ms = power_of(night)

    def possible(points: Iterable[Point]) -> list[Point]:
        return sorted(p for p in points if _possible(p, night.length_ms, before, after))

    ours = possible(own(night))
    board, computers, spoken = ours, [], []
    if power:
        board = possible([*ours, *(p.since(up_ms) for p in others)])
        spoken = [a for a in anchors.all if a.power == power] if anchors else []
        computers = sorted(Point(a.up_ms - up_ms, a.utc_ms, a.tz_min) for a in spoken)
    points = ours or board
    if computers:
        # Of the board's points the first has the least drift: those after it follow from it.
        first = [p for p in board if p < computers[0] and _agree(p, computers[0])][:1]
        points = first + computers
    if not points:
        _set(night, None, UNKNOWN)
        return

    begin, end = (_utc_ms(points, ms) for ms in (0, night.length_ms))
    ppm = round((end - begin - night.length_ms) * 1e6 / night.length_ms) if night.length_ms else 0
    agreed = not computers or any(_agree(p, c) for p in ours for c in computers)
    nearest = ours[0] if ours else min(points, key=lambda p: (p.ms < 0, abs(p.ms)))
    night.ppm = ppm if abs(ppm) <= PPM else 0
    night.error_ms = max(
        _error_ms(ms, points, [(a.up_ms - up_ms, a.error_ms) for a in spoken])
        for ms in (0, night.length_ms // 2, night.length_ms)
    )
    night.zone = _zone(after, begin, ours)
    zone = dt.timezone(dt.timedelta(minutes=nearest.tz_min))
    start = (EPOCH + dt.timedelta(milliseconds=begin)).astimezone(zone)
    _set(night, local(start, night.zone), KNOWN if ours and agreed else ESTIMATED)


def settle_by_hand(night: Session, start: dt.datetime) -> None:
    """Date a night of unknown time as a person did."""
    if night.clock == UNKNOWN:
        _set(night, start, ESTIMATED)
        night.flags.append(BY_HAND)


def board_time(when: dt.datetime) -> tuple[int, int, int]:
    """A local time as a board's clock takes it: days since 1970 and ms of that day, UTC; minutes
    east of it."""
    at = when.astimezone()
    day, seconds = divmod(round(at.timestamp()), DAY_MS // 1000)
    return day, seconds * 1000, minutes_east(at)


def minutes_east(when: dt.datetime) -> int:
    """Of UTC, that time's zone."""
    return round((when.utcoffset() or dt.timedelta()).total_seconds() / 60)


def own(night: Session) -> list[Point]:
    """What the board's clock said during the session, in ms of it."""
    return [
        Point(a["ms"], a["day"] * DAY_MS + a["ms_of_day"], a["tz_min"])
        for a in night.anchors
        if a["ms_of_day"] < DAY_MS and abs(a["tz_min"]) <= FURTHEST_TZ
    ]


def power_of(night: Session) -> tuple[str, int]:
    """The power-up in which it began, and ms since that; ("", 0) if it does not say."""
    power, up_ms = night.meta.get("power", ""), night.meta.get("uptime_ms", "")
    if POWER.fullmatch(power) and re.fullmatch("[0-9]{1,12}", up_ms):
        return power, int(up_ms)
    return "", 0


def _set(night: Session, start: dt.datetime | None, clock: str) -> None:
    night.start, night.clock = start, clock
    if (clock == UNKNOWN) != ("clock" in night.flags):
        (night.flags.append if clock == UNKNOWN else night.flags.remove)("clock")


def _utc_ms(points: Sequence[Point], ms: int) -> int:
    """The wall clock at `ms`: between two points on the line through them, else at the pace of the
    board from the nearest; where two contradict each other, the later one is right."""
    for earlier, later in pairwise(points):
        if earlier.ms <= ms < later.ms and _agree(earlier, later):
            part = (later.utc_ms - earlier.utc_ms) * (ms - earlier.ms)
            return earlier.utc_ms + part // (later.ms - earlier.ms)
    nearest = next((p for p in points if p.ms > ms), points[-1])
    return nearest.utc_ms + ms - nearest.ms


def _error_ms(ms: int, points: Sequence[Point], computers: Sequence[tuple[int, int]]) -> int:
    """By how much the wall clock at `ms` may be wrong; computers: when each spoke, and its error.

    Between two of them the drift is known and what it wanders with the temperature is left; beyond
    them, what a crystal may be off; without any, the board's own clock.
    """
    if not computers:
        return SLACK_MS + min(abs(ms - p.ms) for p in points) * CRYSTAL_PPM // 1_000_000
    inside = min(at for at, _ in computers) <= ms <= max(at for at, _ in computers)
    ppm = WANDER_PPM if inside else CRYSTAL_PPM
    return min(error + abs(ms - at) * ppm // 1_000_000 for at, error in computers)


def _agree(a: Point, b: Point) -> bool:
    """Nothing but drift is between the two."""
    passed = b.ms - a.ms
    return abs(b.utc_ms - a.utc_ms - passed) <= SLACK_MS + abs(passed) * PPM // 1_000_000


def _possible(point: Point, length_ms: int, before: Anchor | None, after: Anchor | None) -> bool:
    """By this point, the session lies between the two computers that bound it."""
    start = point.utc_ms - point.ms
    if after and start + length_ms > after.utc_ms + TOLERANCE_MS:
        return False
    if before and after and before.utc_ms > after.utc_ms:
        return True  # a computer whose clock was wrong
    return not before or start >= before.utc_ms - TOLERANCE_MS


def _zone(after: Anchor | None, utc_ms: int, ours: Sequence[Point]) -> str:
    """The zone of the computer that found the session, unless the board was set in another one."""
    if not after or not after.zone:
        return ""
    year = (EPOCH + dt.timedelta(milliseconds=utc_ms)).year
    noons = (dt.datetime(year, month, 1, 12, tzinfo=ZoneInfo(after.zone)) for month in (1, 7))
    offsets = map(minutes_east, noons)
    return after.zone if not ours or ours[0].tz_min in offsets else ""
