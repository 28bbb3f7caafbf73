"""A board whose sync is disturbed, and what must hold afterwards.

    python tests/helpers/syncfaults.py [EVERY]

Cuts the connection after every EVERY-th byte from the board and every EVERY // 8-th to it, and
kills the computer's side at every EVERY // 8-th step.
"""

import contextlib
import hashlib
import os
import select
import signal
import sqlite3
import sys
import threading
import tty

import usb
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.simboard import SimBoard
from anklet.errors import AnkletError
from anklet.signal import replay
from nightbytes import Builder, whole
from patience import patient_links

ONE, TWO, THREE = "00001-1a2b3c4d", "00002-5e6f7081", "00003-92a3b4c5"
# Of anklet, where a kill may strike.
STEPS = ("store.py", "rawfiles.py", "database.py", "durable.py", "jsonl.py", "sync.py", "link.py")


def long_night(session):
    """Several frames."""
    night = Builder(session=session).anchor()
    for minute in range(1, 120):
        night.epoch(minute * 60_000)
    return bytes(night.counts(7_200_000).data)


NIGHTS = {
    f"{ONE}.plm": whole(session=ONE),
    f"{TWO}.plm": long_night(TWO),
    f"{THREE}.plm": long_night(THREE)[:1500],  # cut off
}


class Board:
    """A simulated board with NIGHTS, plugged in. After each disturbance check() says whether the
    one sync that follows mends all."""

    def __init__(self, folder, nights=NIGHTS, **more):
        folder.mkdir()
        script = usb.script(folder, nights, **more)
        self.nights = folder / "flash" / "nights" / "000"
        self.sim = SimBoard([replay.micropython(), "-i", str(script)], resets=True)
        self.port = self.sim.port
        self.archive = Archive(folder / "archive")
        sync(self.port, self.archive)
        # As they are now: the board has given an end to what was cut off.
        self._given = {name: (self.nights / name).read_bytes() for name in nights}
        self.undisturbed = contents(self.archive)
        self._runs = 0
        self.renew()

    def renew(self):
        """An empty archive, and a board that has heard of none."""
        for ok in self.nights.glob("*.ok"):
            ok.unlink()
        self._runs += 1
        self.archive = Archive(self.nights.parents[2] / f"archive{self._runs}")

    def check(self):
        """Nothing was lost so far, and one plain sync makes the archive whole."""
        self.check_acks()
        with patient_links():  # nothing disturbs this one but a busy computer
            found = sync(self.port, self.archive)
        assert found["verified"]
        assert contents(self.archive) == self.undisturbed
        self.check_acks()
        assert len(list(self.nights.glob("*.ok"))) == len(self._given)

    def check_acks(self):
        """Each night is on the board; those acknowledged are in the archive, file and row."""
        for name, data in self._given.items():
            assert (self.nights / name).read_bytes() == data
            if (self.nights / f"{name}.ok").exists():
                digest = hashlib.sha256(data).hexdigest()
                (raw,) = self.archive.path.glob(f"raw/*/{name}")
                assert hashlib.sha256(raw.read_bytes()).hexdigest() == digest
                filed = self.archive.filed(raw.parent.name, raw.stem)
                assert filed and filed[0] == digest

    def close(self):
        self.sim.close()


def contents(archive):
    """All files of an archive but the database and the time of each sync, and the database's rows
    (without numbers that depend on the order of filing)."""
    files = {
        str(path.relative_to(archive.path)): path.read_bytes()
        for path in archive.path.rglob("*")
        if path.is_file() and path != archive.db and path.name != "anchors.jsonl"
    }
    rows = []
    with contextlib.closing(sqlite3.connect(archive.db)) as db:
        db.row_factory = sqlite3.Row
        for (table,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        ).fetchall():
            for row in map(dict, db.execute(f"SELECT * FROM {table}")):
                rows.append((table, {k: v for k, v in row.items() if not k.endswith("id")}))
    return files, sorted(rows, key=repr)


