"""MicroPython formats a flash that it can't mount: sync and doctor say so."""

from functools import partial

import pytest
import usb
from anklet.archive import reformat
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board import doctor
from anklet.cli import main
from anklet.signal import replay
from nightbytes import whole

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
BEFORE, AFTER = "1a2b3c4d", "5e6f7081"


@pytest.fixture
def plug(tmp_path):
    """Plugs in the same device, with a flash of this id and one night on it."""
    boards = []

    def _plug(flash, session):
        folder = tmp_path / f"board{len(boards)}"
        night = {f"{session}.plm": whole(session=session, flash=flash)} if session else {}
        boards.append(usb.board(usb.script(folder, night)))
        (folder / "flash" / "flash.id").write_text(flash)
        return boards[-1].port

    yield _plug
    for board in boards:
        board.close()


@pytest.mark.slow
def test_sync_warns_once_when_the_flash_was_formatted(plug, tmp_path):
    archive, said = Archive(tmp_path / "archive"), []
    found = sync(plug(BEFORE, "00007-1a2b3c4d"), archive, warn=said.append)
    assert "warning" not in found
    found = sync(plug(BEFORE, "00008-1a2b3c4e"), archive, warn=said.append)
    assert said == []
    found = sync(plug(AFTER, "00001-5e6f7081"), archive, warn=said.append)
    assert "was formatted" in said[0]
    assert found["warning"] == said[0]
    assert found["downloaded"] == ["00001-5e6f7081"]
    sync(plug(AFTER, "00002-5e6f7082"), archive, warn=said.append)
    assert len(said) == 1


def test_the_command_says_so_loudly(plug, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "archive"))
    assert main(["sync", "--port", plug(BEFORE, "00007-1a2b3c4d")]) == 0
    assert "WARNING" not in capsys.readouterr().err
    assert main(["sync", "--port", plug(AFTER, "")]) == 0
    assert "WARNING: The flash of board" in capsys.readouterr().err


@pytest.mark.slow
def test_doctor_says_so_until_a_sync_has_filed_a_night_of_the_new_flash(plug, tmp_path):
    archive = Archive(tmp_path / "archive")

    def said(port):
        checks = doctor.examine(port, partial(reformat.warning, archive))["checks"]
        return [check["todo"] for check in checks if check["value"] == "was formatted"]

    sync(plug(BEFORE, "00007-1a2b3c4d"), archive)
    assert said(plug(BEFORE, "00007-1a2b3c4d")) == []
    (todo,) = said(plug(AFTER, "00001-5e6f7081"))
    assert "not yet downloaded are lost" in todo
    sync(plug(AFTER, "00001-5e6f7081"), archive)
    assert said(plug(AFTER, "00001-5e6f7081")) == []
