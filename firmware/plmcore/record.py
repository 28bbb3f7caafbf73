"""The night log's records: their types, layouts, numbers and framing.

A night file is MAGIC followed by records, little-endian:

    type u8 | payload length u8 | sequence u16 | payload | crc u16

The sequence number counts records from 0 and wraps at 65536. The crc is CRC-16/CCITT-FALSE
(polynomial 0x1021, start 0xFFFF) over everything before it. Here stands what is needed to write
them, all that a recording device holds in memory; how they are read, and what their fields are
called, stands in reader.py, for the device and the computer alike.
"""

import binascii
from array import array

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8, ptr16

MAGIC = b"ANKLET1\n"
HEAD = const(4)  # type, length, sequence
TAIL = const(2)  # crc
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

LAYOUT_ANCHOR = "<IIHIh"
LAYOUT_LM = "<HIIHHBBH"
LAYOUT_EPOCH = "<IIHHHbbbBB"
LAYOUT_GAP = "<IIIIB"
LAYOUT_MARKER = "<IIB"
LAYOUT_STILL = "<IIIB"
LAYOUT_COUNTS = "<IIBHHHHHHHHIII"
LAYOUT_FAULT = "<IIBB"

# LM kinds, 0 for a CLM, else why the movement is none. Those from POSTURE on are no leg movements.
# OFF_BODY is none since detector 3: no movement is left out for a guess.
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
# reasons of a COUNTS record
CHECKPOINT = const(0)
BY_HOST = const(1)
STOPPED = const(2)
RECOVERED = const(3)
ITSELF = const(4)
# causes of a gap
OVERRUN = const(0)
SENSOR = const(1)
RESTART = const(2)

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
