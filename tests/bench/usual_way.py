"""The rival of `make bench`: the same job the way most programs for such a sensor are written.

One sample at a time; a driver that hands out g as floats; filters, RMS and thresholds in floating
point with math.sqrt; lists as buffers. What it finds is what the firmware's detector finds: onset,
offset, peak and plateau of movements in the 0.5 to 8 Hz band over a noise floor of two minutes,
gravity, unrest, tilt and time upright twice a second. Lean where it costs nothing to be: sums run
along, the floor is sorted twice a second and not for each sample.

Prints: usual samples us us_of_the_bus
"""

import math
import struct
import time

import hw
from sensing import sensor_of

SAMPLES = 1000
A1, A2, B0 = -2748 / 4096, 1033 / 4096, 595 / 4096


class Accelerometer:
    """The newest sample, in g."""

    def __init__(self, i2c, address):
        self._i2c = i2c
        self._address = address

    @property
    def acceleration(self):
        data = self._i2c.readfrom_mem(self._address, 0x28 | 0x80, 6)
        x, y, z = struct.unpack("<hhh", data)
        return x / 16384, y / 16384, z / 16384


class Axis:
    """Band-pass of one axis: 0.5 Hz, damping 1.5, and an 8 Hz Butterworth low-pass."""

    def __init__(self, x):
        self.low = x
        self.band = self.s1 = self.s2 = 0.0

    def filter(self, x):
        self.low += self.band / 16
        high = x - self.low - 1.5 * self.band
        self.band += high / 16
        y = B0 * high
        z = y + self.s1
        self.s1 = 2 * y - A1 * z + self.s2
        self.s2 = y - A2 * z
        return max(-1.0, min(1.0, z))


class Window:
    """RMS of the last samples."""

    def __init__(self, length):
        self.length = length
        self.values = []
        self.total = 0.0

    def add(self, value):
        self.values.append(value)
        self.total += value
        if len(self.values) > self.length:
            self.total -= self.values.pop(0)
        return math.sqrt(max(0.0, self.total) / self.length)


class Detector:
    def __init__(self, first):
        self.axes = [Axis(x) for x in first]
        self.long = Window(25)
        self.edge = Window(8)
        self.sums = [0.0, 0.0, 0.0]
        self.gravity = [Tilt(x) for x in first]
        self.floors = []
        self.history = []
        self.n = self.quiet = self.plateau = self.rise = self.fall = self.low_run = 0
        self.on = 0.016
        self.peak = self.hush = 0.0
        self.up = self.open = False
        self.upright = 0
        self.found = []

    def add(self, sample):
        power = 0.0
        for i in range(3):
            y = self.axes[i].filter(sample[i])
            power += y * y
            self.sums[i] += sample[i]
        long = self.long.add(power)
        edge = self.edge.add(power)
        if edge > self.on / 2:
            if not self.up:
                self.up = True
                self.rise = self.n
            self.low_run = 0
            if self.open:
                self.plateau += 1
        elif self.up:
            self.low_run += 1
            if self.low_run >= 10 and not self.open:
                self.up = False
        if self.open:
            self.peak = max(self.peak, long)
            if edge >= max(self.on / 3, 0.24 * self.peak):
                self.quiet = 0
            else:
                if not self.quiet:
                    self.fall = self.n
                self.quiet += 1
                if self.quiet >= 25:
                    self.found.append((self.rise, self.fall, self.peak, self.plateau))
                    self.open = self.up = False
                    self.hush = 0.35 * self.peak
        elif long > self.on:
            if self.up and long > self.hush:
                self.open = True
                self.peak = 0.0
                self.quiet = 0
                self.plateau = self.n - self.rise
            else:
                self.up = False
        self.hush *= 0.969
        self.n += 1
        if self.n % 25 == 0:
            self.half_second(long)

    def half_second(self, rms):
        g = [tilt.add(total / 25) for tilt, total in zip(self.gravity, self.sums)]  # noqa: B905 - MicroPython
        self.sums = [0.0, 0.0, 0.0]
        self.history.append(g)
        if len(self.history) > 128:
            self.history.pop(0)
        size = math.sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2])
        self.upright = self.upright + 1 if abs(g[0]) > 0.906 * size else 0
        self.floors.append(rms)
        if len(self.floors) > 240:
            self.floors.pop(0)
        floor = sorted(self.floors)[len(self.floors) * 35 // 100]
        self.on = max(0.016, 8 * floor)


class Tilt:
    """Low-pass of 0.15 Hz on half seconds, and how far a mean has moved."""

    def __init__(self, x):
        self.low = self.last = x
        self.band = 0.0
        self.moved = False

    def add(self, x):
        self.moved = abs(x - self.last) > 0.0107
        self.last = x
        self.low += self.band * 31 / 64
        self.band += (x - self.low - 2 * self.band) * 31 / 64
        return self.low


board = hw.board()
sensor = sensor_of(board)
i2c, address = sensor._bus._i2c, sensor._bus.addr
buf = bytearray(6)
start = time.ticks_us()
for _ in range(50):
    i2c.readfrom_mem_into(address, 0xA8, buf)
bus = time.ticks_diff(time.ticks_us(), start) // 50
accelerometer = Accelerometer(i2c, address)
detector = Detector(accelerometer.acceleration)
took = 0
due = time.ticks_ms()
for _ in range(SAMPLES):
    due += 20
    time.sleep_ms(max(0, due - time.ticks_ms()))
    start = time.ticks_us()
    detector.add(accelerometer.acceleration)
    took += time.ticks_diff(time.ticks_us(), start)
print("usual", SAMPLES, took, bus * SAMPLES)
