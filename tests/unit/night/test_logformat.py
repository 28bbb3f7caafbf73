"""LOGFORMAT.md against the firmware's table, and a reader made from it against ours."""

import json

import logformat_reader
import pytest
from anklet.night import nightfile, recount
from anklet.night.damage import Damage
from anklet.night.session import COUNTS
from hypothesis import given, settings
from hypothesis import strategies as st
from nightbytes import whole
from places import DATA
from plmcore import reader, record

NIGHTS = DATA / "nights"
TYPES = {"B": "u8", "b": "i8", "H": "u16", "h": "i16", "I": "u32"}
GOLDEN = ["night", "cut", "damaged", "newer"]


def golden(name):
    return (NIGHTS / f"{name}.plm").read_bytes()


def plain(records):
    """Comparable: what a reader passes over is None, every sequence a list."""
    return json.loads(
        json.dumps(
            [
                (at, kind, sequence, None if "raw" in (fields or {"raw": 0}) else fields)
                for at, kind, sequence, fields in records
            ]
        )
    )


def both(data):
    ours, theirs = plain(reader.read(data)), plain(logformat_reader.read(data))
    assert ours == theirs
    return ours


def test_the_page_has_the_firmwares_tables():
    page = dict(logformat_reader.TABLES)
    assert page.pop(record.META) == ("meta", [])
    assert page.pop(record.SERIES) == ("series", [])
    assert page == {
        kind: (name, [(n, TYPES[c]) for n, c in zip(names, layout[1:], strict=True)])
        for kind, (name, layout, names, _) in reader.FIELDS.items()
    }
    assert {layout[0] for _, layout, _, _ in reader.FIELDS.values()} == {"<"}
    assert {
        (kind, field)
        for kind, (_, _, names, later) in reader.FIELDS.items()
        for field in names[len(names) - later :]
    } == logformat_reader.LATER


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (record.LM, reader.KINDS),
        (record.GAP, reader.CAUSES),
        (record.COUNTS, reader.REASONS),
        (record.FAULT, reader.FAULTS[1:]),
    ],
)
def test_the_page_names_every_listed_value(kind, names):
    text = logformat_reader.PAGE.read_text(encoding="utf-8")
    section = text.split(f"### 0x{kind:02x} ")[1].split("\n### ")[0].lower()
    first = reader.FAULTS.index(names[0]) if kind == record.FAULT else 0
    for number, name in enumerate(names, first):
        assert f"{number} {name}" in section


def test_the_page_names_what_speaks_for_a_table():
    text = logformat_reader.PAGE.read_text(encoding="utf-8")
    section = text.split("### 0x23 ")[1].split("\n### ")[0]
    for bit, name in enumerate(reader.EVIDENCE):
        assert f"Bit {bit}, {name}:" in section


def test_the_page_names_every_meta_key_of_a_night():
    text = logformat_reader.PAGE.read_text(encoding="utf-8")
    for key in nightfile.parse(golden("night")).meta:
        assert f"\n| {key} | " in text


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_are_read_as_ever_by_both_readers(name):
    lines = (NIGHTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    assert both(golden(name)) == [json.loads(line) for line in lines]


@given(st.binary(max_size=300), st.integers(0, 900), st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_both_readers_agree_on_any_damage(noise, at, cut):
    data = whole()
    both(data[:at] + noise + data[at + cut :])


def test_a_golden_night():
    night = nightfile.parse(golden("night"))
    assert night.counts == {
        "lm": 66,
        "clm": 65,
        "plm": 56,
        "series": 5,
        "short_imi": 3,
        "plm_strict": 56,
        "excluded": 22,
        "gaps": 1,
        "gap_ms": 24725,
        "upright_ms": 342578,
        "off_body_ms": 0,
    }
    assert (night.label, night.leg, night.meta["start"]) == ("Knöchel", "left", "host")
    assert [m["ms"] for m in night.markers] == [1_080_300, 2_340_420]
    assert [(g["ms"], g["lost_ms"]) for g in night.gaps] == [(1_680_000, 24_720)]
    assert night.restart and night.restart["lost_ms"] == 7
    assert [f["code"] for f in night.faults] == [1]
    assert night.damage == []


def test_the_numbers_of_a_golden_night_relate_as_the_page_says():
    night = nightfile.parse(golden("night"))
    again = recount.recount(night, None)
    for name in COUNTS:
        assert again[name] == night.counts[name], name
    assert abs(again["gap_ms"] - night.counts["gap_ms"]) <= 10
    *_, (_, kind, _, last) = reader.read(golden("night"))
    assert kind == record.COUNTS
    samples = sum(e["samples"] for e in night.epochs) + sum(g["lost"] for g in night.gaps)
    assert samples == last["n"]
    assert max(lm.series for lm in night.lms) == night.counts["series"]


def test_a_golden_night_that_is_cut():
    night = nightfile.parse(golden("cut"))
    assert night.damage == [Damage(2989, 12, 0, max(lm.onset_ms for lm in night.lms), None)]
    assert {"cut", "damaged"} <= set(night.flags)
    whole_one = nightfile.parse(golden("night"))
    assert night.lms == whole_one.lms[: len(night.lms)]
    assert len(night.lms) == 55


def test_a_golden_night_that_is_damaged_says_what_is_missing():
    """A block of flash gone, a bit flipped, 300 bytes that are missing, 44 that do not belong."""
    night, undamaged = nightfile.parse(golden("damaged")), nightfile.parse(golden("night"))
    assert [(d.offset, d.size) for d in night.damage] == [
        (1011, 533),
        (1995, 16),
        (2989, 31),
        (3989, 68),
    ]
    records = [fields for _, kind, _, fields in reader.read(golden("night")) if kind]
    kept = [fields for _, kind, _, fields in reader.read(golden("damaged")) if kind]
    assert sum(d.records for d in night.damage) == len(records) - len(kept)
    lost = [lm for lm in undamaged.lms if lm.number not in {each.number for each in night.lms}]
    assert lost
    for lm in lost:
        assert any(d.after_ms - 60_000 <= lm.onset_ms <= (d.before_ms or 0) for d in night.damage)
    assert night.counts == undamaged.counts  # the last record is there


def test_a_golden_night_of_newer_firmware():
    night = nightfile.parse(golden("newer"))
    assert "newer" in night.flags
    assert [lm.plm for lm in night.lms] == [True] * 4 + [False]
    assert night.lms[-1].kind == "kind99"
    assert night.meta["chemistry"] == "NiMH"
    assert night.meta["bedroom"] == "a=b"
    assert night.markers[0]["kind"] == 77
    (jump,) = night.damage  # its sequence goes on at 30000
    assert (jump.size, jump.records) == (0, 30000 - 25)
