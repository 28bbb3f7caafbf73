"""The report's page in a real browser."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import report_nights
from anklet import report
from anklet.report.page import document
from anklet.report.trend import Trend
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

SHOTS = os.environ.get("ANKLET_SHOTS")  # a folder for the README's pictures
SIGHT = {"x": 0, "y": 0, "width": 1000, "height": 1420}
NOTED = {"magnesium_mg": 300, "magnesium_form": "citrate", "urge": 6, "text": "a late dinner " * 6}
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed")

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


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
    body, charts = Trend(items, lambda label: journal, lambda label: bands).page()
    return document("All nights", body, charts)


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
    for chart in page.locator(".chart").all():
        chart.locator(".main-svg").first.wait_for()
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
    charts = page.evaluate(
        "Object.keys(JSON.parse(document.getElementById('figures').textContent))"
    )
    assert len(charts) == page.locator(".chart").count() >= 3
    for chart in charts:  # each holds a mark, a bar or a calendar's picture
        assert page.locator(f"#{chart} :is(.point, .heatmaplayer image)").count() > 0, chart
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
    assert page.locator("svg.unscripted").is_visible()
    assert page.locator("svg.unscripted path[stroke='var(--plm)']").count() > 100
    assert "PLM per hour in bed" in page.inner_text("main")
    assert "Histogram of" in page.inner_text("main")  # what is not drawn is told
    page.goto((pages / "all.html").as_uri())
    assert "PLM per hour in bed by night:" in page.inner_text("main")
    context.close()


def test_colours_follow_the_scheme_while_open(browser, pages, problems):
    page = show(browser, pages / "one.html", problems)
    bar = page.locator("#hours .point path").nth(1)
    light = bar.evaluate("e => getComputedStyle(e).fill")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "old => getComputedStyle(document.querySelectorAll('#hours .point path')[1]).fill != old",
        arg=light,
    )
    page.close()
    assert problems == []


def test_pointing_at_a_movement_tells_about_it(browser, pages, problems):
    page = show(browser, pages / "one.html", problems)
    box = page.locator("#timeline .scatterlayer .trace").nth(1).locator(".point").nth(3)
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    hover = page.locator("#timeline .hovertext")
    hover.wait_for()
    text = hover.text_content()
    assert "PLM, series" in text and "mg" in text
    page.close()
    assert problems == []


def test_the_nights_shown_are_chosen_by_keyboard(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    count = "document.querySelectorAll('#points .scatterlayer .point').length"
    all_nights = page.evaluate(count)
    page.get_by_role("button", name="4 weeks").focus()
    page.keyboard.press("Enter")
    weeks = page.evaluate(count)
    assert 28 <= weeks < 40 < all_nights
    assert page.get_by_role("button", name="4 weeks").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # all nights
    assert page.evaluate(count) == all_nights
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


def test_pointing_at_a_night_tells_about_it(browser, pages, problems):
    page = show(browser, pages / "all.html", problems)
    at = page.locator("#points .scatterlayer .point").nth(20).bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    hover = page.locator("#points .hovertext")
    hover.wait_for()
    assert "PLM/h (" in hover.text_content() and "2026-" in hover.text_content()
    page.close()
    assert problems == []


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


def test_zooming_in_draws_the_trace_finer(browser, tmp_path, problems):
    night = report_nights.night()
    levels = bytes(40 + 7 * i % 90 for i in range(night.length_ms // 200))
    night.trace = [(0, levels)]
    file = tmp_path / "traced.html"
    report.write(report.html([night]), file)
    page = show(browser, file, problems)
    steps = """() => { const trace = document.getElementById("timeline").data
        .find((each) => each.name === "movement"); return trace.x[2] - trace.x[1]; }"""
    coarse = page.evaluate(steps)
    page.evaluate("Plotly.relayout('timeline', {'xaxis.range': [59, 59.5]})")
    page.wait_for_function(f"({steps})() < 0.004")
    assert page.evaluate(steps) == pytest.approx(0.2 / 60, rel=0.01)
    assert coarse > 0.02
    page.close()
    assert problems == []
