"""The report's page, without a browser."""

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_nights
from anklet import report
from anklet.errors import BadInput
from anklet.night import grouping
from anklet.night.damage import Damage
from anklet.night.nightfile import parse
from anklet.night.session import Session
from anklet.report import about, figures, health, plot, words
from anklet.report.plot import Axis, Bar, Figure, Layer, Panel, Point
from anklet.report.svg import draw
from anklet.report.timeline import COARSE, FULL, timeline
from anklet.report.usual import Earlier
from anklet.report.view import LEAST_MIN, SessionView
from nightbytes import Builder
from plmcore.detector import VERSION


class Text(HTMLParser):
    """What a reader sees, and the elements that a page may hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = False
        self.feed(page)
        self.seen = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def empty(**meta: str) -> Session:
    return parse(b"", "00001-00000000", "device") if not meta else Session("s", "d", meta=meta)


def test_page_names_counts_and_their_hours():
    session = report_nights.night()
    seen = Text(report.html([session])).seen
    assert "Saturday 21 November 2026" in seen
    assert "22:58 to 06:58" in seen
    assert f"{session.counts['plm']} periodic leg movements in 7.0 h in bed" in seen
    assert re.search(rf"{session.plm_per_hour:.0f} \(\d+ to \d+\) PLM per hour in bed, left", seen)
    assert seen.count("left leg only") == 1
    assert f"{session.counts['short_imi']} short IMIs" in seen
    assert f"{session.counts['plm_strict']} by the other reading" in seen
    assert "WASM 2016" in seen


def test_page_never_says_plms():
    assert "PLMS" not in Text(report.html([report_nights.night()])).seen


def test_page_says_at_its_foot_what_it_can_and_cannot_tell():
    page = report.html([report_nights.night(), report_nights.night(seed=2)])
    foot = page[page.rindex("Exactly what each number means") :]
    assert page.count(about.TITLE) == foot.count(about.TITLE) == 1
    assert about.html() in foot


def test_page_refers_to_nothing_outside_itself():
    page = Text(report.html([report_nights.night()]))
    sources = {attrs.get(name) for _, attrs in page.tags for name in ("src", "href", "srcset")}
    marks = {str(source) for source in sources if str(source).startswith("#")}
    assert sources - marks <= {None, "data:,"}  # an empty icon: else a browser asks for one
    assert marks <= {f"#{attrs.get('id')}" for _, attrs in page.tags}
    assert "default-src 'none'" in str(page.tags)


def test_text_of_a_device_stays_text():
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    meta = dict.fromkeys(("label", "board", "firmware", "leg", "rules", "odr_hz", "on_mg"), evil)
    honest, session = report_nights.night(), report_nights.night(seed=2)
    session.meta.update(meta)
    session.session = session.device = evil
    session.flags.append(evil)
    for sessions in ([session], [session, honest]):
        page = report.html(sessions)
        tags = [tag for tag, _ in Text(page).tags]
        assert tags.count("script") == 1  # ours
        assert "img" not in tags


def drawn(figure: Figure) -> ET.Element:
    """The figure's SVG, as XML."""
    return ET.fromstring(draw("chart", figure, "what it shows"))


def test_every_mark_lies_inside_its_chart():
    night = SessionView(report_nights.night())
    for figure in (timeline(night), figures.hours(night), figures.imis(night)):
        marks = [mark for mark in drawn(figure).iter() if mark.tag in ("use", "rect")]
        assert len(marks) > 5
        for mark in marks:
            for at, size in (("x", "width"), ("y", "height")):
                first, length = (float(mark.get(k, "0%").rstrip("%")) for k in (at, size))
                assert -0.01 <= first <= first + length <= 100.01


def test_a_chart_draws_texts_as_texts_and_places_as_shares_of_its_axes():
    evil = '<b>"&\n'
    x, y = Axis(10, 30, ticks=[(20, evil)], shown=(10, 20), zoom="number"), Axis(0, 4, evil)
    points = Layer("points", "plm", [Point(15, 1, evil, "circle", ends=(0, 4))])
    bars = Layer("bars", "track", [Bar(10, 20, 0, 2, evil, "1"), Bar(20, 20.1, 0, 2, "", "234")])
    found = drawn(Figure([Panel([points, bars], y, 100, 50, [(1, evil)])], x))
    (use,) = found.iter("use")
    assert (use.get("x"), use.get("y"), use.findtext("title")) == ("25%", "75%", evil)
    rect, _ = found.iter("rect")
    assert [rect.get(k) for k in ("x", "y", "width", "height")] == ["0%", "50%", "50%", "50%"]
    shown = {text.text: text.get("display") for text in found.iter("text")}
    assert (shown["1"], shown["234"]) == (None, "none")  # only what has room
    (data,) = (svg for svg in found.iter("svg") if svg.get("class") == "data")
    assert (data.get("x"), data.get("width")) == ("0%", "200%")  # half the axis is seen at first


