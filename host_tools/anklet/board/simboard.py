"""The simulated board on a serial port: MicroPython for this computer behind a pseudo-terminal.

POSIX only. mpremote finds MicroPython's raw REPL there, as on a board's USB.
"""

import fcntl
import os
import pty
import select
import subprocess
import termios
import threading
import tty
from collections.abc import Callable, Sequence


def _controlling(slave: int) -> None:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


class SimBoard:
    """MicroPython's REPL on the port `port`, after `command` (micropython -i SCRIPT ...) ran.

    hear: called with each line that the script prints, its end of line cut off.
    unplug_after: the connection breaks when so many bytes came from the board.
    resets: after a soft reset `command` runs again, as a board starts again; else that ends it.
    A context manager: leaving it ends MicroPython. Raises ChildProcessError with what was printed
    when the script fails.
    """

    def __init__(
        self,
        command: Sequence[str],
        hear: Callable[[str], None] | None = None,
        unplug_after: int | None = None,
        resets: bool = False,
    ):
        self._command = command
        self._resets = resets
        self._raw = False  # the raw REPL outlives a soft reset
        self._begin(hear or (lambda line: None))
        self._outside, self._end = pty.openpty()
        tty.setraw(self._end)
        os.set_blocking(self._outside, False)  # the computer may write and not read
        self._said = b""  # what the computer has not yet taken
        self.port = os.ttyname(self._end)
        self.sent = 0  # bytes that came from the board
        self._unplug_after = unplug_after
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def _begin(self, hear: Callable[[str], None]) -> None:
        self._inside, slave = pty.openpty()
        tty.setraw(slave)
        mode = termios.tcgetattr(slave)
        mode[3] |= termios.ISIG  # Ctrl-C interrupts, as on a board
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self._process = subprocess.Popen(
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=lambda: _controlling(slave),  # noqa: PLW1509 - takes no lock
        )
        os.close(slave)
        self._listen(hear)

    def __enter__(self) -> "SimBoard":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self, hear: Callable[[str], None]) -> None:
        """Up to the prompt: a Ctrl-C before it would end MicroPython."""
        said, failed = b"", []
        while not said.endswith(b">>> "):
            try:
                more = os.read(self._inside, 4096)
            except OSError:  # Linux's way to say that the other side has gone
                more = b""
            if not more:
                raise ChildProcessError(said.decode(errors="replace"))
            *lines, said = (said + more).replace(b"\r", b"").split(b"\n")
            for line in lines:
                if failed or line.startswith(b"Traceback"):
                    failed.append(line.decode(errors="replace"))
                else:
                    hear(line.decode(errors="replace"))
        if failed and failed[-1].startswith("MicroPython"):  # its greeting comes last
            failed.pop()
        if failed:
            self._process.kill()
            raise ChildProcessError("\n".join(failed))

    def _carry(self) -> None:
        try:
            while True:
                sources = [self._outside, self._stop]
                if not self._said:
                    sources.append(self._inside)
                targets = [self._outside] if self._said else []
                ready, free, _ = select.select(sources, targets, [])
                if self._stop in ready:
                    return
                if free:
                    self._said = self._said[os.write(self._outside, self._said) :]
                if self._outside in ready:
                    data = os.read(self._outside, 4096)
                    os.write(self._inside, data)
                    if b"\x01" in data or b"\x02" in data:
                        self._raw = data.rfind(b"\x01") > data.rfind(b"\x02")
                if self._inside in ready:
                    self._from_board()
        except (OSError, ChildProcessError):
            pass  # one side has gone
        finally:
            os.close(self._end)
            os.close(self._outside)

    def _from_board(self) -> None:
        try:
            data = os.read(self._inside, 4096)
        except OSError:
            data = b""
        if not data:
            data = self._reset()
        self.sent += len(data)
        if self._unplug_after is not None and self.sent > self._unplug_after:
            raise BrokenPipeError
        self._said = data

    def _reset(self) -> bytes:
        """MicroPython has ended: start it again; what a board says then."""
        if not self._resets:
            raise BrokenPipeError
        self._process.wait()
        os.close(self._inside)
        self._begin(lambda line: None)
        if not self._raw:
            return b"MPY: soft reboot\r\n>>> "
        os.write(self._inside, b"\x01")
        return b"MPY: soft reboot\r\n"

    def ended(self) -> int:
        """Wait until MicroPython has ended by itself, as a soft reset makes it; its exit code."""
        return self._process.wait(10)

    def power(self) -> None:
        """Cut the power for a moment; for a board that `resets`."""
        self._raw = False
        self._process.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.write(self._wake, b"x")
        self._thread.join()
        for end in (self._inside, self._stop, self._wake):
            os.close(end)
