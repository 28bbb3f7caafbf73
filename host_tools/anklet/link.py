"""A board on a serial port, spoken to in MicroPython's raw REPL by mpremote's transport.

Whatever comes from the board is checked before it is used.
"""

import binascii
import contextlib
import datetime as dt
import io
import json
import os
import re
import struct
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from anklet.errors import AnkletError, NoBoard, NoFirmware, NotVerified, PortBusy

PROTOCOL = 1
LARGEST = 4 << 20  # bytes of a night file; the Pico's whole flash is 2 MiB
NIGHT = re.compile(r"[0-9]{5}-[0-9a-f]{8}\.plm")
DEVICE = re.compile(r"[0-9A-Za-z_-]{1,64}")
FOLDER = re.compile(r"(/[0-9A-Za-z_.-]+)+")
CHUNK = 1024  # bytes a read: its repr has to fit into the board's memory
PUT_CHUNK = 1024  # bytes a write: they are compiled there, as text
TIMEOUT_S = 10
TRY_S = 3  # for MicroPython's prompt, each time
END = b"\x04"  # of what a program prints, and of its traceback
HASH_TIMEOUT_S = 60

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Night:
    name: str
    size: int
    acked: bool

    @property
    def session(self) -> str:
        return self.name.removesuffix(".plm")


@dataclass(frozen=True)
class Info:
    """What the board says it is. clock_offset_s: board minus computer; None: it has no time."""

    device: str
    board: str
    firmware: str
    leg: str
    label: str
    folder: str
    nights: list[Night]
    clock_offset_s: float | None
    rules: str
    micropython: str
    free: int | None  # bytes of flash