def test_axes_have_round_ticks_and_few_of_them():
    assert plot.number_ticks(0, 47) == [(n, str(n)) for n in (0, 10, 20, 30, 40)]
    assert [at for at, _ in plot.number_ticks(0.2, 0.9)] == [0.2, 0.4, 0.6, 0.8]
    first = plot.day_of("2026-11-20")
    assert plot.date_ticks(first, first + 20) == [  # Mondays
        (first + 3, "23 Nov\n2026"),
        (first + 10, "30 Nov"),
        (first + 17, "7 Dec"),
    ]
    assert [label for _, label in plot.date_ticks(first, first + 150)] == [
        *("1 Dec\n2026", "1 Jan\n2027", "1 Feb", "1 Mar", "1 Apr"),
    ]
    for days in (2, 28, 91, 365, 4000):
        assert 1 <= len(plot.date_ticks(first, first + days)) <= plot.MOST_DATES


def test_every_movement_stands_on_the_timeline_once():
    session = report_nights.night()
    found = timeline(SessionView(session))
    count = session.counts
    layers = [found.layer(name) for name in ("PLM", "other CLM", "no candidate", "button")]
    assert [len(layer.marks) for layer in layers] == [
        count["plm"],
        count["clm"] - count["plm"],
        count["lm"] - count["clm"] + count["excluded"],
        1,
    ]
    assert len({layer.shape for layer in layers}) == 4
    marks = drawn(found).findall(".//g[@class='plm']/use")  # what is seen without script
    assert len(marks) == count["plm"]
    assert all("PLM, series" in mark.findtext("title", "") for mark in marks)


def test_gaps_and_upright_time_stand_on_the_timeline_with_their_length():
    found = timeline(SessionView(report_nights.night()))
    tracks = [found.layer(name) for name in ("recorded", "upright", "off body", "gaps")]
    minutes = {track.name: sum(bar.to - bar.x for bar in track.marks) for track in tracks}
    assert minutes["gaps"] == pytest.approx(0.7)
    assert minutes["upright"] == pytest.approx(60)
    (gap,) = tracks[3].marks
    assert gap.title == "gap of 42 s at 01:58:03: the sensor did not answer"
    assert len({track.look for track in tracks}) == 4


def test_rows_begin_at_full_hours_of_the_clock():
    night = SessionView(report_nights.night())
    assert night.hours[0].label == "22:00"
    assert night.place(0) == (0, pytest.approx(58.05))
    assert night.place(2 * 60_000) == (1, pytest.approx(0.05))
    assert night.pieces([(0, 3 * 60_000)]) == [
        (0, pytest.approx(58.05), pytest.approx(1.95)),
        (1, 0, pytest.approx(1.05)),
    ]


@pytest.mark.parametrize("ppm", [-200, 200])
def test_rows_keep_their_names_when_the_clock_drifts(ppm):
    session = report_nights.night()
    names = [hour.label for hour in SessionView(session).hours]
    assert [hour.label for hour in SessionView(replace(session, ppm=ppm)).hours] == names


def test_hours_hold_all_plm_and_the_time_in_bed():
    session = report_nights.night()
    hours = SessionView(session).hours
    assert sum(hour.plm for hour in hours) == session.counts["plm"]
    assert sum(hour.in_bed_min for hour in hours) == pytest.approx(session.in_bed_s / 60, abs=1)
    assert all(hour.in_bed_min <= 60.001 for hour in hours)


