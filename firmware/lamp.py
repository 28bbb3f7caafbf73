"""The LED: recording (in the first minutes), a fault by its number, a battery that runs low.

In bed it is dark: a fault, too, is told for five minutes, and for five more whenever the button is
pressed. Nothing here allocates.
"""

from plmcore.native import const

_BLINK_MS = const(200)
_PAUSE_MS = const(300)
_REST_MS = const(1000)
_EVERY = const(6)  # cycles from one blink to the next: 3 s
_AWAKE = const(600)  # cycles for which it says that it records: 5 min
_FAULT_MS = const(300000)  # for which a fault is told: 5 min
_CHECK = const(120)  # cycles between two looks at the battery: a minute
_LOW_MV = const(3500)  # a lithium cell with a tenth of its charge left


class Lamp:
    """The LED of a board. In every cycle of the loop, of 500 ms, count `wait` down and call work()
    when it is below 0; call rest() behind the work when the LED is `lit`.

    A blink is as long as the work of a cycle, some 5 ms on a Pico; the one for a low battery,
    once a minute all night, lasts through a whole cycle.
    """

    def __init__(self, board):
        self._board = board
        self._battery = getattr(board, "battery_mv", None)
        self._cycle = self.wait = 0
        self._fault_ms = _FAULT_MS  # that are left
        self._long = False
        self.lit = False
        self._asleep = False  # the board was told that it may be dark from now on
        board.led(False)

    def begin(self):
        """A session begins: say for the first minutes that it is recorded."""
        self._cycle = self.wait = 0

    def work(self):
        """The work of a cycle begins."""
        n = self._cycle
        if n >= _AWAKE and not self._asleep:
            self._asleep = True
            self._board.dark()
        self._long = n % _CHECK == 0 and self._low()
        every = _EVERY if n < _AWAKE else _CHECK
        self.wait = 0 if self._long else every - 1 - n % every
        self._cycle += 1 + self.wait
        if self._long or (n < _AWAKE and n % _EVERY == 0):
            self.lit = True
            self._board.led(True)

    def rest(self):
        """It is done."""
        if not self._long:
            self.lit = False
            self._board.led(False)

    def fault(self, number):
        """Blink `number` times and rest: number * 0.5 s + 1 s, in the dark when it has been told
        for long. Feeds the watchdog."""
        board = self._board
        if board.button():
            self._fault_ms = _FAULT_MS
        shown = self._fault_ms > 0
        self._fault_ms -= number * (_BLINK_MS + _PAUSE_MS) + _REST_MS if shown else 0
        try:
            for _ in range(number):
                board.led(shown)
                board.sleep_ms(_BLINK_MS)
                board.led(False)
                board.sleep_ms(_PAUSE_MS)
                board.feed()
        finally:
            board.led(False)
        board.sleep_ms(_REST_MS)
        board.feed()

    def _low(self):
        mv = self._battery() if self._battery else None
        return mv is not None and mv < _LOW_MV
