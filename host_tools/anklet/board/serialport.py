"""A serial port, opened for mpremote's transport, that no board can read us to death with."""

import os
import time
from typing import Any

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from anklet.errors import AnkletError, NoBoard, PortBusy

BUSY_S = 1  # until a port that another program has is given up: some look at what was plugged in
WRITE_S = 10  # until a board that takes nothing is given up
FILL = 1 << 16  # bytes at most from the system in one go


class Bounded:
    """What mpremote's transport uses of a serial port, with an end to it.

    mpremote reads on for as long as something comes. Here a task may take so many bytes and
    seconds as allow() said before it; past them each call raises TransportError.
    """

    def __init__(self, port: serial.Serial):
        port.write_timeout = WRITE_S
        self.port = port
        self.write = port.write
        self._held = bytearray()
        self._left, self._end = 0, 0.0

    def allow(self, size: int, seconds: float) -> None:
        """Begin a task of at most `size` bytes from the board."""
        self._left, self._end = size, time.monotonic() + seconds

    def inWaiting(self) -> int:  # mpremote calls it so
        self._check()
        return len(self._held) + self.port.in_waiting

    def read(self, size: int = 1) -> bytes:
        """`size` bytes; fewer when the port's timeout is over."""
        while len(self._held) < size and self._fill():
            pass
        return self._take(size)

    def line(self, ends: bytes, longest: int, silence: float) -> bytes:
        """Up to and with the first of the bytes in `ends`. silence: seconds. Raises
        TransportError when none comes in time, or not within `longest` bytes."""
        quiet, looked = time.monotonic() + silence, 0
        while True:
            found = [at for end in ends if (at := self._held.find(end, looked)) >= 0]
            if found:
                return self._take(min(found) + 1)
            looked = len(self._held)
            if looked > longest:
                raise TransportError("endless line")
            if self._fill():
                quiet = time.monotonic() + silence
            elif time.monotonic() > quiet:
                raise TransportError("silence")

    def _fill(self) -> bool:
        self._check()
        more = self.port.read(max(1, min(self.port.in_waiting, FILL)))
        self._left -= len(more)
        self._held += more
        return bool(more)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _check(self) -> None:
        if self._left < 0 or time.monotonic() > self._end:
            raise TransportError("more than was asked for")


class Transport(SerialTransport):
    """mpremote's transport over a Bounded port."""

    serial: Any

    def __init__(self, port: str):
        # With a timeout: a port that stays silent would be waited for without end.
        super().__init__(port, timeout=1)
        self.serial = Bounded(self.serial)

    def close(self) -> None:
        self.serial = self.serial.port
        super().close()


def open_port(port: str) -> Transport:
    """Raises NoBoard or PortBusy when it can't be opened."""
    if "://" in port:  # pyserial would open a connection to another computer
        raise NoBoard(f"{port} names no serial port of this computer; check --port.")
    end = time.monotonic() + BUSY_S
    while True:
        try:
            return Transport(port)
        except (TransportError, ValueError):
            why = _why_closed(port)
            if not isinstance(why, _InUse) or time.monotonic() > end:
                raise why from None
        time.sleep(0.05)


class _InUse(PortBusy):
    """Another program has the port, for now."""


def _why_closed(port: str) -> AnkletError:
    """mpremote does not say why a port can't be opened: ask once more."""
    try:
        serial.serial_for_url(port, exclusive=True).close()
    except ValueError:
        return NoBoard(f"{port} names no serial port; check --port.")
    except OSError as error:
        # Windows gives the reason as text only.
        if isinstance(error, FileNotFoundError) or error.errno in (2, 6, 19):
            return NoBoard(f"There is no port {port}; check the cable and --port.")
        if "FileNotFoundError" in str(error):
            return NoBoard(f"There is no port {port}; check the cable and --port.")
        if error.errno in (1, 13):
            return PortBusy(f"No permission to open {port}; {_permission(port)}.")
        if error.errno in (11, 16, 35) or "PermissionError" in str(error):
            return _InUse(f"{port} is used by another program; close it and try again.")
        return NoBoard(f"{port} can't be used as a serial port; check --port.")
    return _InUse(f"{port} was busy; try again.")


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
