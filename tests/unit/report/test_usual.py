"""What is usual for a person, and how things stand."""

import datetime as dt

import pytest
from anklet.archive.store import Archive
from anklet.night import rate
from anklet.report.lately import STRIP, lately
from anklet.report.usual import earlier, number
from nightbytes import add_to, whole


def night(date, per_hour, **more):
    return {
        **{"night": date, "label": "me", "leg": "left", "rules": "wasm2016", "detectors": [1]},
        **{"devices": ["d"], "in_bed_s": 8 * 3600, "plm_per_hour": per_hour},
        **{"series_plm": [8], "counts": {"plm": 8}},
        **more,
    }


RATES = (20, 34, 22, 30, 26, 28, 24)
NIGHTS = [night(f"2026-11-{day:02d}", rate) for day, rate in enumerate(RATES, 1)]


def test_the_usual_range_is_the_middle_half_of_the_nights_before():
    found = earlier(NIGHTS, night("2026-11-20", 99))
    assert found.usual == (23, 29)  # of 20, 22, 24, 26, 28, 30, 34
    assert "23 to 29" in found.said and "7 nights" in found.said


def test_a_night_says_nothing_of_itself_and_later_ones_say_nothing_of_it():
    assert earlier(NIGHTS, NIGHTS[0]).nights == 0
    assert earlier(NIGHTS, NIGHTS[6]).nights == 6


@pytest.mark.parametrize(
    "other",
    [
        {"leg": "right"},
        {"label": "you"},
        {"rules": "aasm3"},
        {"detectors": [2]},
        {"in_bed_s": 3 * 3600},
    ],
)
def test_what_does_not_compare_is_left_out(other):
    nights = [item | other for item in NIGHTS]
    found = earlier(nights, night("2026-11-20", 99))
    assert found.usual is None
    assert "0 of 6" in found.said


def test_only_the_last_nights_count():
    many = [night(f"2026-{m:02d}-{d:02d}", m) for m in (1, 2) for d in range(1, 29)]
    assert earlier(many, night("2026-03-01", 9)).usual == (2, 2)
    assert rate.usual(RATES[:5]) is None


@pytest.mark.parametrize(
    ("value", "text"), [(22.4, "22"), (9.96, "10"), (4.54, "4.5"), (0.0, "0"), (3.0, "3")]
)
def test_a_rate_is_no_finer_than_it_can_be_read(value, text):
    assert number(value) == text


def test_how_things_stand(tmp_path):
    archive = Archive(tmp_path)
    add_to(archive, whole())
    now = lately(archive, "bed", dt.date(2026, 11, 22))
    (last,) = now.last
    assert last.said.startswith("Last night, left leg: 4.8 PLM an hour (")
    assert len(now.strip) == STRIP
    assert now.strip[-1][0] == dt.date(2026, 11, 21) and round(now.strip[-1][1], 1) == 4.8
    assert now.strip[-2][1] is None
    (last,) = lately(archive, "bed", dt.date(2026, 11, 24)).last
    assert last.said.startswith("The night of Saturday 21 November 2026")
