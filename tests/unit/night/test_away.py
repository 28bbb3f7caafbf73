"""Time off the body, and time in which nothing moved: what is left out, and what is only said."""

import pytest
from anklet.night import as_json, away, grouping, nightfile
from anklet.night.session import Session
from anklet.report import table, words
from anklet.report.view import SessionView
from nightbytes import Builder, periodic
from plmcore import record

HOUR = 3_600_000
HANDS = 1 | 2 | 16


def night(*stills: tuple[int, int, int], **counts: int) -> Session:
    """Eight hours with four PLMs, and STILL records (end, length, evidence)."""
    made = periodic()
    for still in stills:
        made.still(*still)
    counts = {"lm": 5, "clm": 5, "plm": 4, "series": 1, "plm_strict": 4, "excluded": 1} | counts
    return nightfile.parse(bytes(made.counts(8 * HOUR, **counts).data))


def test_what_was_still_is_time_in_bed_and_is_said():
    read = night((5 * HOUR, 2 * HOUR, 4))
    assert read.in_bed_s == 8 * 3600
    assert read.in_bed_range_s == (6 * 3600, 8 * 3600)
    assert read.flags == ["still"]
    item = as_json.summary(read)
    assert item["plm_per_hour"] == 0.5
    assert item["plm_per_hour_range"] == [0.5, pytest.approx(0.6667)]
    said = " ".join(words.problems(SessionView(read)))
    assert "For 2 h 00 min nothing moved" in said
    assert "Without it the rate would be 0.7 per hour." in said
    assert "still(or 0.7/h)" in table.table([item])


def test_what_was_off_the_body_is_left_out_and_is_said():
    read = night((5 * HOUR, 2 * HOUR, HANDS), off_body_ms=2 * HOUR)
    assert read.in_bed_s == 6 * 3600
    assert read.in_bed_range_s == (6 * 3600, 8 * 3600)
    assert read.flags == ["off_body"]
    assert away.off_body(read) == [(3 * HOUR, 5 * HOUR)]
    said = " ".join(words.problems(SessionView(read)))
    assert "off the body for 2 h 00 min" in said
    assert "With it the rate would be 0.5 per hour." in said
    assert "off_body(or 0.5/h)" in table.table([as_json.summary(read)])


def test_a_night_that_never_was_still_says_nothing():
    item = as_json.summary(night())
    assert "plm_per_hour_range" not in item
    assert "in_bed_range_s" not in item


def test_a_cut_night_counts_its_stretches():
    made = periodic().counts(2 * HOUR, record.CHECKPOINT, off_body_ms=HOUR)
    made.still(HOUR, HOUR, HANDS).still(3 * HOUR, HOUR // 2, HANDS).still(4 * HOUR, HOUR, 1)
    read = nightfile.parse(bytes(made.epoch(5 * HOUR).data))
    assert read.counts["off_body_ms"] == HOUR + HOUR // 2
    assert read.in_bed_range_s[0] == read.in_bed_s - 3600


@pytest.mark.parametrize(("minutes", "still_s"), [(14, 0), (15, 900), (40, 2400)])
def test_a_night_that_was_cut_in_a_stretch_says_so(minutes, still_s):
    made = periodic().epoch(30 * 60_000)
    for minute in range(31, 31 + minutes):
        made.epoch(minute * 60_000, record.EPOCH_STILL)
    read = nightfile.parse(bytes(made.data))
    assert read.in_bed_s - read.in_bed_range_s[0] == still_s


def test_the_sessions_of_a_night_add_up():
    items = [as_json.summary(night((5 * HOUR, 2 * HOUR, 4))), as_json.summary(night())]
    (joined,) = grouping.by_night(items)
    assert joined["in_bed_range_s"] == [14 * 3600, 16 * 3600]
    assert joined["plm_per_hour_range"] == [0.5, pytest.approx(8 / 14, abs=1e-4)]


def test_spans_out_of_bed_are_in_order_and_apart():
    made = Builder().anchor()
    for minute in range(1, 61):
        made.epoch(minute * 60_000, record.EPOCH_UPRIGHT if 20 < minute <= 30 else 0)
    made.still(21 * 60_000, 15 * 60_000, HANDS).still(50 * 60_000, 15 * 60_000, HANDS)
    read = nightfile.parse(bytes(made.data))
    assert away.out_of_bed(read) == [(360_000, 1_800_000), (2_100_000, 3_000_000)]
    assert SessionView(read).hours[0].in_bed_min < 60