@pytest.mark.parametrize("rules", ["wasm2016", "aasm3"])
def test_interval_on_a_bound_lies_inside_the_band(rules):
    session = report_nights.night(rules=rules)
    night = SessionView(session)
    low = night.rules.imi_min
    onsets = [0, low, low + 90_000, 2 * low + 90_000 - 1, 2 * low + 180_000]
    proto = night.clms[0]
    night.lms = night.clms = [
        type(proto)(i, 0, onset, 1000, 50, "clm", 0, False, 0) for i, onset in enumerate(onsets)
    ]
    night.gaps = []
    found = figures.imis(night)
    for name in ("intervals in the band", "intervals outside"):
        assert sum(bar.top - bar.y for bar in found.layer(name).marks) == 2


def test_no_interval_is_measured_across_a_long_gap_or_a_long_movement():
    night = SessionView(report_nights.night())
    proto = type(night.lms[0])

    def lm(onset: int, kind: str = "clm") -> object:
        return proto(0, 0, onset, 1000, 50, kind, 0, False, 0)

    night.lms = [lm(0), lm(20_000), lm(40_000), lm(50_000, "long"), lm(60_000), lm(80_000)]
    night.clms = [each for each in night.lms if each.kind == "clm"]
    night.gaps = [(30_000, 2001, "")]
    assert night.imis == [20, 20]
    night = SessionView(night.session)
    night.clms, night.lms, night.gaps = [lm(0), lm(20_000)], [], [(10_000, 2000, "")]
    assert night.imis == [20]


def test_unknown_clock_is_said_and_nothing_is_guessed():
    seen = Text(report.html([report_nights.night(start=None)])).seen
    assert "time unknown" in seen
    assert "anklet sync sets the clock" in seen
    assert not re.search(r"\b20\d\d-|November", seen)


def test_what_undermines_a_night_is_said():
    session = report_nights.night(hours=3.9, board="sim")
    session.flags += ["cut", "damaged"]
    session.damage.append(Damage(100, 20, 1, 60_000, 120_000))
    session.faults.append({"n": 0, "ms": 0, "code": 4, "detail": 0})
    text = " ".join(words.problems(SessionView(session)))
    for part in (
        "simulated",
        "cut off",
        "damaged in 1 place: 20 bytes can't be read and at least 1 record is missing; between",
        "memory was full",
        "under 4 hours",
        "1 gap in the recording, 42 s",
    ):
        assert part in text
    assert "One night means little" not in text  # that is true of every night, and stands below


def test_nothing_stands_above_the_picture_of_a_night_that_went_well():
    session = report_nights.night()
    good = replace(session, gaps=[], flags=[], counts={**session.counts, "upright_ms": 0})
    assert words.problems(SessionView(good)) == []
    seen = Text(report.html([good])).seen
    assert "undermines" not in seen
    assert "One night means little" in seen and "do not transfer" in seen


def test_the_picture_is_second_to_the_rate_and_the_counts_follow_it():
    page = report.html([report_nights.night()])
    order = [page.index(text) for text in ('class="rate"', 'id="timeline"', 'class="counts"')]
    assert order == sorted(order)


def test_the_usual_range_stands_beside_the_nights_rate():
    session = report_nights.night()
    page = report.html([session], before=lambda s: Earlier([20] * 40, (22.2, 34.1), 21))
    assert "Your usual: 22 to 34 (the middle half of 21 nights)." in Text(page).seen
    assert "Too few nights" in Text(report.html([session])).seen


def test_an_hour_is_a_rate_and_as_wide_as_its_minutes_in_bed():
    night = SessionView(report_nights.night())
    bars = {round((bar.x + bar.to) / 2): bar for bar in figures.hours(night).layer("PLM").marks}
    assert len(bars) > 5
    for i, hour in enumerate(night.hours):
        if hour.in_bed_min < LEAST_MIN:
            assert i not in bars
            continue
        assert bars[i].top == pytest.approx(60 * hour.plm / hour.in_bed_min)
        assert bars[i].to - bars[i].x == pytest.approx(0.8 * hour.in_bed_min / 60)


@pytest.mark.parametrize("session", [empty(), parse(b"rubbish"), parse(b"ANKLET1\n")])
def test_a_night_without_anything_in_it_has_a_page(session):
    seen = Text(report.html([session])).seen
    assert "0 periodic leg movements in 0.0 h in bed" in seen
    assert "No series" in seen


def test_unknown_rule_set_shows_no_band():
    session = report_nights.night()
    session.meta["rules"] = "wasm2031"
    page = report.html([session])
    assert not figures.imis(SessionView(session)).layer("band").marks
    assert "unknown to this version" in Text(page).seen


