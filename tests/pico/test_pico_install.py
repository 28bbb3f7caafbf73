"""`anklet install` on an emulated Pico that has nothing but MicroPython."""

import json

import pytest
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board import firmware, install
from anklet.cli import main
from emulator import DEVICE, EmulatedPico

STILL = bytes((0, 0x40, 0, 0, 0, 0)) * 10000


class Run:
    """An installation, ten simulated seconds of recording, a sync, an installation again."""

    def __init__(self, archive: Archive, capsys: pytest.CaptureFixture[str]):
        with EmulatedPico(STILL, {}) as pico:
            pico.pass_time(1)  # it has started when somebody calls
            argv = ["install", "--port", pico.port, "--board", "rpi_pico", "--json"]
            assert main([*argv, "--leg", "right"]) == 0
            self.first = json.loads(capsys.readouterr().out)
            self.installed = pico.files()
            pico.until(pico.stats()["taken"] + 500)
            pico.speed(1)
            self.synced = sync(pico.port, archive)
            assert main(argv) == 0
            self.second = json.loads(capsys.readouterr().out)
            self.afterwards = pico.files()


def test_an_empty_pico_records_and_is_synced_and_a_second_run_changes_nothing(tmp_path, capsys):
    archive = Archive(tmp_path)
    run = Run(archive, capsys)
    built = firmware.build("rpi_pico", "armv6m")
    assert {path: run.installed.get(path) for path in built} == built
    assert (run.first["device"], run.first["board"]) == (DEVICE.hex(), "rpi_pico")
    assert len(run.first["changed"]) == run.first["files"] == len(built) + 1
    assert run.first["selftest"]["healthy"], run.first["selftest"]

    (session,) = run.synced["downloaded"]
    night = archive.load(session)
    assert (night.meta["leg"], night.meta["firmware"]) == ("right", run.first["firmware"])
    assert "clock" not in night.flags
    # Not how much: a busy computer simulates slower than time passes.
    assert run.synced["clock_offset_s"] is not None
    assert night.length_ms > 5000  # of ten seconds; the board started in the others

    assert (run.second["changed"], run.second["removed"]) == ([], [])
    assert not run.second["settings_changed"]
    assert run.second["leg"] == "right"
    for path in (*built, install.MANIFEST, "/settings.json"):
        assert run.afterwards[path] == run.installed[path]
