"""Sync with a real MicroPython, over a pseudo-terminal and mpremote's transport."""

import fcntl
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
import usb
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board import ports
from anklet.board.link import Link
from anklet.cli import main
from anklet.errors import ArchiveUnwritable, NoBoard, NoFirmware, NotVerified, PortBusy
from anklet.signal import replay
from nightbytes import whole

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
DEVICE = "e6614103e7452b2f"
ONE, TWO = "00001-1a2b3c4d", "00002-5e6f7081"


def night(session, **meta):
    return whole(session=session, **meta)


def files(path):
    return {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()}


@pytest.fixture
def plug(tmp_path):
    """Plugs boards in; takes them out at the end."""
    boards = []

    def _plug(nights=None, unplug_after=None, **more):
        folder = tmp_path / f"board{len(boards)}"
        nights = {f"{ONE}.plm": night(ONE)} if nights is None else nights
        boards.append(usb.board(usb.script(folder, nights, **more), unplug_after))
        boards[-1].nights = folder / "flash" / "nights" / "000"
        return boards[-1]

    yield _plug
    for board in boards:
        board.close()


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def test_every_night_is_filed_and_acknowledged(plug, archive):
    nights = {f"{ONE}.plm": night(ONE), f"{TWO}.plm": night(TWO) * 3}  # one is over one chunk
    board = plug(nights)
    heard = []
    found = sync(board.port, archive, lambda *arrived: heard.append(arrived))
    assert found == {
        "device": DEVICE,
        "downloaded": [ONE, TWO],
        "already": 0,
        "damaged": [TWO],
        "verified": True,
        "clock_offset_s": None,
    }
    for name, data in nights.items():
        assert (archive.path / "raw" / DEVICE / name).read_bytes() == data
        digest = hashlib.sha256(data).hexdigest()
        assert (board.nights / f"{name}.ok").read_text() == digest
        assert (board.nights / name).read_bytes() == data
    assert heard[-1] == (TWO, len(nights[f"{TWO}.plm"]), len(nights[f"{TWO}.plm"]))
    board.ended()  # the soft reset, with which recording goes on


def test_traces_come_after_the_nights_and_once(plug, archive):
    trace = bytes(range(256)) * 20
    board = plug({f"{ONE}.plm": night(ONE), f"{ONE}.trc": trace, "x.trc": b"no trace of ours"})
    heard = []
    found = sync(board.port, archive, lambda *arrived: heard.append(arrived))
    assert (found["downloaded"], found["traces"]) == ([ONE], [ONE])
    assert (archive.path / "raw" / DEVICE / f"{ONE}.trc").read_bytes() == trace
    assert archive.trace(ONE, DEVICE) == trace
    assert heard[-1] == (f"{ONE} trace", len(trace), len(trace))
    assert not (board.nights / f"{ONE}.trc.ok").exists()
    again = plug({f"{ONE}.plm": night(ONE), f"{ONE}.trc": trace})
    assert "traces" not in sync(again.port, archive)


def test_a_trace_that_arrives_wrong_is_not_filed_and_the_night_is(plug, archive):
    board = plug(
        {f"{ONE}.plm": night(ONE), f"{ONE}.trc": b"1" * 5000},
        extra="of = hostlink.sha256\n"
        "hostlink.sha256 = lambda n: of(n) if n[-1] == 'm' else print('0' * 64)",
    )
    with pytest.raises(NotVerified, match=f"{ONE} .its trace"):
        sync(board.port, archive)
    assert archive.trace(ONE, DEVICE) is None
    assert archive.filed(DEVICE, ONE)


def test_nights_of_older_firmware_are_brought_onto_their_shelf(plug, archive):
    board = plug(nights={})
    loose = board.nights.parent
    (loose / f"{ONE}.plm").write_bytes(night(ONE))
    (loose / f"{TWO}.plm").write_bytes(night(TWO))
    (loose / f"{TWO}.plm.ok").write_text("")
    assert sync(board.port, archive)["downloaded"] == [ONE, TWO]
    assert files(loose) == {f"000/{n}.plm{ok}" for n in (ONE, TWO) for ok in ("", ".ok")}


def test_what_the_firmware_wrote_of_its_crash_is_fetched_once(plug, archive):
    board = plug(
        extra="import crash\n"
        "try:\n"
        "    raise MemoryError('1234 bytes')\n"
        "except MemoryError as error:\n"
        "    crash.leave(board, error, '00007-1a2b3c4d')"
    )
    heard = []
    found = sync(board.port, archive, warn=heard.append)
    assert "MemoryError: 1234 bytes" in Path(found["crash"]).read_text()
    assert found["crash"] in heard[0]
    assert not (board.nights.parents[1] / "crash.txt").exists()


def test_what_is_filed_is_not_fetched_again(plug, archive):
    sync(plug().port, archive)
    fresh = plug()  # the same night, not acknowledged on this board
    found = sync(fresh.port, archive)
    assert (found["downloaded"], found["already"]) == ([], 1)
    assert (fresh.nights / f"{ONE}.plm.ok").exists()


