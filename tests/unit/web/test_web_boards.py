"""Set up, check and sync a board by the pages' forms, with a real MicroPython."""

import re

import pytest
import usb
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.signal import replay
from anklet.web.jobs import Jobs
from anklet.web.server import create_app
from nightbytes import whole
from usb import picoflash

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)


@pytest.fixture
def press(tmp_path):
    """Press a button of the boards page; the page of the job when it is done."""
    jobs = Jobs()
    client = create_app(tmp_path / "archive", "secret", jobs).test_client()

    def _press(what, **form):
        origin = {"Origin": "http://localhost"}
        done = client.post(f"/secret/boards/{what}", data=form, headers=origin)
        assert done.status_code == 303
        jobs.wait()
        return client.get(done.location).text

    yield _press
    jobs.wait()


@pytest.mark.slow
def test_a_new_board_is_set_up_and_checked(press, tmp_path):
    (tmp_path / "flash").write_bytes(picoflash.file_system({}))
    with usb.blank(tmp_path) as board:
        page = press("setup", other=board.port, leg="right", label="<b>anna", board="rpi_pico")
        assert "right leg, label &lt;b&gt;anna" in page
        checked = press("check", other=board.port)
    assert "right leg (&lt;b&gt;anna)" in checked
    assert "self-test" in checked and "output rate" in checked


def test_sync_says_what_came(press, tmp_path):
    name = "00001-1a2b3c4d"
    with usb.board(usb.script(tmp_path / "board", {f"{name}.plm": whole(session=name)})) as board:
        assert "1 new recording," in press("sync", other=board.port)
    assert [item["session"] for item in Archive(tmp_path / "archive").sessions()] == [name]
    assert Journal(tmp_path / "archive").hidden() == set()


def test_a_board_without_firmware_is_told_what_to_do(press, tmp_path):
    (tmp_path / "flash").write_bytes(picoflash.file_system({}))
    with usb.blank(tmp_path) as board:
        page = press("sync", other=board.port)
    assert "anklet install" in page and 'role="alert"' in page


@pytest.mark.slow
def test_another_project_is_saved_and_the_person_asked(press, tmp_path):
    theirs = {"/main.py": b"print('lamp')", "/lamp.py": b"<b>"}
    (tmp_path / "flash").write_bytes(picoflash.file_system(theirs))
    with usb.blank(tmp_path) as board:
        form = {"other": board.port, "leg": "right", "board": "rpi_pico"}
        page = press("setup", **form)
        assert "2 files that are not Anklet&#39;s: /lamp.py, /main.py" in page
        assert "Nothing was written to the board yet." in page
        assert board_files(tmp_path) == theirs
        (saved,) = (tmp_path / "archive" / "before-anklet").iterdir()
        assert saved.name in page
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        assert fields["agreed"] and fields | form == fields
        refused = press("setup", **form | {"agreed": "0" * 64})
        assert "Nothing was written" in refused
        assert "right leg" in press("setup", **fields)
    files = board_files(tmp_path)
    kept = {path: files[f"/before_anklet{path}"] for path in theirs}
    assert kept == theirs


def board_files(folder):
    return picoflash.files(bytes(picoflash.START) + (folder / "flash").read_bytes())
