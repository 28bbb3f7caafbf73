"""The night file of a made-up night, at once: movements drawn, scored by the device's own rules.

No acceleration is made, so nothing here says how well movements are found: it is for looking at
the pages before there is a night of one's own. The file says that its board is a simulated one.
"""

import datetime as dt
import random
import struct

from anklet import device

device.use()

from plmcore import reader, record  # noqa: E402
from plmcore.detector import FLOOR_FACTOR, ON_MG, VERSION  # noqa: E402
from plmcore.rules import RULES  # noqa: E402
from plmcore.series import Series  # noqa: E402

MINUTE = 60_000  # ms
HZ = 50
DEVICE = "e8a3b1e000000001"
FORMAT = {"format": 1, "board": "sim", "firmware": "example", "rules": "wasm2016", "odr_hz": HZ}
THRESHOLDS = {"on_mg": ON_MG, "floor_factor": FLOOR_FACTOR, "detector": VERSION}


def night(
    start: dt.datetime, plm_per_hour: float, seed: int, hours: float = 7.5, leg: str = "left"
) -> tuple[str, bytes]:
    """Session and night file: series about 26 s apart, single movements and turns between.

    start: with its UTC offset. plm_per_hour: about what it comes to, 0 to 60.
    """
    rng = random.Random(seed)
    log = _Log()
    session = f"{seed:05d}-{rng.getrandbits(32):08x}"
    for key, value in {
        **FORMAT,
        **THRESHOLDS,
        "session": session,
        "device": DEVICE,
        "leg": leg,
        "label": "",
    }.items():
        log.record(record.META, f"{key}={value}".encode())
    utc = start.astimezone(dt.UTC)
    days = (utc.date() - dt.date(1970, 1, 1)).days
    of_day = ((utc.hour * 60 + utc.minute) * 60 + utc.second) * 1000
    offset = start.utcoffset() or dt.timedelta()
    log.add(record.ANCHOR, 0, 0, days, of_day, int(offset.total_seconds() // 60))
    end = int(hours * 60) * MINUTE
    scorer, number, other, minute = Series(RULES["wasm2016"]), 0, 0, MINUTE
    for onset, length, peak, kind in _movements(rng, end, plm_per_hour):
        while minute <= onset:
            log.epoch(minute, rng)
            minute += MINUTE
        other += kind >= record.POSTURE
        plm, series = False, 0
        earlier: list[int] = []
        if kind < record.POSTURE:
            scorer.add(number, onset, length)
            plm, series = scorer.plm_now, scorer.number
            earlier = list(scorer.earlier[: scorer.flagged])
        flags = record.PLM if plm else 0
        log.add(record.LM, number, _n(onset), onset, length, peak, kind, flags, series)
        if earlier:
            log.record(record.SERIES, struct.pack(f"<{1 + len(earlier)}H", series, *earlier))
        number += 1
    while minute <= end:
        log.epoch(minute, rng)
        minute += MINUTE
    legs = number - other
    counts = (scorer.clm, scorer.plm, scorer.series, scorer.short_imi, scorer.plm_strict)
    log.add(record.COUNTS, _n(end), end, record.BY_HOST, legs, *counts, other, 0, 0, 0, 0)
    return session, bytes(log.data)


def _movements(
    rng: random.Random, end: int, plm_per_hour: float
) -> list[tuple[int, int, int, int]]:
    """Onset ms, length ms, peak mg and kind, in order."""
    found = []
    at = 10 * MINUTE
    while at < end - 20 * MINUTE:
        many = rng.randint(4, 8 + round(plm_per_hour / 2))
        for _ in range(many):
            at += max(10_500, round(rng.gauss(26_000, 5_000)))
            found.append((at, rng.randint(900, 4200), rng.randint(40, 300), 0))
        # So long a pause that the hour comes to its number, more early in the night.
        fade = 0.7 + 0.9 * at / end
        pause = many * 3_600_000 / max(plm_per_hour, 1) - many * 26_000
        at += round(max(2 * MINUTE, rng.expovariate(1 / max(pause * fade, 1))))
        kind = rng.choice((record.POSTURE, record.GROSS))
        found.append((at - MINUTE, rng.randint(1200, 9000), rng.randint(300, 900), kind))
    return sorted(each for each in found if each[0] < end - MINUTE)


def _n(ms: int) -> int:
    return ms * HZ // 1000


class _Log:
    """A night file that grows by records."""

    def __init__(self) -> None:
        self.data = bytearray(record.MAGIC)
        self._sequence = 0

    def record(self, kind: int, payload: bytes) -> None:
        buf = bytearray(record.LONGEST)
        buf[record.HEAD : record.HEAD + len(payload)] = payload
        end = record.seal(buf, 0, kind, len(payload), self._sequence)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.data += buf[:end]

    def add(self, kind: int, *values: int) -> None:
        self.record(kind, struct.pack(reader.FIELDS[kind][1], *values))

    def epoch(self, ms: int, rng: random.Random) -> None:
        activity, floor = rng.randint(10, 300), rng.randint(10, 30)
        self.add(record.EPOCH, _n(ms), ms, 60 * HZ, activity, floor, 0, 0, 64, 0, 0)
