"""The report's page, without a browser."""

import json
import re
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import plotly.graph_objects as go
import pytest
import report_nights
from anklet import report
from anklet.errors import BadInput
from anklet.night import grouping
from anklet.night.damage import Damage
from anklet.night.nightfile import parse
from anklet.night.session import Session
from anklet.report import about, figures, health, unscripted, words
from anklet.report.timeline import timeline
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


def charts(page: str) -> dict:
    found = re.search(r'id="figures">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


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
    assert sources <= {None, "data:,"}  # an empty icon: else a browser asks for one
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
        assert tags.count("script") == 3  # figures, Plotly, page.js
        assert "img" not in tags
        assert charts(page)
        hovers = json.dumps(charts(page))
        assert "<script" not in hovers and "<img" not in hovers


def test_figures_are_valid_plotly():
    night = SessionView(report_nights.night())
    for figure in (timeline(night), figures.hours(night), figures.imis(night)):
        text = re.sub(r"var\(--\w+\)", "#123456", json.dumps(figure))
        go.Figure(json.loads(text))  # raises on an unknown property or value


def test_every_movement_stands_on_the_timeline_once():
    session = report_nights.night()
    points = {t["name"]: t for t in timeline(SessionView(session))["data"]}
    count = session.counts
    assert len(points["PLM"]["x"]) == count["plm"]
    assert len(points["other CLM"]["x"]) == count["clm"] - count["plm"]
    assert len(points["no candidate"]["x"]) == count["lm"] - count["clm"] + count["excluded"]
    assert len(points["button"]["x"]) == 1
    symbols = {points[name]["marker"]["symbol"] for name in ("PLM", "other CLM", "no candidate")}
    assert len(symbols) == 3


def test_gaps_and_upright_time_stand_on_the_timeline_with_their_length():
    tracks = {t["name"]: t for t in timeline(SessionView(report_nights.night()))["data"]}
    assert sum(tracks["gaps"]["x"]) == pytest.approx(0.7)
    assert sum(tracks["upright"]["x"]) == pytest.approx(60)
    assert tracks["gaps"]["hovertext"] == ["gap of 42 s at 01:58:03: the sensor did not answer"]
    patterns = [t["marker"].get("pattern", {}).get("shape") for t in tracks.values()][:4]
    assert len(set(patterns)) == 4


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
    inside, outside = figures.imis(night)["data"]
    assert sum(n or 0 for n in inside["y"]) == 2
    assert sum(n or 0 for n in outside["y"]) == 2


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
    bars = figures.hours(night)["data"][0]
    for hour, height, width in zip(night.hours, bars["y"], bars["width"], strict=True):
        if hour.in_bed_min < LEAST_MIN:
            assert height is None
        else:
            assert height == pytest.approx(60 * hour.plm / hour.in_bed_min, abs=0.06)
        assert width == pytest.approx(0.8 * hour.in_bed_min / 60, abs=0.001)


@pytest.mark.parametrize("session", [empty(), parse(b"rubbish"), parse(b"ANKLET1\n")])
def test_a_night_without_anything_in_it_has_a_page(session):
    seen = Text(report.html([session])).seen
    assert "0 periodic leg movements in 0.0 h in bed" in seen
    assert "No series" in seen


def test_unknown_rule_set_shows_no_band():
    session = report_nights.night()
    session.meta["rules"] = "wasm2031"
    page = report.html([session])
    assert charts(page)["imis"]["layout"]["shapes"] == []
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
    assert {"timeline", "timeline-1", "timeline-2"} <= set(charts(page))


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
    assert "trace" not in timeline(SessionView(session))
    levels = bytes([30, 60, 255, 90]) * 500
    session.trace = [(0, levels)]
    drawn = timeline(SessionView(session))
    ((ms, text),) = drawn["trace"]["pieces"]
    assert (ms, b64decode(text)) == (0, levels)
    assert drawn["data"][drawn["trace"]["index"]]["name"] == "movement"
    assert [t["name"] for t in drawn["data"]].index("PLM") > drawn["trace"]["index"]
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


def test_the_picture_without_script_holds_every_movement():
    night = SessionView(report_nights.night())
    svg = unscripted.timeline(night)
    assert svg.count('stroke="var(--plm)"') == night.session.counts["plm"]
    others = night.session.counts["clm"] - night.session.counts["plm"]
    assert svg.count('stroke="var(--clm)"') == others
    page = report.html([night.session])
    assert f"<noscript>{svg}</noscript>" in page


def test_every_detector_there_was_has_its_words():
    assert list(health.DETECTORS) == [str(number + 1) for number in range(VERSION)]
    page = report.html([report_nights.night()])
    assert "a newer one than this tool knows" not in page
