"""The framing of night files, for any value and any bytes at all."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plmcore import reader, record

BITS = {"b": 7, "B": 8, "h": 15, "H": 16, "i": 31, "I": 32}


def _values(layout):
    codes = layout[1:]
    return st.tuples(
        *(st.integers(0 if c.isupper() else -(1 << BITS[c]), (1 << BITS[c]) - 1) for c in codes)
    )


def _frame(kind, payload, sequence=0):
    buf = bytearray(record.LONGEST)
    buf[record.HEAD : record.HEAD + len(payload)] = payload
    return bytes(buf[: record.seal(buf, 0, kind, len(payload), sequence)])


records = st.builds(
    _frame,
    st.integers(1, 255),
    st.binary(max_size=255),
    st.integers(0, 65535),
)
known = st.sampled_from(sorted(reader.FIELDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), _values(reader.FIELDS[kind][1]))
)


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_crc_is_that_of_the_standard_library(data, a, b):
    start, stop = sorted((min(a, len(data)), min(b, len(data))))
    expected = binascii.crc_hqx(data[start:stop], 0xFFFF)
    assert record.crc16(data, start, stop) == expected
    assert record._crc16(record._CRC, data, start, stop) == expected  # the board's


@given(known, st.integers(0, 65535), st.binary(max_size=100))
def test_any_values_come_back_whatever_a_newer_version_adds(item, sequence, added):
    kind, values = item
    _, layout, names, _ = reader.FIELDS[kind]
    data = record.MAGIC + _frame(kind, struct.pack(layout, *values) + added, sequence)
    assert list(reader.read(data)) == [
        (len(record.MAGIC), kind, sequence, dict(zip(names, values, strict=True)))
    ]
    assert reader.whole(data) == len(data)


@pytest.mark.slow
@given(st.text().filter(lambda t: "=" not in t), st.text())
def test_any_text_comes_back(key, value):
    payload = f"{key}={value}".encode()[:250]
    found = reader.fields(record.META, payload, 0, len(payload))
    if len(f"{key}={value}".encode()) <= 250:
        assert found == {"key": key, "value": value}


@given(st.lists(st.one_of(records, st.binary(max_size=40)), max_size=8), st.booleans())
def test_reading_accounts_for_every_byte(parts, magic):
    data = (record.MAGIC if magic else b"") + b"".join(parts)
    at = len(record.MAGIC) if data.startswith(record.MAGIC) else 0
    fields: dict  # by name; pyright takes the union of all of them
    for offset, kind, sequence, fields in reader.read(data):
        assert offset == at
        if kind:
            end = reader.end_of(data, offset)
            assert end
            assert struct.unpack_from("<H", data, offset + 2) == (sequence,)
            at = end
        else:
            at += fields["damaged"]
    assert at == len(data)


@given(st.lists(records, max_size=6), st.data())
def test_whole_is_where_a_torn_file_can_be_continued(parts, data):
    night = record.MAGIC + b"".join(parts)
    length = data.draw(st.integers(0, len(night)))
    kept = reader.whole(night[:length])
    assert kept <= length
    assert reader.whole(night[:kept]) == kept
    if kept:
        continued = night[:kept] + _frame(record.META, b"a=b")
        assert list(reader.read(continued))[-1][3] == {"key": "a", "value": "b"}
