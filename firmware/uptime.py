"""Time since the power came: one axis through soft resets, the watchdog's, and ticks_ms' wrap.

Two moments of one power-up can be compared even when nobody ever told the board what time it is:
a computer that knows the time at one of them knows it at the other.
"""

from plmcore.native import const

_TICKS = const((1 << 30) - 1)


class Uptime:
    """power: the name of this power-up, that of its first session; None before there is one.

    was: the note that the last start left (see breadcrumb.last). powered: the power has not been
    off since. hung: the watchdog ended it. runs_on: no reset but soft ones came since that note.
    """

    def __init__(self, board, was, powered, hung):
        self._board = board
        self.power = None
        self.runs_on = False
        self._base = 0  # ms of this power-up that had passed when the timer began
        power, base, timer = was.get("power"), was.get("base"), was.get("timer")
        if not powered or not isinstance(base, int) or not isinstance(timer, int):
            return
        fed = timer + ((board.fed() - timer) & _TICKS)
        if hung:  # the timer has begun anew, the watchdog's time after it was last fed
            base += fed + board.watchdog_ms
        elif board.uptime_ms() < fed:  # so it has by another reset; when, nobody knows
            return
        else:
            self.runs_on = True
        self._base = base
        if isinstance(power, str):
            self.power = power

    def ms(self):
        """ms since the power came; does not wrap."""
        return self._base + self._board.uptime_ms()

    def note(self):
        """What the next start needs to know."""
        return {"power": self.power, "base": self._base, "timer": self._board.uptime_ms()}
