"""Ten mistakes that people make, on the real pages: one sentence beside the place each, and
nothing is lost. The pages are served from this process, so that its disk can be full."""

import contextlib
import datetime as dt
import errno
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import chromium
import nightbytes
import pytest
import usb
from anklet.archive import jsonl
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.board import ports
from anklet.signal import replay
from anklet.trial.seal import Trials
from anklet.web import adding
from anklet.web.jobs import Jobs
from anklet.web.server import create_app
from patience import PATIENCE_S
from playwright.sync_api import Browser, Locator, Page, expect
from waitress.server import create_server

pytestmark = chromium.needed

TODAY = dt.date.today()
EVENING = TODAY - dt.timedelta(days=1)
needs_board = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)


class Site(NamedTuple):
    address: str
    home: Path
    page: Page

    def open(self, name: str = "") -> Page:
        self.page.goto(self.address + name)
        return self.page

    def beside(self) -> Page:
        """Another tab."""
        return self.page.context.new_page()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list]]:
    """The address of the pages, and the application behind it, which each test puts there."""
    app: list = []
    listening = socket.create_server(("127.0.0.1", 0))

    def now(environ, start_response):
        return app[0](environ, start_response)

    serving = create_server(now, sockets=[listening])
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/secret/", app
    serving.close()


@pytest.fixture
def site(browser: Browser, server, tmp_path: Path, monkeypatch) -> Iterator[Site]:
    """The pages over an archive with last night's recording of Ana in it; no board."""
    monkeypatch.setattr(ports, "boards", list)
    home, jobs = tmp_path / "archive", Jobs()
    file_night(home, EVENING, "Ana")
    address, app = server
    app[:] = [create_app(home, "secret", jobs)]
    context = browser.new_context(viewport={"width": 900, "height": 900})
    context.set_default_timeout(1000 * PATIENCE_S)
    yield Site(address, home, context.new_page())
    context.close()
    jobs.wait()


def file_night(home: Path, evening: dt.date, label: str, number: int = 1) -> None:
    day = (evening - dt.date(1970, 1, 1)).days
    night = nightbytes.Builder(session=f"{number:05d}-1a2b3c4d", label=label).anchor(day=day)
    data = night.counts(3_600_000, lm=4, clm=4, plm=4, series=1).data
    nightbytes.add_to(Archive(home), bytes(data))


