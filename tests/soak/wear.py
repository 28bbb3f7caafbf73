"""On MicroPython: the wear of the flash over many nights, without a sensor.

    micropython wear.py NIGHTS

Each night is one of eight hours with 300 movements as the firmware writes it (monitor.FLUSH_MS and
CALM_MS: some 490 flushes, as of a simulated night), and its trace; a computer files it. Prints a
JSON object.
"""

import json
import os
import sys

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
for _folder in ("/../../boards/sim", "/../../firmware", "/../core"):
    sys.path.insert(0, _HERE + _folder)

import flash  # noqa: E402
import nightfiles  # noqa: E402
import nightlog  # noqa: E402
from kit import Numbers  # noqa: E402
from plmcore.trace import AT, END  # noqa: E402
from tracelog import TraceLog  # noqa: E402

BLOCKS = 352  # of 4 KiB: what MicroPython leaves on a Pico
FIRMWARE = 130000  # bytes of it
ROOT = "/flash"
LMS = 300
TRACED = 576  # blocks of the trace
COUNTS = (300, 280, 200, 20, 10, 190, 60, 2, 9000, 600000, 0)


def night(number, numbers):
    """Write one; returns flushes, and the bytes of the night and of its trace."""
    nightfiles.make_room(ROOT, nightfiles.ROOM + nightfiles.TRACE_ROOM)
    path = nightfiles.folder(ROOT)
    log = nightlog.NightLog(path, number.to_bytes(4, "big"))
    for key in range(18):
        log.meta(f"key{key}", "a value")
    log.flush()
    trace = TraceLog(log, "e6614103e7452b2f")
    write, writes = trace._write, []

    def counted():
        writes.append(1)
        write()

    trace._write = counted
    flushes = 1
    for minute in range(1, 481):
        for _ in range(TRACED * minute // 480 - TRACED * (minute - 1) // 480):
            trace._state[AT] = trace._state[END]
            trace._seal()
        trace.flush()
        # Movements fill 5 of 8 hours. Then a flush comes every 42 s, else every three minutes.
        moving = minute % 160 < 100
        for _ in range(moving * (LMS * minute // 300 - LMS * (minute - 1) // 300)):
            log.lm(minute, minute, minute, 1500, 100, 0, 1, 1)
        if moving and numbers.below(100) < 43:
            log.flush()
            flushes += 1
        log.epoch(3000 * minute, 60000 * minute, 3000, 100, 20, 64, 0, 0, 0)
        if minute % 10 == 0:
            log.counts(3000 * minute, 60000 * minute, 0, COUNTS)
        if log.urgent or minute % 3 == 0:
            log.flush()
            flushes += 1
        log.watch_space()
    log.close()
    trace.close()
    with open(log.path + ".ok", "w") as file:
        file.write("0" * 64)
    trace_path = log.path[: -len(nightfiles.SUFFIX)] + nightfiles.TRACES
    return flushes + len(writes), os.stat(log.path)[6], os.stat(trace_path)[6]


def run(nights):
    board = flash.mount(ROOT, BLOCKS)
    with open(ROOT + "/firmware", "wb") as file:
        for _ in range(FIRMWARE // 1000):
            file.write(bytes(1000))
    numbers = Numbers(3)
    flushes = size = trace = 0
    for number in range(nights):
        more, size, trace = night(number, numbers)
        flushes += more
    erases = sum(board.erases)
    print(
        json.dumps(
            {
                "nights": nights,
                "bytes": size,
                "trace": trace,
                "flushes": flushes,
                "erases": erases,
                "programs": sum(board.programs),
                "worst": max(board.erases),
                "kept": len(list(nightfiles.names(ROOT + "/nights"))),
                "traces": len(list(nightfiles.names(ROOT + "/nights", nightfiles.TRACES))),
            }
        )
    )


run(int(sys.argv[1]))
