"""What `make bench` runs on the board: the monitor's cycles, timed, and its heap watched.

Prints lines of a word and numbers, us or bytes:

    nap us                          what going to sleep and waking up cost
    heap minute free allocated      free after collecting; allocated in that minute's cycles, but
                                    for what writing to the flash does
    ours samples cycles busy typical longest flash whole
                                    cycles as they are: busy is all but sleep and flash, typical
                                    the middle one
    parts samples bus driver detector   the same with a stop-watch around the parts
"""

import gc
import os
import time

import hw
from monitor import Monitor
from nightlog import NightLog
from sensing import sensor_of
from settings import Settings

MINUTES = 10  # the computer puts another number here

ticks, since = time.ticks_us, time.ticks_diff
# excluded: as flash, with what it takes to look at the heap, which walks through all of it
spent = {"asleep": 0, "flash": 0, "excluded": 0, "allocated": 0, "writing": 0}


def timed(name, function):
    """Runs function and adds to spent[name]."""
    spent[name] = 0

    def run(*given):
        start = ticks()
        result = function(*given)
        spent[name] += since(ticks(), start)
        return result

    return run


class Bus:
    def __init__(self, bus):
        self.addr = bus.addr
        self.read = timed("bus", bus.read)
        self.write = bus.write


def writes(function):
    """Runs function, which may allocate and waits for the flash."""

    def run():
        if spent["writing"]:
            function()
            return
        spent["writing"] = 1
        first = ticks()
        before = gc.mem_alloc()
        start = ticks()
        function()
        spent["flash"] += since(ticks(), start)
        spent["allocated"] -= gc.mem_alloc() - before
        spent["writing"] = 0
        spent["excluded"] += since(ticks(), first)

    return run


board = hw.board()
sensor = sensor_of(board)
if "bench" not in os.listdir(board.root + "/"):
    os.mkdir(board.root + "/bench")
log = NightLog(board.root + "/bench", board.nonce())
monitor = Monitor(board, Settings(board.root), sensor, log)
sleep_ms = board.sleep_ms
start = ticks()
for _ in range(50):
    sleep_ms(0)
print("nap", since(ticks(), start) // 50)


def asleep(ms):
    start = ticks()
    sleep_ms(ms)
    spent["asleep"] = since(ticks(), start)


board.sleep_ms = asleep
for _ in range(125):  # a minute, until the output rate is known
    monitor.cycle()
monitor._epoch = writes(monitor._epoch)
log.flush = writes(log.flush)
monitor.trace._write = writes(monitor.trace._write)


def record(minutes):
    """In a function: new names in a module's dictionary would take heap."""
    histogram = bytearray(200)  # of busy times: how often, two bytes for each 100 us
    samples = cycles = busy = longest = whole = 0
    for minute in range(1, minutes + 1):
        gc.collect()
        free = gc.mem_free()
        gc.disable()
        spent["allocated"] = -gc.mem_alloc()
        first = monitor.time.n
        for _ in range(120):
            excluded = spent["excluded"]
            start = ticks()
            monitor.cycle()
            took = since(ticks(), start)
            whole += took // 1000  # ms: an hour of us would be no small number
            took -= spent["asleep"] + spent["excluded"] - excluded
            busy += took
            cycles += 1
            longest = max(longest, took)
            at = min(took // 100, 99) * 2
            histogram[at] = (histogram[at] + 1) & 255
            if not histogram[at]:
                histogram[at + 1] += 1
        samples += monitor.time.n - first
        spent["allocated"] += gc.mem_alloc()
        gc.enable()
        print("heap", minute, free, spent["allocated"])
    seen = typical = 0
    while seen * 2 < cycles:
        seen += histogram[2 * typical] + 256 * histogram[2 * typical + 1]
        typical += 1
    print("ours", samples, cycles, busy, typical * 100 - 50, longest, spent["flash"], whole * 1000)


spent["flash"] = spent["excluded"] = 0
record(MINUTES)

sensor._bus = Bus(sensor._bus)
sensor.drain = timed("driver", sensor.drain)
monitor.detector.feed = timed("detector", monitor.detector.feed)
first = monitor.time.n
for _ in range(200):
    monitor.cycle()
print("parts", monitor.time.n - first, spent["bus"], spent["driver"], spent["detector"])
log.close()
for shelf in os.listdir(board.root + "/bench"):
    path = board.root + "/bench/" + shelf
    for name in os.listdir(path):
        os.remove(path + "/" + name)
    os.rmdir(path)
