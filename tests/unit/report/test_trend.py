"""The page of all nights, and what stands behind it: nights joined, rates with their intervals."""

import datetime as dt
import json
import re
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
import report_nights
import years
from anklet import report
from anklet.archive.journal import Journal
from anklet.archive.longterm import Medicine
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import BadInput
from anklet.night import grouping, rate
from anklet.report.plot import Figure, day_of
from anklet.report.svg import draw
from anklet.report.trend import Trend
from anklet.report.view import SessionView
from nightbytes import EVENING, Builder, add_to, periodic, whole

HOUR = 3_600_000


def item(night, plm=100, hours=8.0, **given):
    """A session as Archive.sessions gives it, its PLMs in series of ten."""
    counts = {"lm": plm, "clm": plm, "plm": plm, "gaps": 0}
    return {
        "night": night,
        "session": "00001-1a2b3c4d",
        "device": "e6614103e7452b2f",
        "leg": "left",
        "label": "Ana",
        "rules": "wasm2016",
        "start": f"{night}T22:58:03+01:00" if night else None,
        "clock": "known",
        "recorded_s": hours * 3600,
        "in_bed_s": hours * 3600,
        "counts": counts,
        "series_plm": [10] * (plm // 10),
        "plm_per_hour": plm / hours if hours else None,
        "periodicity_index": 1.0,
        "flags": [],
    } | given


def november(day):
    return f"2026-11-{day:02d}"


def page(items, entries=None, bands=(), link=None, medicines=()):
    """What a reader sees, the figures that are drawn there by their names, the HTML."""
    charts: dict[str, Figure] = {}

    def drawn(name, figure, summary):
        charts[name] = figure
        return draw(name, figure, summary)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[Trend.__module__], "draw", drawn)
        of = (lambda label: entries or {}, lambda label: bands, link, lambda label: medicines)
        html = Trend(items, *of).page()
    return " ".join(re.sub("<[^>]*>", " ", html).split()), charts, html


def marks(figure, name):
    return figure.layer(name).marks


def around(first, last):
    """From the noon before the first of these nights of November to the one after the last."""
    return day_of(november(first)) - 0.5, day_of(november(last)) + 0.5


# --- rates


def lengths(rng, series):
    """PLMs of so many series, 4 to 80, mostly about 8."""
    return np.clip(np.round(8 * np.exp(rng.normal(0, 0.7, series))), 4, 80).astype(int).tolist()


def regular(rng, mean):
    """Series after pauses that vary less than by chance."""
    return int(np.sum(np.cumsum(rng.gamma(3, 1 / 3, 4 * mean + 20)) < mean))