class Cable:
    """Between a computer and a board's port. After `limit` bytes (to the board, or from it)
    `snap` is called once; without it, the connection breaks. A context manager: the port."""

    def __init__(self, port, limit=None, to_board=False, snap=None):
        self._limit, self._to_board, self.snap = limit, to_board, snap
        self.carried = [0, 0]  # from the board, to it
        self._board = os.open(port, os.O_RDWR | os.O_NOCTTY)
        self._inside, end = os.openpty()
        tty.setraw(end)
        self.port = os.ttyname(end)
        self._end = end
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry)

    def __enter__(self):
        self._thread.start()
        return self

    def to_computer(self, data):
        """Say something in the board's stead."""
        os.write(self._inside, data)

    def __exit__(self, *_):
        os.write(self._wake, b"x")
        self._thread.join()
        for handle in (self._stop, self._wake, self._board):
            os.close(handle)

    def _carry(self):
        ways = {self._board: (self._inside, 0), self._inside: (self._board, 1)}
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([*ways, self._stop], [], [])
                if self._stop in ready:
                    break
                for source in ready:
                    target, way = ways[source]
                    data = os.read(source, 4096)
                    self.carried[way] += len(data)
                    over = self.carried[way] - self._limit if self._limit is not None else -1
                    if way == self._to_board and over >= 0:
                        os.write(target, data[: len(data) - over])
                        if not self.snap:
                            break
                        self._limit = None
                        self.snap()
                        data = data[len(data) - over :]
                    os.write(target, data)
                else:
                    continue
                break
        os.close(self._end)
        os.close(self._inside)


def cut(board, limit, to_board=False):
    """Sync through a cable that breaks after `limit` bytes; whether it broke."""
    board.renew()
    broke = False
    with Cable(board.port, limit, to_board) as cable:
        try:
            sync(cable.port, board.archive)
        except AnkletError as error:
            broke = True
            assert error.exit_code in (3, 6, 7), error  # 3: before it was opened
    board.check()
    return broke


def lengths(board):
    """Bytes of an undisturbed sync: from the board, to it."""
    board.renew()
    with Cable(board.port) as cable:
        sync(cable.port, board.archive)
    return cable.carried


def in_child(work):
    """Run work() in a process of its own; its exit code, negative for a signal. 0: it returned,
    an AnkletError: its code."""
    child = os.fork()
    if not child:
        code = 99
        try:
            work()
            code = 0
        except AnkletError as error:
            code = error.exit_code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill(board, step):
    """Sync in a process that is killed at the step-th call or return in STEPS; whether it was."""
    board.renew()

    def work():
        left = step

        def hook(frame, event, arg):
            nonlocal left
            if frame.f_code.co_filename.endswith(STEPS):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(hook)
        sync(board.port, board.archive)

    with patient_links():  # a busy computer is no fault
        code = in_child(work)
    assert code in (0, -signal.SIGKILL), code
    board.check()
    return code != 0


def every_cut(board, every):
    """Cut after every `every`-th byte of a sync, in both directions; how many times it broke."""
    broken = 0
    for to_board, whole_length in enumerate(lengths(board)):
        for limit in range(0, whole_length, every if not to_board else max(1, every // 8)):
            broken += cut(board, limit, bool(to_board))
    return broken


def every_kill(board, every):
    """Kill the computer's side at every `every`-th step; how many times."""
    step, killed = 0, 0
    while kill(board, step):
        killed += 1
        step += every
    return killed


def main():
    from pathlib import Path  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    every = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with TemporaryDirectory() as folder:
        board = Board(Path(folder) / "board")
        try:
            down, up = lengths(board)
            print(f"a sync: {down} bytes from the board, {up} to it", flush=True)
            print(
                f"connection cut {every_cut(board, every)} times, every {every} bytes", flush=True
            )
            print(f"computer killed at {every_kill(board, max(1, every // 8))} steps", flush=True)
        finally:
            board.close()
    print("after each, one plain sync made the archive whole; nothing unfiled was acknowledged")


if __name__ == "__main__":
    main()
