"""`anklet web` in a real browser: every page, the journal by keyboard, a Sync."""

import contextlib
import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chromium
import nightbytes
import pytest
import usb
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.signal import replay
from axe_playwright_python.sync_playwright import Axe
from patience import PATIENCE_S
from playwright.sync_api import Browser, Dialog, Page, expect
from plmcore import record

pytestmark = chromium.needed

DEVICE, SESSION = "e6614103e7452b2f", "00001-1a2b3c4d"
NIGHT = f"night/{DEVICE}/{SESSION}"
EVENING = dt.date.today() - dt.timedelta(days=1)
DAY = (EVENING - dt.date(1970, 1, 1)).days
FILLED = f"journal?night={EVENING}&like=1"
SHOTS = os.environ.get("ANKLET_SHOTS")  # a folder for the README's pictures
SHOWN = {FILLED: "web-journal.png"}
PAGES = ("", "nights", "trend", NIGHT, f"{NIGHT}/hide", "journal", FILLED)
PAGES += ("try", "journal/sheet", "journal/medicines", "compare", "boards", "about", "none")


def night(session: str, day: int = DAY, hours: int = 1, **meta: str) -> bytes:
    """A night that began at 22:58 of this day, a movement every 25 s, the button pressed once."""
    made = nightbytes.Builder(session=session, **meta).anchor(day=day)
    for number, at in enumerate(range(60_000, hours * 3_600_000 - 60_000, 25_000)):
        made.lm(number, at, flags=record.PLM, series=1)
    made.add(record.MARKER, 0, 1_800_000, 1)
    plm = number + 1
    return bytes(made.counts(hours * 3_600_000, lm=plm, clm=plm, plm=plm, series=1).data)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    archive = Archive(tmp_path / "archive")
    for number in range(3):
        data = night(f"{number + 1:05d}-1a2b3c4d", DAY - number)
        nightbytes.add_to(archive, data)
    diary = Journal(archive.path)
    before = str(EVENING - dt.timedelta(days=1))
    diary.set(
        before, {"magnesium_mg": 300, "route": "oral", "antidepressant": "sertraline 50 mg"}, "bed"
    )
    diary.set(before, {"text": "<script>alert(1)</script>"}, "bed")
    diary.hide(DEVICE, "00003-1a2b3c4d", "the strap was loose")
    return archive.path


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of the pages over this archive."""
    run = subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", "web", "--no-open"],
        env={**os.environ, "ANKLET_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout
    try:
        yield run.stdout.readline().split()[-1]
        run.terminate()
        assert run.wait(PATIENCE_S) == 0
    finally:
        run.kill()


@pytest.fixture
def address(home: Path) -> Iterator[str]:
    with served(home) as there:
        yield there


@pytest.fixture
def problems() -> list[str]:
    return []


def look(
    browser: Browser, address: str, problems: list[str], width: int = 1280, scheme: str = "light"
) -> Page:
    """A new page; what goes wrong on it, and each request to elsewhere, is added to problems."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(1000 * PATIENCE_S)
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on(
        "request",
        lambda asked: asked.url.startswith((address, "data:")) or problems.append(asked.url),
    )
    return page


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_page_is_fit_for_everybody(browser, address, problems, width, scheme):
    page = look(browser, address, problems, width, scheme)
    for name in PAGES:
        page.goto(address + name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], (name, [(v["id"], v["nodes"][0]["html"]) for v in serious])
        if name == "none":  # a browser tells of a 404 by itself
            problems.pop()
        if SHOTS and width == 1280 and name in SHOWN:
            page.screenshot(path=Path(SHOTS) / SHOWN[name])
    page.close()
    assert problems == []


def test_axe_would_find_something(browser):
    page = browser.new_page()
    page.set_content('<p style="color: #999">pale text</p><input><img src="data:,">')
    found = {violation["id"] for violation in Axe().run(page).response["violations"]}
    assert {"color-contrast", "label", "image-alt"} <= found


