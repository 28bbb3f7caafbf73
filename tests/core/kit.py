"""What the shared checks need: numbers that look random, signals, a board with a monitor.

Runs on CPython and on MicroPython.
"""

import io
import math
import struct

import hw
from monitor import Monitor
from nightfiles import folder
from nightlog import NightLog
from plmcore import reader
from sensing import sensor_of
from settings import Settings

SHELF = "000/"  # of the first hundred sessions
DATA = __file__.replace("\\", "/").rsplit("/", 1)[0] + "/../data/"
RATE = 50
G = 16384
LEVEL = (0, 0, G)  # lying: x, the axis along the shank, is level


class Numbers:
    """The same numbers everywhere (Lehmer's generator)."""

    def __init__(self, seed=1):
        self._x = seed

    def below(self, n):
        """0..n - 1."""
        self._x = self._x * 48271 % 2147483647
        return self._x // 7 % n

    def between(self, low, high):
        """low..high, both included."""
        return low + self.below(high - low + 1)


class Signal:
    """Raw samples as the FIFO gives them, built piece by piece; noise_mg: peak, on every axis."""

    def __init__(self, gravity=LEVEL, noise_mg=0, seed=1):
        self.gravity = gravity
        self.raw = bytearray()
        self._noise = noise_mg * G // 1000
        self._numbers = Numbers(seed)

    @property
    def n(self):
        return len(self.raw) // 6

    def still(self, seconds):
        return self.burst(seconds, 0)

    def burst(self, seconds, mg, hz=2):
        """Shake along x and y with this peak."""
        for k in range(int(seconds * RATE)):
            a = int(mg * G / 1000 * math.sin(2 * math.pi * hz * k / RATE))
            self._put(a, a // 2, 0)
        return self

    def turn(self, gravity):
        """Gravity points elsewhere from now on."""
        self.gravity = gravity
        return self

    def _put(self, *added):
        values = []
        for g, a in zip(self.gravity, added):
            noise = self._numbers.between(-self._noise, self._noise) if self._noise else 0
            values.append(max(-32768 + 64, min(32767, g + a + noise)) & ~63)
        self.raw += struct.pack("<3h", *values)


def feed(detector, raw, sizes):
    """Feed all of raw, `sizes` samples at a time; the movements that came out."""
    out = []
    view = memoryview(raw)
    at = turn = 0
    while at < len(raw):
        size = min(sizes[turn % len(sizes)], (len(raw) - at) // 6)
        detector.feed(view[at : at + 6 * size], size)
        at += 6 * size
        turn += 1
        out += drain(detector)
    return out


def drain(detector):
    """Movements whose class is known: (onset, offset, peak, plateau, kind, flags)."""
    out = []
    while detector.next():
        d = detector
        out.append((d.onset, d.offset, d.peak, d.plateau, d.kind, d.flags))
    return out


def monitored(root, raw, on_for_ms=0, **options):
    """A simulated board that lives on `raw`, and a Monitor on it with a session just begun."""
    board = hw.board(io.BytesIO(bytes(raw)), root=root, **options)
    board.stall(on_for_ms)
    log = NightLog(folder(root), board.nonce())
    return board, Monitor(board, Settings(root), sensor_of(board), log)


def run(monitor, until_ms=1 << 30):
    """Cycle until the session's clock passes until_ms or the source ends; True if it ended."""
    try:
        while monitor.clock.ms < until_ms:
            monitor.cycle()
    except KeyboardInterrupt:
        return True
    return False


def records(path, kind=None):
    """The undamaged records' fields; all as (kind, fields), or those of one kind."""
    with open(path, "rb") as file:
        data = file.read()
    found = [(k, fields) for _, k, _, fields in reader.read(data)]
    return found if kind is None else [fields for k, fields in found if k == kind]
