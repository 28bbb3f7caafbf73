"""When a night was: known, estimated or unknown, whatever happens to the clocks."""

import datetime as dt
import itertools
import json

import pytest
from anklet.archive.anchors import read
from anklet.archive.store import Archive
from anklet.board.boardinfo import NightFile, read_info
from anklet.night import as_json, clock, nightfile
from anklet.night.clock import Anchor, Anchors
from anklet.report import table as nights
from anklet.report.view import SessionView as Shown
from anklet.report.words import problems
from hypothesis import given
from hypothesis import strategies as st
from nightbytes import META, Builder, add_to

DEVICE = META["device"]
ONE, TWO, THREE = "00001-1a2b3c4d", "00002-5e6f7081", "00003-92a3b4c5"
H = 3_600_000
BERLIN = "Europe/Berlin"
EVENING = dt.datetime(2026, 11, 21, 21, 58, 3, tzinfo=dt.UTC)
CET = 60


def utc(*when):
    return dt.datetime(*when, tzinfo=dt.UTC)


def ms_of(when):
    return round(when.timestamp() * 1000)


def data(session=ONE, *, power="", up=0, said=(), tz=CET, length=8 * H):
    """A night file. power, up: its power-up and ms since it. said: what the board's clock said
    when the session began, or (ms, what it said) pairs."""
    meta = {"power": power, "uptime_ms": up} if power else {}
    night = Builder(session=session, **meta)
    for ms, when in [(0, said)] if isinstance(said, dt.datetime) else said:
        day, ms_of_day = divmod(ms_of(when), clock.DAY_MS)
        night.anchor(ms, day, ms_of_day, tz)
    for number in range(4):
        night.lm(number, 100_000 + 20_000 * number, flags=1, series=1)
    return bytes(night.counts(length, lm=4, clm=4, plm=4, series=1).data)


def spoken(when, power="", up=0, sessions=(), zone="", tz=CET):
    """A computer that spoke to the board."""
    return Anchor(ms_of(when), tz, zone, power, up, sessions)


def anchors(*lines):
    found = Anchors()
    for line in lines:
        found.append(line)
    return found


def settled(raw, *lines, others=()):
    night = nightfile.parse(raw)
    clock.settle(night, anchors(*lines), others)
    return night


def off(when, due):
    """Seconds by which it is off."""
    return abs((when - due).total_seconds())


# known, estimated, unknown


def test_a_board_that_knew_the_time():
    night = nightfile.parse(data(said=EVENING))
    assert (night.clock, night.start) == ("known", EVENING)
    assert night.start.isoformat() == "2026-11-21T22:58:03+01:00"
    assert as_json.summary(night)["clock"] == "known"
    assert "clock" not in night.flags


def test_the_clock_unknown_all_night_and_read_in_the_morning_is_estimated():
    raw = data(power=ONE, up=65_000)
    morning = EVENING + dt.timedelta(hours=9)
    night = settled(raw, spoken(morning, ONE, 65_000 + 9 * H, (ONE,)))
    assert (night.clock, night.start) == ("estimated", EVENING)
    assert night.start.utcoffset() == dt.timedelta(hours=1)
    assert "clock" not in night.flags


def test_the_clock_unknown_all_night_and_the_power_cut_before_morning_is_unknown():
    morning = EVENING + dt.timedelta(hours=9)
    night = settled(data(power=ONE, up=65_000), spoken(morning, TWO, 5000, (ONE,)))
    assert (night.clock, night.start, night.night) == ("unknown", None, None)
    assert night.flags == ["clock"]
    assert night.at(0) is None
    item = as_json.summary(night)
    assert (item["clock"], item["start"], item["night"]) == ("unknown", None, None)


def test_firmware_that_names_no_power_up_is_unknown():
    assert settled(data(), spoken(EVENING, "", 0, (ONE,))).clock == "unknown"
    raw = data(power="nonsense", up=3)
    assert settled(raw, spoken(EVENING, "nonsense", 9 * H, (ONE,))).clock == "unknown"


def test_a_session_of_the_same_power_up_knew_the_time():
    """The watchdog's reset takes the clock, not the power: the session before dates it."""
    raw = data(TWO, power=ONE, up=3 * H)
    before = clock.Point(65_000, ms_of(EVENING), CET)
    night = settled(raw, others=[before])
    assert night.clock == "estimated"
    assert night.start == EVENING + dt.timedelta(hours=3, seconds=-65)
    after = clock.Point(20 * H, ms_of(EVENING), CET)
    assert settled(raw, others=[after]).start == EVENING - dt.timedelta(hours=17)
    # the next one is nearer to the truth than the one before
    assert settled(raw, others=[before, after]).start == EVENING - dt.timedelta(hours=17)


