"""A real MicroPython behind a serial port: two pseudo-terminals, bytes carried in between."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import threading
import tty
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
MICROPYTHON = Path(sys.executable).with_name("micropython")


def _controlling(slave):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


class Board:
    """MicroPython's REPL on the port `port`, after `script` ran.

    unplug_after: the connection breaks when so many bytes came from the board.
    """

    def __init__(self, script, unplug_after=None):
        self._inside, slave = pty.openpty()
        tty.setraw(slave)
        mode = termios.tcgetattr(slave)
        mode[3] |= termios.ISIG  # Ctrl-C interrupts, as on a board
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self._process = subprocess.Popen(
            [MICROPYTHON, "-i", script],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=lambda: _controlling(slave),  # noqa: PLW1509 - no threads yet
        )
        os.close(slave)
        greeting = b""
        while not greeting.endswith(b">>> "):  # a Ctrl-C before it would end MicroPython
            greeting += os.read(self._inside, 4096)
        self._outside, self._end = pty.openpty()
        tty.setraw(self._end)
        self.port = os.ttyname(self._end)
        self._left = unplug_after
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def _carry(self):
        ways = {self._inside: self._outside, self._outside: self._inside}
        try:
            while True:
                ready, _, _ = select.select([*ways, self._stop], [], [])
                for one in ready:
                    if one == self._stop:
                        return
                    data = os.read(one, 4096)
                    if one == self._inside and self._left is not None:
                        self._left -= len(data)
                        if self._left < 0:
                            return
                    os.write(ways[one], data)
        except OSError:
            pass  # one side has gone
        finally:
            os.close(self._end)
            os.close(self._outside)

    def ended(self):
        """Waits until MicroPython has ended by itself (a soft reset ends it)."""
        return self._process.wait(10)

    def close(self):
        self._process.kill()
        self._process.wait()
        os.write(self._wake, b"x")
        self._thread.join()
        for end in (self._inside, self._stop, self._wake):
            os.close(end)


SCRIPT = """
import sys
sys.path[:0] = [{firmware!r}, {sim!r}]
import hw, hostlink
class Silence:
    def readinto(self, buf):
        return 0
board = hw.board(Silence(), root={root!r}, device_id="e6614103e7452b2f", utc={utc!r})
hostlink.attach(board)
{extra}
"""


def script(folder, nights, utc=None, extra=""):
    """A board's start-up script, with these night files (name -> bytes) on it."""
    root = folder / "flash"
    (root / "nights").mkdir(parents=True)
    for name, data in nights.items():
        (root / "nights" / name).write_bytes(data)
    path = folder / "start.py"
    path.write_text(
        SCRIPT.format(
            firmware=str(REPO / "firmware"),
            sim=str(REPO / "boards" / "sim"),
            root=str(root),
            utc=utc,
            extra=extra,
        )
    )
    return path