def clustered(rng, mean):
    """One series brings another half of the times."""
    return int(rng.geometric(0.5, rng.poisson(mean / 2)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("process", [np.random.Generator.poisson, regular, clustered])
@pytest.mark.parametrize("series", [1, 2, 4, 8, 20])
@pytest.mark.parametrize("nights", [1, 7])
def test_an_interval_holds_the_true_rate_as_often_as_it_says(process, series, nights):
    rng = np.random.default_rng(1)
    many = [process(rng, series) for _ in range(5000)]
    truth = np.mean(many) * np.mean(lengths(rng, 20_000))
    held = 0
    for _ in range(300):
        night, *others = (lengths(rng, process(rng, series)) for _ in range(nights))
        pooled = [plm for other in others for plm in other]
        low, high = rate.interval(sum(night), night, 3600.0, pooled)
        held += low <= truth <= high
    assert held / 300 >= 0.90


def test_longer_series_widen_an_interval():
    short = rate.interval(200, [4] * 50, 8 * 3600)
    series = rate.interval(200, [40] * 5, 8 * 3600)
    assert series[0] < short[0] < 25 < short[1] < series[1]


def test_a_persons_other_nights_say_how_long_series_are():
    alone = rate.interval(40, [40], 8 * 3600)
    pooled = rate.interval(40, [40], 8 * 3600, [5] * 100)
    assert alone[0] < pooled[0] < 5 < pooled[1] < alone[1]


def test_a_night_without_plm_has_an_upper_bound_and_one_without_hours_nothing():
    low, high = rate.interval(0, [], 8 * 3600)
    assert low == 0 and 6 < high < 8
    assert rate.interval(0, [], 8 * 3600, [5] * 100)[1] < high
    assert rate.interval(0, [], 0) is None


@pytest.mark.parametrize(("n", "expected"), [(5, None), (6, (1, 6)), (7, (1, 7)), (28, (9, 20))])
def test_interval_of_a_median_is_that_of_the_sign_test(n, expected):
    assert rate.median_interval(range(n, 0, -1)) == expected


# --- sessions joined


def test_nights_join_sessions_of_one_label_and_leg_alone():
    nights = grouping.by_night(
        [
            item(november(20), 100, 4.0),
            item(november(20), 20, 2.0, session="00002-0", flags=["gap"]),
            item(november(20), leg="right"),
            item(november(20), label="Ben"),
            item(november(20), 0, session="00003-0", flags=["hidden"]),
            item(None, session="00004-0"),
        ]
    )
    assert [(n["label"], n["leg"], n["counts"]["plm"]) for n in nights] == [
        *(("Ana", "left", 120), ("Ana", "right", 100), ("Ben", "left", 100)),
    ]
    assert nights[0]["plm_per_hour"] == 20
    assert nights[0]["series_plm"] == [10] * 12
    assert nights[0]["flags"] == ["gap"]


def test_boards_without_a_label_stay_apart():
    two = [item(november(20), label=""), item(november(20), label="", device="other")]
    assert len(grouping.by_night(two)) == 2


def test_select_finds_by_night_session_device_label_and_leg():
    items = [item(november(20)), item(november(21), label="Ben", device="aabb", leg="right")]
    for wish in ({"label": "Ben"}, {"device": "bb"}, {"leg": "right"}):
        assert grouping.select(items, **wish) == items[1:]
    assert grouping.select(items, november(21)) == items[1:]
    assert grouping.select(items, november(20), november(21)) == items
    assert grouping.select(items, "00001-1a2b3c4d") == items
    assert grouping.select(items, device="zz") == []


def test_joined_sessions_lie_on_one_clock_with_a_gap_between():
    first, later = report_nights.night(hours=7, seed=1), report_nights.night(hours=8, seed=2)
    later.start = first.start + dt.timedelta(hours=7, minutes=10)
    both = grouping.joined([later, first])
    assert both.start == first.start
    assert both.length_ms == 15 * HOUR + 600_000
    assert both.recorded_s == first.recorded_s + later.recorded_s
    assert both.in_bed_s == first.in_bed_s + later.in_bed_s
    assert both.counts["plm"] == first.counts["plm"] + later.counts["plm"]
    moved = both.lms[len(first.lms)]
    assert moved.onset_ms == later.lms[0].onset_ms + 7 * HOUR + 600_000
    assert len({lm.number for lm in both.lms}) == len(both.lms)
    night = SessionView(both)
    assert len(night.series) == len(SessionView(first).series) + len(SessionView(later).series)
    assert (7 * HOUR, 600_000, "between two sessions") in night.gaps
    assert sum(h.in_bed_min for h in night.hours) == pytest.approx(both.in_bed_s / 60, abs=2)
    assert grouping.joined([first]) is first


# --- the page


def test_nights_are_points_with_intervals_and_a_missing_one_is_a_hole():
    nights = [item(november(n), 10 * n) for n in (10, 11, 13)]
    seen, charts, _ = page([*nights, item(None, session="00009-0")])
    points = marks(charts["points"], "left")
    assert [point.x for point in points] == [day_of(november(n)) for n in (10, 11, 13)]
    assert all(point.ends[0] < point.y < point.ends[1] for point in points)
    cells = marks(charts["calendar"], "nights")
    assert len({(cell.x, cell.y) for cell in cells}) == 3
    assert "1 night without a recording left its place empty" in seen
    assert "1 recording of unknown time" in seen


def test_medians_are_those_of_the_last_seven_and_twenty_eight_dates():
    """Of 40 nights the rate is the day's number; two are missing, one is short."""
    days = [dt.date(2026, 10, 1) + dt.timedelta(days=n) for n in range(40)]
    items = [
        item(day.isoformat(), 80 * n // 8, 1.0 if n == 37 else 8.0)
        for n, day in enumerate(days)
        if n not in (35, 20)
    ]
    seen, _, _ = page(items)
    week = sorted(items[i]["plm_per_hour"] for i in range(-6, 0) if items[i]["in_bed_s"] > 9e3)
    assert f"Last 7 nights {week[2]:.1f} PLM per hour in bed, median of 5 of 7 nights" in seen
    assert "too few nights for an interval" in seen
    assert "median of 25 of 28 nights; 95 % interval" in seen
    assert "median of 37 nights" in seen


def test_a_short_night_is_an_open_point_and_in_brackets():
    _, charts, _ = page([item(november(10), 80), item(november(11), 30, 3.0)])
    points = marks(charts["points"], "left")
    assert [(point.shape, point.look) for point in points] == [
        *(("circle", "plm"), ("circle", "plm hollow")),
    ]
    assert [cell.text for cell in marks(charts["calendar"], "nights")] == ["10", "(10)"]


def test_journal_entries_are_bands_of_equal_nights():
    entries = {november(n): {"magnesium_mg": 300, "route": "oral"} for n in (10, 11, 13)}
    entries[november(12)] = {"text": "<b>late</b>"}
    _, charts, html = page([item(november(n)) for n in range(9, 15)], entries)
    magnesium = marks(charts["points"], "Magnesium, mg")
    assert [(bar.x, bar.to) for bar in magnesium] == [around(10, 11), around(13, 13)]
    assert [bar.text for bar in magnesium] == ["300", "300"]
    assert "oral" in magnesium[0].title
    assert "<b>late" not in html
    assert "&lt;b&gt;late" in html


def test_trial_periods_are_bands_behind_the_points():
    bands = [(november(10), november(12), "magnesium"), (november(13), november(15), "nothing")]
    _, charts, _ = page([item(november(n)) for n in range(9, 16)], bands=bands)
    assert [bar.text for bar in marks(charts["points"], "Trial")] == ["magnesium", "nothing"]
    shades = [layer.marks for layer in charts["points"].panels[0].layers if layer.name == "shade"]
    assert [(bar.x, bar.to) for (bar,) in shades] == [around(10, 12), around(13, 15)]


def test_people_have_sheets_and_legs_have_symbols_of_their_own():
    items = [
        *(
            item(november(n), label=label, leg=leg)
            for n in (10, 11)
            for leg in ("left", "right")
            for label in ("Ana", "Ben")
        ),
    ]
    _, charts, html = page(items)
    assert html.count("<h1>") == 2 and html.count('class="new-sheet"') == 1
    for name in ("points", "points-1"):
        legs = [layer for layer in charts[name].panels[0].layers if layer.look == "points"]
        assert [layer.name for layer in legs] == ["left", "right"]
        shapes = [layer.marks[0].shape for layer in legs]
        assert len(set(shapes)) == 2
        assert all(f'href="#m-{shape}" x="9"' in html for shape in shapes)  # in the legend
    assert {"calendar", "calendar-leg1", "calendar-1", "calendar-1-leg1"} <= set(charts)


def test_weekdays_stand_under_their_evenings_name():
    _, charts, _ = page([item(november(16 + n), 8 * n) for n in range(7)])  # from a Monday on
    medians = marks(charts["weekdays"], "median")
    assert [(round(mark.x), mark.y) for mark in medians] == [(n, n) for n in range(7)]


def test_texts_of_a_board_stay_texts():
    evil = "<script>alert(1)</script>"
    items = [item(november(n), label=evil, device=evil, leg=evil, rules=evil) for n in (10, 11)]
    _, _, html = page(items, {november(10): {"text": evil}}, [(november(10), november(11), evil)])
    assert "<script" not in html
    assert "&lt;script" in html


def test_nights_link_to_their_sessions():
    items = [item(november(10), 40, 4.0), item(november(10), 40, 4.0, session="00002-0")]
    _, _, html = page(items, link=lambda device, session: f"/night/{device}/{session}?a&b")
    assert 'href="/night/e6614103e7452b2f/00001-1a2b3c4d?a&amp;b">Tue 10 Nov 2026</a>' in html
    assert 'href="/night/e6614103e7452b2f/00002-0?a&amp;b">part 2</a>' in html


def test_hidden_nights_are_left_out_and_said(tmp_path: Path):
    archive = Archive(tmp_path)
    for name, day in (("00001-0", 20778), ("00002-0", 20779)):
        night = Builder(session=name, label="Ana").anchor(day=day).counts(8 * HOUR, plm=0)
        add_to(archive, bytes(night.data))
    Journal(tmp_path).hide("e6614103e7452b2f", "00002-0", "the strap fell off")
    items = archive.sessions()
    assert [("hidden" in i["flags"]) for i in items] == [False, True]
    seen, charts, _ = page(items)
    assert [point.x for point in marks(charts["points"], "left")] == [day_of("2026-11-21")]
    assert "1 hidden recording left out" in seen
    assert "00002-0" in report.night(archive, items[1:])  # who asks for it sees it


def test_the_page_of_a_date_leaves_hidden_sessions_out(tmp_path, monkeypatch):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path))
    for name in ("00001-0", "00002-0"):
        night = Builder(session=name).anchor().counts(8 * HOUR, plm=0)
        add_to(Archive(tmp_path), bytes(night.data))
    Journal(tmp_path).hide("e6614103e7452b2f", "00002-0", "the strap fell off")
    out = tmp_path / "page.html"
    assert main(["report", "2026-11-21", "--out", str(out)]) == 0
    assert "00001-0" in out.read_text() and "00002-0" not in out.read_text()
    assert main(["report", "00002-0", "--out", str(out)]) == 0
    assert "00002-0" in out.read_text()  # who asks for it sees it


def test_the_trend_reads_no_raw_file_but_the_newest_nights(tmp_path: Path):
    archive = Archive(tmp_path)
    for name, day in (("00001-0", 20778), ("00002-0", 20779)):
        data = bytes(Builder(session=name).anchor(day=day).counts(8 * HOUR, plm=0).data)
        add_to(archive, data)
    (tmp_path / "raw/e6614103e7452b2f/00001-0.plm").unlink()
    whole_page = report.trend(archive, archive.sessions())
    assert "Sunday 22 November 2026" in whole_page
    (tmp_path / "raw/e6614103e7452b2f/00002-0.plm").unlink()
    assert "2026-11-21" in report.trend(archive, archive.sessions(), newest=False)
    with pytest.raises(BadInput):
        report.trend(archive, archive.sessions())


def test_commands_find_nights_by_label_and_say_when_there_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path))
    for name, label in (("00001-0", "Ana"), ("00002-0", "Ben")):
        data = bytes(Builder(session=name, label=label).anchor().counts(8 * HOUR, plm=0).data)
        add_to(Archive(tmp_path), data)
    assert main(["nights", "--label", "Ben", "--json"]) == 0
    assert [i["session"] for i in json.loads(capsys.readouterr().out)] == ["00002-0"]
    out = tmp_path / "page.html"
    assert main(["report", "2026-11-21", "--label", "Ben", "--out", str(out)]) == 0
    assert "00002-0" in out.read_text() and "00001-0" not in out.read_text()
    for argv in (["nights", "--label", "Eve"], ["report", "2026-11-21", "--leg", "right"]):
        capsys.readouterr()
        assert main(argv) == 2
        assert capsys.readouterr().err.startswith("anklet: There is no night")


