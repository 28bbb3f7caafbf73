"""Measurements of the board and its sensor, for `anklet doctor`: numbers, no judgements.

Called over USB while nothing records. What does not answer is a measurement too: None.
"""

import json
import math
import os
import struct
import sys

import crash
import hostlink
from drivers.lis3dh import FIFO_DEPTH, LIS3DH, SAMPLE_BYTES, SensorError
from nightfiles import folder, on_shelf, recent, shelves
from plmcore.native import const
from recovery import stream
from settings import Settings

_RATE_MS = const(2000)
_DRAIN_MS = const(200)
# The FIFO is filled a little more than full at any output rate within 10 %, and the masses are
# pushed in between, so that the oldest 8 samples lie before the push and the newest 8 behind it.
_BEFORE_PUSH_MS = const(500)
_BEHIND_PUSH_MS = const(260)
_PART = const(8)


def run():
    """Print one line of JSON; takes about 4 s, during which the sensor should lie still.

    addresses: [address, WHO_AM_I or None] of each bus; address: the one in use. init: why the
    sensor can't be set up, None if it can. self_test: change of each axis, counts of 10 bits.
    fifo: see _fifo. rate: [samples, ms]. noise: RMS of each axis, 0.1 mg; gravity: mg. flash:
    [total, free] bytes; nights: [how many, bytes]. start, faults: see _log. crash: first and
    last line of the note of one (see crash.py), [] without it. utc: as Board.utc.
    """
    board = hostlink._get()
    settings = Settings(board.root)
    battery = getattr(board, "battery_mv", None)
    found = {
        "selftest": 1,
        "micropython": sys.version,
        "firmware": settings.firmware,
        "settings": not settings.fault,
        "shank": settings.shank,
        "fitted": settings.fitted,
        "utc": board.utc(),
        "battery_mv": battery() if battery else None,
    }
    found["flash"], found["nights"] = _flash(board.root)
    found["start"], found["faults"] = _log(board.root)
    found["crash"] = _ends(crash.note(board))
    _sensor(board, found)
    print(json.dumps(found))


def fit(seconds=5):
    """Print gravity (mg) and its spread (RMS about the mean of all axes together, mg) while the
    wearer stands still; gravity is None when no sensor answers."""
    board = hostlink._get()
    spread = Spread()
    try:
        sensor = opened(board)
        if sensor:
            _measure(board, sensor, seconds * 1000, spread)
    except (OSError, SensorError):
        spread = Spread()
    total = sum(r * r for r in spread.rms())
    print(
        json.dumps(
            {"gravity": spread.mean() if spread.n else None, "spread": round(math.sqrt(total))}
        )
    )


def opened(board):
    """The sensor, set up, on the first bus where something answers; None if nothing does.

    Raises SensorError when that is no LIS3DH, and OSError.
    """
    for bus in board.buses():
        sensor = LIS3DH(bus)
        try:
            sensor.who_am_i()
        except OSError:
            continue
        sensor.init(board.sleep_ms)
        return sensor
    return None


class Spread:
    """Mean and RMS about it of each axis, over all samples given."""

    def __init__(self):
        self.n = 0
        self._first = (0, 0, 0)
        self._sums = [0, 0, 0]
        self._squares = [0, 0, 0]

    def add(self, buf, samples):
        for i in range(samples):
            sample = struct.unpack_from("<hhh", buf, i * SAMPLE_BYTES)
            if not self.n:
                self._first = sample
            self.n += 1
            for a in range(3):
                x = sample[a] - self._first[a]
                self._sums[a] += x
                self._squares[a] += x * x

    def mean(self):
        """mg."""
        n = self.n or 1
        return [round((self._first[a] + self._sums[a] / n) / 16.384) for a in range(3)]

    def rms(self):
        """mg, as floats."""
        n = self.n or 1
        found = []
        for a in range(3):
            variance = self._squares[a] / n - (self._sums[a] / n) ** 2
            found.append(math.sqrt(variance if variance > 0 else 0) / 16.384)
        return found


