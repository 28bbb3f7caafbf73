"""Install on a real MicroPython whose flash is a file, over a pseudo-terminal and mpremote."""

import fcntl
import hashlib
import json
import os
import re
import zipfile
from types import SimpleNamespace

import pytest
import usb
from anklet.archive import store
from anklet.board import firmware, flashfiles, install, installplan
from anklet.board.link import Link
from anklet.cli import main
from anklet.errors import BadInput, NoFirmware, NotVerified
from anklet.signal import replay
from nightbytes import whole
from serial.tools import list_ports
from usb import picoflash

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
DEVICE = "e6614103e7452b2f"
NIGHT = "/nights/000/00001-1a2b3c4d.plm"
BOARD = "rpi_pico"
# What this computer's MicroPython says of itself.
ARCH = {"x86_64": "x64", "arm64": "armv6"}.get(os.uname().machine, "")


class Flash:
    """A board's flash, kept in a file."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "flash"
        self.write({})

    def write(self, files):
        self.file.write_bytes(picoflash.file_system(files))

    def change(self, files):
        self.write(self.files() | files)

    def files(self):
        return picoflash.files(bytes(picoflash.START) + self.file.read_bytes())

    def plug(self, **more):
        return usb.blank(self.folder, **more)

    def install(self, settings=None, agree=install.refuse, **more):
        with self.plug(**more) as board:
            return install.install(board.port, BOARD, settings, agree=agree)


@pytest.fixture
def flash(tmp_path):
    return Flash(tmp_path)


@pytest.fixture(scope="module")
def built():
    """The firmware as it should lie on the flash."""
    return firmware.build(BOARD, ARCH)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def manifest_of(files):
    """As an installation of these files left it."""
    hashes = {path: sha256(data) for path, data in files.items()}
    return json.dumps({"firmware": "0.0.1", "board": BOARD, "files": hashes}).encode()


def firmware_on(flash, built):
    files = flash.files()
    return {path: files.get(path) for path in built}


def test_an_empty_board_gets_the_firmware_and_answers(flash, built, capsys):
    with flash.plug() as board:
        argv = ["install", "--port", board.port, "--board", BOARD, "--json"]
        assert main([*argv, "--leg", "right", "--label", "bëd 'x'", "--rules", "aasm3"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert main(["ports", "--port", board.port, "--json"]) == 0
    (port,) = json.loads(capsys.readouterr().out)
    assert firmware_on(flash, built) == built
    assert set(found["changed"]) == set(built) | {install.MANIFEST}
    assert (found["device"], found["leg"], found["label"]) == (DEVICE, "right", "bëd 'x'")
    assert (found["rules"], found["removed"], found["nights"]) == ("aasm3", [], 0)
    assert found["clock_offset_s"] is None
    assert port | {"leg": "right", "label": "bëd 'x'", "status": "ok", "device": DEVICE} == port
    assert set(flash.files()) == {*built, install.MANIFEST, "/settings.json"}


def test_a_second_run_changes_nothing(flash, capsys):
    flash.install({"leg": "right"})
    before = flash.file.read_bytes()
    with flash.plug() as board:
        assert main(["install", "--port", board.port]) == 0  # it knows the board from before
    assert "nothing changed" in capsys.readouterr().out
    assert flash.file.read_bytes() == before


def test_an_update_keeps_nights_and_settings_and_clears_up(flash, built):
    flash.install({"leg": "right", "label": "bed"})
    files = flash.files()
    manifest = json.loads(files[install.MANIFEST])
    old = {"/monitor.mpy": b"old", "/gone.mpy": b"stale", "/rules/older.mpy": b"stale"}
    manifest["files"] |= {path: sha256(data) for path, data in old.items()}
    manifest["firmware"] = "0.0.1"
    theirs = {
        NIGHT: whole(),
        f"{NIGHT}.ok": b"x",
        "/zone": b"60",
        "/state.json": b"{}",
        "/settings.json": files["/settings.json"],
    }
    cut = {"/nightlog.mpy.new": b"cut", "/gone.mpy.new": b"cut"}
    flash.change(theirs | old | cut | {install.MANIFEST: json.dumps(manifest).encode()})
    found = flash.install({"label": "sofa"})
    assert set(found["changed"]) == {"/monitor.mpy", install.MANIFEST}
    assert set(found["removed"]) == {"/gone.mpy", "/rules/older.mpy"}
    assert (found["leg"], found["label"], found["nights"]) == ("right", "sofa", 1)
    theirs["/settings.json"] = flash.files()["/settings.json"]
    assert json.loads(theirs["/settings.json"]) == {"leg": "right", "label": "sofa"}
    files = flash.files()
    assert json.loads(files.pop(install.MANIFEST))["removed"] == found["removed"]
    assert files == built | theirs


PROJECT = {
    "/main.py": b"print('lamp on')",
    "/settings.py": b"PASSWORD = 'secret'",
    "/hw.py": b"import machine",
    "/lamp.py": b"on = True",
    "/monitor/__init__.py": b"",
    "/drivers/bme280.py": b"class BME280: pass",
    "/plmcore/other.mpy": b"M",
    "/draft.py.new": b"draft",
    "/settings.json": b'{"wifi": "home"}',
    "/data/log.csv": bytes(5000),
}
IN_THE_WAY = ["/main.py", "/settings.py", "/hw.py", "/lamp.py", "/monitor", "/settings.json"]


def test_another_project_is_saved_and_the_person_asked_before_anything_is_written(flash, capsys):
    flash.write(PROJECT)
    before = flash.file.read_bytes()
    with flash.plug() as board:
        assert main(["install", "--port", board.port, "--board", BOARD]) == 2
    err = capsys.readouterr().err
    assert "--agree" in err and "10 files that are not Anklet's" in err
    assert flash.file.read_bytes() == before
    (saved,) = (store.home() / "before-anklet").iterdir()
    assert str(saved) in err
    with zipfile.ZipFile(saved) as zipped:
        assert {f"/{name}": zipped.read(name) for name in zipped.namelist()} == PROJECT


def test_another_project_survives_an_installation(flash, built, capsys):
    flash.write(PROJECT)
    with flash.plug() as board:
        argv = ["install", "--port", board.port, "--board", BOARD, "--json"]
        assert main([*argv, "--agree"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert main(argv) == 0  # it has been agreed to
        assert json.loads(capsys.readouterr().out)["changed"] == []
    assert found["removed"] == []
    assert found["moved"] == {path: f"/before_anklet{path}" for path in IN_THE_WAY}
    files = flash.files()
    for path, data in PROJECT.items():
        away = any(path == old or path.startswith(f"{old}/") for old in IN_THE_WAY)
        assert files.pop(f"/before_anklet{path}" if away else path) == data
    assert set(files) == {*built, install.MANIFEST}


@pytest.mark.parametrize("manifest", [None, b"", b'{"board": "rpi_pico", "fi'])
def test_a_kept_copy_is_never_overwritten(flash, built, manifest):
    flash.write({"/main.py": b"print(1)"})
    flash.install(agree=lambda others: None)
    files = flash.files()
    files.pop(install.MANIFEST)
    files["/main.py"] = b"print(2)"
    flash.write(files | ({} if manifest is None else {install.MANIFEST: manifest}))
    asked = []
    flash.install(agree=asked.append)
    files = flash.files()
    assert files["/before_anklet/main.py"] == b"print(1)"
    assert files["/before_anklet_2/main.py"] == b"print(2)"
    assert {path: files[path] for path in built} == built
    assert set(asked[0].files) == {"/main.py", "/before_anklet/main.py"}


def test_a_file_that_another_put_in_the_place_of_ours_is_theirs(flash, built):
    flash.install()
    flash.change({"/main.py": b"print('theirs')", "/mine.py": b"pass"})
    with pytest.raises(BadInput, match=r"/main\.py, /mine\.py"):
        flash.install()
    flash.install(agree=lambda others: None)
    files = flash.files()
    assert (files["/before_anklet/main.py"], files["/mine.py"]) == (b"print('theirs')", b"pass")
    assert {path: files[path] for path in built} == built


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """How many bytes come from the board in an installation."""
    with Flash(tmp_path_factory.mktemp("board")).plug() as board:
        install.install(board.port, BOARD)
        return board.sent


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_a_cut_cable_leaves_what_was_and_a_second_run_repairs(flash, built, answers, part):
    old = dict.fromkeys(built, b"old")
    flash.write(old | {NIGHT: whole(), install.MANIFEST: manifest_of(old)})
    with pytest.raises((NotVerified, NoFirmware)):
        flash.install(unplug_after=int(part * answers))
    on_board = firmware_on(flash, built)
    assert on_board in (old, built)  # never a mixture
    flash.install()
    files = flash.files()
    assert {path: files[path] for path in built} == built
    assert files[NIGHT] == whole()
    assert not [path for path in files if path.endswith(".new")]


def test_what_arrived_before_the_cut_is_not_sent_again(flash):
    sent = []
    board = flash.plug()

    def arrived(done, size):
        sent.append(size)
        if done > size / 2:
            board.close()

    with pytest.raises(NotVerified):
        install.install(board.port, BOARD, progress=arrived)
    with flash.plug() as again:
        install.install(again.port, BOARD, progress=lambda done, size: sent.append(size))
    assert sent[-1] < sent[0] * 0.6


def test_power_that_fails_while_files_are_put_into_place(flash, built):
    """As older versions of ours left it: some have their names, some are still beside them, the
    manifest is that of before."""
    flash.install()
    whole_files = flash.files()
    old = {"/monitor.mpy": b"old", "/main.py": b"old"}
    half = old | {install.MANIFEST: manifest_of(built | old)}
    flash.change(half | {f"{path}.new": whole_files[path] for path in half})
    found = flash.install()
    assert set(found["changed"]) == set(half)
    assert firmware_on(flash, built) == built
    assert not [path for path in flash.files() if path.endswith(".new")]


SPOILT = """
class Spoilt:
    left = {times}
    def __init__(self, file):
        self.file = file
        self.close = file.close
    def write(self, data):
        if Spoilt.left:
            Spoilt.left -= 1
            data = b"?" + data[1:]
        return self.file.write(data)