class Link:
    """A board's port, open. The board is interrupted by the first call and goes on afterwards.

    command: what errors tell the person to run again. patience: seconds until a silent board is
    given up. Raises NoBoard or PortBusy when the port can't be opened; the calls raise NoFirmware
    when no MicroPython answers or, but for run, put and restart, no firmware of ours; NotVerified
    when the connection breaks.
    """

    def __init__(self, port: str, command: str = "anklet sync", patience: float = TIMEOUT_S):
        self.port = port
        self.command = command
        self._patience = patience
        self._interrupted = False
        self._ours = False
        self._transport: Any = None

    def __enter__(self) -> "Link":
        try:
            # With a timeout: a port that stays silent would be waited for without end.
            self._transport = SerialTransport(self.port, timeout=1)
        except (TransportError, ValueError):
            raise self._why_closed() from None
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

    def info(self) -> Info:
        """Which board this is, and its nights, oldest first."""
        self._need_firmware()  # it may have a night to close: not to be timed with the clock
        asked = time.time()
        answer = self._call("info()")
        heard = time.time()
        try:
            given = json.loads(answer)
            if given["anklet"] > PROTOCOL:
                raise NoFirmware(
                    f"The firmware on {self.port} is newer than this anklet; update anklet."
                )
            return _info(given, (asked + heard) / 2)
        except (ValueError, KeyError, TypeError) as error:
            raise self._nonsense() from error

    def download(self, folder: str, night: Night, progress: Progress | None = None) -> bytes:
        """The night's bytes as they arrive."""

        def arrived(size: int, _: int) -> None:
            if size > LARGEST:
                raise self._nonsense()
            if progress:
                progress(size, night.size)

        with self._talking():
            return bytes(self._transport.fs_readfile(f"{folder}/{night.name}", CHUNK, arrived))

    def sha256(self, night: Night) -> str:
        """The hash that the board finds for a night."""
        answer = self._call(f"sha256({night.name!r})", HASH_TIMEOUT_S)
        if not re.fullmatch(r"[0-9a-f]{64}", answer):
            raise self._nonsense()
        return answer

    def ack(self, night: Night, digest: str) -> None:
        """Tell the board that this night is filed: it may go when space runs short."""
        self._call(f"ack({night.name!r}, {digest!r})")

    def set_clock(self) -> None:
        """Set the board's clock to the computer's."""
        now = dt.datetime.now().astimezone()
        zone = round((now.utcoffset() or dt.timedelta()).total_seconds() / 60)
        day, ms_of_day = divmod(time.time_ns() // 1_000_000, 86_400_000)
        self._call(f"set_utc({day}, {ms_of_day}, {zone})")

    def configure(self, settings: dict[str, Any]) -> bool:
        """Merge into the board's settings; whether that changed any."""
        answer = self._call(f"configure({json.dumps(settings)!r})")
        try:
            return json.loads(answer)["changed"] is True
        except (ValueError, KeyError, TypeError) as error:
            raise self._nonsense() from error

    def run(self, code: str, timeout: float = TIMEOUT_S) -> str:
        """Run MicroPython code on the board; what it printed, without the end of line. timeout:
        seconds of silence. What the code defines is there for the next call."""
        with self._talking():
            self._interrupt()
            answer, error = self._transport.exec_raw(code, timeout)
            if error:
                raise TransportExecError(answer, error.decode(errors="replace"))
            return answer.decode(errors="replace").strip()

    def lines(self, code: str) -> Generator[str, None, None]:
        """Run MicroPython code on the board; each line that it prints, as it comes. Closing the
        iterator ends the code."""
        with self._talking():
            self._interrupt()
            self._transport.exec_raw_no_follow(code)
        running = True
        try:
            while running:
                with self._talking():
                    line = self._until(b"\n", END)
                    running = not line.endswith(END)
                    if not running:
                        error = self._until(END)[:-1]
                        if error:
                            raise TransportExecError(line, error.decode(errors="replace"))
                if text := line.rstrip(END).decode(errors="replace").strip():
                    yield text
        finally:
            if running:
                with contextlib.suppress(OSError, TransportError):
                    self._transport.serial.write(b"\x03")
                    self._until(END)
                    self._until(END)

    def _until(self, *ends: bytes) -> bytes:
        got = self._transport.read_until(1, ends, timeout=TIMEOUT_S)
        if not got.endswith(ends):
            raise TransportError("silence")
        return got

    def need(self, module: str) -> None:
        """Import a module of the firmware. Raises NoFirmware when the board has none such."""
        self._need_firmware()
        try:
            self.run(f"import {module}")
        except NotVerified as error:
            if "ImportError" in str(getattr(error.__cause__, "error_output", "")):
                raise NoFirmware(
                    f"The firmware on {self.port} is older than this anklet; run anklet install "
                    f"to update it, nights stay."
                ) from None
            raise

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Write a file on the board; its folder has to be there."""
        with self._talking():
            self._interrupt()
            # As base64: half of what fs_writefile would send.
            self._transport.exec(
                f"import binascii\nf = open({path!r}, 'wb')\n"
                "def w(text):\n    f.write(binascii.a2b_base64(text))"
            )
            for start in range(0, len(data), PUT_CHUNK):
                part = data[start : start + PUT_CHUNK]
                self._transport.exec(f"w({binascii.b2a_base64(part, newline=False)!r})")
                if progress:
                    progress(start + len(part), len(data))
            self._transport.exec("f.close()")

    def restart(self) -> None:
        """Start MicroPython anew without starting the firmware; our modules are not loaded."""
        with self._talking():
            self._interrupt()
            self._transport.enter_raw_repl(soft_reset=True)
            self._ours = False

    def _call(self, call: str, timeout: float = TIMEOUT_S) -> str:
        """Run hostlink.`call` on the board; what it printed."""
        self._need_firmware()
        return self.run(f"hostlink.{call}", timeout)

    def _interrupt(self) -> None:
        if self._interrupted:
            return
        self._interrupted = True
        # A Ctrl-C that comes while MicroPython starts, as behind another call of ours, is lost.
        tries, end = 0, time.monotonic() + self._patience
        while tries == 0 or time.monotonic() < end:
            tries += 1
            try:
                wait = min(TRY_S, self._patience)
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=wait)
            except TransportError:
                continue
            if tries > 1:  # answers to earlier tries may come late: ask once more behind them
                time.sleep(0.5)
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=TRY_S)
            break
        else:
            raise NoFirmware(
                f"Nothing on {self.port} answers as MicroPython does; unplug the board, plug it "
                f"in again and try once more, or choose another port with --port."
            )

    def _need_firmware(self) -> None:
        if self._ours:
            return
        try:
            self.run("import hostlink")
        except NotVerified as error:
            told = str(getattr(error.__cause__, "error_output", ""))
            if "ImportError" in told or "incompatible .mpy" in told:
                raise NoFirmware(
                    f"The board on {self.port} runs MicroPython, but not Anklet's firmware; run "
                    f"anklet install to put it there."
                ) from None
            raise
        self._ours = True

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        """mpremote prints when something goes wrong: standard output stays ours."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except AnkletError:
            raise
        except TransportExecError as error:
            last = (error.error_output.strip() or "?").splitlines()[-1]
            raise NotVerified(
                f"The board on {self.port} reports {last!r}; no night was removed from it. Plug "
                f"it in again and run {self.command} again."
            ) from error
        except (OSError, TransportError, struct.error) as error:
            raise NotVerified(
                f"The connection to {self.port} was lost; no night was removed from the board. "
                f"Plug it in again and run {self.command} again."
            ) from error
        except (ValueError, SyntaxError, TypeError) as error:
            raise self._nonsense() from error

    def _nonsense(self) -> AnkletError:
        return NotVerified(
            f"The board on {self.port} sent an answer that makes no sense; no night was removed "
            f"from it. Plug it in again and run {self.command} again."
        )

    def _why_closed(self) -> AnkletError:
        """mpremote does not say why a port can't be opened: ask once more."""
        try:
            serial.serial_for_url(self.port, exclusive=True).close()
        except ValueError:
            return NoBoard(f"{self.port} names no serial port; check --port.")
        except OSError as error:
            # Windows gives the reason as text only.
            if isinstance(error, FileNotFoundError) or error.errno in (2, 6, 19):
                return NoBoard(f"There is no port {self.port}; check the cable and --port.")
            if "FileNotFoundError" in str(error):
                return NoBoard(f"There is no port {self.port}; check the cable and --port.")
            if error.errno in (1, 13):
                return PortBusy(f"No permission to open {self.port}; {_permission(self.port)}.")
            if error.errno in (11, 16, 35) or "PermissionError" in str(error):
                return PortBusy(f"{self.port} is used by another program; close it and try again.")
            return NoBoard(f"{self.port} can't be used as a serial port; check --port.")
        return PortBusy(f"{self.port} was busy; try again.")


def _permission(port: str) -> str:
    """What to do about EACCES: on Linux a group owns the port."""
    try:
        import grp  # noqa: PLC0415 - not on Windows

        group = grp.getgrgid(os.stat(port).st_gid).gr_name
        if group in ("root", "wheel"):
            raise KeyError(group)
    except (ImportError, KeyError, OSError):
        return "ask your system's administrator for access to serial ports"
    return f"add yourself to the group {group} (sudo usermod -aG {group} $USER) and log in again"


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("no text")
    return value


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError("no name")
    return value


def _info(given: dict[str, Any], now: float) -> Info:
    """Check what the board says. Raises ValueError, KeyError or TypeError."""
    nights = []
    for name, size, acked in given["nights"]:
        if type(size) is not int or not 0 <= size <= LARGEST:
            raise ValueError("no size")
        nights.append(Night(_matching(NIGHT, name), size, acked is True))
    offset = None
    if given["utc"] is not None:
        day, ms_of_day, _ = given["utc"]
        offset = round(day * 86_400 + ms_of_day / 1000 - now, 2)
    return Info(
        device=_matching(DEVICE, given["device"]),
        board=_text(given["board"]),
        firmware=_text(given["firmware"]),
        leg=_text(given["leg"]),
        label=_text(given["label"]),
        folder=_matching(FOLDER, given["nights_dir"]),
        nights=sorted(nights, key=lambda night: night.name),
        clock_offset_s=offset,
        rules=_text(given.get("rules", "")),
        micropython=_text(given.get("micropython", "")),
        free=free if type(free := given.get("free")) is int else None,
    )