def _sensor(board, found):
    found["addresses"] = []
    found["address"] = found["init"] = found["self_test"] = None
    found["fifo"] = found["rate"] = found["noise"] = found["gravity"] = None
    chosen = None
    for bus in board.buses():
        sensor = LIS3DH(bus)
        address = getattr(bus, "addr", None)  # none on SPI
        who = None
        try:
            who = sensor.who_am_i()
            if chosen is None:
                chosen = sensor
                found["address"] = address
        except OSError:
            pass
        found["addresses"].append([address, who])
    if chosen is None:
        return
    try:
        chosen.init(board.sleep_ms)
        found["self_test"] = chosen.self_test(board.sleep_ms)[1:]
        buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
        found["fifo"] = _fifo(board, chosen, buf)
        spread = Spread()
        found["rate"] = _measure(board, chosen, _RATE_MS, spread)
        if spread.n:
            found["noise"] = [round(10 * r) for r in spread.rms()]
            found["gravity"] = spread.mean()
        chosen.init(board.sleep_ms)
    except (OSError, SensorError) as error:
        found["init"] = str(error) or repr(error)


def _fifo(board, sensor, buf):
    """Fill the FIFO without draining it and push the proof masses on the way.

    level: samples found in it, 32 when it is whole; full: it said so; zeros: nothing but zeros
    came; step: newest minus oldest samples on each axis, counts of 10 bits: that of the self-test
    when they come in order; left: samples in it behind the drain.
    """
    sensor.drain(buf)
    board.sleep_ms(_BEFORE_PUSH_MS)
    sensor.push(True)
    board.sleep_ms(_BEHIND_PUSH_MS)
    level = sensor.drain(buf)
    full = sensor.overrun
    left = sensor.level()
    sensor.push(False)
    oldest, newest = Spread(), Spread()
    if level >= 2 * _PART:
        oldest.add(buf, _PART)
        newest.add(memoryview(buf)[(level - _PART) * SAMPLE_BYTES :], _PART)
    step = [round((new - old) * 256 / 1000) for new, old in zip(newest.mean(), oldest.mean())]
    zeros = not any(buf[: level * SAMPLE_BYTES])
    board.sleep_ms(_DRAIN_MS)  # the push dies down and leaves the FIFO
    sensor.drain(buf)
    return {"level": level, "full": full, "zeros": zeros, "step": step, "left": left}


def _measure(board, sensor, ms, spread):
    """Take samples for about ms, from the arrival of one to that of another: [samples, ms]."""
    buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
    sensor.drain(buf)
    _arrival(board, sensor, buf)
    start = now = board.ticks_ms()
    samples = 0
    while board.ticks_diff(now, start) < ms:
        board.sleep_ms(_DRAIN_MS)
        n = sensor.drain(buf)
        spread.add(buf, n)
        samples += n
        now = board.ticks_ms()
    n = _arrival(board, sensor, buf)
    spread.add(buf, n)
    return [samples + n, board.ticks_diff(board.ticks_ms(), start)]


def _arrival(board, sensor, buf):
    """Wait for the next sample, 100 ms at most; how many came."""
    for _ in range(100):
        n = sensor.drain(buf)
        if n:
            return n
        board.sleep_ms(1)
    return 0


def _flash(root):
    """[total, free] bytes, None where nobody knows; [nights, bytes of them]."""
    flash, nights = None, [0, 0]
    try:
        stat = os.statvfs(root or "/")
        flash = [stat[1] * stat[2], stat[0] * stat[3]]
    except (AttributeError, OSError):
        pass
    try:
        path = folder(root)
        for shelf in shelves(path):
            for _, size, _, _ in on_shelf(path, shelf):
                if size >= 0:
                    nights[0] += 1
                    nights[1] += size
    except OSError:
        pass
    return flash, nights


def _log(root):
    """Of the newest session: why the board had started, None if it does not say, and the codes of
    its faults (reader.FAULTS)."""
    start, faults = None, []
    try:
        path = folder(root)
        for name, _, _ in recent(path, 1):
            for _, _, fields in stream(path + "/" + name):
                if fields.get("key") == "start":
                    start = fields["value"]
                if "code" in fields:
                    faults.append(fields["code"])
    except (OSError, ValueError):
        pass  # what could be read counts
    return start, faults[-10:]


def _ends(text):
    lines = text.strip().split("\n")
    return [lines[0][:100], lines[-1][:100]] if text else []
