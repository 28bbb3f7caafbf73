"""What a watch's CSV says is read as its maker wrote it, or refused with what was found."""

import datetime as dt

import pytest
from anklet.errors import BadInput
from anklet.night import watch
from anklet.night.nightfile import parse
from nightbytes import whole

UTC = dt.UTC


def at(hour, minute=0, day=21, second=0, zone=None):
    return dt.datetime(2026, 11, day, hour, minute, second, tzinfo=zone)


def read(text, **columns):
    return watch.read(text.encode(), columns or None)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-21 23:10:00", at(23, 10)),
        ("2026-11-21T23:10:00+01:00", at(22, 10, zone=UTC)),
        ("2026-11-21T22:10:00Z", at(22, 10, zone=UTC)),
        ("1795299000", at(22, 10, zone=UTC)),
        ("1795299000000", at(22, 10, zone=UTC)),
        ("21.11.2026 23:10", at(23, 10)),
        ("23:10:00 21/11/2026", at(23, 10)),
        ("11/21/2026 11:10:00 PM", at(23, 10)),
        ("11:10:00 PM Nov 21 2026", at(23, 10)),
    ],
)
def test_times_as_makers_write_them(text, when):
    found = read(f"Time,Pulse Rate\n{text},61\n")
    assert found.heart == [(when, 61.0)]


def test_an_oximeters_file():
    found = read(
        "\ufeffTime;Oxygen Level(%);Pulse Rate;Motion\n"
        "22:58:03 21/11/2026;97;61;0\n22:58:07 21/11/2026;--;255;3\n22:58:11 21/11/2026;88,5;62;0"
    )
    assert [value for _, value in found.spo2] == [97.0, 88.5]
    assert [value for _, value in found.heart] == [61.0, 62.0]
    assert found.asleep == ()


def test_date_and_time_in_two_columns():
    found = read("Date,Time,BPM\n2026-11-21,23:10,61\n2026-11-22,00:10,60\n")
    assert found.heart == [(at(23, 10), 61.0), (at(0, 10, 22), 60.0)]


def test_a_share_of_one_is_made_per_cent():
    assert read("start,spo2\n2026-11-21 23:10,0.97\n").spo2 == [(at(23, 10), 97.0)]


def test_sleep_as_stretches_with_stages():
    name = "HKCategoryValueSleepAnalysis"
    found = read(
        "startDate,endDate,value\n"
        f"2026-11-21 22:30:00 +0100,2026-11-21 23:00:00 +0100,{name}InBed\n"
        f"2026-11-21 23:00:00 +0100,2026-11-21 23:40:00 +0100,{name}AsleepCore\n"
        f"2026-11-21 23:40:00 +0100,2026-11-22 00:20:00 +0100,{name}AsleepREM\n"
        f"2026-11-22 00:20:00 +0100,2026-11-22 00:30:00 +0100,{name}Awake\n"
        f"2026-11-22 00:30:00 +0100,2026-11-22 06:00:00 +0100,{name}AsleepDeep\n"
    )
    hours = [(b - a).total_seconds() / 60 for a, b in found.asleep]
    assert hours == [80, 330]


def test_sleep_without_a_stage_is_its_stretches():
    found = read("Bedtime start,Bedtime end\n2026-11-21T23:00+01:00,2026-11-22T06:00+01:00\n")
    assert [(b - a) for a, b in found.asleep] == [dt.timedelta(hours=7)]


def test_a_stage_a_line_lasts_to_the_next_but_not_over_a_hole():
    found = read(
        "timestamp,stage\n2026-11-21 23:00,light\n2026-11-21 23:01,deep\n2026-11-21 23:02,awake\n"
        "2026-11-21 23:03,rem\n2026-11-22 01:00,light\n"
    )
    assert found.asleep == [
        (at(23), at(23, 2)),
        (at(23, 3), at(23, 4)),
        (at(1, 0, 22), at(1, 1, 22)),
    ]


def test_unknown_columns_are_named_beside_what_is_understood():
    with pytest.raises(BadInput, match="The columns are Wann, Was; what is understood is a time"):
        read("Wann,Was\n2026-11-21 23:10,61\n")
    assert read("Wann,Was\n2026-11-21 23:10,61\n", time="Wann", heart="Was").heart


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time,hr\n06/05/2026 23:10,61\n", "could be two dates"),
        ("time,hr\nyesterday,61\n", "'yesterday' in the column time is no time"),
        ("time,hr\n23:10,61\n", "no time that is understood"),
        ("time,stage\n2026-11-21 23:10,dozing\n", "'dozing' in the column stage"),
        ("time,hr\n2026-11-21 23:10,0\n", "there is no reading"),
        ("time,hr\n", "no line below a header"),
        ("", "no line below a header"),
    ],
)
def test_what_is_not_understood_is_said_in_one_sentence(text, says):
    with pytest.raises(BadInput, match=says) as error:
        read(text)
    assert str(error.value).count("\n") == 0


def test_what_is_no_text_is_refused():
    with pytest.raises(BadInput, match="no CSV text file"):
        watch.read(b"\xff\xfe\x00\x00")


def test_times_of_the_wall_are_those_of_the_night():
    night = parse(whole())  # from 22:58:03, an hour
    local = read("start,end\n2026-11-21 22:00,2026-11-21 23:30\n")
    other = read("start,end\n2026-11-21T22:00+01:00,2026-11-21T23:30+01:00\n")
    found = watch.together([local, other], night)
    assert found.asleep == [(night.start, night.start.replace(hour=23, minute=30, second=0))]
