"""A board that runs MicroPython: its raw REPL, by mpremote's transport."""

import binascii
import contextlib
import io
import secrets
import struct
import time
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self

import serial
from mpremote.transport import TransportError, TransportExecError

from anklet.board.serialport import open_port
from anklet.errors import AnkletError, BoardFault, NoFirmware, NotVerified

GET_CHUNK = 768  # bytes a line
PUT_CHUNK = 1024  # bytes a write: they are compiled there, as text
SILENCE_S = 30  # a board does not take so long; a busy computer may
PROMPT_S = 10
TRY_S = 3  # for MicroPython's prompt, the first time
ANSWER = 1 << 20  # bytes at most that a board has to say to one question
LINE = 1 << 16
END = b"\x04"  # of what a program prints, and of its traceback

Progress = Callable[[int, int], None]


class Repl:
    """A board's port, open. The board is interrupted by the first call and goes on afterwards.

    command: what errors tell the person to run again. patience: seconds until a board that shows
    no prompt is given up. Raises NoBoard or PortBusy when the port can't be opened; the calls
    raise NoFirmware when no MicroPython answers, BoardFault when code ends with an exception,
    NotVerified when the connection breaks, the board falls silent or sends what makes no sense.
    Whatever it sends, a call ends, and keeps ANSWER bytes at most.
    """

    silence_s: float = SILENCE_S  # until a board that says nothing any more is given up

    def __init__(self, port: str, command: str = "anklet sync", patience: float = PROMPT_S):
        self.port = port
        self.command = command
        self._patience = patience
        self._interrupted = False
        self._transport: Any = None

    def __enter__(self) -> Self:
        self._transport = open_port(self.port)
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Soft reset, so that recording goes on, and close. The port may be gone by then."""
        with contextlib.suppress(OSError, TransportError):
            if self._interrupted:
                if kind:
                    self._transport.serial.write(b"\r\x03")  # a command may still be running
                    time.sleep(0.1)
                self._transport.exit_raw_repl()
                self._transport.serial.write(b"\x04")
                time.sleep(0.2)  # let it arrive
        with contextlib.suppress(OSError):
            self._transport.close()

    def run(self, code: str, timeout: float | None = None) -> str:
        """Run MicroPython code on the board; what it printed, without the end of line. timeout:
        seconds of silence, and three times that in all. What the code defines is there for the
        next call."""
        timeout = timeout or self.silence_s
        with self._talking(ANSWER, 3 * timeout):
            self._transport.exec_raw_no_follow(code)
            answer, error = (self._line(END, ANSWER, timeout)[:-1] for _ in range(2))
            if error:
                raise TransportExecError(answer, error.decode(errors="replace"))
            return answer.decode(errors="replace").strip()

    def lines(self, code: str) -> Generator[str, None, None]:
        """Run MicroPython code on the board; each line that it prints, as it comes. Closing the
        iterator ends the code."""
        with self._talking():
            self._transport.exec_raw_no_follow(code)
        running = True
        try:
            while running:
                with self._talking(2 * LINE):
                    line = self._line(b"\n" + END)
                    running = not line.endswith(END)
                    if not running:
                        error = self._line(END)[:-1]
                        if error:
                            raise TransportExecError(line, error.decode(errors="replace"))
                text = line.rstrip(END).decode(errors="replace").strip()
                if text:
                    yield text
                elif running:  # we print no such: it may go on for ever
                    raise self._nonsense()
        finally:
            if running:
                with self._talking():
                    self._transport.serial.write(b"\x03")
                    while not self._line(b"\n" + END).endswith(END):
                        pass
                    self._line(END)

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Write a file on the board; its folder has to be there."""
        # As base64: half of what fs_writefile would send.
        self.run(
            f"import binascii\nf = open({path!r}, 'wb')\n"
            "def w(text):\n    f.write(binascii.a2b_base64(text))"
        )
        for start in range(0, len(data), PUT_CHUNK):
            part = data[start : start + PUT_CHUNK]
            self.run(f"w({binascii.b2a_base64(part, newline=False)!r})")
            if progress:
                progress(start + len(part), len(data))
        self.run("f.close()")

    def get(self, path: str, size: int) -> bytes:
        """A file of the board that has `size` bytes, as it arrives: whole, if all goes well."""
        code = (
            f"import binascii\nwith open({path!r}, 'rb') as f:\n    while True:\n"
            f"        data = f.read({GET_CHUNK})\n        if not data:\n            break\n"
            "        print(binascii.b2a_base64(data).decode(), end='')"
        )
        data = bytearray()
        with contextlib.closing(self.lines(code)) as lines:
            for line in lines:
                with self.making_sense():
                    data += binascii.a2b_base64(line, strict_mode=True)
                if len(data) > size:
                    raise self._nonsense()
        return bytes(data)

    def restart(self) -> None:
        """Start MicroPython anew without starting the firmware; our modules are not loaded."""
        with self._talking():
            self._transport.enter_raw_repl(soft_reset=True)

    def _line(self, ends: bytes, longest: int = LINE, silence: float | None = None) -> bytes:
        return self._transport.serial.line(ends, longest, silence or self.silence_s)

    def _interrupt(self) -> None:
        if self._interrupted:
            return
        self._interrupted = True
        # A Ctrl-C that comes while MicroPython starts, as behind another call of ours, is lost.
        # Each try has twice the time of the one before: a slow board is not interrupted for ever.
        seconds, end = TRY_S, time.monotonic() + self._patience
        while True:
            try:
                return self._raw_repl(min(seconds, self._patience))
            except TransportError:
                if time.monotonic() > end:
                    break
            seconds *= 2
        raise NoFirmware(
            f"Nothing on {self.port} answers as MicroPython does; unplug the board, plug it in "
            f"again and try once more, or choose another port with --port."
        )

    def _raw_repl(self, seconds: float) -> None:
        """To the prompt, and past what the board still had to say to earlier calls, other prompts
        among it: it is asked for a sum that stands in none of that."""
        self._transport.serial.allow(ANSWER, seconds)
        self._transport.enter_raw_repl(soft_reset=False, timeout_overall=seconds)
        number = secrets.randbelow(1 << 28)
        self._transport.serial.write(f"print({number} + 1, end='')".encode() + END)
        answer = str(number + 1).encode() + END + END
        said = self._transport.read_until(1, answer, timeout_overall=seconds)
        if not said.endswith(answer):
            raise TransportError("no answer")

    @contextlib.contextmanager
    def _talking(self, size: int = ANSWER, seconds: float | None = None) -> Iterator[None]:
        """Around all that reads: at most `size` bytes in `seconds`. mpremote prints when
        something goes wrong: standard output stays ours."""
        seconds = seconds or 3 * self.silence_s
        try:
            with contextlib.redirect_stdout(io.StringIO()), self.making_sense():
                self._interrupt()
                self._transport.serial.allow(size, seconds)
                yield
        except AnkletError:
            raise
        except TransportExecError as error:
            last = (error.error_output.strip() or "?").splitlines()[-1][:200]
            raise BoardFault(
                f"The board on {self.port} reports {last!r}; no night was removed from it. Plug "
                f"it in again and run {self.command} again."
            ) from error
        except (TransportError, serial.SerialTimeoutException) as error:
            raise NotVerified(
                f"The board on {self.port} is plugged in but has not answered in time; no night "
                f"was removed from it, and what was written to it stays. It or this computer may "
                f"be busy: run {self.command} again, which goes on from there."
            ) from error
        except (OSError, struct.error) as error:
            raise NotVerified(
                f"The connection to {self.port} was lost; no night was removed from the board. "
                f"Plug it in again and run {self.command} again."
            ) from error

    @contextlib.contextmanager
    def making_sense(self) -> Iterator[None]:
        """Around what takes an answer apart: its errors become NotVerified."""
        try:
            yield
        except (
            *(ValueError, TypeError, LookupError, ArithmeticError),
            *(SyntaxError, RecursionError),
        ) as error:
            raise self._nonsense() from error

    def _nonsense(self) -> AnkletError:
        return NotVerified(
            f"The board on {self.port} sent an answer that makes no sense; no night was removed "
            f"from it. Plug it in again and run {self.command} again."
        )
