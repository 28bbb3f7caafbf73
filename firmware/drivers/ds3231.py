"""DS3231 clock with a battery of its own (Maxim datasheet 19-5170), in UTC, 24-hour mode."""

import time

from plmcore.native import const

ADDRESS = 0x68

_SECONDS = const(0x00)  # then minutes, hours, weekday, day, month with the century bit, year: BCD
_STATUS = const(0x0F)
_STOPPED = const(0x80)  # OSF: the oscillator has stood still, so the time means nothing

_YEAR_0 = const(946684800)  # 2000-01-01 in seconds since 1970


class DS3231:
    """A DS3231 behind a bus (see drivers.bus; its registers increment without being asked)."""

    def __init__(self, bus):
        self._bus = bus

    def read(self):
        """Seconds since 1970-01-01 UTC; None if nobody set the clock since its battery was put
        in. Raises OSError when there is none."""
        status = bytearray(1)
        self._bus.read(_STATUS, status)
        if status[0] & _STOPPED:
            return None
        t = bytearray(7)
        self._bus.read(_SECONDS, t)
        second, minute, hour, _, day, month, year = [(v >> 4) * 10 + (v & 15) for v in t]
        month %= 80  # bit 7, the century
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
            return None
        return _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second + _YEAR_0

    def set(self, seconds):
        """Set the clock to `seconds` since 1970-01-01 UTC, 2000 to 2099. Raises OSError when
        there is none."""
        t = time.gmtime(seconds)
        # The seconds come first: writing them starts the second anew.
        for i, value in enumerate((t[5], t[4], t[3], t[6] + 1, t[2], t[1], t[0] - 2000)):
            self._bus.write(_SECONDS + i, value // 10 << 4 | value % 10)
        self._bus.write(_STATUS, 0)


def _days(year, month, day):
    """Days since 2000-01-01; year: 0..99. From March on, so that a leap day comes last."""
    if month < 3:
        month += 12
        year -= 1
    return 365 * year + (year + 4) // 4 + (153 * month - 457) // 5 + day + 58
