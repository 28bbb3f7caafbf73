"""LIS3DH accelerometer: normal mode, +-2 g, stream FIFO (ST datasheet DocID17530).

Samples are 6 bytes: x, y, z as little-endian int16, of which the FIFO keeps the upper 10 bits
(mask 0xFFC0) in every power mode. That makes normal mode the natural one: high-resolution mode
adds no bits here and cuts at ODR/9, which would remove leg movements.

Scale: we take full scale / 2^15, so 1 g is 16384 raw or 256 counts of 10 bits. ST's table says
4 mg per count, which is 250 counts or 16000 raw per g, and Adafruit's driver divides by 16380:
the two differ by 2.4 %, within the part's own sensitivity tolerance.
"""

import struct

from plmcore.native import const, micropython

ODR_50 = const(0x40)  # upper nibble of CTRL_REG1: output data rate in normal mode, 50 Hz

SAMPLE_BYTES = 6
FIFO_DEPTH = 32

_WHO_AM_I = const(0x0F)
_TEMP_CFG = const(0x1F)
_CTRL1 = const(0x20)
_CTRL2 = const(0x21)
_CTRL3 = const(0x22)
_CTRL4 = const(0x23)
_CTRL5 = const(0x24)
_CTRL6 = const(0x25)
_OUT_X_L = const(0x28)
_FIFO_CTRL = const(0x2E)
_FIFO_SRC = const(0x2F)

_CHIP_ID = const(0x33)
_EIO = const(5)
_ALL_AXES = const(0x07)
_BDU = const(0x80)
_SELF_TEST_0 = const(0x02)
_I1_WTM = const(0x04)
_FIFO_EN = const(0x40)
_STREAM = const(0x80)
_OVRN = const(0x40)
_EMPTY = const(0x20)
_FSS = const(0x1F)
_UNUSUAL = const(0x60)  # either: the level is not simply FSS

_TEST_SAMPLES = const(5)
# Self-test output change at +-2 g in normal mode, counts of 10 bits (DocID17530, table 4).
_TEST_MIN = const(17)
_TEST_MAX = const(360)


class SensorError(Exception):
    """The part on the bus is not an LIS3DH or does not keep its settings."""


