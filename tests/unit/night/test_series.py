"""The series of a list: start, length, median interval."""

from anklet.night.series import series_of
from anklet.scoring import score

MOVEMENTS = [(0, 1000), (20_000, 2000), (45_000, 3000), (65_000, 500), (300_000, 1000)]


def test_a_series_has_its_start_length_and_median_imi():
    found = score.score(MOVEMENTS, score.rule_set("wasm2016"))
    assert found["series"] == [
        {"series": 1, "onset_s": 0.0, "plm": 4, "length_s": 65.5, "median_imi_s": 20.0}
    ]
    assert found["counts"]["isolated"] == 1


def test_series_are_told_apart_and_what_is_in_none_is_left_out():
    spans = [(0, 10, 1), (5, 90, 1), (50, 10, 0), (400, 10, 2)]
    assert [(one.number, one.movements, one.length) for one in series_of(spans)] == [
        (1, 2, 95),
        (2, 1, 10),
    ]