# --- years


@pytest.mark.slow
def test_a_journal_of_years_keeps_the_page_small():
    days = [dt.date(2016, 1, 1) + dt.timedelta(days=n) for n in range(3650)]
    entries = {
        day.isoformat(): {"urge": n % 11, "caffeine_mg": n % 5, "exercise_min": n % 7}
        for n, day in enumerate(days)
    }
    _, _, html = page([item(day.isoformat()) for day in days], entries)
    assert len(html) < 2.5e6


@pytest.mark.slow
def test_work_grows_with_the_nights_and_not_with_their_square(tmp_path: Path, monkeypatch):
    """SQLite's own steps, for listing twice as many nights and for filing one more."""
    data = whole()

    def steps(nights: int) -> tuple[int, int]:
        years.make(tmp_path / str(nights), nights)
        archive = Archive(tmp_path / str(nights))
        archive.rebuild()
        listed = _steps(monkeypatch, archive.sessions)
        return listed, _steps(monkeypatch, lambda: add_to(archive, data))

    (listed, filed), (listed_later, filed_later) = steps(40), steps(80)
    assert listed_later < 2.2 * listed
    assert filed_later < 1.2 * filed


def _steps(monkeypatch, work):
    """Steps of SQLite's virtual machine that the work takes."""
    count = 0

    def step():
        nonlocal count
        count += 1

    connect = sqlite3.connect

    def counted(*args, **more):
        db = connect(*args, **more)
        db.set_progress_handler(step, 1)
        return db

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", counted)
        work()
    return count


