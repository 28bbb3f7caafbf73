"""Why the board started: a note on the flash, and a number that outlives a reset but no power-off.

The chip's own reset cause is not reliable, so each session leaves its own: state.json says that it
began, and how and when it ended; board.keep() says the same for as long as there is power.
"""

import json

from plmcore.native import const
from uptime import Uptime

FIRST = "first"  # nothing was recorded with this flash before
POWER = "power"  # the power was off
WATCHDOG = "watchdog"  # the loop hung
HOST = "host"  # a computer interrupted, and has done
FAULT = "fault"  # the flash is full or broken
CRASH = "crash"  # an exception that nobody expected: see crash.py
WORN = "worn"  # the session before ended by itself: see Monitor

_FILE = "/state.json"
_TAG = const(0x2A5C0000)  # in front of the kept state: any number stands there after power-on
_RECORDING = const(1)
_CLOSED = const(2)
_CRASHED = const(3)
_DAY_MS = const(86400000)


class Breadcrumb:
    """Reads what the last session left, and leaves what the next start is to find.

    cause: one of the constants above. cut: the last session's end was not written. number: of the
    last session that began, though it may have left no file. uptime: an Uptime.
    """

    def __init__(self, board):
        self._board = board
        self._was = last(board)
        kept = _kept(board)
        self.cut = self._was.get("state") == "recording"
        if not self._was:
            self.cause = FIRST
        elif kept == _TAG | _RECORDING:
            self.cause = WATCHDOG
        elif kept == _TAG | _CRASHED:
            self.cause = CRASH
        elif kept == _TAG | _CLOSED:
            self.cause = HOST
        else:
            self.cause = POWER
        number = self._was.get("number")
        self.number = number if isinstance(number, int) and 0 <= number < 100000 else 0
        self.uptime = _uptime(board, self._was)

    @property
    def continues(self):
        """The session to come continues the last one, which was cut or interrupted."""
        return self.cut or self.cause in (HOST, FAULT, CRASH)

    def lost_ms(self):
        """ms since the last session ended, less than 2**29; 0: not known."""
        if self.cut:
            return 0
        board, ticks, then = self._board, self._was.get("ticks"), self._was.get("utc")
        # A board that a computer held for long was reset by its watchdog: its ticks began anew.
        same = self.cause == FAULT or (self.cause in (HOST, CRASH) and self.uptime.runs_on)
        if same and isinstance(ticks, int):
            return max(0, board.ticks_diff(board.ticks_ms(), ticks))
        now = board.utc()
        try:
            if now and then and 0 <= now[0] - then[0] <= 5:
                return max(0, (now[0] - then[0]) * _DAY_MS + now[1] - then[1])
        except (TypeError, IndexError):
            pass  # no note of ours
        return 0

    def begin(self):
        """The firmware begins to record, or to wait for its sensor."""
        self._write(_RECORDING, {"state": "recording", "start": self.cause})

    def began(self, session):
        """A session has begun; returns its power-up's name, that of the first session in it."""
        self.number = int(session[:5])
        if self.uptime.power is None:
            self.uptime.power = session
        self.begin()
        return self.uptime.power

    def end(self, then):
        """The session ends. then: what will have been the cause of the next one, HOST, CRASH, or,
        where the firmware goes on by itself, FAULT or WORN."""
        board = self._board
        self._was = {
            "state": "closed",
            "start": self.cause,
            "ticks": board.ticks_ms(),
            "utc": board.utc(),
        }
        self._write(_CRASHED if then == CRASH else _CLOSED, self._was)
        self.cause = then
        self.cut = False

    def _write(self, kept, note):
        note.update(self.uptime.note())
        note["number"] = self.number
        keep = getattr(self._board, "keep", None)
        if keep:
            keep(_TAG | kept)
        try:
            with open(self._board.root + _FILE, "w") as file:
                json.dump(note, file)
        except OSError:
            pass  # the night log will say so


def last(board):
    """What the last session left, {} if there was none: state ("recording", "closed"), start (why
    the board had started), number, power, base and timer (see uptime.py), and of a closed one
    ticks and utc."""
    try:
        with open(board.root + _FILE) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def uptime(board):
    """The time since the power came, as the last session left it."""
    return _uptime(board, last(board))


def _uptime(board, was):
    kept = _kept(board)
    powered = kept in (_TAG | _RECORDING, _TAG | _CLOSED, _TAG | _CRASHED)
    return Uptime(board, was, powered, kept == _TAG | _RECORDING)


def _kept(board):
    kept = getattr(board, "kept", None)
    return kept() if kept else None
