"""Night files made by hand, from the device's own record table."""

import hashlib
import struct

from plmcore import reader, record

META = {
    "format": 1,
    "session": "00001-1a2b3c4d",
    "device": "e6614103e7452b2f",
    "board": "sim",
    "firmware": "0.1.0",
    "leg": "left",
    "label": "bed",
    "rules": "wasm2016",
}
EVENING = (20778, 21 * 3600_000 + 58 * 60_000 + 3_000, 60)  # 2026-11-21T22:58:03+01:00


class Builder:
    """Appends records; `data` is the night file so far."""

    def __init__(self, **meta):
        self.data = bytearray(record.MAGIC)
        self.sequence = 0
        for key, value in {**META, **meta}.items():
            self.raw(record.META, f"{key}={value}".encode())

    def raw(self, kind, payload):
        buf = bytearray(record.LONGEST)
        buf[record.HEAD : record.HEAD + len(payload)] = payload
        end = record.seal(buf, 0, kind, len(payload), self.sequence)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.data += buf[:end]
        return self

    def add(self, kind, *values):
        return self.raw(kind, struct.pack(reader.FIELDS[kind][1], *values))

    def anchor(self, ms=0, day=EVENING[0], ms_of_day=EVENING[1], tz_min=EVENING[2]):
        return self.add(record.ANCHOR, ms // 20, ms, day, ms_of_day, tz_min)

    def lm(self, number, onset_ms, duration_ms=2000, *, kind=0, flags=0, series=0):
        return self.add(
            record.LM, number, onset_ms // 20, onset_ms, duration_ms, 120, kind, flags, series
        )

    def series(self, number, *lms):
        return self.raw(record.SERIES, struct.pack(f"<{1 + len(lms)}H", number, *lms))

    def epoch(self, ms, flags=0, retries=0, gravity=(64, 0, 0)):
        return self.add(record.EPOCH, ms // 20, ms, 3000, 30, 10, *gravity, flags, retries)

    def gap(self, ms, lost_ms):
        return self.add(record.GAP, ms // 20, ms, lost_ms // 20, lost_ms, record.OVERRUN)

    def still(self, ms, length_ms, evidence=0):
        return self.add(record.STILL, ms // 20, ms, length_ms, evidence)

    def counts(self, ms, reason=record.BY_HOST, **counts):
        names = reader.FIELDS[record.COUNTS][2][3:]
        return self.add(record.COUNTS, ms // 20, ms, reason, *(counts.get(n, 0) for n in names))


def add_to(archive, data):
    """File a night as if it had just been downloaded; the session."""
    return archive.add(data, hashlib.sha256(data).hexdigest())


def periodic(**meta):
    """An hour with a series of four PLMs, an isolated CLM and a posture change; not yet ended."""
    night = Builder(**meta).anchor()
    for number in range(3):
        night.lm(number, 100_000 + 20_000 * number)
    night.lm(3, 160_000, flags=record.PLM, series=1).series(1, 0, 1, 2)
    night.lm(4, 900_000).lm(5, 1_200_000, kind=record.POSTURE)
    return night


def whole(**meta):
    """The same, ended by the host after an hour of which ten minutes were upright."""
    return bytes(
        periodic(**meta)
        .counts(
            3_600_000, lm=5, clm=5, plm=4, series=1, plm_strict=4, excluded=1, upright_ms=600_000
        )
        .data
    )