# drift


@pytest.mark.parametrize("ppm", [-200, -30, 30, 200])
def test_drift_of_200_ppm_is_taken_out_between_two_anchors(ppm):
    pace = 1 + ppm / 1e6  # of the wall clock in the board's ms

    def true(ms):
        return EVENING + dt.timedelta(milliseconds=ms * pace)

    raw = data(power=ONE, up=5000, said=EVENING)
    night = settled(raw, spoken(true(10 * H), ONE, 5000 + 10 * H, (ONE,)))
    assert night.clock == "known"
    for ms in (0, 123_456, 4 * H, 8 * H):
        assert off(night.at(ms), true(ms)) < 0.05
    naive = nightfile.parse(raw).at(8 * H)
    assert off(naive, true(8 * H)) == pytest.approx(8 * 3600 * abs(ppm) / 1e6, rel=0.01)


@pytest.mark.parametrize("ppm", [-200, 200])
def test_drift_of_200_ppm_over_three_weeks_between_two_syncs(ppm):
    """The board's clock follows the first sync and is minutes off in the end: it says no more
    than that sync did."""
    pace = 1 + ppm / 1e6
    day = 24 * H
    first, last = 3 * H, 24 * day

    def true(up):
        return EVENING + dt.timedelta(milliseconds=up * pace)

    lines = [
        spoken(true(first), ONE, first, (ONE,)),
        spoken(true(last), ONE, last, (TWO, THREE)),
    ]
    for session, up in ((TWO, 10 * day), (THREE, last - 9 * H)):
        board = true(first) + dt.timedelta(milliseconds=up - first)
        night = settled(data(session, power=ONE, up=up, said=board), *lines)
        assert night.clock == "known"
        assert off(board, true(up)) > 100
        assert off(night.start, true(up)) < 0.05
        assert off(night.at(8 * H), true(up + 8 * H)) < 0.05
    # without the first sync's line, the first night's own anchor does
    others = [clock.Point(first, ms_of(true(first)), CET)]
    night = settled(data(THREE, power=ONE, up=last - 9 * H, said=board), lines[1], others=others)
    assert off(night.start, true(last - 9 * H)) < 0.05


def test_a_clock_that_was_set_is_no_drift():
    """Between two computers that disagree by an hour nothing is interpolated: the later counts."""
    lines = [
        spoken(EVENING - dt.timedelta(hours=2), ONE, 0),
        spoken(EVENING + dt.timedelta(hours=9), ONE, 10 * H, (ONE,)),
    ]
    night = settled(data(power=ONE, up=1 * H), *lines)
    assert (night.start, night.ppm) == (EVENING, 0)


# ticks


def test_ticks_that_wrap_at_2_to_the_30_do_not_shift_a_night():
    """The board counts its power-up in 64 bits; a month of it is two wraps."""
    up = (2 << 30) - 4 * H
    morning = EVENING + dt.timedelta(hours=9)
    night = settled(data(power=ONE, up=up), spoken(morning, ONE, up + 9 * H, (ONE,)))
    assert (night.clock, night.start) == ("estimated", EVENING)


# zones


@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        (utc(2026, 10, 24, 21), "2026-10-24T23:00:00+02:00", "2026-10-25T06:00:00+01:00"),
        (utc(2026, 3, 28, 22), "2026-03-28T23:00:00+01:00", "2026-03-29T08:00:00+02:00"),
    ],
    ids=["autumn", "spring"],
)
def test_daylight_saving_in_both_directions(start, first, last):
    tz = 120 if start.month == 10 else 60
    morning = start + dt.timedelta(hours=9)
    raw = data(power=ONE, up=0, said=start, tz=tz)
    night = settled(raw, spoken(morning, ONE, 9 * H, (ONE,), BERLIN, 180 - tz))
    assert night.start.isoformat() == first
    assert night.at(8 * H).isoformat() == last
    assert night.night == start.date()
    assert (night.at(8 * H) - night.start).total_seconds() == 8 * 3600
    assert night.recorded_s == 8 * 3600


def test_the_hour_that_comes_twice_is_told_apart():
    start = utc(2026, 10, 24, 22, 30)
    raw = data(said=start, tz=120)
    night = settled(raw, spoken(start + dt.timedelta(hours=9), "", 0, (ONE,), BERLIN))
    twice = [night.at(2 * H), night.at(3 * H)]
    assert [f"{when:%H:%M%z}" for when in twice] == ["02:30+0200", "02:30+0100"]


