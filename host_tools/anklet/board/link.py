"""Anklet's firmware on a serial port: what firmware/hostlink.py answers.

Whatever comes from the board is checked before it is used.
"""

import binascii
import contextlib
import datetime as dt
import json
import math
import re
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from anklet.board.boardinfo import (
    LONGEST_UP,
    MOST_NIGHTS,
    MOST_ON_SHELF,
    Info,
    NightFile,
    printable,
    read_info,
    read_json,
    read_shelf,
    read_shelves,
    whole,
)
from anklet.board.repl import Progress, Repl
from anklet.errors import NoFirmware, NotVerified

__all__ = ["Info", "Link", "NightFile"]

PROTOCOL = 3
SLOW_S = 60  # until a board has loaded its modules, completed a night, hashed one
DATINGS = 5  # answers of which the quickest dates the board's time
TRIES = 3  # of a frame that comes broken
MOST_CRASH = 4000  # characters
SLOWEST = 2000  # bytes a second that a night has to come with
CALL_S = 1  # that one answer about a night may take, beside what its size takes
CRC = struct.Struct("<I")


class Link(Repl):
    """A Repl whose board runs our firmware; the calls raise NoFirmware when it does not."""

    # Seconds that a board may take in all beyond CALL_S and SLOWEST: one that answers about each
    # of thousands of nights just in time would hold a sync for days.
    spare_s: float = 600
    _ours = False

    def info(self) -> Info:
        """Which board this is, and its nights, oldest first."""
        self._need_firmware()  # it may have a night to close: not to be timed with the clock
        asked = time.time()
        answer = self._call("info()", SLOW_S)
        heard = time.time()
        with self.making_sense():
            given = read_json(answer)
            if given["anklet"] > PROTOCOL:
                raise NoFirmware(
                    f"The firmware on {self.port} is newer than this anklet; update anklet."
                )
            if given["anklet"] < PROTOCOL:
                raise self._old()
            info = read_info(given, (asked + heard) / 2, self._files(read_shelves(given)))
        error_ms = math.ceil((heard - asked) * 500)
        return self._dated(info, error_ms) if info.power else replace(info, error_ms=error_ms)

    def _files(self, shelves: list[str]) -> list[NightFile]:
        """The nights and traces on these shelves, asked one by one: no board has the memory to
        say all at once."""
        found: list[NightFile] = []
        for shelf in shelves:
            lines = self._call(f"shelf({shelf!r})", SLOW_S).splitlines()
            found += read_shelf(read_json(line) for line in lines)
            if len(lines) > MOST_ON_SHELF or len(found) > MOST_NIGHTS:
                raise ValueError("more than a board can hold")
        return found

    def crash(self) -> str:
        """What the firmware wrote down when it crashed, "" if it did not."""
        with self.making_sense():
            text = read_json(self._call("crashed()"))
            if not isinstance(text, str) or len(text) > MOST_CRASH:
                raise ValueError("no note of a crash")
        return printable(text)

    def crash_filed(self) -> None:
        """Tell the board that this note is filed: it may go."""
        self._call("crash_filed()")

    def _dated(self, info: Info, error_ms: int) -> Info:
        """The same at the moment of the quickest of some answers; it may be off by half of what
        that one took."""
        for _ in range(DATINGS):
            asked = time.time()
            answer = self._call("passed()")
            took = time.time() - asked
            with self.making_sense():
                up_ms = whole(read_json(answer), LONGEST_UP)
            if 0 <= took * 500 < error_ms:
                error_ms = math.ceil(took * 500)
                info = replace(info, utc_ms=round((asked + took / 2) * 1000), up_ms=up_ms)
        return replace(info, error_ms=error_ms)

    def download(self, night: NightFile, progress: Progress | None = None) -> bytes:
        """The night's bytes as they arrive: frames whose checksums hold, up to the first one that
        came broken several times. progress: called with the bytes that arrived and the size."""
        data = bytearray()
        end = time.monotonic() + SLOW_S + night.size / SLOWEST
        self._need_firmware()
        for _ in range(TRIES):
            call = f"hostlink.send({night.name!r}, {len(data)})"
            with contextlib.closing(self.lines(call)) as frames:
                for frame in frames:
                    part = _content(frame)
                    if part is None:
                        break
                    data += part
                    if len(data) > night.size or time.monotonic() > end:
                        raise self._nonsense()
                    if progress:
                        progress(len(data), night.size)
                else:
                    break
        return bytes(data)

    def sha256(self, night: NightFile) -> str:
        """The hash that the board finds for a night."""
        with self._in_time(night.size):
            answer = self._call(f"sha256({night.name!r})", SLOW_S)
        if not re.fullmatch(r"[0-9a-f]{64}", answer):
            raise self._nonsense()
        return answer

    def ack(self, night: NightFile, digest: str) -> None:
        """Tell the board that this night is filed: it may go when space runs short."""
        with self._in_time(0):
            self._call(f"ack({night.name!r}, {digest!r})")

    @contextlib.contextmanager
    def _in_time(self, size: int) -> Iterator[None]:
        """Around an answer about `size` bytes. Raises NotVerified when spare_s is used up."""
        began = time.monotonic()
        yield
        self.spare_s -= max(0, time.monotonic() - began - CALL_S - size / SLOWEST)
        if self.spare_s < 0:
            raise NotVerified(
                f"The board on {self.port} answers too slowly to be waited for; what was filed is "
                f"filed, nothing was removed from it. Plug it in again and run {self.command} "
                f"again."
            )

    def set_clock(self) -> None:
        """Set the board's clock to the computer's."""
        now = dt.datetime.now().astimezone()
        zone = round((now.utcoffset() or dt.timedelta()).total_seconds() / 60)
        day, ms_of_day = divmod(time.time_ns() // 1_000_000, 86_400_000)
        self._call(f"set_utc({day}, {ms_of_day}, {zone})")

    def configure(self, settings: dict[str, Any]) -> bool:
        """Merge into the board's settings; whether that changed any."""
        answer = self._call(f"configure({json.dumps(settings)!r})")
        with self.making_sense():
            return read_json(answer)["changed"] is True

    def need(self, module: str) -> None:
        """Import a module of the firmware. Raises NoFirmware when the board has none such."""
        self._need_firmware()
        try:
            self.run(f"import {module}")
        except NotVerified as error:
            if "ImportError" in _traceback(error):
                raise self._old() from None
            raise

    def restart(self) -> None:
        super().restart()
        self._ours = False

    def _call(self, call: str, timeout: float | None = None) -> str:
        """Run hostlink.`call` on the board; what it printed."""
        self._need_firmware()
        return self.run(f"hostlink.{call}", timeout)

    def _need_firmware(self) -> None:
        if self._ours:
            return
        try:
            self.run("import hostlink", SLOW_S)
        except NotVerified as error:
            if "ImportError" in _traceback(error) or "incompatible .mpy" in _traceback(error):
                raise NoFirmware(
                    f"The board on {self.port} runs MicroPython, but not Anklet's firmware; run "
                    f"anklet install to put it there."
                ) from None
            raise
        self._ours = True

    def _old(self) -> NoFirmware:
        return NoFirmware(
            f"The firmware on {self.port} is older than this anklet; run anklet install "
            f"to update it, nights stay."
        )


def _traceback(error: NotVerified) -> str:
    """The board's own traceback."""
    return str(getattr(error.__cause__, "error_output", ""))


def _content(frame: str) -> bytes | None:
    """What a frame (see hostlink.send) carries; None when it came broken."""
    try:
        data = binascii.a2b_base64(frame, strict_mode=True)
    except ValueError:
        return None
    content, crc = data[: -CRC.size], data[-CRC.size :]
    whole = len(data) > CRC.size and crc == CRC.pack(binascii.crc32(content))
    return content if whole else None
