"""What `make bench` runs on the board: cycles of the monitor, with a stop-watch around its parts.

Prints a line for the first minute and one for the end: samples, cycles, us in the bus, in the
driver with it, in the detector, asleep and in all, longest cycle in us, free bytes of the heap.
"""

import gc
import os
import time

import hw
from monitor import Monitor, sensor_of
from nightlog import NightLog
from settings import Settings

MINUTES = 10  # the computer puts another number here

spent = {}
longest = 0


def timed(name, function):
    """Runs function and adds to spent[name]."""
    spent[name] = 0

    def run(*given):
        start = time.ticks_us()
        result = function(*given)
        spent[name] += time.ticks_diff(time.ticks_us(), start)
        return result

    return run


class Bus:
    def __init__(self, bus):
        self.addr = bus.addr
        self.read = timed("bus", bus.read)
        self.write = bus.write


board = hw.board()
sensor = sensor_of(board)
sensor._bus = Bus(sensor._bus)
sensor.drain = timed("driver", sensor.drain)
board.sleep_ms = timed("asleep", board.sleep_ms)
if "bench" not in os.listdir(board.root + "/"):
    os.mkdir(board.root + "/bench")
log = NightLog(board.root + "/bench", board.nonce())
monitor = Monitor(board, Settings(board.root), sensor, log)
monitor.detector.feed = timed("detector", monitor.detector.feed)
for _ in range(5):  # the sensor has filled up since
    monitor.cycle()
for name in spent:
    spent[name] = 0
first = monitor.time.n
began = time.ticks_ms()
cycles = 0
for minutes in (1, MINUTES):
    while time.ticks_diff(time.ticks_ms(), began) < minutes * 60000:
        idle = spent["asleep"]
        start = time.ticks_us()
        monitor.cycle()
        cycles += 1
        took = time.ticks_diff(time.ticks_us(), start) - (spent["asleep"] - idle)
        longest = max(longest, took)
    whole = time.ticks_diff(time.ticks_ms(), began)
    gc.collect()
    free = gc.mem_free()
    print(
        monitor.time.n - first,
        cycles,
        *(spent[name] for name in ("bus", "driver", "detector", "asleep")),
        whole * 1000,
        longest,
        free,
    )
log.close()
os.remove(log.path)