class LIS3DH:
    """An LIS3DH behind a bus (see drivers.bus).

    odr: upper nibble of CTRL_REG1.
    watermark: INT1 rises when this many samples wait, 1..32.

    overrun: the last look at the FIFO found it full: samples may have been lost since the
        drain before (the chip cannot say how many: the clock can).
    overruns: drains that found it so.
    """

    def __init__(self, bus, odr=ODR_50, watermark=16):
        self.overrun = False
        self.overruns = 0
        self._bus = bus
        self._odr = odr
        self._watermark = watermark
        self._byte = bytearray(1)
        self._buf = None
        self._views = ()

    def init(self, sleep_ms):
        """Set the sensor up from any state and start the FIFO empty.

        sleep_ms: a function that waits; 5 ms for the sensor's own start-up.
        Raises SensorError, and OSError when nothing answers.
        """
        sleep_ms(5)
        self._check_id()
        # There is no reset command, so every register that matters is written. FIFO_CTRL comes
        # first (bypass empties the FIFO) and last (complete settings before the first sample).
        fifo_ctrl = _STREAM | (self._watermark - 1)
        settings = bytes((self._odr | _ALL_AXES, 0, _I1_WTM, _BDU, _FIFO_EN, 0, fifo_ctrl))
        self._write(_FIFO_CTRL, 0)
        self._write(_TEMP_CFG, 0)
        for i in range(6):
            self._write(_CTRL1 + i, settings[i])
        self._write(_FIFO_CTRL, fifo_ctrl)
        found = self.registers()
        if found != settings:
            raise SensorError(f"sensor does not keep its settings: {settings!r} became {found!r}")
        self.overrun = False

    def level(self):
        """Samples waiting, 0..32. Allocates nothing. Raises OSError when nothing answers."""
        self._bus.read(_FIFO_SRC, self._byte)
        return self._level(self._byte[0])

    def _level(self, src):
        n = src & _FSS
        if n and src & _EMPTY:  # all ones: SPI without a sensor
            raise OSError(_EIO)
        self.overrun = src & _OVRN != 0
        # FSS has five bits: 32 samples read as 31 with OVRN set.
        if self.overrun and n == _FSS:
            n = FIFO_DEPTH
        return n

    @micropython.native
    def drain(self, buf):
        """Move the waiting samples into buf, oldest first; return how many, 0..len(buf) // 6.

        buf: bytearray of whole samples, best the same one each time: the first call with another
        one makes a table of views of it, every later call allocates nothing.
        """
        if buf is not self._buf:
            self._take(buf)
        bus = self._bus
        byte = self._byte
        bus.read(_FIFO_SRC, byte)
        n = byte[0]
        if n & _UNUSUAL or self.overrun:
            n = self._level(n)
            if self.overrun and n:
                self.overruns += 1
        else:
            n &= _FSS
        views = self._views
        if n >= len(views):
            n = len(views) - 1
        if n:
            bus.read(_OUT_X_L, views[n])
        return n

    def _take(self, buf):
        # Apart from drain, where the comprehension's closure would allocate on each call.
        view = memoryview(buf)
        samples = min(len(buf) // SAMPLE_BYTES, FIFO_DEPTH)
        self._views = [view[: n * SAMPLE_BYTES] for n in range(samples + 1)]
        self._buf = buf

    def registers(self):
        """CTRL_REG1..6 and FIFO_CTRL_REG as they are in the sensor: 7 bytes, for the log."""
        out = bytearray(7)
        for i in range(7):
            self._bus.read(_CTRL1 + i if i < 6 else _FIFO_CTRL, self._byte)
            out[i] = self._byte[0]
        return bytes(out)

    def self_test(self, sleep_ms):
        """Push the proof masses electrically and see whether the output follows.

        Takes about half a second, during which the sensor must lie still, and sets it up again.
        Returns (ok, dx, dy, dz): output changes in counts of 10 bits; each must be 17..360 in
        size (DocID17530, table 4). A counterfeit with a dead FIFO or core fails here.
        """
        self._check_id()
        self._write(_FIFO_CTRL, 0)
        self._write(_CTRL5, 0)
        self._write(_CTRL2, 0)
        self._write(_CTRL4, _BDU)
        self._write(_CTRL1, ODR_50 | _ALL_AXES)
        still = self._sums(sleep_ms)
        self._write(_CTRL4, _BDU | _SELF_TEST_0)
        pushed = self._sums(sleep_ms)
        self.init(sleep_ms)
        unit = 64 * _TEST_SAMPLES
        change = [(p - s + unit // 2) // unit for p, s in zip(pushed, still)]
        ok = min(abs(c) for c in change) >= _TEST_MIN and max(abs(c) for c in change) <= _TEST_MAX
        return (ok, change[0], change[1], change[2])

    def push(self, on):
        """Push the proof masses, or let them go, while the FIFO runs."""
        self._write(_CTRL4, _BDU | _SELF_TEST_0 if on else _BDU)

    def who_am_i(self):
        """What the part says it is: 0x33 for an LIS3DH. Raises OSError when nothing answers."""
        self._bus.read(_WHO_AM_I, self._byte)
        return self._byte[0]

    def _sums(self, sleep_ms):
        sleep_ms(90)
        sums = [0, 0, 0]
        raw = bytearray(SAMPLE_BYTES)
        for _ in range(_TEST_SAMPLES):
            sleep_ms(25)  # longer than a period even when the output rate is 10 % slow
            self._bus.read(_OUT_X_L, raw)
            for axis, value in enumerate(struct.unpack("<hhh", raw)):
                sums[axis] += value
        return sums

    def _check_id(self):
        found = self.who_am_i()
        if found != _CHIP_ID:
            raise SensorError(f"not an LIS3DH: WHO_AM_I is 0x{found:02x}, not 0x33")

    def _write(self, reg, value):
        self._bus.write(reg, value)