def test_daylight_saving_began_since_the_clock_was_set():
    """The board still has the old offset; the computer that reads the night knows better."""
    start = utc(2026, 10, 26, 21)
    night = settled(
        data(said=start, tz=120), spoken(start + dt.timedelta(hours=9), "", 0, (ONE,), BERLIN)
    )
    assert night.start.isoformat() == "2026-10-26T22:00:00+01:00"


def test_flying_across_zones_keeps_the_zone_in_which_the_board_was_set():
    """Slept in Berlin, or on the plane; read in New York. The moment is the same anyhow."""
    lines = [
        spoken(EVENING - dt.timedelta(hours=5), ONE, 0, (), BERLIN),
        spoken(EVENING + dt.timedelta(hours=15), ONE, 20 * H, (ONE,), "America/New_York", -300),
    ]
    night = settled(data(power=ONE, up=5 * H, said=EVENING), *lines)
    assert night.clock == "known"
    assert night.start.isoformat() == "2026-11-21T22:58:03+01:00"
    assert night.at(8 * H).isoformat() == "2026-11-22T06:58:03+01:00"
    assert night.night == dt.date(2026, 11, 21)


def test_a_zone_change_shows_once_the_board_is_set_in_the_new_one():
    later = EVENING + dt.timedelta(hours=30)
    raw = data(TWO, power=ONE, up=40 * H, said=later, tz=-300)
    line = spoken(later + dt.timedelta(hours=9), ONE, 49 * H, (TWO,), "America/New_York", -300)
    night = settled(raw, line)
    assert night.start.isoformat() == "2026-11-22T22:58:03-05:00"
    assert night.night == dt.date(2026, 11, 22)


def test_without_an_own_clock_the_zone_is_that_of_the_computer():
    morning = EVENING + dt.timedelta(hours=9)
    line = spoken(morning, ONE, 9 * H, (ONE,), "Asia/Kolkata", 330)
    night = settled(data(power=ONE, up=0), line)
    assert night.start.isoformat() == "2026-11-22T03:28:03+05:30"
    assert night.night == dt.date(2026, 11, 21)


# dates


@pytest.mark.parametrize(
    ("start", "night"),
    [
        (utc(2026, 11, 22, 10, 59, 59), dt.date(2026, 11, 21)),
        (utc(2026, 11, 22, 11), dt.date(2026, 11, 22)),
        (utc(2026, 11, 22, 9), dt.date(2026, 11, 21)),  # from 10 to 18 h: one session, one night
    ],
)
def test_a_session_over_noon_belongs_to_the_evening_before_its_start(start, night):
    found = nightfile.parse(data(said=start))
    assert found.night == night
    assert found.at(8 * H) - found.start == dt.timedelta(hours=8)


def test_a_night_on_new_years_eve():
    eve = nightfile.parse(data(said=utc(2026, 12, 31, 22)))
    assert eve.night == dt.date(2026, 12, 31)
    assert eve.at(3 * H).isoformat() == "2027-01-01T02:00:00+01:00"
    after = nightfile.parse(data(TWO, said=utc(2026, 12, 31, 23, 30)))
    assert (after.start.year, after.night) == (2027, dt.date(2026, 12, 31))


def test_a_night_on_a_leap_day():
    assert nightfile.parse(data(said=utc(2028, 2, 29, 22))).night == dt.date(2028, 2, 29)


# clocks that are wrong


def test_a_clock_set_in_the_middle_of_a_session():
    """The later of two anchors that contradict each other is right: someone has set the clock."""
    said = [(0, utc(2025, 5, 1)), (4 * H, EVENING + dt.timedelta(hours=4))]
    night = nightfile.parse(data(said=said))
    assert (night.clock, night.start, night.ppm) == ("known", EVENING, 0)
    assert night.at(8 * H) == EVENING + dt.timedelta(hours=8)


def test_a_clock_set_in_the_middle_of_the_night_dates_what_went_before():
    """An install at three in the morning: the session after it knows the time."""
    first = data(ONE, power=ONE, up=20_000, length=4 * H)
    later = clock.Point(20_000 + 4 * H, ms_of(EVENING) + 4 * H, CET)
    night = settled(first, others=[later])
    assert (night.clock, night.start) == ("estimated", EVENING)


