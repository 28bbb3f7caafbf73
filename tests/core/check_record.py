"""The framing of night files: what is written comes back, and damage is noticed."""

import struct

from plmcore import reader, record

from kit import Numbers


def frame(kind, payload, sequence=0):
    buf = bytearray(record.LONGEST)
    buf[record.HEAD : record.HEAD + len(payload)] = payload
    end = record.seal(buf, 0, kind, len(payload), sequence)
    assert end == record.HEAD + len(payload) + record.TAIL
    return bytes(buf[:end])


def small_night():
    """Boundaries of a small file's records, and the file."""
    parts = [
        frame(record.META, b"leg=left", 0),
        frame(
            record.EPOCH,
            struct.pack(record.LAYOUT_EPOCH, 3000, 60000, 3000, 1, 2, 0, 0, 64, 0, 0),
            1,
        ),
        frame(record.SERIES, struct.pack("<4H", 1, 5, 6, 7), 2),
        frame(record.MARKER, struct.pack(record.LAYOUT_MARKER, 3100, 62000, 1), 3),
    ]
    bounds = [len(record.MAGIC)]
    for part in parts:
        bounds.append(bounds[-1] + len(part))
    return bounds, record.MAGIC + b"".join(parts)


def extremes(code):
    bits = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32}[code]
    return (0 if code.isupper() else -(1 << bits)), (1 << bits) - 1


def check_crc_of_the_catalogue():
    assert record.crc16(b"123456789", 0, 9) == 0x29B1  # CRC-16/CCITT-FALSE's check value
    assert record.crc16(b"", 0, 0) == 0xFFFF
    assert record.crc16(b"xx123456789yy", 2, 11) == 0x29B1


def check_every_type_comes_back():
    numbers = Numbers(5)
    for kind in reader.FIELDS:
        _, layout, names, _ = reader.FIELDS[kind]
        assert struct.calcsize(layout) <= 255
        assert len(layout) - 1 == len(names)
        for case in range(20):
            values = []
            for code in layout[1:]:
                low, high = extremes(code)
                values.append((low, high)[case] if case < 2 else low + numbers.below(high - low))
            data = record.MAGIC + frame(kind, struct.pack(layout, *values), 65535)
            ((at, found, sequence, fields),) = list(reader.read(data))
            assert (at, found, sequence) == (len(record.MAGIC), kind, 65535)
            assert fields == dict(zip(names, values))


def check_a_record_of_older_firmware_lacks_the_later_fields():
    for kind in reader.FIELDS:
        _, layout, names, later = reader.FIELDS[kind]
        for missing in range(1, later + 2):
            older = layout[: len(layout) - missing]
            payload = struct.pack(older, *range(len(older) - 1))
            fields = reader.fields(kind, payload, 0, len(payload))
            if missing <= later:
                assert fields == dict(zip(names, range(len(older) - 1)))
            else:
                assert fields == {"raw": payload}


def check_text_and_series_come_back():
    for text, fields in (
        (b"leg=left", {"key": "leg", "value": "left"}),
        (b"label=a=b", {"key": "label", "value": "a=b"}),
        ("label=Knöchel".encode(), {"key": "label", "value": "Knöchel"}),
        (b"label=", {"key": "label", "value": ""}),
        (b"no sign", {"raw": b"no sign"}),
        (b"label=\xff\xfe", {"raw": b"label=\xff\xfe"}),
    ):
        assert reader.fields(record.META, text, 0, len(text)) == fields
    payload = struct.pack("<4H", 65535, 1, 2, 65535)
    fields = reader.fields(record.SERIES, payload, 0, 8)
    assert (fields["series"], tuple(fields["numbers"])) == (65535, (1, 2, 65535))
    assert reader.fields(record.SERIES, payload, 0, 7) == {"raw": payload[:7]}


