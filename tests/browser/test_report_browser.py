"""The report's page in a real browser."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import report_nights
from anklet import report
from playwright.sync_api import Browser, Page, sync_playwright

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
    folder = tmp_path_factory.mktemp("report")
    night = report_nights.night(label="</script><script>alert(1)</script>")
    report.write([night], folder / "one.html")
    older = report_nights.night(seed=2, start=night.start.replace(day=20))
    report.write([older, night, report_nights.night(seed=3, start=None)], folder / "all.html")
    return folder


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
        ("one.html", 375, "dark"),
        ("all.html", 1280, "dark"),
        ("all.html", 375, "light"),
    ],
)
def test_page_is_drawn_without_a_request(browser, pages, problems, look):
    name, width, scheme = look
    page = show(browser, pages / name, problems, width, scheme)
    assert page.locator("#timeline .point").count() > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) >= 4.5
    page.close()
    assert problems == []


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


@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="pdfinfo is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_printed_night_fits_one_sheet(browser, problems, tmp_path, scheme):
    long = report_nights.night(hours=9.5, board="sim")
    long.flags.append("cut")
    report.write([long], tmp_path / "long.html")
    page = show(browser, tmp_path / "long.html", problems, scheme=scheme)
    page.pdf(path=tmp_path / "night.pdf", prefer_css_page_size=True)
    info = subprocess.run(
        ["pdfinfo", tmp_path / "night.pdf"], capture_output=True, text=True, check=True
    ).stdout
    assert "Pages:           1\n" in info
    page.wait_for_function("!document.documentElement.classList.contains('paper')")
    page.close()
    assert problems == []
