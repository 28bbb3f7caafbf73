"""The date, on boards with an RP2040 or RP2350: the chip's clock, and a DS3231 where there is one.

The chip's clock begins at 2021 at power-up and outlives a soft reset; the local offset, which it
does not know, stands in a file in `root`. ds3231: a function that gives one, there or not.
"""

import time

from machine import RTC
from plmcore.native import const

_YEAR_2025 = const(1735689600)  # seconds since 1970: what is earlier was not set
_DAY_S = const(86400)


def utc(root, ds3231):
    """See Board.utc()."""
    ms = time.time_ns() // 1000000
    if ms < _YEAR_2025 * 1000:
        seconds = _read(ds3231)
        if seconds is None or seconds < _YEAR_2025:
            return None
        _set_rtc(seconds)
        ms = seconds * 1000
    return (ms // (_DAY_S * 1000), ms % (_DAY_S * 1000), _zone(root))


def set_utc(root, ds3231, day, ms_of_day, tz_min):
    """See Board.set_utc(). Both clocks start at whole seconds only, so this waits for the next."""
    if tz_min != _zone(root):
        with open(root + "/zone", "w") as file:
            file.write(str(tz_min))
    seconds = day * _DAY_S + ms_of_day // 1000 + 1
    time.sleep_ms(1000 - ms_of_day % 1000)
    _set_rtc(seconds)
    try:
        ds3231().set(seconds)
    except OSError:
        pass  # there is none


def _read(ds3231):
    try:
        return ds3231().read()
    except OSError:
        return None


def _zone(root):
    try:
        with open(root + "/zone") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0


def _set_rtc(seconds):
    t = time.gmtime(seconds)
    RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
