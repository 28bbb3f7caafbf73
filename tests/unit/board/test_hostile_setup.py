"""Boards that answer install and doctor with what can't be, or would steer a terminal."""

import json

import pytest
import usb
from anklet.board import flashfiles
from anklet.cli import main
from anklet.signal import replay
from usb import picoflash

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
SAYS = """
class Json:
    dumps = staticmethod(lambda value: {answer!r})
sys.modules["json"] = Json
"""
WHAT = ["micropython", "Raspberry Pi Pico with RP2040", 4870, "1.27.0", 800000, "e6614103e7452b2f"]


def what(**changed):
    return json.dumps([changed.get(str(i), value) for i, value in enumerate(WHAT)])


def printed(capsys, argv, code):
    """What a person reads when that ends with this exit code."""
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert "a fault of ours" not in err
    assert all(line.isprintable() for line in (out + err).splitlines())
    return out + err


@pytest.mark.parametrize(
    "answer, code, says",
    [
        (what(**{"0": "circuit\x1b[2Jpython"}), 7, "circuit\ufffd[2Jpython"),
        (what(**{"1": "tea\x1b]0;pot\x07"}), 2, "tea\ufffd]0;pot\ufffd"),
        (what(**{"2": 0, "3": "1.2\x1b[31m"}), 7, "MicroPython 1.2\ufffd[31m"),
        (what(**{"2": 6 | 3 << 8}), 7, "native code"),
        (what(**{"2": "4870"}), 6, "makes no sense"),
        (what(**{"2": 4870.5}), 6, "makes no sense"),
        (what().replace("800000", "1" + "0" * 400), 6, "makes no sense"),
        (what().replace("800000", "1" + "0" * 5000), 6, "makes no sense"),
        (what().replace("800000", "null"), 6, "makes no sense"),
        ("[1]", 6, "makes no sense"),
        ("{}", 6, "makes no sense"),
        ("7", 6, "makes no sense"),
        ("[" * 5000, 6, "makes no sense"),
    ],
)
def test_what_a_board_says_it_is(tmp_path, capsys, answer, code, says):
    (tmp_path / "flash").write_bytes(picoflash.file_system({}))
    with usb.blank(tmp_path, extra=SAYS.format(answer=answer)) as board:
        assert says in printed(capsys, ["install", "--port", board.port], code)


@pytest.mark.parametrize(
    "manifest",
    [
        *("[]", "7", "{", '{"board": {}, "files": {}}', '{"board": "rpi_pico", "files": []}'),
        '{"board": "rpi_pico", "files": {"/../x.py": 5}}',
        '{"board": "rpi_pico", "files": {}, "finisher": []}',
        '{"board": "tea\x1b[2Jpot", "files": {}}',
    ],
)
def test_a_manifest_that_makes_no_sense(tmp_path, capsys, manifest):
    files = {flashfiles.MANIFEST: manifest.encode()}
    (tmp_path / "flash").write_bytes(picoflash.file_system(files))
    with usb.blank(tmp_path) as board:
        printed(capsys, ["install", "--port", board.port], 2)  # it can't say which board it is


@pytest.mark.parametrize(
    "entry",
    [
        *(["/../x", 1, "0" * 64], ["x", 1, "0" * 64], ["/x", 1, "0" * 63], ["/x", -1, "0" * 64]),
        *(["/a//b", 1, "0" * 64], ["/" + "x" * 2000, 1, "0" * 64], ["/x", 10**400, "0" * 64]),
        *([None, 1, "0" * 64], ["/x", 1, None], ["/", 0, ""]),
    ],
)
def test_no_path_leads_elsewhere(entry):
    with pytest.raises((ValueError, TypeError)):
        flashfiles._entry(*entry)


FOUND = """
import selftest
def run():
    print({answer!r})
selftest.run = run
"""
MEASURED = {
    **{"addresses": [[24, 51]], "init": None, "rate": [0, 0], "shank": 0, "settings": True},
    **{"flash": [1000000, 900000], "nights": [0, 0], "battery_mv": None, "start": "power"},
    **{"faults": [], "micropython": "3.4.0; MicroPython v1.27.0"},
}


@pytest.mark.parametrize(
    "changed",
    [
        {"micropython": "3.4.0; Micro\x1b[2JPython"},
        {"init": "\x1b[2J"},
        {"start": "power\x1b]0;\x07"},
        {"rate": [10**400, 1]},
        {"battery_mv": 10**400},
        {"flash": [0, 10**5000]},
        {"faults": [{}]},
        {"addresses": [[1.5, "x"]]},
        {"micropython": ["\x1b[2J"]},
    ],
)
def test_what_doctor_is_told(tmp_path, capsys, changed):
    answer = json.dumps(MEASURED)
    for name, value in changed.items():
        text = "1" + "0" * 5000 if value == [0, 10**5000] else json.dumps(value)
        answer = answer.replace(f'"{name}": {json.dumps(MEASURED[name])}', f'"{name}": {text}')
    assert answer != json.dumps(MEASURED)
    path = usb.script(tmp_path / "board", {}, extra=FOUND.format(answer=answer))
    with usb.board(path) as board:
        printed(capsys, ["doctor", "--port", board.port], 6)


@pytest.mark.parametrize("argv", [["replay"], ["score"], ["agree", "x.csv"]])
def test_a_path_that_no_file_may_have(capsys, argv):
    assert "choose a shorter one" in printed(capsys, [*argv, "x" * 300 + ".csv"], 2)
