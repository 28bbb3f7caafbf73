"""Reading the night log's records, on the device and on the computer: see record.py.

A reader skips types that it does not know and fields behind those that it knows; a new record type
is one more entry in FIELDS. firmware/LOGFORMAT.md says it all for those who write a reader of
their own; a test keeps the two the same. A board has no use for this while it records, so it holds
it only when a night is completed or told of (see briefly.py).
"""

import struct

from plmcore import record
from plmcore.native import const

_SHORTEST = const(6)  # bytes of a record
_FEW = const(1000)

# type: (name, layout, field names, how many of them came with a later firmware and miss in older
# files). Fields: `n` is the sample number since the session began, lost samples included; `ms` the
# session's time, by the measured output rate. Both stay under 2**30.
FIELDS = {
    record.ANCHOR: (
        "anchor",
        record.LAYOUT_ANCHOR,
        ("n", "ms", "day", "ms_of_day", "tz_min"),  # day since 1970-01-01 and ms of it, UTC
        0,
    ),
    record.LM: (
        "lm",
        record.LAYOUT_LM,
        ("number", "n", "onset_ms", "duration_ms", "peak_mg", "kind", "flags", "series"),
        0,
    ),
    record.EPOCH: (
        "epoch",  # the minute that ends at n; gravity in 1/64 g; activity and floor in 0.1 mg
        record.LAYOUT_EPOCH,
        ("n", "ms", "samples", "activity", "floor", "gx", "gy", "gz", "flags", "retries"),
        1,
    ),
    record.GAP: ("gap", record.LAYOUT_GAP, ("n", "ms", "lost", "lost_ms", "cause"), 0),
    record.MARKER: ("marker", record.LAYOUT_MARKER, ("n", "ms", "kind"), 0),
    record.STILL: ("still", record.LAYOUT_STILL, ("n", "ms", "length_ms", "evidence"), 0),
    record.COUNTS: (
        "counts",
        record.LAYOUT_COUNTS,
        (
            "n",
            "ms",
            "reason",
            "lm",
            "clm",
            "plm",
            "series",
            "short_imi",
            "plm_strict",
            "excluded",
            "gaps",
            "gap_ms",
            "upright_ms",
            "off_body_ms",
        ),
        0,
    ),
    record.FAULT: ("fault", record.LAYOUT_FAULT, ("n", "ms", "code", "detail"), 0),
}


def _least(kind):
    """Bytes of the oldest layout of a type."""
    layout, later = FIELDS[kind][1], FIELDS[kind][3]
    return struct.calcsize(layout[: len(layout) - later])


_LEAST = dict((kind, _least(kind)) for kind in FIELDS)

# What the numbers of record.py are called.
KINDS = ("clm", "short", "long", "posture", "gross", "upright", "off_body")  # of an LM
# Evidence of a STILL, bit by bit, and what the device made of it: see still.py.
EVIDENCE = ("put_down", "picked_up", "hours_2", "hours_4", "off_body")
REASONS = ("checkpoint", "host", "stopped", "recovered", "itself")  # of COUNTS
CAUSES = ("overrun", "sensor", "restart")  # of a GAP
FAULTS = ("none", "no_sensor", "wrong_sensor", "self_test", "flash_full", "write", "hang")
FAULTS += ("bad_data", "crash", "rate")


def end_of(data, at):
    """Where the whole, undamaged record at `at` ends; 0 if there is none."""
    if at + record.HEAD + record.TAIL > len(data):
        return 0
    end = at + record.HEAD + data[at + 1]
    if end + record.TAIL > len(data) or data[at] == 0:
        return 0
    if record.crc16(data, at, end) != data[end] | data[end + 1] << 8:
        return 0
    return end + record.TAIL


def fields(kind, data, at, length):
    """The payload at data[at:at + length] as a dict.

    META gives {"key", "value"}, SERIES {"series", "numbers"}, an unknown type or a payload shorter
    than its oldest layout {"raw": bytes}. Fields that an older firmware did not write are missing.
    """
    if kind in FIELDS and length >= _LEAST[kind]:
        _, layout, names, _ = FIELDS[kind]
        while length < struct.calcsize(layout):
            layout = layout[:-1]
        return dict(zip(names, struct.unpack_from(layout, data, at)))
    payload = bytes(data[at : at + length])
    if kind == record.META and b"=" in payload:
        key, value = payload.split(b"=", 1)
        try:
            return {"key": key.decode(), "value": value.decode()}
        except UnicodeError:
            return {"raw": payload}
    if kind == record.SERIES and length >= 2 and length % 2 == 0:
        values = struct.unpack("<%dH" % (length // 2), payload)
        return {"series": values[0], "numbers": values[1:]}
    return {"raw": payload}


def read(data, magic=record.MAGIC):
    """Yield (offset, type, sequence, fields) for each undamaged record of a night file.

    A stretch that can't be read is yielded once as (offset, 0, 0, {"damaged": bytes skipped}) and
    reading goes on behind it. `data` is bytes; missing MAGIC counts as damage.
    """
    at = len(magic) if data[: len(magic)] == magic else 0
    bad = 0 if at == 0 and len(data) else -1
    due = 0  # the sequence number that would be next
    while at < len(data):
        end = end_of(data, at) if bad < 0 else _found(data, at, due, (at - bad) // _SHORTEST)
        if not end:
            if bad < 0:
                bad = at
            at += 1
            continue
        if bad >= 0:
            if at > bad:
                yield bad, 0, 0, {"damaged": at - bad}
            elif at == 0:
                yield 0, 0, 0, {"damaged": 0}
            bad = -1
        sequence = data[at + 2] | data[at + 3] << 8
        due = (sequence + 1) & 0xFFFF
        yield at, data[at], sequence, fields(data[at], data, at + record.HEAD, data[at + 1])
        at = end
    if bad >= 0:
        yield bad, 0, 0, {"damaged": len(data) - bad}


def _found(data, at, due, room):
    """end_of, where a record is searched for behind damage.

    One offset in 65536 fits its checksum by chance. So its sequence number has to fit too: either
    the records missing before it are no more than found room in the damage (`room`, at
    most _FEW), or an undamaged record with the next number stands right behind it.
    """
    if at + _SHORTEST > len(data):
        return 0
    sequence = data[at + 2] | data[at + 3] << 8
    if (sequence - due) & 0xFFFF <= min(room, _FEW):
        return end_of(data, at)
    behind = at + _SHORTEST + data[at + 1]
    if behind + _SHORTEST > len(data):
        return 0
    if data[behind + 2] | data[behind + 3] << 8 != (sequence + 1) & 0xFFFF:
        return 0
    return end_of(data, behind) and end_of(data, at)


def whole(data):
    """Length of the undamaged beginning of a night file: where a torn tail is to be cut."""
    at = len(record.MAGIC) if data[: len(record.MAGIC)] == record.MAGIC else 0
    while at:
        end = end_of(data, at)
        if not end:
            break
        at = end
    return at
