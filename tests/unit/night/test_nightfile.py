"""Night files as the computer reads them."""

import datetime as dt

import pytest
from anklet.night import as_json, nightfile
from anklet.night.damage import Damage
from anklet.report import table as nights
from hypothesis import given
from hypothesis import strategies as st
from nightbytes import EVENING, Builder, periodic, whole
from plmcore import record


def test_a_whole_night():
    night = nightfile.parse(whole())
    assert (night.session, night.device) == ("00001-1a2b3c4d", "e6614103e7452b2f")
    assert (night.leg, night.label, night.board, night.firmware) == ("left", "bed", "sim", "0.1.0")
    assert [lm.plm for lm in night.lms] == [True] * 4 + [False] * 2
    assert [lm.series for lm in night.lms] == [1, 1, 1, 1, 0, 0]
    assert [lm.kind for lm in night.lms] == ["clm"] * 5 + ["posture"]
    assert (night.recorded_s, night.in_bed_s) == (3600.0, 3000.0)
    assert night.plm_per_hour == pytest.approx(4.8)
    assert night.periodicity_index == 0.8
    assert night.flags == ["upright"]
    assert night.damage == []


def test_result_is_the_promised_object():
    result = as_json.result(nightfile.parse(whole()))
    assert result["lms"][3] == {
        "onset_s": 160.0,
        "duration_s": 2.0,
        "peak_mg": 120,
        "class": "clm",
        "plm": True,
        "series": 1,
    }
    del result["lms"]
    assert [row["plm"] for row in result.pop("series")] == [4]
    assert result == {
        "schema": 1,
        "rules": "wasm2016",
        "runtime": "",
        "recorded_s": 3600.0,
        "in_bed_s": 3000.0,
        "counts": {
            "lm": 5,
            "clm": 5,
            "plm": 4,
            "series": 1,
            "short_imi": 0,
            "plm_strict": 4,
            "excluded": 1,
            "gaps": 0,
            "isolated": 1,
        },
        "plm_per_hour": 4.8,
        "periodicity_index": 0.8,
    }


def test_time_comes_from_the_first_anchor():
    night = nightfile.parse(whole())
    assert night.start == dt.datetime(2026, 11, 21, 21, 58, 3, tzinfo=dt.UTC)
    item = as_json.summary(night)
    assert item["start"] == "2026-11-21T22:58:03+01:00"
    assert (item["night"], item["clock"]) == ("2026-11-21", "known")


def test_an_anchor_set_later_dates_the_beginning():
    data = Builder().anchor(ms=60_000, ms_of_day=EVENING[1] + 60_000).data
    assert as_json.summary(nightfile.parse(bytes(data)))["start"] == "2026-11-21T22:58:03+01:00"


@pytest.mark.parametrize(
    ("hour", "tz_min", "night"),
    [
        (11, 0, "2026-11-20"),
        (12, 0, "2026-11-21"),
        (23, 0, "2026-11-21"),
        (11, 60, "2026-11-21"),
        (12, -60, "2026-11-20"),
    ],
)
def test_a_night_runs_from_noon_to_noon_local_time(hour, tz_min, night):
    data = Builder().anchor(ms_of_day=hour * 3600_000, tz_min=tz_min).data
    assert as_json.summary(nightfile.parse(bytes(data)))["night"] == night


@pytest.mark.parametrize("bad", [{"ms_of_day": 86_400_000}, {"tz_min": 1440}, {"tz_min": -30000}])
def test_an_impossible_anchor_is_no_time(bad):
    night = nightfile.parse(bytes(Builder().anchor(**bad).data))
    assert (night.start, night.night, night.clock) == (None, None, "unknown")
    assert "clock" in night.flags


def test_a_cut_night_counts_from_its_records():
    night = nightfile.parse(bytes(periodic().epoch(1_260_000).data))
    ended = nightfile.parse(whole())
    ended.counts["upright_ms"] = 0
    assert night.counts == ended.counts
    assert night.length_ms == 1_260_000
    assert night.flags == ["cut"]


def test_after_a_gap_that_ends_a_series_no_interval_is_measured():
    night = Builder().anchor().lm(0, 10_000).gap(13_000, 2_500).lm(1, 15_500)
    assert nightfile.parse(bytes(night.data)).counts["short_imi"] == 0
    night = Builder().anchor().lm(0, 10_000).gap(13_000, 2_000).lm(1, 15_500)
    assert nightfile.parse(bytes(night.data)).counts["short_imi"] == 1