@pytest.mark.parametrize("said", [utc(2021, 1, 1), utc(2037, 6, 1), utc(2099, 12, 31, 23)])
def test_an_rtc_off_by_years(said):
    morning = EVENING + dt.timedelta(hours=9)
    before = spoken(EVENING - dt.timedelta(days=2), THREE, 0)
    # still on: the computer knows
    raw = data(power=ONE, up=0, said=said)
    night = settled(raw, before, spoken(morning, ONE, 9 * H, (ONE,)))
    assert (night.clock, night.start) == ("estimated", EVENING)
    # the power was off in between: nobody does
    night = settled(raw, before, spoken(morning, TWO, 9 * H, (ONE,)))
    assert (night.clock, night.start) == ("unknown", None)


def test_an_rtc_off_by_an_hour_is_put_right_by_the_computer():
    said = EVENING + dt.timedelta(hours=1)
    morning = spoken(EVENING + dt.timedelta(hours=9), ONE, 9 * H, (ONE,))
    night = settled(data(power=ONE, up=0, said=said), morning)
    assert (night.clock, night.start) == ("estimated", EVENING)


def test_an_anchor_that_runs_backwards():
    """A night that was not on the board when a computer looked is not older than that look."""
    looked = spoken(EVENING, ONE, 0, (ONE,))
    morning = spoken(EVENING + dt.timedelta(days=3), THREE, 0, (TWO,))
    raw = data(TWO, power=TWO, up=0, said=EVENING - dt.timedelta(hours=2))
    assert settled(raw, looked, morning).clock == "unknown"
    raw = data(TWO, power=TWO, up=0, said=EVENING + dt.timedelta(hours=2))
    assert settled(raw, looked, morning).clock == "known"


def test_a_computer_whose_clock_runs_backwards_takes_no_time_away():
    wrong = spoken(EVENING + dt.timedelta(days=4000), ONE, 0, (ONE,))
    right = spoken(EVENING + dt.timedelta(hours=9), ONE, 10 * H, (TWO,))
    night = settled(data(TWO, power=ONE, up=H, said=EVENING), wrong, right)
    assert (night.clock, night.start) == ("known", EVENING)
    night = settled(data(TWO, power=ONE, up=H), wrong, right)
    assert (night.clock, night.start) == ("estimated", EVENING)


# what is measured


CLOCKS = {
    "unknown": data(power=ONE, up=5),
    "known": data(power=ONE, up=5, said=EVENING),
    "new year": data(power=ONE, up=5, said=utc(2026, 12, 31, 22)),
    "summer ends": data(power=ONE, up=5, said=utc(2026, 10, 24, 21), tz=120),
    "set in the middle": data(power=ONE, up=5, said=[(0, utc(2025, 5, 1)), (4 * H, EVENING)]),
    "backwards": data(power=ONE, up=5, said=[(0, EVENING), (4 * H, EVENING)]),
    "far east": data(power=ONE, up=5, said=EVENING, tz=14 * 60),
}
LINES = {
    "no computer": [],
    "drift": [spoken(EVENING + dt.timedelta(hours=9, seconds=6), ONE, 9 * H, (ONE,), BERLIN)],
    "another zone": [spoken(EVENING, ONE, 9 * H, (ONE,), "America/New_York", -300)],
    "years": [spoken(utc(2035, 1, 1), ONE, 9 * H, (ONE,))],
}


@pytest.mark.parametrize(("said", "read"), [*itertools.product(CLOCKS, LINES)])
def test_durations_intervals_and_hours_do_not_depend_on_any_wall_clock(said, read):
    plain = nightfile.parse(CLOCKS["unknown"])
    night = settled(CLOCKS[said], *LINES[read])
    assert as_json.result(night) == as_json.result(plain)
    told, due = as_json.summary(night), as_json.summary(plain)
    for name in ("night", "start", "clock", "flags"):
        del told[name], due[name]
    assert told == due
    assert night.length_ms == 8 * H