def test_a_database_of_an_older_anklet_is_made_again(tmp_path: Path, capsys):
    archive = Archive(tmp_path)
    data = bytes(periodic().counts(HOUR, plm=4).data)
    add_to(archive, data)
    before = archive.sessions()
    archive.db.unlink()
    with sqlite3.connect(archive.db) as db:
        db.execute("CREATE TABLE sessions (device TEXT, session TEXT, summary TEXT)")
        db.execute("PRAGMA user_version = 1")
    assert archive.sessions() == before
    assert "making the database again" in capsys.readouterr().err
    assert before[0]["night"] == "2026-11-21" and EVENING[0] == 20778


# --- what the trend tells apart


def test_nights_with_and_without_differ_by_colour_and_shape():
    entries = {november(n): {"magnesium_mg": 300 if n < 13 else 0} for n in range(9, 16)}
    entries[november(16)] = {"caffeine_mg": 90}
    seen, charts, _ = page([item(november(n)) for n in range(9, 17)], entries)
    looks = [(point.shape, point.look) for point in marks(charts["points"], "left")]
    assert looks[:4] == [("triangle-up", "clm")] * 4
    assert looks[4:] == [("circle", "plm")] * 4
    assert "with magnesium" in seen and "without magnesium, or not noted" in seen


def test_too_few_nights_on_one_side_are_not_told_apart():
    entries = {november(n): {"magnesium_mg": 300} for n in (9, 10)}
    seen, charts, _ = page([item(november(n)) for n in range(9, 17)], entries)
    assert {point.shape for point in marks(charts["points"], "left")} == {"circle"}
    assert "with magnesium" not in seen


