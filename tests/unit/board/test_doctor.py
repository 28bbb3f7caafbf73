"""Doctor and watch with a real MicroPython, over a pseudo-terminal."""

import io
import json
import time

import pytest
import usb
from anklet.board import doctor, fit, watch
from anklet.board.watch import Moment, Movement
from anklet.cli import main
from anklet.errors import BadInput, NotVerified
from anklet.signal import replay
from nightbytes import whole

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
ONE = "00001-1a2b3c4d"
LEG = """
import math
class Leg:
    # lies level; a movement of 2 s every 20 s
    def __init__(self):
        self.k = 0
    def readinto(self, buf):
        for i in range(0, len(buf) // 6 * 6, 6):
            t = self.k % 1000
            move = int(3000 * math.sin(t * 0.3)) if 500 <= t < 600 else 0
            y = 64 * (self.k % 2) + 2 * move & 0xffff
            buf[i : i + 6] = bytes((0, 0, y & 255, y >> 8, 0, 0x40))
            self.k += 1
        return len(buf) // 6 * 6
board.model.samples.source = Leg()
"""
FULL = """
import flash, os
flash.mount("/full", 212)
board.root = "/full"
with open("/full/big", "wb") as file:
    while True:
        s = os.statvfs("/full")
        if s[3] * 20 <= s[2]:
            break
        file.write(bytes(4096))
        file.flush()
"""