@given(
    st.lists(st.tuples(st.integers(0, 8 * H), st.integers(0, 1 << 43)), max_size=3),
    st.lists(
        st.tuples(st.integers(0, clock.LONGEST_UP - 1), st.integers(0, clock.LATEST - 1)),
        max_size=4,
    ),
    st.integers(0, 10**12 - 1),
)
def test_no_clock_whatever_it_says_is_a_crash(said, read, up):
    night = nightfile.parse(data(power=ONE, up=up))
    night.anchors = [
        {"ms": ms, "day": at // clock.DAY_MS % 65536, "ms_of_day": at % clock.DAY_MS, "tz_min": 60}
        for ms, at in said
    ]
    lines = [Anchor(at, 0, BERLIN, ONE, ms, (ONE,)) for ms, at in read]
    clock.settle(night, anchors(*lines))
    assert (night.clock == "unknown") == (night.start is None) == ("clock" in night.flags)
    assert abs(night.ppm) <= clock.PPM
    json.dumps(as_json.summary(night))


# the archive


def info(when, power, up, *sessions):
    """What a board says to a computer."""
    said = dict.fromkeys(("board", "firmware", "leg", "label"), "")
    found = [NightFile(f"{session}.plm", 1) for session in sessions]
    said |= {"device": DEVICE, "utc": None, "at": [power, up]}
    return read_info(said, when.timestamp(), found)


def file(archive, raw):
    return add_to(archive, raw)


def clocks(archive):
    return [(item["session"], item["clock"], item["start"]) for item in archive.sessions()]


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def test_what_the_computer_knew_is_kept_and_used_by_rebuild(archive):
    archive.anchor(info(EVENING + dt.timedelta(hours=9), ONE, 9 * H, ONE))
    file(archive, data(power=ONE))
    before = archive.sessions()
    assert [item["clock"] for item in before] == ["estimated"]
    again = Archive(archive.path)
    assert again.load(ONE).start == EVENING
    again.db.unlink()
    assert again.rebuild() == 1
    assert again.sessions() == before
    (archive.path / "raw" / DEVICE / "anchors.jsonl").unlink()
    lost = Archive(archive.path)
    lost.rebuild()
    assert clocks(lost) == [(ONE, "unknown", None)]


def test_lines_that_a_power_cut_tore_or_that_make_no_sense_are_passed_over(archive):
    path = archive.path / "raw" / DEVICE / "anchors.jsonl"
    archive.anchor(info(EVENING + dt.timedelta(hours=9), ONE, 9 * H, ONE))
    good = json.loads(path.read_text())
    bad = [{**good, "utc_ms": "x"}, {**good, "tz_min": 9999}, {**good, "zone": "../etc/passwd"}]
    bad += [{**good, "up_ms": 1 << 60}, {**good, "sessions": 3}, [], {}]
    with path.open("a") as out:
        out.write("".join(json.dumps(line) + "\n" for line in bad) + '{"utc_ms": 17')
    archive = Archive(archive.path)
    archive.anchor(info(EVENING + dt.timedelta(hours=33), ONE, 33 * H, ONE, TWO))
    found = read(path).all
    assert [line.sessions for line in found] == [(ONE,), (TWO,)]
    assert [line.up_ms for line in found] == [9 * H, 33 * H]


def test_a_later_session_dates_an_earlier_one_and_rebuild_agrees(archive):
    file(archive, data(ONE, power=ONE, up=0, length=4 * H))
    assert clocks(archive) == [(ONE, "unknown", None)]
    later = EVENING + dt.timedelta(hours=5)
    file(archive, data(TWO, power=ONE, up=5 * H, said=later))
    assert [found[:2] for found in clocks(archive)] == [(ONE, "estimated"), (TWO, "known")]
    assert archive.load(ONE).start == EVENING
    before = archive.sessions()
    archive.rebuild()
    assert archive.sessions() == before


def test_unknown_nights_keep_their_order_among_the_known(archive):
    days = [EVENING + dt.timedelta(days=day) for day in range(6)]
    for number, said in enumerate([(), days[1], (), (), days[4], ()], 1):
        session = f"{number:05d}-1a2b3c4d"
        file(archive, data(session, power=session, said=said))
    found = clocks(archive)
    assert [session[4] for session, *_ in found] == ["1", "2", "3", "4", "5", "6"]
    assert [state for _, state, _ in found] == [
        *("unknown", "known", "unknown", "unknown", "known", "unknown")
    ]


def test_the_table_and_the_page_say_how_the_time_is_known(archive):
    archive.anchor(info(EVENING + dt.timedelta(hours=9), TWO, 9 * H, ONE, TWO))
    file(archive, data(ONE, power=ONE))
    file(archive, data(TWO, power=TWO))
    table = nights.table(archive.sessions())
    lines = {words[0]: words for words in map(str.split, table.splitlines()) if words}
    assert "unknown" in lines[ONE]
    assert "estimated" in lines["2026-11-21"]
    unknown, estimated = (" ".join(problems(Shown(archive.load(s)))) for s in (ONE, TWO))
    assert "The date and time of this night are unknown" in unknown
    assert "The time of day is estimated" in estimated