def fill(page: Page, name: str, text: str) -> Locator:
    field = page.get_by_label(name)
    field.fill(text)
    return field


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def entries(home: Path, evening: dt.date = EVENING) -> dict:
    return Journal(home).entries("Ana").get(str(evening), {})


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file takes a byte more."""

    def write(handle: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "_write", write)
        yield


@needs_board
def test_a_board_pulled_during_a_sync(site, tmp_path):
    names = [f"{number:05d}-5e6f7081" for number in range(1, 5)]
    night = nightbytes.periodic(leg="left", label="Ana")
    for number in range(400):
        night.lm(10 + number, 1_300_000 + 5_000 * number)
    data = bytes(night.counts(3_600_000, lm=5, clm=5, plm=4, series=1).data)
    script = usb.script(tmp_path / "board", {f"{name}.plm": data for name in names})

    def sync(port: str) -> Locator:
        page = site.open("boards")
        page.get_by_text("Another port").click()
        fill(page, "Its name", port)
        page.get_by_role("button", name="Sync").click()
        page.get_by_role("link", name="Back to the boards").wait_for()
        return page.locator("main")

    pulled = usb.board(script, unplug_after=30_000)
    try:
        told = sync(pulled.port)
    finally:
        pulled.close()
    expect(told.get_by_role("alert")).to_contain_text("no night was removed from the board")
    expect(told.get_by_role("alert")).to_have_count(1)
    again = usb.board(script)
    try:
        told = sync(again.port)
    finally:
        again.close()
    expect(told).to_contain_text(re.compile(r"\d new recordings?, \d filed before"))
    archive = Archive(site.home)
    filed = {item["session"] for item in archive.sessions()}
    assert set(names) <= filed
    assert all(archive.raw(nightbytes.META["device"], name).read_bytes() == data for name in names)


def test_two_tabs_on_one_evening(site):
    first, second = site.open(f"journal?night={EVENING}"), site.beside()
    second.goto(first.url)
    fill(first, "Iron", "14")
    fill(first, "Caffeine", "90")
    save(first)
    fill(second, "Magnesium (mg)", "300")
    field = fill(second, "Caffeine", "180")
    save(second)
    expect(field).to_have_accessible_description(re.compile("saved 90 here in the meantime"))
    expect(field).to_have_value("180")
    assert entries(site.home) == {"iron_mg": 14, "caffeine_mg": 90}
    save(second)  # it is meant
    expect(second.get_by_role("status")).to_contain_text("Saved")
    assert entries(site.home) == {"iron_mg": 14, "caffeine_mg": 180, "magnesium_mg": 300}


def test_a_future_date(site):
    page = site.open(f"journal?night={EVENING}")
    field = fill(page, "The night, by", str(TODAY + dt.timedelta(days=3)))
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_accessible_description(re.compile("is in the future"))
    assert entries(site.home) == {}


def test_a_dose_that_is_not_allowed(site):
    page = site.open("try")
    amount = fill(page, "How much each evening", "900")
    page.get_by_role("button", name="What to expect").click()
    expect(amount).to_have_accessible_description(re.compile("900"))
    expect(amount).to_have_value("900")
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("button", name="Seal the plan")).to_have_count(0)
    assert Trials(site.home).latest("Ana") is None


def test_a_full_disk(site):
    page = site.open(f"journal?night={EVENING}")
    field = fill(page, "Iron", "14")
    with full_disk():
        save(page)
        told = page.get_by_role("button", name="Save")
        expect(told).to_have_accessible_description(re.compile("not saved: .*No space left"))
        expect(field).to_have_value("14")
        assert entries(site.home) == {}
    save(page)
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert entries(site.home) == {"iron_mg": 14}


def test_a_clock_set_back(site):
    tomorrow = TODAY + dt.timedelta(days=2)
    file_night(site.home, tomorrow, "Ana", 2)
    page = site.open()
    told = page.get_by_text("after what this computer's clock says is today")
    expect(told).to_have_count(1)
    expect(told).to_contain_text(str(tomorrow.day))
    page.goto(f"{site.address}journal?night={tomorrow}")  # of a night that is there
    fill(page, "Iron", "14")
    save(page)
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert entries(site.home, tomorrow) == {"iron_mg": 14}


def test_columns_that_nobody_knows(site, tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "folders", lambda: [tmp_path])
    file = tmp_path / "uhr.csv"
    file.write_text(f"Wann,Was\n{EVENING} 22:58:30,61\n{EVENING} 22:59:30,64\n")
    page = site.open("nights")
    page.get_by_role("link", name="Add a file").click()
    expect(page.get_by_label("uhr.csv")).to_be_checked()
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Keep it").click()
    told = page.locator(".wrong")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("The columns are Wann, Was; what is understood is a time, and")
    assert not (site.home / "watch").exists()
    page.get_by_label("Time, or begin").select_option("Wann")
    page.get_by_label("Heart rate").select_option("Was")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status")).to_contain_text("Kept")
    page.get_by_role("link", name="See the night").click()
    expect(page.get_by_role("heading", name="What your watch says")).to_be_visible()
    assert len(list((site.home / "watch").glob("*.csv"))) == 1


def test_the_person_changed_half_way(site):
    file_night(site.home, EVENING, "Ben", 2)
    page = site.open()
    page.get_by_role("link", name="Ana").first.click()
    page.get_by_role("link", name="Try").click()
    fill(page, "How much each evening", "300")
    other = site.beside()
    other.goto(site.address)
    other.get_by_role("link", name="Ben").first.click()
    expect(other.locator(".whose [aria-current=true]")).to_have_text("Ben")
    page.get_by_role("button", name="What to expect").click()
    page.get_by_role("button", name="Seal the plan").click()
    expect(page.get_by_role("img", name="48 nights in 8 pairs")).to_be_visible()
    expect(page.locator(".whose [aria-current=true]")).to_have_text("Ana")
    other.get_by_role("link", name="Try").click()
    expect(other.locator(".whose [aria-current=true]")).to_have_text("Ben")
    expect(other.get_by_role("button", name="What to expect")).to_be_visible()
    assert Trials(site.home).latest("Ana") is not None
    assert Trials(site.home).latest("Ben") is None


def test_back_after_saving(site):
    page = site.open(f"journal?night={EVENING}")
    fill(page, "Iron", "14")
    save(page)
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page.go_back()
    expect(page.get_by_label("Iron")).to_have_value("14")
    fill(page, "Caffeine", "90")
    save(page)
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert entries(site.home) == {"iron_mg": 14, "caffeine_mg": 90}
    assert len(list(Journal(site.home).history(str(EVENING), "Ana"))) == 2


def test_a_sync_without_a_board(site):
    page = site.open("boards")
    page.get_by_role("button", name="Sync").click()
    told = page.locator(".wrong")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("No board")
    assert len(Archive(site.home).sessions()) == 1