def test_a_night_lost_from_the_archive_is_fetched_again(plug, archive):
    sync(plug().port, archive)
    (archive.path / "raw" / DEVICE / f"{ONE}.plm").unlink()
    again = plug()
    (again.nights / f"{ONE}.plm.ok").write_text("")
    assert sync(again.port, archive)["downloaded"] == [ONE]


def test_a_wrong_hash_is_not_filed_or_acknowledged(plug, archive):
    board = plug(extra="hostlink.sha256 = lambda name: print('0' * 64)")
    with pytest.raises(NotVerified, match=ONE) as caught:
        sync(board.port, archive)
    assert caught.value.exit_code == 6
    assert archive.sessions() == []
    assert files(board.nights) == {f"{ONE}.plm"}


def test_one_bad_night_does_not_keep_the_others(plug, archive):
    board = plug(
        {f"{ONE}.plm": night(ONE), f"{TWO}.plm": night(TWO)},
        extra=f"real = hostlink.sha256\n"
        f"hostlink.sha256 = lambda n: print('0' * 64) if n == '{ONE}.plm' else real(n)",
    )
    with pytest.raises(NotVerified, match=ONE):
        sync(board.port, archive)
    assert [item["session"] for item in archive.sessions()] == [TWO]
    assert files(board.nights) == {f"{ONE}.plm", f"{TWO}.plm", f"{TWO}.plm.ok"}


def test_the_clock_is_measured_and_set(plug, archive, tmp_path):
    now = time.time() + 100
    utc = (int(now // 86400), int(now % 86400 * 1000), 0)
    log = tmp_path / "set"
    extra = (
        "def set_utc(day, ms, tz):\n"
        f"    with open({str(log)!r}, 'w') as file:\n"
        "        file.write('%d %d' % (day, ms))\n"
        "hostlink.set_utc = set_utc"
    )
    # The simulated clock stands still: the offset shrinks by what start-up and sync take.
    offset = sync(plug(utc=utc, extra=extra).port, archive)["clock_offset_s"]
    assert 90 < offset <= 100
    day, ms = map(int, log.read_text().split())
    assert abs(day * 86400 + ms / 1000 - time.time()) < 5


def test_a_connection_that_breaks_files_nothing_half(plug, archive):
    board = plug({f"{ONE}.plm": night(ONE) * 20}, unplug_after=6000)
    with pytest.raises(NotVerified, match="run anklet sync again"):
        sync(board.port, archive)
    assert archive.sessions() == []
    assert files(archive.path) <= {"sync.lock"}
    assert files(board.nights) == {f"{ONE}.plm"}


@pytest.mark.parametrize(
    "nights",
    [
        [["../../evil.plm", 10, False]],
        [["00001-1a2b3c4d.plm", 1 << 30, False]],
        [["00001-1a2b3c4d.plm", "10", False]],
        "none",
        [[1, 2]],
    ],
)
def test_answers_that_make_no_sense_are_refused(plug, archive, nights):
    given = {"anklet": 3, "device": DEVICE, "board": "sim", "firmware": "0", "leg": "left"}
    given |= {"label": "", "utc": None, "shelves": ["000"]}
    lines = "\n".join(map(json.dumps, nights))
    board = plug(
        extra=f"hostlink.info = lambda: print({json.dumps(given)!r})\n"
        f"hostlink.shelf = lambda name: print({lines!r})"
    )
    with pytest.raises(NotVerified, match="makes no sense"):
        sync(board.port, archive)
    assert files(archive.path) <= {"sync.lock"}


def test_a_board_without_our_firmware(plug, archive):
    board = plug(extra="sys.path.clear(); del sys.modules['hostlink']")
    with pytest.raises(NoFirmware) as caught:
        sync(board.port, archive)
    assert caught.value.exit_code == 7


def test_firmware_newer_than_this_program(plug, archive):
    board = plug(extra="""hostlink.info = lambda: print('{"anklet": 4}')""")
    with pytest.raises(NoFirmware, match="update anklet"):
        sync(board.port, archive)


def test_a_busy_port(plug, archive):
    board = plug()
    other = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(PortBusy) as caught:
            sync(board.port, archive)
    finally:
        os.close(other)
    assert caught.value.exit_code == 5
    assert not archive.path.exists()


def test_a_port_that_does_not_exist(archive):
    for use in (ports.find, lambda port: sync(port, archive)):
        with pytest.raises(NoBoard) as caught:
            use("/dev/anklet-none")
        assert caught.value.exit_code == 3
    assert not archive.path.exists()


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoBoard), Link(str(tmp_path / "file")):
        pass


def test_an_archive_that_can_not_be_written_leaves_the_board_alone(plug, tmp_path):
    (tmp_path / "file").write_text("")
    board = plug()
    with pytest.raises(ArchiveUnwritable):
        sync(board.port, Archive(tmp_path / "file" / "archive"))
    assert files(board.nights) == {f"{ONE}.plm"}


def test_the_command_prints_one_json_value(plug, archive, monkeypatch, capfd):
    monkeypatch.setenv("ANKLET_HOME", str(archive.path))
    assert main(["sync", "--port", plug().port, "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["downloaded"] == [ONE]
    assert err == f"{ONE}  {len(night(ONE))} bytes\n"
    assert main(["nights", "--json"]) == 0
    assert [item["session"] for item in json.loads(capfd.readouterr().out)] == [ONE]
