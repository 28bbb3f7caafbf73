"""Raspberry Pi Pico: LIS3DH on I2C0, button from GP14 to ground."""

import binascii
import os
import select
import sys
import time

from drivers.bus import I2CBus
from machine import I2C, RTC, WDT, Pin, Timer, mem32, unique_id

NAME = "rpi_pico"
I2C_ID = 0
SDA = 4
SCL = 5
I2C_HZ = 400000
ADDRESSES = (0x18, 0x19)  # SDO low, SDO high
LED = 25
BUTTON = 14
ROOT = ""  # the flash is mounted at /
WATCHDOG_MS = 8000  # the chip can do 8388
WATCHDOG_CTRL = 0x40058000  # register; bit 30: running
HOST_MS = 600000  # for so long a computer may talk before the watchdog starts the board anew

_CTRL_C = 3
_FEED_MS = 2000
_YEAR_2025 = 1735689600  # seconds since 1970; the clock starts at 2021 on power-up
_DAY_S = 86400


class Board:
    """The contract of every board: see boards/README.md."""

    name = NAME
    root = ROOT
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)

    def __init__(self):
        self.device_id = binascii.hexlify(unique_id()).decode()
        self._led = Pin(LED, Pin.OUT, value=0)
        self._button = Pin(BUTTON, Pin.IN, Pin.PULL_UP)
        self._stdin = sys.stdin.buffer
        self._byte = bytearray(1)
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._poll.ipoll(0)  # makes the tuple that later calls use again
        self._watchdog = None
        self._timer = None
        self._host_feeds = 0
        if mem32[WATCHDOG_CTRL] & (1 << 30):  # a soft reset does not stop it
            self._watchdog = WDT(timeout=WATCHDOG_MS)
            self._yield_to_host()

    def buses(self):
        """Buses on which the sensor may be, in the order to try them."""
        _free_bus()
        i2c = I2C(I2C_ID, sda=Pin(SDA), scl=Pin(SCL), freq=I2C_HZ)
        return [I2CBus(i2c, addr) for addr in ADDRESSES]

    def sleep_ms(self, ms):
        """Let ms pass. Raises KeyboardInterrupt at the computer's Ctrl-C, even when MicroPython
        does not look for it; other input is dropped, what follows the Ctrl-C stays."""
        ticks_ms, ticks_diff = time.ticks_ms, time.ticks_diff
        start = ticks_ms()
        left = ms
        try:
            while left > 0:
                for _ in self._poll.ipoll(left):
                    self._stdin.readinto(self._byte)
                    if self._byte[0] == _CTRL_C:
                        raise KeyboardInterrupt
                left = ms - ticks_diff(ticks_ms(), start)
        except KeyboardInterrupt:
            self._yield_to_host()
            raise

    def utc(self):
        """(days since 1970-01-01, ms of that UTC day, local offset in minutes); None if the clock
        was not set since power-up."""
        ms = time.time_ns() // 1000000
        if ms < _YEAR_2025 * 1000:
            return None
        return (ms // (_DAY_S * 1000), ms % (_DAY_S * 1000), self._zone())

    def set_utc(self, day, ms_of_day, tz_min):
        """Set the clock. It starts at whole seconds only, so this waits for the next one."""
        if tz_min != self._zone():
            with open(ROOT + "/zone", "w") as file:
                file.write(str(tz_min))
        seconds = day * _DAY_S + ms_of_day // 1000 + 1
        time.sleep_ms(1000 - ms_of_day % 1000)
        t = time.gmtime(seconds)
        RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))

    def _zone(self):
        # The clock outlives a soft reset, the offset would not.
        try:
            with open(ROOT + "/zone") as file:
                return int(file.read())
        except (OSError, ValueError):
            return 0

    def nonce(self):
        """Four bytes that name a session apart from any other."""
        return os.urandom(4)

    def led(self, on):
        self._led(1 if on else 0)

    def button(self):
        """Whether the button is held."""
        return not self._button()

    def feed(self):
        """Feed the watchdog; the first call starts it, and it can't be stopped then."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=WATCHDOG_MS)
        if self._timer is not None:
            self._timer.deinit()
            self._timer = None
        self._watchdog.feed()

    def _yield_to_host(self):
        """The loop ends here: from now on a timer feeds the watchdog, until HOST_MS are over."""
        if self._watchdog is None:
            return
        self._watchdog.feed()
        self._host_feeds = HOST_MS // _FEED_MS
        if self._timer is None:
            self._timer = Timer(period=_FEED_MS, mode=Timer.PERIODIC, callback=self._feed_for_host)

    def _feed_for_host(self, _timer):
        if self._host_feeds:
            self._host_feeds -= 1
            self._watchdog.feed()


def _free_bus():
    """A reset in the middle of a read leaves the sensor holding SDA low: clock the byte out."""
    sda = Pin(SDA, Pin.IN, Pin.PULL_UP)
    if sda():
        return
    scl = Pin(SCL, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    for _ in range(9):
        scl(0)
        time.sleep_us(5)
        scl(1)
        time.sleep_us(5)
    sda = Pin(SDA, Pin.OPEN_DRAIN, Pin.PULL_UP, value=0)  # a stop
    time.sleep_us(5)
    sda(1)


def board():
    """The board, with its sensor's bus not opened yet."""
    return Board()
