"""Sync, disturbed by force: whatever happens, one plain sync makes the archive what it would have
been, and the board acknowledges nothing that is not filed. All of it: `make faults`."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading

import pytest
import syncfaults
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.link import Link
from anklet.errors import ArchiveUnwritable, NotVerified
from anklet.night import nightfile
from anklet.signal import replay
from patience import PATIENCE_S
from syncfaults import NIGHTS, ONE, THREE, TWO, Cable, contents, in_child

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
FULL = 8  # exit code
DEVICE = "e6614103e7452b2f"


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    made = syncfaults.Board(tmp_path_factory.mktemp("faults") / "board")
    yield made
    made.close()


@contextlib.contextmanager
def disk(board, options):
    """The archive on a file system of its own; mount(8)'s options."""
    board.renew()
    path = board.archive.path
    path.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "anklet", path], check=False)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield lambda changed: subprocess.run(
            ["mount", "-o", f"remount,{changed}", path], check=True
        )
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.slow
def test_the_link_cut_all_along_a_sync(board):
    assert syncfaults.every_cut(board, 449) > 25


def test_a_prompt_that_an_earlier_call_had_asked_for_comes_late(board):
    """As after a cut cable: it is not taken for the prompt that was asked for now."""
    board.renew()
    prompt = b"raw REPL; CTRL-B to exit\r\n>"
    before_ctrl_a = len(b"\r\x03\r")
    with Cable(board.port, before_ctrl_a, True) as cable:
        cable.snap = lambda: cable.to_computer(prompt)
        assert sync(cable.port, board.archive)["verified"]
    assert contents(board.archive) == board.undisturbed


@pytest.mark.slow
def test_the_computer_killed_at_any_step(board):
    assert syncfaults.every_kill(board, 41) > 20


def test_an_acknowledgement_comes_last(board):
    board.renew()
    done, filed = [], []

    def hook(frame, event, arg):
        if event == "c_call" and frame.f_code.co_filename.endswith("durable.py"):
            if arg.__name__ in ("fsync", "replace"):
                done.append(arg.__name__)
        elif event == "call" and frame.f_code.co_name == "ack":
            night = frame.f_locals["night"]
            filed.append(night.session)
            digest = frame.f_locals["digest"]
            sys.setprofile(None)
            assert Archive(board.archive.path).filed(DEVICE, night.session) == (digest, night.size)
            sys.setprofile(hook)

    sys.setprofile(hook)
    try:
        sync(board.port, board.archive)
    finally:
        sys.setprofile(None)
    assert filed == [ONE, TWO, THREE]
    assert "".join(name[0] for name in done).count("frf") == 3  # the file, its name, the folder


def test_a_killed_sync_leaves_no_half_written_file(board):
    board.renew()
    folder = board.archive.path / "raw" / DEVICE
    folder.mkdir(parents=True)
    (folder / ".abcdef.part").write_bytes(b"half a ni")
    board.check()
    assert not list(folder.glob(".*"))


def test_slow_is_told_from_gone(board):
    board.renew()
    with Link(board.port) as link, pytest.raises(NotVerified, match="plugged in but has not"):
        link.run("import time\ntime.sleep(3)", 0.3)
    with Cable(board.port, 2000) as cable, pytest.raises(NotVerified, match="was lost"):
        sync(cable.port, board.archive)
    board.check()


@pytest.mark.slow
@pytest.mark.parametrize("limit", [400, 2000, 4500])
def test_the_board_is_reset_in_the_middle(board, limit, monkeypatch):
    monkeypatch.setattr(Link, "silence_s", 0.5)
    board.renew()
    # Right at the beginning the prompt is asked for again, and nothing was lost.
    cable = Cable(board.port, limit, snap=board.sim.power)
    with cable, contextlib.suppress(NotVerified):
        sync(cable.port, board.archive)
        assert limit == 400
    monkeypatch.undo()
    board.check()


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [4, 8, 16, 24, 32, 48])
def test_the_disk_is_full(board, kilobytes):
    with disk(board, f"size={kilobytes}k") as change:
        with pytest.raises(ArchiveUnwritable, match=r"No space|full") as caught:
            sync(board.port, board.archive)
        assert caught.value.exit_code == FULL
        board.check_acks()
        change("size=1m")
        board.check()


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 2500, 12_000, 20_000])
def test_files_may_not_grow(board, size):
    board.renew()

    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        sync(board.port, board.archive)

    assert in_child(work) == FULL
    board.check()


