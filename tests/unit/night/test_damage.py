"""Damage to a golden night of several kilobytes: bits turned over, bytes cut off."""

import os
import time
from bisect import bisect_right

import pytest
from anklet.night import damage, nightfile
from anklet.night.damage import Damage
from nightbytes import Builder, whole
from places import DATA
from plmcore import reader, record

NIGHT = (DATA / "nights" / "night.plm").read_bytes()
STARTS = [at for at, kind, _, _ in reader.read(NIGHT) if kind]
ENDS = [*STARTS[1:], len(NIGHT)]
# Odd: all places in a byte come up. `make fuzz` takes every bit.
EVERY = int(os.environ.get("ANKLET_FLIP_EVERY", "31"))


def _kinds_first() -> set[int]:
    """Where the first record of each kind stands: what comes after is built alike."""
    first: dict[int, int] = {}
    for at, kind, _, _ in reader.read(NIGHT):
        first.setdefault(kind, at)
    return set(first.values())


def _bits() -> list[int]:
    """All bits of the head, of the first record of each kind and of the last two; else a 31st."""
    entirely = {0, *_kinds_first(), *STARTS[-2:]}
    spans = zip([0, *STARTS], [STARTS[0], *ENDS], strict=True)
    return [
        bit
        for start, end in spans
        for bit in range(8 * start, 8 * end)
        if start in entirely or bit % EVERY == 0
    ]


@pytest.mark.slow
def test_a_flipped_bit_of_a_night_is_noticed_wherever_it_is():
    """And costs no more than the record that it hits."""
    undamaged = nightfile.parse(NIGHT)
    data = bytearray(NIGHT)
    for bit in _bits():
        at = bit >> 3
        data[at] ^= 1 << (bit & 7)
        night = nightfile.parse(bytes(data))
        data[at] ^= 1 << (bit & 7)
        assert "damaged" in night.flags, bit
        hit = bisect_right(STARTS, at) - 1
        start, end = (STARTS[hit], ENDS[hit]) if hit >= 0 else (0, len(record.MAGIC))
        (place,) = night.damage
        assert (place.offset, place.size) == (start, end - start), bit
        assert place.records == (0 <= hit < len(STARTS) - 1), bit  # nothing follows the last one
        assert len(night.lms) >= len(undamaged.lms) - 1, bit


@pytest.mark.slow
def test_a_truncated_night_is_read_up_to_the_damage_wherever_it_ends():
    undamaged = nightfile.parse(NIGHT)
    onset_ends = {}  # where the record of each movement ends
    for (_, kind, _, fields), end in zip(reader.read(NIGHT), ENDS, strict=True):
        if kind == record.LM:
            onset_ends[fields["number"]] = end
    beside_ends = {end + by for end in ENDS for by in (-1, 0, 1)}
    for length in range(len(NIGHT)):
        if length % 5 and length not in beside_ends:
            continue
        night = nightfile.parse(NIGHT[:length])
        kept = max((end for end in (len(record.MAGIC), *ENDS) if end <= length), default=0)
        torn = length - kept
        assert [(d.offset, d.size) for d in night.damage] == (
            [(kept, torn)] if torn or not length else []
        ), length
        assert "cut" in night.flags, length
        numbers = [number for number, end in onset_ends.items() if end <= length]
        assert [lm.number for lm in night.lms] == numbers, length
        if numbers:
            assert night.lms[-1].onset_ms == undamaged.lms[len(numbers) - 1].onset_ms


def test_a_night_is_cut_at_a_record_without_other_damage():
    night = nightfile.parse(NIGHT[: STARTS[-1]])
    assert (night.damage, "cut" in night.flags) == ([], True)


def test_the_sequence_goes_over_65535_to_0():
    night = Builder()
    head = len(night.data)
    for _ in range(70_000):
        night.raw(0x77, b"")
    night.anchor()
    assert nightfile.parse(bytes(night.data)).damage == []
    del night.data[head : head + 60_000]
    assert sum(d.records for d in nightfile.parse(bytes(night.data)).damage) == 10_000


def test_a_record_that_comes_twice_is_noticed():
    night = Builder().anchor().epoch(60_000)
    before = len(night.data)
    night.epoch(120_000)
    twice = night.data + night.data[before:]
    (place,) = nightfile.parse(bytes(twice)).damage
    assert place == Damage(len(night.data), 0, 0, 120_000, 120_000)


def test_damaged_places_without_number_are_told_in_bounded_space():
    data = bytearray(Builder().data)
    first = len(data)
    for sequence in range(5000):
        buf = bytearray(record.LONGEST)
        data += buf[: record.seal(buf, 0, 0x77, 0, 8 + 2 * sequence)]
    data[first:first] = b"junk"
    night = nightfile.parse(bytes(data))
    assert len(night.damage) == damage.MOST
    assert night.damage[0].size == 4
    assert sum(d.records for d in night.damage) == 4999


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [b"\xff", b"\x01\xff\x00\x00"])
def test_a_megabyte_of_garbage_is_searched_in_seconds(pattern):
    """It took half a minute once; it takes about 0.7 s."""
    data = pattern * ((1 << 20) // len(pattern))
    before = time.process_time()
    assert nightfile.parse(data).damage == [Damage(0, len(data))]
    assert time.process_time() - before < 8


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ([], ""),
        (
            [Damage(100, 20, 1, 60_000, 120_000)],
            "The night file is damaged in 1 place: 20 bytes can't be read and at least 1 record"
            " is missing; between 60 s and 120 s.",
        ),
        (
            [Damage(100, 0, 7, 60_000, None)],
            "The night file is damaged in 1 place: at least 7 records are missing; after 60 s.",
        ),
        (
            [Damage(at, 1, 1, at * 1000, at * 1000 + 1000) for at in range(9)],
            "The night file is damaged in 9 places: 9 bytes can't be read and at least 9 records"
            " are missing; between 0 s and 1 s, between 1 s and 2 s, between 2 s and 3 s, at 6"
            " more times.",
        ),
    ],
)
def test_words(places, says):
    assert damage.words(places, lambda ms: f"{ms // 1000} s") == says


def test_nothing_is_said_of_a_whole_night():
    assert damage.words(nightfile.parse(whole()).damage, str) == ""