import builtins
def open(path, mode="r"):
    file = builtins.open(path, mode)
    return Spoilt(file) if path.endswith("mpy.new") and mode == "wb" else file
"""


def test_a_file_that_arrives_wrong_is_sent_again(flash, built):
    flash.install(extra=SPOILT.format(times=2))
    assert firmware_on(flash, built) == built


def test_files_that_never_arrive_right_stay_out(flash):
    flash.write({"/main.py": b"print('as before')"})
    with pytest.raises(NotVerified, match="another cable"):
        flash.install(agree=lambda others: None, extra=SPOILT.format(times=9999))
    files = flash.files()
    assert files["/main.py"] == b"print('as before')"
    assert install.MANIFEST not in files


RUNNING = """
print(">>> ", end="")
while True:
    pass
"""


def test_another_program_is_stopped_and_kept(flash, built):
    flash.write({"/main.py": RUNNING.encode()})
    # As on a board, whose main.py runs at each start until Ctrl-C.
    flash.install(
        agree=lambda others: None,
        extra="if 'before_anklet' not in os.listdir('/'):\n    import main",
    )
    files = flash.files()
    assert files["/before_anklet/main.py"] == RUNNING.encode()
    assert {path: files[path] for path in built} == built


def test_settings_that_are_damaged_begin_anew(flash):
    flash.install({"leg": "right"})
    flash.change({"/settings.json": b'{"leg": "ri'})
    assert flash.install({"label": "x"})["leg"] == "left"
    assert json.loads(flash.files()["/settings.json"]) == {"label": "x"}


def test_a_full_flash_is_named_before_anything_is_written(flash):
    full = {f"/nights/{n:05d}-1a2b3c4d.plm": bytes(100_000) for n in range(1, 9)}
    flash.write(full)
    with pytest.raises(NotVerified, match="kB left"):
        flash.install()
    assert flash.files() == full


def test_the_self_test_says_what_is_wrong_of_a_board_with_the_firmware(flash, built, capsys):
    with flash.plug(extra="NO_SENSOR = True") as board:
        assert main(["install", "--port", board.port, "--board", BOARD]) == 6
    out, err = capsys.readouterr()
    assert "!!        sensor: does not answer" in out
    assert "need attention" in err
    assert firmware_on(flash, built) == built


def test_an_unknown_board_is_asked_for(flash, capsys):
    with flash.plug() as board:
        assert main(["install", "--port", board.port]) == 2
        assert "rpi_pico" in capsys.readouterr().err
        assert main(["install", "--port", board.port, "--board", "teapot"]) == 2
        assert "rpi_pico" in capsys.readouterr().err
    assert flash.files() == {}


@pytest.mark.parametrize(
    "machine, board",
    [
        ("Raspberry Pi Pico with RP2040", "rpi_pico"),
        ("Raspberry Pi Pico W with RP2040", "rpi_pico_w"),
        ("Raspberry Pi Pico2 with RP2350", "rpi_pico2"),
        ("Raspberry Pi Pico 2 W with RP2350", "rpi_pico2_w"),
        ("Pimoroni Pico LiPo 16MB with RP2040", "pimoroni_picolipo_16mb"),
        ("Generic ESP32 module with ESP32", None),
        ("", None),
    ],
)
def test_the_board_is_known_by_what_micropython_calls_it(machine, board):
    assert firmware.board_of(machine) == board


def test_shared_modules_of_boards_come_along(tmp_path):
    sources = firmware.sources("rpi_pico")
    shared = {path for path in sources.values() if path.parent.name == "boards"}
    imported = (firmware.device.folder("boards") / "rpi_pico" / "hw.py").read_text()
    assert {path.stem for path in shared} == {"rp2_board", "rp2_clock"}
    assert "rp2_board" in imported
    with pytest.raises(BadInput, match="rpi_pico"):
        firmware.sources("sim")


@pytest.mark.parametrize(
    "mpy, arch",
    [(6 | 3 << 8 | 4 << 10, "armv6m"), (6 | 3 << 8 | 7 << 10, "armv7emsp")],
)
def test_the_processor_is_what_micropython_says(mpy, arch):
    assert firmware.architecture(mpy, "1.29.0") == arch


@pytest.mark.parametrize("mpy", [0, 5, 6 | 2 << 8 | 4 << 10])
def test_a_micropython_that_can_not_read_the_bytecode(mpy):
    with pytest.raises(NoFirmware, match=r"1\.19.*1\.23 or newer"):
        firmware.architecture(mpy, "1.19")


@pytest.mark.parametrize("mpy", [6 | 3 << 8, 6 | 3 << 8 | 15 << 10])
def test_a_micropython_without_native_code_is_refused_in_a_sentence(mpy):
    with pytest.raises(NoFirmware, match=r"native code.*micropython\.org"):
        firmware.architecture(mpy, "1.29.0")


def test_what_runs_on_the_board_reads_micropython_1_23():
    """Tuples in endswith and startswith came with 1.25."""
    code = [path.read_text() for path in firmware.sources(BOARD).values()]
    code += [
        flashfiles.LISTING,
        install.WHAT,
        install.FOLDERS,
        install.REMOVE,
        installplan.FINISHER,
    ]
    assert not [text for text in code if re.search(r"(ends|starts)with\(\(", text)]


COMMANDS = [["install", "--board", BOARD], ["sync"], ["ports"]]


def fails(capsys, code, argv):
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert err.startswith("anklet: ")
    assert err.count("\n") == 1
    return out, err


def entry(port, pid=0x0005):
    return SimpleNamespace(device=port, vid=0x2E8A, pid=pid, serial_number=DEVICE)


@pytest.fixture
def plugged_in(monkeypatch, tmp_path):
    """What pyserial finds on this computer."""
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    found = []
    monkeypatch.setattr(list_ports, "comports", lambda: found)
    return found


@pytest.mark.parametrize("argv", COMMANDS)
def test_no_board(argv, plugged_in, capsys):
    plugged_in.append(SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None))
    plugged_in.append(entry("/dev/ttyACM9", 0x000C))  # a debug probe
    out, err = fails(capsys, 3, argv)
    assert "cable" in err
    assert out == ""


def test_no_board_is_an_empty_list(plugged_in, capsys):
    out, _ = fails(capsys, 3, ["ports", "--json"])
    assert out == "[]\n"


@pytest.mark.parametrize("argv", COMMANDS[:2])
def test_two_boards(argv, plugged_in, capsys):
    plugged_in += [entry("/dev/ttyACM0"), entry("/dev/ttyACM1")]
    _, err = fails(capsys, 4, argv)
    assert "/dev/ttyACM0, /dev/ttyACM1" in err
    assert "--port" in err


@pytest.mark.parametrize("argv", COMMANDS[:2])
def test_a_busy_port(argv, flash, plugged_in, capsys):
    with flash.plug() as board:
        other = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(other, fcntl.LOCK_EX)
        try:
            _, err = fails(capsys, 5, [*argv, "--port", board.port])
        finally:
            os.close(other)
    assert "another program" in err


@pytest.mark.parametrize("argv", COMMANDS[:2])
def test_no_permission(argv, flash, plugged_in, capsys):
    grp = pytest.importorskip("grp")
    with flash.plug() as board:
        os.chmod(board.port, 0)
        group = grp.getgrgid(os.stat(board.port).st_gid).gr_name
        me = os.geteuid()
        if me == 0:  # may do everything
            os.seteuid(65534)
        try:
            _, err = fails(capsys, 5, [*argv, "--port", board.port])
        finally:
            os.seteuid(me)
    assert err.startswith("anklet: No permission")
    if group not in ("root", "wheel"):
        assert f"usermod -aG {group}" in err


def test_sync_with_a_board_without_our_firmware(flash, plugged_in, capsys):
    with flash.plug() as board:
        _, err = fails(capsys, 7, ["sync", "--port", board.port])
    assert "anklet install" in err


def test_a_port_on_which_nothing_answers():
    mine, theirs = os.openpty()
    try:
        with Link(os.ttyname(theirs), patience=0.5) as link, pytest.raises(NoFirmware) as caught:
            link.info()
    finally:
        os.close(mine)
        os.close(theirs)
    assert "unplug the board" in str(caught.value)


def test_ports_lists_what_each_port_says(flash, plugged_in, tmp_path, capsys):
    (tmp_path / "plain").mkdir()
    plain = Flash(tmp_path / "plain")
    flash.install({"leg": "right", "label": "bed\x1b[31m"})
    with flash.plug() as one, plain.plug() as two, plain.plug() as three:
        busy = os.open(three.port, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(busy, fcntl.LOCK_EX)
        plugged_in += [entry(one.port), entry(two.port), entry(three.port)]
        try:
            assert main(["ports", "--json"]) == 0
            found = {item["port"]: item for item in json.loads(capsys.readouterr().out)}
            assert main(["ports"]) == 0
        finally:
            os.close(busy)
        out = capsys.readouterr().out
    status = [found[board.port]["status"] for board in (one, two, three)]
    assert status == ["ok", "no firmware", "busy"]
    assert found[one.port]["leg"] == "right"
    assert found[two.port] | {"usb": "2e8a:0005", "serial": DEVICE, "leg": None} == found[two.port]
    assert "\x1b" not in out
    assert "anklet install" in out