def test_the_archive_is_read_only(board):
    with disk(board, "size=1m") as change:
        with Cable(board.port, 4000) as cable, pytest.raises(NotVerified):
            sync(cable.port, board.archive)
        before = contents(board.archive)
        change("ro")
        acked = set(board.nights.glob("*.ok"))
        with pytest.raises(ArchiveUnwritable, match="Read-only") as caught:
            sync(board.port, board.archive)
        assert caught.value.exit_code == FULL
        assert contents(board.archive) == before
        assert set(board.nights.glob("*.ok")) == acked
        change("rw")
        board.check()


@pytest.mark.slow
def test_two_syncs_of_two_boards_at_once(board, tmp_path):
    nights = {name: data for name, data in list(NIGHTS.items())[:2]}
    device = 'board.device_id = "feedfacefeedface"'
    other = syncfaults.Board(tmp_path / "other", nights, extra=device)
    try:
        alone = other.undisturbed
        board.renew()
        other.archive = Archive(board.archive.path)
        held, go_on = threading.Event(), threading.Event()

        def hold():  # the first is in the middle of its download
            held.set()
            go_on.wait(PATIENCE_S)

        with Cable(board.port, 3000, snap=hold) as cable:
            first = threading.Thread(target=sync, args=(cable.port, board.archive))
            first.start()
            assert held.wait(PATIENCE_S)
            with pytest.raises(ArchiveUnwritable, match="Another anklet sync"):
                sync(other.port, other.archive)
            go_on.set()
            first.join()
        assert not list(other.nights.glob("*.ok"))
        assert contents(board.archive) == board.undisturbed
        sync(other.port, other.archive)
        files, rows = contents(other.archive)
        assert files == board.undisturbed[0] | alone[0]
        assert rows == sorted(board.undisturbed[1] + alone[1], key=repr)
    finally:
        other.close()


@pytest.mark.slow
def test_two_syncs_of_one_board_at_once(board):
    board.renew()
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            os._exit(in_child(lambda: sync(board.port, board.archive)))
        children.append(child)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes in ([0, 0], [0, 5])  # one waits a little for the other, then gives up
    board.check()


BROKEN_FLASH = """
class Flash:
    # cannot be read behind byte 2048
    def __init__(self, path, mode):
        self.file = open(path, mode)
        self.left = 2048
    def __enter__(self):
        return self
    def __exit__(self, *_):
        self.file.close()
    def seek(self, to):
        self.left -= self.file.seek(to)
    def readinto(self, view):
        if self.left <= 0:
            raise OSError(5)
        n = self.file.readinto(view[:self.left])
        self.left -= n
        return n
def flash(path, mode="r"):
    if path.endswith("%s.plm"):
        return Flash(path, mode)
    return open(path, mode)
hostlink.open = flash
"""


@pytest.mark.slow
def test_what_can_not_be_read_to_its_end_is_kept_as_far_as_it_goes(tmp_path):
    broken = syncfaults.Board(tmp_path / "board", extra=BROKEN_FLASH % TWO)
    try:
        found = sync(broken.port, broken.archive)
        assert found["downloaded"] == [ONE, TWO, THREE]
        assert found["damaged"] == [TWO, THREE]
        (raw,) = broken.archive.path.glob(f"raw/*/{TWO}.plm")
        assert raw.read_bytes() == NIGHTS[f"{TWO}.plm"][:2048]
        night = broken.archive.load(TWO)
        assert "damaged" in night.flags
        assert len(night.epochs) > 50
        # Not acknowledged: perhaps it can be read another day.
        assert sorted(p.name[:18] for p in broken.nights.glob("*.ok")) == [
            f"{ONE}.plm",
            f"{THREE}.plm",
        ]
        again = sync(broken.port, broken.archive)
        assert (again["downloaded"], again["already"]) == ([], 3)
    finally:
        broken.close()


def test_a_night_damaged_on_the_board_is_kept_marked_and_shown(tmp_path):
    data = bytearray(NIGHTS[f"{TWO}.plm"])
    data[1500] ^= 0x10
    board = syncfaults.Board(tmp_path / "board", {f"{TWO}.plm": bytes(data)})
    try:
        assert sync(board.port, board.archive)["damaged"] == [TWO]
        (raw,) = board.archive.path.glob(f"raw/*/{TWO}.plm")
        assert raw.read_bytes() == data
        (item,) = board.archive.sessions()
        assert "damaged" in item["flags"]
        assert item["recorded_s"] == nightfile.parse(NIGHTS[f"{TWO}.plm"]).recorded_s
        assert len(board.archive.load(TWO).epochs) == 118  # of 119
    finally:
        board.close()