def test_a_cut_night_takes_upright_time_from_checkpoint_and_epochs():
    data = (
        Builder()
        .anchor()
        .epoch(60_000, record.EPOCH_UPRIGHT)
        .counts(600_000, record.CHECKPOINT, upright_ms=45_000)
        .epoch(660_000, record.EPOCH_UPRIGHT)
        .epoch(720_000, record.EPOCH_OFF_BODY)
        .epoch(780_000)
        .data
    )
    night = nightfile.parse(bytes(data))
    assert (night.counts["upright_ms"], night.counts["off_body_ms"]) == (105_000, 60_000)
    assert night.in_bed_s == 780 - 165


def test_gaps_are_no_recorded_time():
    data = Builder().anchor().gap(60_000, 30_000).counts(600_000, gaps=1, gap_ms=30_000).data
    night = nightfile.parse(bytes(data))
    assert (night.recorded_s, night.flags) == (570.0, ["gap"])


def test_no_time_in_bed_gives_no_rate():
    night = nightfile.parse(bytes(Builder().anchor().counts(60_000, off_body_ms=60_000).data))
    assert as_json.result(night)["plm_per_hour"] is None
    assert as_json.result(night)["periodicity_index"] is None


def test_damage_is_listed_and_the_rest_is_read():
    data = bytearray(whole())
    at = len(Builder().anchor().data)
    data[at + 6] ^= 1  # the first LM
    night = nightfile.parse(bytes(data))
    assert night.damage == [Damage(at, record.HEAD + 18 + record.TAIL, 1, 0, 120_000)]
    assert len(night.lms) == 5
    assert night.counts["plm"] == 4  # by the device, which saw them all
    assert "damaged" in night.flags


def test_records_that_are_missing_are_damage():
    night = Builder().anchor()
    at = len(night.data)
    night.sequence += 2
    found = nightfile.parse(bytes(night.lm(0, 1000).data)).damage
    assert found == [Damage(at, 0, 2, 0, 1000)]


def test_unknown_record_types_and_kinds_are_no_damage():
    night = nightfile.parse(bytes(periodic().raw(0x77, b"later").lm(6, 2_000_000, kind=9).data))
    assert night.damage == []
    assert night.lms[-1].kind == "kind9"
    assert night.counts["excluded"] == 2


def test_text_from_a_board_is_printable():
    night = nightfile.parse(whole(label="\x1b[2Jbed"))
    assert night.label == "\N{REPLACEMENT CHARACTER}[2Jbed"


@pytest.mark.parametrize("data", [b"", b"ANKLET", b"\x00" * 4096, b"t,x,y,z\n0,0,0,1\n"])
def test_what_is_no_night_file_is_an_empty_damaged_night(data):
    night = nightfile.parse(data, "00007-00000000", "d")
    assert (night.session, night.device) == ("00007-00000000", "d")
    assert {"cut", "damaged", "clock"} <= set(night.flags)
    assert as_json.result(night)["recorded_s"] == 0


@given(st.binary(max_size=40), st.integers(0, 400), st.integers(0, 60))
def test_no_damage_makes_it_fail(noise, at, cut):
    data = whole()
    at = min(at, len(data))
    night = nightfile.parse(data[:at] + noise + data[at + cut :])
    as_json.result(night)
    as_json.summary(night)


def test_a_checkpoint_knows_of_movements_whose_records_are_gone():
    night = periodic().epoch(1_260_000)
    counts = {"lm": 5, "clm": 5, "plm": 4, "series": 1, "plm_strict": 4, "excluded": 1}
    night.counts(1_260_000, record.CHECKPOINT, **counts)
    before = nightfile.parse(bytes(night.data)).counts
    at = len(Builder().anchor().data)
    del night.data[at : at + 5 * 24]
    cut = nightfile.parse(bytes(night.data))
    assert cut.counts == before
    assert as_json.summary(cut)["missing_records"] == 6  # five LMs, and SERIES
    assert {"cut", "damaged"} <= set(cut.flags)


def test_nights_says_how_many_records_are_missing():
    at = len(Builder().anchor().data)
    data = whole()
    night = nightfile.parse(data[:at] + data[at + 24 :])
    assert "damaged(1 record missing)" in nights.table([as_json.summary(night)])


def test_newer_firmware_is_said():
    assert "newer" in nightfile.parse(whole(format=2)).flags
    assert "newer" not in nightfile.parse(whole()).flags


def test_the_reader_stops_where_no_session_can_reach(monkeypatch):
    monkeypatch.setattr(nightfile, "MOST_RECORDS", 12)
    data = bytes(periodic().data)
    night = nightfile.parse(data)
    assert len(night.lms) == 3
    assert night.damage[-1].offset + night.damage[-1].size == len(data)