def utc(offset_s=0):
    now = time.time() + offset_s
    return (int(now // 86400), int(now % 86400 * 1000), 0)


@pytest.fixture
def plug(tmp_path):
    """Plugs boards in; takes them out at the end."""
    boards = []

    def _plug(extra="", nights=None, offset_s=0):
        folder = tmp_path / f"board{len(boards)}"
        nights = {f"{ONE}.plm": whole(session=ONE)} if nights is None else nights
        path = usb.script(folder, nights, utc=utc(offset_s), extra=extra)
        boards.append(usb.board(path))
        boards[-1].flash = folder / "flash"
        return boards[-1]

    yield _plug
    for board in boards:
        board.close()


def bad(found):
    """Name -> what is wrong, of the checks that are not OK."""
    return {check["name"]: check["value"] for check in found["checks"] if not check["ok"]}


def examine(board):
    """What doctor finds, but for the file system of this computer, which may be full itself."""
    found = doctor.examine(board.port)
    if board.flash and found["measured"]["flash"][0] > 1 << 30:
        found["checks"] = [check for check in found["checks"] if check["name"] != "flash"]
    return found


def test_a_healthy_board(plug, capfd):
    board = plug("import flash; flash.mount('/new'); board.root = '/new'")
    assert main(["doctor", "--port", board.port]) == 0
    out, err = capfd.readouterr()
    lines = dict(line[4:].split(maxsplit=1) for line in out.splitlines())
    assert all(line.startswith("ok  ") for line in out.splitlines())
    assert lines["sensor"] == "LIS3DH at 0x18"
    assert lines["self-test"].startswith("x 60, y 60, z 100")
    assert lines["FIFO"] == "32 samples deep, oldest first"
    assert lines["output"].startswith("rate   50.")
    assert "full in about 5" in lines["flash"]
    assert "-> " not in out
    assert err == ""
    board.ended()  # the soft reset, with which recording goes on


def test_json_is_one_value_with_what_was_measured(plug, capfd):
    board = plug("import flash; flash.mount('/new'); board.root = '/new'")
    assert main(["doctor", "--port", board.port, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["healthy"] is True
    assert found["measured"]["gravity"] == [1000, 2, 0]


def test_what_it_measures(plug):
    board = plug("board.model._ppm = 40000")
    measured = examine(board)["measured"]
    samples, ms = measured["rate"]
    assert samples * 1000 / ms == pytest.approx(52, abs=0.15)
    assert measured["noise"] == [0, 20, 0]
    assert measured["self_test"] == measured["fifo"]["step"] == [60, 60, 100]


@pytest.mark.parametrize(
    ("fault", "name", "says"),
    [
        ("board.model.present = False", "sensor", "does not answer"),
        ("board.model.who_am_i = 0x3F", "sensor", "WHO_AM_I is 0x3f"),
        ("board.model.zero_fifo = True", "FIFO", "zeros"),
        ("board.i2c.addr = 0x19", "sensor", "0x19, the other address"),
        ("board.model.self_test = (60, 9, 100)", "self-test", "y 9"),
        ("board.model.self_test = (60, 400, 100)", "self-test", "y 400"),
        ("board.model._ppm = -130000", "output rate", "43.5 Hz"),
        ("open(board.root + '/settings.json', 'w').write('{')", "settings", "left leg"),
        (FULL, "flash", "KiB free"),
        ("board.set_utc(20000, 0, 0)", "clock", "-"),
        ("board._utc = None", "clock", "not set"),
    ],
)
def test_each_fault_is_named(plug, capfd, fault, name, says):
    board = plug(fault)
    found = examine(board)
    assert says in bad(found)[name]
    others = {"tilt", "noise"} if name == "FIFO" else set()
    assert set(bad(found)) - others == {name}


def test_a_fault_gives_an_exit_code_and_a_next_step(plug, capfd):
    assert main(["doctor", "--port", plug("board.model.present = False").port]) == 6
    out, err = capfd.readouterr()
    assert "!!  sensor" in out
    assert "-> check the sensor's four wires" in out
    assert "need attention" in err


@pytest.mark.parametrize("offset_s", [-3600, 3600])
def test_a_clock_off_by_an_hour(plug, offset_s):
    assert set(bad(examine(plug(offset_s=offset_s)))) == {"clock"}


def test_a_sensor_that_stops_in_the_middle_is_no_crash(plug):
    board = plug(
        "ack = board.model.ack\n"
        "left = 60\n"
        "def fewer():\n"
        "    global left\n"
        "    left -= 1\n"
        "    return left > 0 and ack()\n"
        "board.model.ack = fewer"
    )
    assert "but: " in bad(examine(board))["sensor"]


def test_faults_of_the_newest_session_are_told(plug):
    board = plug(
        "from nightfiles import folder\n"
        "from nightlog import NightLog\n"
        "log = NightLog(folder(board.root), b'1234')\n"
        "log.meta('start', 'watchdog')\n"
        "log.fault(10, 200, 1, 0)\n"
        "log.epoch(3000, 60000, 3000, 1, 1, 0, 0, 64, 0)\n"
        "log.close()"
    )
    assert bad(examine(board)) == {"last session": "started by watchdog; faults: no_sensor"}


def test_a_crash_is_told(plug):
    board = plug(
        "import crash\n"
        "try:\n"
        "    raise MemoryError('1234 bytes')\n"
        "except MemoryError as error:\n"
        "    crash.leave(board, error, '00007-1a2b3c4d')"
    )
    told = bad(examine(board))["crash"]
    assert told == "crash 1 in session 00007-1a2b3c4d: MemoryError: 1234 bytes"


def test_measurements_that_make_no_sense_are_refused(plug):
    board = plug("import selftest; selftest.run = lambda: print('{\"flash\": 3}')")
    with pytest.raises(NotVerified, match="no sense"):
        doctor.examine(board.port)


def test_fit_stores_the_axis_along_the_shank(plug, capfd):
    board = plug()
    (board.flash / "settings.json").write_text('{"leg": "right", "shank": 2}')
    fitted = fit.fit(board.port, wait_s=0)
    assert (fitted["axis"], fitted["tilt_deg"], fitted["changed"]) == ("x", 0, True)
    settings = json.loads((board.flash / "settings.json").read_text())
    assert settings == {"leg": "right", "shank": 0}


def test_fit_refuses_a_leg_that_moves(plug):
    board = plug(LEG + "board.model.samples.source.k = 500")
    with pytest.raises(BadInput, match="did not stand still"):
        fit.fit(board.port, wait_s=0)
    assert not (board.flash / "settings.json").exists()


def test_fit_refuses_an_axis_that_is_not_clear():
    assert fit.shank_of([-30, 990, 100], 3) == (1, pytest.approx(6, abs=1))
    assert fit.shank_of([-990, 90, 100], 3)[0] == 0
    with pytest.raises(BadInput, match="turn the sensor"):
        fit.shank_of([700, 700, 0], 3)
    with pytest.raises(BadInput, match="did not stand still"):
        fit.shank_of([300, 100, 0], 3)


def test_watch_draws_the_movements_of_the_leg(plug):
    board = plug(LEG)
    out = io.StringIO()
    watch.watch(board.port, 60, out)
    lines = out.getvalue().splitlines()[1:]
    seconds = [line for line in lines if "***" not in line]
    assert [int(line.split()[0]) for line in seconds] == sorted(
        int(line.split()[0]) for line in seconds
    )
    assert 58 <= len({line.split()[0] for line in seconds}) <= 61  # one a second
    loud = {int(line.split()[0]) for line in seconds if "MOVING" in line}
    assert {11, 31, 51} <= loud
    assert not loud & {5, 8, 20, 25, 28, 45}
    flagged = [line for line in lines if "***" in line]
    assert len(flagged) == 2  # the third has no class yet
    assert all("LM (clm), 2." in line for line in flagged)
    board.ended()


def test_watch_ends_the_board_s_loop_when_its_reader_goes(plug):
    board = plug(LEG)

    class Reader(io.StringIO):
        def flush(self):
            if self.getvalue().count("\n") > 5:
                raise KeyboardInterrupt

    out = Reader()
    watch.watch(board.port, 480, out)
    board.ended()


def test_watch_says_that_the_sensor_is_gone_once(plug):
    out = io.StringIO()
    watch.watch(plug("board.model.present = False").port, 5, out)
    assert out.getvalue().splitlines()[1:] == ["the sensor does not answer: check its wires"]


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_bar_fits_the_terminal_and_grows_with_the_signal(width):
    def drawn(mg):
        return watch.bar(Moment(12_400, mg, 16, (0.0, 1.0, -0.1), False), width)

    assert all(len(drawn(mg)) <= max(width, 30) for mg in (0, 1, 16, 200, 1000, 2262))
    counts = [drawn(mg).count("#") for mg in (0, 5, 50, 500)]
    assert counts == sorted(set(counts))
    assert all(drawn(mg).count("|") == 1 for mg in (0, 16, 500))


def test_a_terminal_is_redrawn_within_a_second(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    still = (1.0, 0.0, 0.0)
    moments = [Moment(ms, 5, 16, still, False) for ms in range(0, 2000, 200)]
    watch.draw(iter([*moments, Movement(0.3, 1.2, 140, "clm")]), out)
    assert out.getvalue().count("\r") == 11
    assert out.getvalue().count("\n") == 3


@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--fit"], ["watch"]])
def test_a_firmware_that_is_older_than_these_commands(plug, capfd, command):
    older = "".join(
        f"open(board.root + '/{name}.py', 'w').write('raise ImportError')\n"
        for name in ("selftest", "live")
    )
    board = plug(older + "sys.path.insert(0, board.root)")
    assert main([*command, "--port", board.port]) == 7
    assert "run anklet install" in capfd.readouterr().err