def test_the_journal_by_keyboard_alone(browser, address, problems, home):
    page = look(browser, address, problems, 360)
    page.goto(address)
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(":focus")).to_have_text("To the content")
    for _ in range(4):
        press("Tab")
    press("Enter")  # the fourth link of the navigation
    page.wait_for_url("**/journal")

    def tab_to(name: str) -> None:
        for _ in range(60):
            press("Tab")
            if page.evaluate("document.activeElement.name || ''") == name:
                return
        raise AssertionError(f"{name} can't be reached")

    tab_to("urge")
    for _ in range(5):
        press("ArrowRight")
    tab_to("magnesium_mg")
    page.keyboard.type("250")
    tab_to("route")
    page.keyboard.type("sk")  # as a select takes it
    tab_to("text")
    page.keyboard.type("<script>alert(2)</script>")
    press("Tab")
    press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(page.get_by_label("Anything else")).to_have_value("<script>alert(2)</script>")
    expect(page.locator("body")).to_contain_text("Anything else: <script>alert(2)</script>")
    (kept,) = [v for v in Journal(home).entries("bed").values() if v.get("magnesium_mg") == 250]
    assert kept == {
        "magnesium_mg": 250,
        "route": "skin",
        "urge": 4,
        "text": "<script>alert(2)</script>",
    }
    page.close()
    assert problems == []


def test_the_form_tells_what_is_wrong_beside_the_field(browser, address, problems, home):
    page = look(browser, address, problems)
    page.goto(f"{address}journal?night={EVENING}")
    before = (home / "journal.jsonl").read_bytes()
    page.get_by_label("Caffeine").fill("99999")
    page.get_by_label("Iron").fill("14")
    page.get_by_role("button", name="Save").click()
    field = page.get_by_label("Caffeine")
    expect(field).to_have_accessible_description(re.compile("has to be a number from 0 to 2000"))
    expect(field).to_have_value("99999")
    expect(page.get_by_label("Iron")).to_have_value("14")
    page.close()  # leaving it would be asked about
    page = look(browser, address, problems)
    page.goto(f"{address}journal?night={EVENING}")
    page.get_by_label("The night, by").fill((dt.date.today() + dt.timedelta(1)).isoformat())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("The night, by")).to_have_accessible_description(
        re.compile("in the future")
    )
    assert (home / "journal.jsonl").read_bytes() == before
    page.close()
    assert problems == []


def test_the_evening_before_is_filled_in_and_the_button_stands_beside(
    browser, address, problems, home
):
    page = look(browser, address, problems)
    page.goto(f"{address}journal?night={EVENING}")
    expect(page.locator("body")).to_contain_text(re.compile(r"\d\d:28:03"))
    page.get_by_role("link", name="Fill in the evening as on").click()
    expect(page.get_by_label("Magnesium (mg)")).to_have_value("300")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    kept = Journal(home).entries("bed")[str(EVENING)]
    assert kept == {"magnesium_mg": 300, "route": "oral", "antidepressant": "sertraline 50 mg"}
    page.close()
    assert problems == []


def test_medicines_by_keyboard_and_leaving_them_unsaved(browser, address, problems, home):
    page = look(browser, address, problems, 360)
    page.goto(f"{address}journal/medicines")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label("Medicine", exact=True).focus()
    page.keyboard.type("iron")
    page.keyboard.press("Tab")
    page.keyboard.type("100 mg")
    press(page, "Add the medicine", True)
    expect(page.get_by_role("alert").or_(page.locator(".wrong"))).to_contain_text("the first day")
    page.get_by_role("link", name="Home", exact=True).click(no_wait_after=True)
    expect(page.get_by_label("Dose")).to_have_value("100 mg")
    assert asked == ["beforeunload"]
    problems.clear()  # the dialog
    page.get_by_label("First day").fill(str(EVENING))
    page.get_by_label("First day").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator("li", has_text="iron")).to_contain_text(f"since {EVENING}, still")
    press(page, f"Take iron ({EVENING}) off the list", True)
    expect(page.locator("li", has_text="iron")).to_have_count(0)
    page.close()
    assert problems == []


def test_a_tap_notes_what_is_often_taken_and_the_sheet_is_one_side(
    browser, address, problems, home
):
    page = look(browser, address, problems, 360)
    page.goto(f"{address}journal?night={EVENING}")
    page.get_by_label("Times awake").fill("3")
    press(page, "Magnesium 300 mg", True)
    chip = page.get_by_role("button", name="Magnesium 300 mg", pressed=True)
    expect(chip).to_be_visible()
    assert Journal(home).entries("bed")[str(EVENING)] == {"magnesium_mg": 300, "wakeups": 3}
    page.get_by_label("Times awake").fill("2")
    page.get_by_label("Times awake").press("Enter")  # saves, and presses no chip
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert Journal(home).entries("bed")[str(EVENING)] == {"magnesium_mg": 300, "wakeups": 2}
    page.goto(f"{address}journal/sheet")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.close()
    assert problems == []


