"""The one file of `anklet uf2` on an emulated Pico: it boots, records, is synced, is complete."""

import json

from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.cli import main
from emulator import EmulatedPico
from image import image

STILL = bytes((0, 0x40, 0, 0, 0, 0)) * 10000


def test_a_pico_that_got_the_one_file_needs_no_install(tmp_path, capsys):
    one = tmp_path / "anklet.uf2"
    argv = ["uf2", "--board", "rpi_pico", "--micropython", str(image()), "--out", str(one)]
    assert main([*argv, "--first-install", "--leg", "right", "--label", "anna", "--json"]) == 0
    capsys.readouterr()
    archive = Archive(tmp_path / "archive")
    with EmulatedPico(STILL, uf2=one) as pico:
        pico.until(500)
        pico.speed(1)
        assert main(["doctor", "--port", pico.port, "--json"]) in (0, 6)
        examined = json.loads(capsys.readouterr().out)
        found = sync(pico.port, archive)
        before = pico.files()
        settings = ["--leg", "right", "--label", "anna"]
        argv = ["install", "--port", pico.port, "--board", "rpi_pico", *settings, "--json"]
        assert main(argv) == 0
        installed = json.loads(capsys.readouterr().out)
        after = pico.files()
    bad = [check["name"] for check in examined["checks"] if not check["ok"]]
    assert bad == ["clock"]  # nobody has set it yet
    night = archive.load(found["downloaded"][0])
    assert (night.meta["leg"], night.meta["label"]) == ("right", "anna")
    assert night.length_ms > 5000
    assert (installed["changed"], installed["removed"]) == ([], [])
    assert not installed["settings_changed"]
    modules = {path for path in before if path.endswith((".py", ".mpy", ".json"))}
    assert {path: after[path] for path in modules - {"/state.json"}} == {
        path: before[path] for path in modules - {"/state.json"}
    }
