"""The report's page in a real browser."""

import os
import re
from itertools import pairwise
from pathlib import Path

import chromium
import pytest
import report_nights
from anklet import report
from anklet.report import plot
from anklet.report.page import document
from anklet.report.trend import Trend
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

SHOTS = os.environ.get("ANKLET_SHOTS")  # a folder for the README's pictures
SIGHT = {"x": 0, "y": 0, "width": 1000, "height": 1420}
NOTED = {"magnesium_mg": 300, "magnesium_form": "citrate", "urge": 6, "text": "a late dinner " * 6}
pytestmark = chromium.needed

CONTRAST = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = parts(c).slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if ((parts(c)[3] ?? 1) > 0) return c;
    }
    return "rgb(255, 255, 255)";
  };
  let least = 99;
  const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (seen.nextNode()) {
    const e = seen.currentNode.parentElement;
    if (!seen.currentNode.data.trim() || !e.checkVisibility() || e.closest("script")) continue;
    const style = getComputedStyle(e);
    const ink = e.closest("svg") ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    least = Math.min(least, (a + 0.05) / (b + 0.05));
  }
  return least;
}"""


# Texts of a chart that reach out of its card, or that lie on each other.
OUTSIDE = """(chart) => {
  const card = chart.closest(".card").getBoundingClientRect();
  const boxes = [...chart.querySelectorAll("text")]
    .filter((text) => text.checkVisibility() && !text.closest(".data"))
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const out = ([, b]) => b.left < card.left || b.right > card.right || b.bottom > card.bottom;
  const over = ([, a], [, b]) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  return [
    ...boxes.filter(out),
    ...boxes.filter((a, i) => boxes.slice(i + 1).some((b) => over(a, b))),
  ].map(([text]) => text);
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """one.html: a night. two.html: two of them. all.html: sixty nights of one leg. both.html: of
    both legs, and of another person."""
    folder = tmp_path_factory.mktemp("report")
    night = report_nights.night(label="</script><script>alert(1)</script>")
    older = report_nights.night(seed=2, start=night.start.replace(day=20))
    report.write(report.html([night], lambda night, label: NOTED), folder / "one.html")
    report.write(report.html([older, night]), folder / "two.html")
    left = report_nights.items()
    report.write(trend(left), folder / "all.html")
    right = report_nights.items(30, leg="right", label="Ana")
    report.write(
        trend([*left, *right, *report_nights.items(9, label="Ben")]), folder / "both.html"
    )
    return folder


def trend(items: list[dict]) -> str:
    """The page of these nights, with a journal and a trial."""
    journal, bands = report_nights.entries(items[:60]), report_nights.bands(items[:60])
    return document("All nights", Trend(items, lambda label: journal, lambda label: bands).page())


@pytest.fixture
def problems() -> list[str]:
    return []


def show(
    browser: Browser, file: Path, problems: list[str], width: int = 1280, scheme: str = "light"
) -> Page:
    """Open a page offline; what goes wrong on it is added to problems."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on(
        "request",
        lambda request: None if request.url == file.as_uri() else problems.append(request.url),
    )
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(
    "look",
    [
        ("one.html", 1280, "light"),
        ("one.html", 360, "dark"),
        ("two.html", 375, "light"),
        ("all.html", 1280, "dark"),
        ("all.html", 360, "light"),
        ("both.html", 375, "dark"),
    ],
)
def test_page_is_drawn_without_a_request(browser, pages, problems, look):
    name, width, scheme = look
    page = show(browser, pages / name, problems, width, scheme)
    charts = page.locator(".chart").all()
    assert len(charts) >= 3
    for chart in charts:  # each holds marks or bars, and lies within its card
        assert chart.locator(".data :is(use, rect)").count() > 6
        assert chart.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) >= 4.5
    found = Axe().run(page).response["violations"]
    assert not [v["id"] for v in found if v["impact"] in ("serious", "critical")]
    page.close()
    assert problems == []


@pytest.mark.skipif(not SHOTS, reason="ANKLET_SHOTS names no folder for the README's pictures")
def test_pictures_for_the_readme(browser, pages, problems):
    night = report_nights.night(label="Ana")
    report.write(report.html([night], lambda night, label: {"urge": 6}), pages / "night.html")
    for name, picture in (("night.html", "report.png"), ("all.html", "trend.png")):
        page = show(browser, pages / name, problems, 1000)
        page.screenshot(path=Path(SHOTS) / picture, clip=SIGHT, full_page=True)
        page.close()
    assert problems == []


def test_a_page_is_read_without_script(browser, pages):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((pages / "one.html").as_uri())
    assert page.locator("#timeline .plm use").count() > 100
    for mark in ("#timeline .plm use", "#hours rect", "#imis .plm rect"):
        box = page.locator(mark).nth(3).bounding_box()
        assert box["width"] > 1 and box["height"] > 5
    assert "PLM, series" in page.locator("#timeline .plm title").first.text_content()
    page.goto((pages / "all.html").as_uri())
    assert page.locator("#points .points use").count() == 58
    assert page.locator("#calendar rect").first.bounding_box()["width"] > 10
    assert not page.get_by_role("button", name="4 weeks").is_visible()  # it would do nothing
    assert "Without script the charts show" in page.inner_text("main")
    context.close()


def test_colours_follow_the_scheme_while_open(browser, pages, problems):
    page = show(browser, pages / "one.html", problems)
    bar = page.locator("#hours rect").nth(1)
    light = bar.evaluate("e => getComputedStyle(e).fill")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "old => getComputedStyle(document.querySelectorAll('#hours rect')[1]).fill != old",
        arg=light,
    )
    page.close()
    assert problems == []


def middle(mark: Locator) -> tuple[float, float]:
    box = mark.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_pointing_at_a_movement_tells_about_it(browser, pages, problems):
    page = show(browser, pages / "one.html", problems)
    mark = page.locator("#timeline .plm use").nth(3)
    mark.scroll_into_view_if_needed()
    x, y = middle(mark)
    page.mouse.move(x + 2, y + 3)  # a bar is thin: near it is enough
    tip = page.get_by_role("status")
    tip.wait_for()
    text = tip.text_content()
    assert "PLM, series" in text and "mg" in text
    assert page.locator("#timeline title").count() == 0  # the browser does not tell it, too
    page.mouse.move(x, 5)
    tip.wait_for(state="hidden")
    page.close()
    assert problems == []


def test_pointing_at_a_night_tells_about_it(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    page.locator("#points").scroll_into_view_if_needed()
    page.mouse.move(*middle(page.locator("#points .points use").nth(20)))
    tip = page.get_by_role("status")
    tip.wait_for()
    assert "PLM/h (" in tip.text_content() and " 2026" in tip.text_content()
    page.mouse.move(*middle(page.locator("#points .trial rect").first))
    page.wait_for_function("document.querySelector('.tip').textContent.startsWith('Trial')")
    page.close()
    assert problems == []


def test_a_finger_reaches_the_words_and_does_not_zoom(browser, pages):
    page = browser.new_page(viewport={"width": 375, "height": 700}, has_touch=True, offline=True)
    page.goto((pages / "all.html").as_uri())
    page.locator("#points").scroll_into_view_if_needed()
    page.touchscreen.tap(*middle(page.locator("#points .points use").nth(40)))
    assert "PLM/h (" in page.get_by_role("status").text_content()
    assert page.locator(".selection").count() == 0
    page.close()


def test_the_marks_are_told_by_keyboard(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    page.locator("#points").focus()
    told = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        told.append(page.get_by_role("status").text_content())
    assert "PLM/h (" in told[0] and told[1] != told[0] == told[2]
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()
    page.close()
    assert problems == []


SEEN = """() => {
  const plot = document.querySelector("#points .plot").getBoundingClientRect();
  return [...document.querySelectorAll("#points .points use")].filter((mark) => {
    const box = mark.getBoundingClientRect();
    return box.right > plot.left && box.left < plot.right;
  }).length;
}"""


def test_the_nights_shown_are_chosen_by_keyboard(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    all_nights = page.evaluate(SEEN)
    page.get_by_role("button", name="4 weeks").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(SEEN) == 26  # two are missing
    assert page.locator("#calendar rect").last.bounding_box()["width"] > 50
    assert page.get_by_role("button", name="4 weeks").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # all nights
    assert page.evaluate(SEEN) == all_nights == 58
    page.close()
    assert problems == []


def drag(page: Page, chart: str, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, between these shares of the first plot's width and height."""
    plot = page.locator(f"{chart} .plot").first
    plot.scroll_into_view_if_needed()
    box = page.evaluate("e => e.getBoundingClientRect().toJSON()", plot.element_handle())
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=3)
    page.mouse.up()