def test_leaving_something_unsaved_is_asked_about(browser, address, problems):
    page = look(browser, address, problems)
    page.goto(f"{address}journal?night={EVENING}")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Iron").fill("14")
    page.get_by_role("link", name="Nights", exact=True).click(no_wait_after=True)
    expect(page).to_have_url(re.compile("journal"))
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Iron")).to_have_value("14")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")  # which asks nothing
    page.close()
    assert problems == [""]  # the one question


def test_a_night_is_hidden_and_shown_again(browser, address, problems, home):
    page = look(browser, address, problems)
    page.goto(f"{address}nights")
    page.get_by_role("link", name=f"Hide {EVENING}").click()
    page.get_by_label("Why").fill("slept elsewhere")
    page.get_by_role("button", name="Hide this night").click()
    expect(page.locator("#hidden")).to_contain_text("slept elsewhere")
    assert (home / "raw" / DEVICE / f"{SESSION}.plm").exists()
    page.get_by_role("button", name=f"Show {EVENING}").click()
    expect(page.get_by_role("link", name=str(EVENING), exact=True)).to_be_visible()
    page.close()
    assert problems == []


def press(page: Page, name: str, keyboard: bool) -> None:
    """A button or link, by the mouse or by Tab and Enter alone."""
    target = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first
    if not keyboard:
        target.click()
        return
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("e => e === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} can't be reached")


@pytest.mark.parametrize("keyboard", [False, True], ids=["mouse", "keyboard"])
def test_from_an_empty_home_to_a_sealed_trial_and_an_examples_result(
    browser, problems, tmp_path, keyboard
):
    home = tmp_path / "empty"
    with served(home) as address:
        own = address.rstrip("/")
        page = look(browser, own, problems, 1000)
        page.goto(address)
        press(page, "Try", keyboard)
        page.get_by_label("How much each evening").fill("300")
        press(page, "What to expect", keyboard)
        expect(page.get_by_text("A change of -50 % is found in")).to_be_visible()
        press(page, "Seal the plan", keyboard)
        expect(page.get_by_role("img", name="48 nights in 8 pairs")).to_be_visible()
        press(page, "Home", keyboard)
        press(page, "Done as planned", keyboard)
        expect(page.get_by_role("status")).to_have_text("Noted in the journal.")
        press(page, "Show me an example", keyboard)
        expect(page.locator("h1")).to_have_text("Last night")
        if SHOTS:
            page.set_viewport_size({"width": 1000, "height": 640})
            page.screenshot(path=Path(SHOTS) / "web-home.png")
        press(page, "Try", keyboard)
        press(page, "See the result", keyboard)
        expect(page.locator(".answer")).to_contain_text("A difference")
        press(page, "Back to Anklet", keyboard)
        press(page, "To your own nights", keyboard)
        press(page, "Remove the example", keyboard)
        expect(page.get_by_role("button", name="Show me an example")).to_be_visible()
        page.close()
    assert problems == []
    assert not (home / "example").exists()
    assert len(list((home / "trials").glob("*.json"))) == 1


@pytest.mark.skipif(not replay.micropython(), reason="MicroPython has no wheel for this computer")
def test_sync_with_a_board_on_a_serial_port(browser, address, problems, home, tmp_path):
    names = [f"{number:05d}-5e6f7081" for number in range(11, 23)]
    nights = {f"{name}.plm": night(name, DAY - 30 + at, 8) for at, name in enumerate(names)}
    board = usb.board(usb.script(tmp_path / "board", nights))
    try:
        page = look(browser, address, problems)
        page.goto(f"{address}boards")
        page.get_by_text("Another port").click()
        page.get_by_label("Its name").fill(board.port)
        page.get_by_role("button", name="Sync").click()
        on_the_way = page.locator("main").filter(has_text="Downloading recording")
        on_the_way.locator("progress[value]").wait_for()
        expect(page.locator("main")).to_contain_text("12 new recordings", timeout=60_000)
    finally:
        board.close()
    filed = {item["session"] for item in Archive(home).sessions()}
    assert set(names) <= filed
    page.get_by_role("link", name="See last night").click()
    expect(page.locator("h1")).to_have_text("Last night")
    page.get_by_role("link", name="Nights", exact=True).click()
    expect(page.locator("main")).to_contain_text(str(EVENING - dt.timedelta(days=25)))
    page.close()
    assert problems == []