def check_unknown_types_are_skipped():
    payload = bytes(range(50))
    data = record.MAGIC + frame(0x7F, payload) + frame(record.META, b"a=b", 1)
    found = list(reader.read(data))
    assert [f[1] for f in found] == [0x7F, record.META]
    assert found[0][3] == {"raw": payload}
    assert found[1][3] == {"key": "a", "value": "b"}


def check_a_newer_longer_payload_is_read():
    for kind in reader.FIELDS:
        _, layout, names, _ = reader.FIELDS[kind]
        size = struct.calcsize(layout)
        newer = reader.fields(kind, bytes(size) + b"new", 0, size + 3)
        assert newer == dict((name, 0) for name in names)


def check_every_flipped_bit_is_noticed():
    bounds, data = small_night()
    for bit in range(8 * len(data)):
        bad = bytearray(data)
        bad[bit >> 3] ^= 1 << (bit & 7)
        found = list(reader.read(bytes(bad)))
        damaged = [f[3]["damaged"] for f in found if f[1] == 0]
        assert damaged, bit
        whole = [f[0] for f in found if f[1]]
        hit = bit >> 3
        expected = [a for a, b in zip(bounds, bounds[1:]) if not a <= hit < b]
        assert whole == expected, bit
        assert reader.whole(bytes(bad)) == (
            0 if hit < 8 else max(b for b in bounds if b <= hit)
        ), bit


def check_every_truncation_is_read_up_to_the_damage():
    bounds, data = small_night()
    for length in range(len(data) + 1):
        torn = data[:length]
        found = list(reader.read(torn))
        whole = [f[0] for f in found if f[1]]
        assert whole == [a for a, b in zip(bounds, bounds[1:]) if b <= length]
        rest = length - max([b for b in bounds if b <= length] + [0])
        assert [f[3]["damaged"] for f in found if f[1] == 0] == ([rest] if rest else [])
        assert reader.whole(torn) == length - rest


def check_reading_goes_on_behind_damage():
    bounds, data = small_night()
    for junk in (b"\x00", b"\xff" * 7, b"ANKLET1\n", bytes(300)):
        for at in bounds:
            found = list(reader.read(data[:at] + junk + data[at:]))
            assert len([f for f in found if f[1]]) == 4
            assert [f[3]["damaged"] for f in found if f[1] == 0] == [len(junk)]


def check_what_looks_like_a_record_in_damage_is_none():
    """Its sequence number does not fit, and no record that fits it follows."""
    bounds, data = small_night()
    by_chance = frame(record.META, b"a=b", 40000)
    torn = data[: bounds[1]] + b"\x00" * 50 + by_chance + b"\x00" * 50 + data[bounds[1] :]
    found = list(reader.read(torn))
    assert [f[3]["damaged"] for f in found if f[1] == 0] == [100 + len(by_chance)]
    assert [f[2] for f in found if f[1]] == [0, 1, 2, 3]


def check_two_records_in_a_row_are_believed():
    bounds, data = small_night()
    later = frame(record.META, b"a=b", 40000) + frame(record.META, b"c=d", 40001)
    found = list(reader.read(data[: bounds[1]] + b"\x00" + later))
    assert [(f[1], f[2]) for f in found] == [(1, 0), (0, 0), (1, 40000), (1, 40001)]


def check_crc_is_that_of_its_polynomial():
    numbers = Numbers(9)
    for length in range(0, 300, 7):
        data = bytes([numbers.below(256) for _ in range(length)])
        crc = 0xFFFF
        for byte in data:
            crc ^= byte << 8
            for _ in range(8):
                crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
        assert record.crc16(data, 0, length) == crc


def check_a_missing_magic_is_damage():
    bounds, data = small_night()
    found = list(reader.read(data[8:]))
    assert found[0] == (0, 0, 0, {"damaged": 0})
    assert len(found) == len(bounds)
    assert reader.whole(data[8:]) == 0
    assert list(reader.read(b"")) == []