def test_dragging_across_zooms_and_a_double_click_goes_back(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    ticks = page.locator("#points .ticks.labelled text").all_text_contents()
    drag(page, "#points", (0.5, 0.5), (0.65, 0.55))
    assert 7 <= page.evaluate(SEEN) <= 11  # of 60 days
    zoomed = page.locator("#points .ticks.labelled text").all_text_contents()
    assert 3 <= len(zoomed) <= 6 and any("Oct" in text for text in zoomed)
    strip = page.locator("#points .strip rect").nth(33)
    assert strip.bounding_box()["width"] > 60  # the rows below go with it
    page.mouse.dblclick(*middle(page.locator("#points .plot").first))
    assert page.evaluate(SEEN) == 58
    assert page.locator("#points .ticks.labelled text").all_text_contents() == ticks
    page.close()
    assert problems == []


def test_a_part_of_an_axis_has_the_ticks_that_the_whole_would_have(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    for days in (3, 9, 28, 100, 365, 800, 4000):
        ends = [20_773, 20_773 + days]
        ticks = page.evaluate("([low, high]) => dateTicks(low, high)", ends)
        assert ticks == [list(tick) for tick in plot.date_ticks(*ends)]
    for ends in ([0, 60], [3.2, 17.1], [31.5, 31.6]):
        ticks = page.evaluate("([low, high]) => numberTicks(low, high)", ends)
        assert [text for _, text in ticks] == [text for _, text in plot.number_ticks(*ends)]
    page.close()
    assert problems == []


def test_a_definition_opens_by_keyboard(browser, pages, problems):
    page = show(browser, pages / "one.html", problems)
    definition = page.locator(".exact dl").first
    assert not definition.is_visible()
    page.locator(".exact summary").first.focus()
    page.keyboard.press("Enter")
    assert "compound Poisson" in definition.inner_text()
    page.close()


@pytest.mark.parametrize(("name", "sheets"), [("long", 1), ("two", 2), ("all", 1), ("both", 2)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_night_and_each_trend_prints_on_one_a4_sheet(
    browser, pages, problems, tmp_path, name, sheets, scheme
):
    long = report_nights.night(hours=9.5, board="sim", label="Ana")
    long.flags.append("cut")
    report.write(report.html([long], lambda night, label: NOTED), pages / "long.html")
    page = show(browser, pages / f"{name}.html", problems, scheme=scheme)
    page.pdf(path=tmp_path / "night.pdf", prefer_css_page_size=True)
    data = (tmp_path / "night.pdf").read_bytes()
    boxes = re.findall(rb"/Type /Page\b.*?/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data, re.DOTALL)
    a4 = (pytest.approx(595, abs=1), pytest.approx(842, abs=1))  # points
    assert [(float(w), float(h)) for w, h in boxes] == [a4] * sheets
    page.wait_for_function("!document.documentElement.classList.contains('paper')")
    page.close()
    assert problems == []


def test_zooming_in_draws_the_trace_finer_and_its_rows_higher(browser, tmp_path, problems):
    night = report_nights.night()
    levels = bytes(40 + 7 * i % 90 for i in range(night.length_ms // 200))
    night.trace = [(0, levels)]
    file = tmp_path / "traced.html"
    report.write(report.html([night]), file)
    page = show(browser, file, problems)
    points = """() => document.querySelector("#timeline .movement path").getAttribute("d")
        .split("M")[2].split("L").slice(1).map((place) => parseFloat(place))"""
    steps = [b - a for a, b in pairwise(page.evaluate(points)[1:9])]
    assert steps == [pytest.approx(0.1)] * 7  # of a minute, before zooming
    drag(page, "#timeline", (0.5, 0.4), (0.55, 0.8))
    drag(page, "#timeline", (0.5, 0.5), (0.6, 0.52))
    fine = page.evaluate(points)
    assert fine[3] - fine[2] == pytest.approx(0.2 / 60, rel=0.01)
    assert fine[0] < 31.8 and fine[-1] > 31.5  # what is in sight, and little more
    row = page.locator("#timeline .track rect").nth(2).bounding_box()
    assert row["height"] > 60
    labels = page.locator("#timeline .rows text").nth(2).bounding_box()
    assert row["y"] < labels["y"] < row["y"] + row["height"]
    page.close()
    assert problems == []
