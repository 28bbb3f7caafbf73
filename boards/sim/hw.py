"""The simulated board: the contract of a real one, on a virtual clock.

Time passes only by bus transfers, by sleep_ms and by stall: a night takes as long as its
computing does.
"""

from binascii import crc32

from drivers.bus import I2CBus, SPIBus
from lis3dh_model import DEPTH, LIS3DHModel
from spi import SimSPI, heap_lock, heap_unlock

NAME = "sim"

_TICKS = 1 << 30  # MicroPython's ticks_ms wraps here
_DAY_MS = 86400000
_LONGEST_US = 500000000000  # 5.8 days: half of that clock, which is all that the firmware measures
_HALF_US = 9000  # about half a period of 50 Hz: a drain falls in between two samples
_EIO = 5  # what the rp2 port raises when nobody acknowledges
_ETIMEDOUT = 110  # and when a line stays low


class Clock:
    """Microseconds since the board was switched on; never wraps."""

    def __init__(self):
        self.us = 0

    def ticks_us(self):
        return self.us


class SimI2C:
    """machine.I2C at 400 kHz with one sensor on it.

    heap_locked: set it when the caller runs under micropython.heap_lock: the firmware must not
    allocate then, but the sensor's model is not firmware.
    stuck: the sensor holds SDA low, as after a reset in the middle of a byte.
    """

    def __init__(self, clock, model, addr=0x18):
        self.addr = addr
        self.heap_locked = False
        self.stuck = False
        self._clock = clock
        self._model = model
        self._half_us = 0

    def scan(self):
        return [self.addr] if self._model.present else []

    def readfrom_mem_into(self, addr, memaddr, buf):
        if not self.heap_locked:
            self._read(addr, memaddr, buf)
            return
        heap_unlock()
        try:
            self._read(addr, memaddr, buf)
        finally:
            heap_lock()

    def writeto_mem(self, addr, memaddr, buf):
        self._address(addr, 9 + 9 * len(buf))
        reg = memaddr & 0x7F
        for value in buf:
            self._model.write_reg(reg, value)
            if memaddr & 0x80:
                reg = self._model.next_reg(reg)

    def _read(self, addr, memaddr, buf):
        # Start, address, register, repeated start and address come before the first data byte,
        # and the samples that fall due in that time may still be read.
        self._address(addr, 19)
        self._model.burst_read(memaddr & 0x7F, buf, memaddr & 0x80)
        self._pass(9 * len(buf))

    def _address(self, addr, bits):
        """Start, address byte, `bits` more and stop; OSError without an acknowledge."""
        if self.stuck:
            raise OSError(_ETIMEDOUT)
        if addr != self.addr or not self._model.ack():
            self._pass(11)
            raise OSError(_EIO)
        self._pass(11 + bits)

    def _pass(self, bits):
        half_us = self._half_us + 5 * bits
        self._half_us = half_us & 1
        self._clock.us += half_us >> 1


