"""The night log's records: one table, one framing, read and written by device and host alike.

A night file is MAGIC followed by records, little-endian:

    type u8 | payload length u8 | sequence u16 | payload | crc u16

The sequence number counts records from 0 and wraps at 65536. The crc is CRC-16/CCITT-FALSE
(polynomial 0x1021, start 0xFFFF) over everything before it. A reader skips types that it does not
know and fields behind those that it knows; a new record type is one more entry in FIELDS.
firmware/LOGFORMAT.md says it all for those who write a reader of their own; a test keeps the two
the same.
"""

import binascii
import struct
from array import array

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8, ptr16

MAGIC = b"ANKLET1\n"
HEAD = const(4)  # type, length, sequence
TAIL = const(2)  # crc
SHORTEST = const(6)
FEW = const(1000)
LONGEST = const(261)

META = const(0x01)  # text "key=value"
ANCHOR = const(0x02)  # wall clock at a moment of the session
LM = const(0x10)
SERIES = const(0x11)  # earlier LMs that became PLMs
EPOCH = const(0x20)
GAP = const(0x21)
MARKER = const(0x22)
STILL = const(0x23)
COUNTS = const(0x30)
FAULT = const(0x40)

# type: (name, layout, field names, how many of them came with a later firmware and miss in older
# files). Fields: `n` is the sample number since the session began, lost
# samples included; `ms` the session's time, by the measured output rate. Both stay under 2**30.
FIELDS = {
    ANCHOR: (
        "anchor",
        "<IIHIh",
        ("n", "ms", "day", "ms_of_day", "tz_min"),  # day since 1970-01-01 and ms of it, UTC
        0,
    ),
    LM: (
        "lm",
        "<HIIHHBBH",
        ("number", "n", "onset_ms", "duration_ms", "peak_mg", "kind", "flags", "series"),
        0,
    ),
    EPOCH: (
        "epoch",  # the minute that ends at n; gravity in 1/64 g; activity and floor in 0.1 mg
        "<IIHHHbbbBB",
        ("n", "ms", "samples", "activity", "floor", "gx", "gy", "gz", "flags", "retries"),
        1,
    ),
    GAP: ("gap", "<IIIIB", ("n", "ms", "lost", "lost_ms", "cause"), 0),
    MARKER: ("marker", "<IIB", ("n", "ms", "kind"), 0),
    STILL: ("still", "<IIIB", ("n", "ms", "length_ms", "evidence"), 0),  # see still.py
    COUNTS: (
        "counts",
        "<IIBHHHHHHHHIII",
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
    FAULT: ("fault", "<IIBB", ("n", "ms", "code", "detail"), 0),
}


def _least(kind):
    """Bytes of the oldest layout of a type."""
    layout, later = FIELDS[kind][1], FIELDS[kind][3]
    return struct.calcsize(layout[: len(layout) - later])


_LEAST = dict((kind, _least(kind)) for kind in FIELDS)
LAYOUT_ANCHOR = FIELDS[ANCHOR][1]
LAYOUT_LM = FIELDS[LM][1]
LAYOUT_EPOCH = FIELDS[EPOCH][1]
LAYOUT_GAP = FIELDS[GAP][1]
LAYOUT_MARKER = FIELDS[MARKER][1]
LAYOUT_STILL = FIELDS[STILL][1]
LAYOUT_COUNTS = FIELDS[COUNTS][1]
LAYOUT_FAULT = FIELDS[FAULT][1]

# LM kinds: a CLM, or why the movement is none. Those from POSTURE on are no leg movements.
# OFF_BODY is none since detector 3: no movement is left out for a guess.
KINDS = ("clm", "short", "long", "posture", "gross", "upright", "off_body")
SHORT = const(1)
LONG = const(2)
POSTURE = const(3)
GROSS = const(4)
UPRIGHT = const(5)
OFF_BODY = const(6)
# LM flags
PLM = const(1)
TOUCHES_GAP = const(2)
# epoch flags
EPOCH_UPRIGHT = const(1)
EPOCH_OFF_BODY = const(2)  # detectors 1 and 2
EPOCH_GAP = const(4)
EPOCH_STILL = const(8)
# evidence of a STILL record, and what the device made of it: see still.py
EVIDENCE = ("put_down", "picked_up", "hours_2", "hours_4", "off_body")
# reasons of a COUNTS record
REASONS = ("checkpoint", "host", "stopped", "recovered", "itself")
CHECKPOINT = const(0)
BY_HOST = const(1)
STOPPED = const(2)
RECOVERED = const(3)
ITSELF = const(4)
# causes of a gap
CAUSES = ("overrun", "sensor", "restart")
OVERRUN = const(0)
SENSOR = const(1)
RESTART = const(2)
# faults
FAULTS = ("none", "no_sensor", "wrong_sensor", "self_test", "flash_full", "write", "hang")
FAULTS += ("bad_data", "crash", "rate")

_CRC = array("H", [0] * 16)


def _fill_crc_table():
    for nibble in range(16):
        crc = nibble << 12
        for _ in range(4):
            crc = (crc << 1) ^ (0x1021 if crc & 0x8000 else 0)
        _CRC[nibble] = crc & 0xFFFF


_fill_crc_table()


@micropython.viper
def _crc16(table: ptr16, data: ptr8, start: int, stop: int) -> int:
    crc = 0xFFFF
    i = start
    while i < stop:
        byte = data[i]
        crc = ((crc << 4) & 0xFFFF) ^ table[(crc >> 12) ^ (byte >> 4)]
        crc = ((crc << 4) & 0xFFFF) ^ table[(crc >> 12) ^ (byte & 15)]
        i += 1
    return crc


_crc_hqx = getattr(binascii, "crc_hqx", None)  # CPython's, a hundred times as fast there


def crc16(data, start, stop):
    """CRC-16/CCITT-FALSE of data[start:stop]: 0..65535; without an allocation on MicroPython."""
    if _crc_hqx:
        return _crc_hqx(memoryview(data)[start:stop], 0xFFFF)
    return _crc16(_CRC, data, start, stop)


def seal(buf, at, kind, length, sequence):
    """Frame the payload that stands at buf[at + HEAD:]; returns where the record ends."""
    buf[at] = kind
    buf[at + 1] = length
    buf[at + 2] = sequence & 0xFF
    buf[at + 3] = (sequence >> 8) & 0xFF
    end = at + HEAD + length
    crc = crc16(buf, at, end)
    buf[end] = crc & 0xFF
    buf[end + 1] = crc >> 8
    return end + TAIL


def end_of(data, at):
    """Where the whole, undamaged record at `at` ends; 0 if there is none."""
    if at + HEAD + TAIL > len(data):
        return 0
    end = at + HEAD + data[at + 1]
    if end + TAIL > len(data) or data[at] == 0:
        return 0
    if crc16(data, at, end) != data[end] | data[end + 1] << 8:
        return 0
    return end + TAIL


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
    if kind == META and b"=" in payload:
        key, value = payload.split(b"=", 1)
        try:
            return {"key": key.decode(), "value": value.decode()}
        except UnicodeError:
            return {"raw": payload}
    if kind == SERIES and length >= 2 and length % 2 == 0:
        values = struct.unpack("<%dH" % (length // 2), payload)
        return {"series": values[0], "numbers": values[1:]}
    return {"raw": payload}


def read(data, magic=MAGIC):
    """Yield (offset, type, sequence, fields) for each undamaged record of a night file.

    A stretch that can't be read is yielded once as (offset, 0, 0, {"damaged": bytes skipped}) and
    reading goes on behind it. `data` is bytes; missing MAGIC counts as damage.
    """
    at = len(magic) if data[: len(magic)] == magic else 0
    bad = 0 if at == 0 and len(data) else -1
    due = 0  # the sequence number that would be next
    while at < len(data):
        end = end_of(data, at) if bad < 0 else _found(data, at, due, (at - bad) // SHORTEST)
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
        yield at, data[at], sequence, fields(data[at], data, at + HEAD, data[at + 1])
        at = end
    if bad >= 0:
        yield bad, 0, 0, {"damaged": len(data) - bad}


def _found(data, at, due, room):
    """end_of, where a record is searched for behind damage.

    One offset in 65536 fits its checksum by chance. So its sequence number has to fit too: either
    the records missing before it are no more than found room in the damage (`room`, at
    most FEW), or an undamaged record with the next number stands right behind it.
    """
    if at + SHORTEST > len(data):
        return 0
    sequence = data[at + 2] | data[at + 3] << 8
    if (sequence - due) & 0xFFFF <= min(room, FEW):
        return end_of(data, at)
    behind = at + SHORTEST + data[at + 1]
    if behind + SHORTEST > len(data):
        return 0
    if data[behind + 2] | data[behind + 3] << 8 != (sequence + 1) & 0xFFFF:
        return 0
    return end_of(data, behind) and end_of(data, at)


def whole(data):
    """Length of the undamaged beginning of a night file: where a torn tail is to be cut."""
    at = len(MAGIC) if data[: len(MAGIC)] == MAGIC else 0
    while at:
        end = end_of(data, at)
        if not end:
            break
        at = end
    return at