def test_the_line_is_the_median_of_the_last_28_dates_and_breaks_where_there_are_none():
    days = [dt.date(2026, 3, 1) + dt.timedelta(days=n) for n in (*range(40), *range(80, 88))]
    items = [item(day.isoformat(), 8 * n) for n, day in enumerate(days)]
    _, charts, _ = page(items)
    ((line,), (band,)) = (marks(charts["points"], name) for name in ("median", "middle half"))
    first, then = line.pieces
    assert first[0] == (day_of("2026-03-06"), 2.5)  # of the first six nights: 0 to 5 an hour
    assert first[-1] == (day_of("2026-04-09"), 25.5)  # of 12 to 39
    assert then[0] == (day_of("2026-05-25"), 42.5)  # of 40 to 45
    for piece, area in zip(line.pieces, band.pieces, strict=True):
        low, high = area[: len(piece)], area[len(piece) :][::-1]
        for (day, middle), (begin, bottom), (end, top) in zip(piece, low, high, strict=True):
            assert begin == day == end and bottom <= middle <= top


def test_a_medicine_has_a_row_of_its_own_and_each_dose_a_bar():
    """What began before the first night, or goes on, spans to the edges; what was over is gone."""
    medicines = [
        Medicine("Iron", "100 mg", "2026-01-02", "2026-01-30"),
        Medicine("<b>levodopa", "50 mg", "2026-10-01", november(4)),
        Medicine("<b>levodopa", "100 mg", november(5)),
        Medicine("gabapentin", "300 mg", november(8)),
    ]
    _, charts, html = page([item(november(n)) for n in range(3, 8)], medicines=medicines)
    with pytest.raises(KeyError):
        charts["points"].layer("Iron")
    with pytest.raises(KeyError):
        charts["points"].layer("gabapentin")  # it begins after the newest night
    first, second = marks(charts["points"], "<b>levodopa")
    assert (first.x, first.to) == around(3, 4) and (second.x, second.to) == around(5, 7)
    assert first.text == "50 mg, from 2026-10-01"
    assert second.title == "<b>levodopa\n100 mg\nsince 2026-11-05, still"
    assert "&lt;b&gt;levodopa" in html and "<b>levodopa" not in html


def test_a_medicine_is_named_once_with_its_first_night():
    entries = {november(n): {"medicine": "<b>pramipexole 0.18 mg"} for n in range(10, 14)}
    _, charts, html = page([item(november(n)) for n in range(9, 15)], entries)
    (bar,) = marks(charts["points"], "Other medicines")
    assert bar.text == "<b>pramipexole 0.18 mg (from Tue 10 Nov 2026)"
    assert "<b>pram" not in html