class Board:
    """One board. Every other board offers the same names; what is only here is for tests.

    name, device_id (hex string), root (directory of settings and nights).
    Only here: clock, model (the sensor), led_on, pressed (the button is held), press() (and let
    go), feeds (of the watchdog),
    battery (mV, None without one), bus ("i2c" or "spi": how the sensor is wired), i2c, spi.
    """

    name = NAME
    watchdog_ms = 8000

    def __init__(self, source, odr_error_ppm, root, device_id, utc):
        self.root = root
        self.device_id = device_id
        self.clock = Clock()
        self.model = LIS3DHModel(source, self.clock.ticks_us, odr_error_ppm, True)
        self.bus = "i2c"
        self.i2c = SimI2C(self.clock, self.model)
        self.spi = SimSPI(self.clock, self.model)
        self.led_on = False
        self.pressed = False
        self._tapped = False
        self.battery = None
        self.feeds = 0
        self._kept = 0
        self._fed = 0
        self._sessions = 0
        self._utc = None
        if utc is not None:
            self.set_utc(*utc)

    def buses(self):
        """Buses on which the sensor may be, in the order to try them."""
        if self.bus == "spi":
            return [SPIBus(self.spi, self.spi.cs)]
        self.i2c.stuck = False  # opening it clocks the byte out
        return [I2CBus(self.i2c, 0x18), I2CBus(self.i2c, 0x19)]

    def ticks_ms(self):
        """Milliseconds, 0 to 2^30 - 1, wrapping."""
        return (self.clock.us // 1000) & (_TICKS - 1)

    def ticks_diff(self, a, b):
        """a - b over the wrap, -2^29 to 2^29 - 1."""
        return ((a - b + _TICKS // 2) & (_TICKS - 1)) - _TICKS // 2

    def uptime_ms(self):
        """Milliseconds since the timer began to count; never wraps."""
        return self.clock.us // 1000

    def sleep_ms(self, ms):
        """Let ms pass. Raises KeyboardInterrupt, like a host's Ctrl-C, when the night is over:
        the source is exhausted and the FIFO was drained, or not even a minute later.

        Samples that the source marks as lost are lost as in life, by a firmware that is held up:
        it wakes before the first of them and then not until the FIFO has run over.
        """
        model = self.model
        before_loss = model.due_before_loss(ms * 1000)
        if before_loss is None:
            self.clock.us += ms * 1000
        elif before_loss > self.clock.us:
            self.clock.us = before_loss + _HALF_US
        else:
            while model.waiting() < DEPTH and not model.exhausted:
                lost = model.lost_us()
                self.clock.us += max(1000, min(lost, _LONGEST_US))
                if lost > _LONGEST_US:
                    return
            self.clock.us += _HALF_US
        waiting = model.waiting()
        if model.exhausted and (not waiting or model.overdue > 60 * 50):
            raise KeyboardInterrupt

    def save_power(self):
        """Here all sleep is the same."""

    def stall(self, ms):
        """Let ms pass without giving the firmware a chance to notice."""
        self.clock.us += ms * 1000

    def utc(self):
        """(days since 1970-01-01, ms of that UTC day, local offset in minutes), None if unset."""
        if self._utc is None:
            return None
        base_ms, tz_min = self._utc
        now = base_ms + self.clock.us // 1000
        return (now // _DAY_MS, now % _DAY_MS, tz_min)

    def set_utc(self, day, ms_of_day, tz_min):
        self._utc = (day * _DAY_MS + ms_of_day - self.clock.us // 1000, tz_min)

    def nonce(self):
        """Four bytes that tell sessions apart; here the same ones for the same input."""
        self._sessions += 1
        return crc32(self.device_id.encode() + bytes([self._sessions])).to_bytes(4, "big")

    def led(self, on):
        self.led_on = bool(on)

    def dark(self):
        """Here the LED draws nothing."""

    def reset(self):
        """Start the firmware anew: here a SystemExit, as MicroPython makes of it, for the test."""
        raise SystemExit

    def press(self):
        self._tapped = True

    def button(self):
        """Whether the button is held, or was pressed since the last call."""
        if self._tapped:
            self._tapped = False
            return True
        return self.pressed

    def battery_mv(self):
        """Voltage of the battery in mV; None where the board can't measure one."""
        return self.battery

    def keep(self, value):
        """Keep a number (0..2**30 - 1) until the power goes."""
        self._kept = value
        self._fed = self.ticks_ms()

    def kept(self):
        """The number kept last, 0 when there is none."""
        return self._kept

    def watch(self):
        """Start the watchdog: here there is none."""

    def feed(self):
        """Feed the watchdog."""
        self.feeds += 1
        self._fed = self.ticks_ms()

    def fed(self):
        """ticks_ms() of the last feed() or keep(), until the power goes."""
        return self._fed


def board(source, odr_error_ppm=0, root="/flash", device_id="0000000000000001", utc=None):
    """A board whose sensor lives on source (see LIS3DHModel); utc as Board.set_utc takes it."""
    return Board(source, odr_error_ppm, root, device_id, utc)