def test_several_nights_are_sheets_the_newest_first():
    old, new, lost = (
        report_nights.night(seed=1, label="Ana"),
        report_nights.night(seed=2, label="Ana"),
        report_nights.night(seed=3, start=None),
    )
    old.start = old.start.replace(day=20)
    page = report.html([new, lost, old])
    seen = Text(page).seen
    order = [seen.index(text) for text in ("Saturday 21", "Friday 20", "Night, time unknown")]
    assert order == sorted(order)
    assert page.count('class="new-sheet"') == 2
    assert {f'id="timeline{end}"' for end in ("", "-1", "-2")} <= set(
        re.findall(r'id="timeline.*?"', page)
    )


def test_exact_definition_stands_behind_each_number():
    page = report.html([report_nights.night()])
    exact = re.findall(r'<details class="exact.*?</details>', page, re.DOTALL)[0]
    terms = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", exact)
    assert {"PLM, series", "CLM, candidate", "Short IMI"} < {term for term, _ in terms}
    assert "compound Poisson" in dict(terms)["PLM per hour in bed"]


def test_journal_of_the_night_stands_on_its_page():
    values = {"magnesium_mg": 300, "urge": 6, "text": "<b>late</b>", "antidepressant": "x"}
    page = report.html([report_nights.night(label="Ana")], lambda night, label: values)
    seen = Text(page).seen
    assert "Magnesium 300 mg; Urge to move the legs 6 of 10" in seen
    assert "<b>late</b>" in seen and "known influence" in seen
    assert "In the journal" not in Text(report.html([report_nights.night()])).seen


def test_no_night_is_bad_input():
    with pytest.raises(BadInput, match="anklet sync"):
        report.html([])


def test_write_replaces_the_file_as_a_whole(tmp_path: Path):
    out = tmp_path / "night.html"
    out.write_text("old")
    report.write(report.html([report_nights.night()]), out)
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["night.html"]


def test_write_to_an_impossible_place_is_bad_input(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "missing" / "a.html", tmp_path / "file" / "a.html"):
        with pytest.raises(BadInput, match="--out"):
            report.write("page", out)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_trace_lies_behind_the_movements_where_there_is_one():
    session = report_nights.night()
    assert not timeline(SessionView(session)).trace
    levels = bytes([30, 60, 255, 90] * 500 + [255] * COARSE * 3)
    session.trace = [(0, levels)]
    found = timeline(SessionView(session))
    ((ms, text),) = found.trace["pieces"]
    heights = b64decode(text)
    assert (ms, len(heights)) == (0, len(levels))
    assert heights[2] == 0 < heights[0] < heights[1] < heights[3] <= FULL
    names = [layer.name for layer in found.panels[0].layers]
    assert names.index("PLM") > names.index("movement") > names.index("upright")
    ((curve,), lead) = found.layer("movement").marks, session.start.minute
    first, last = curve.pieces[0], curve.pieces[-1]
    assert lead <= first[0][0] <= lead + 0.3 and first[0][1] == 0.42  # on the ground of its row
    assert min(y for _, y in first) == pytest.approx(0.42 - 0.84 * heights[3] / FULL)
    assert last[-1][1] == 1.42 and last[-1][0] == pytest.approx(2000 / 300 - 1.95, abs=0.11)
    page = report.html([session])
    assert "movement, 4 to 500 mg" in page
    assert "movement, 4 to 500 mg" not in report.html([report_nights.night()])
    later = replace(session, start=session.start + timedelta(hours=9))
    joined = grouping.joined([session, later]).trace
    assert [at for at, _ in joined] == [0, 9 * 3_600_000]


def test_a_night_that_power_cut_says_that_its_count_is_a_lower_bound():
    night = Builder().anchor()
    for minute in range(1, 31):
        night.epoch(minute * 60_000, retries=4)
    text = " ".join(words.problems(SessionView(parse(bytes(night.data)))))
    assert "a lower bound" in text
    assert "asked again 120 times" in text
    text = " ".join(words.problems(SessionView(parse(bytes(night.counts(1_800_000).data)))))
    assert "lower bound" not in text


def test_every_detector_there_was_has_its_words():
    assert list(health.DETECTORS) == [str(number + 1) for number in range(VERSION)]
    page = report.html([report_nights.night()])
    assert "a newer one than this tool knows" not in page
