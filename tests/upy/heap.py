"""On MicroPython: cycles of the monitor under heap_lock, where any allocation is a MemoryError.

    micropython heap.py MODE FOLDER

MODE is `quiet`, `kicks` (movements begin, end, are classed, scored and written) or `leak` (quiet,
with one allocation in each cycle put in: must fail). Prints one line of what was done.
"""

import gc
import sys

import micropython

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
for _folder in ("/../../boards/sim", "/../../firmware", "/../core"):
    sys.path.insert(0, _HERE + _folder)

import kit  # noqa: E402
from monitor import CALM_MS, FLUSH_MS  # noqa: E402

WARM_UP = 3  # cycles: the driver makes its views of the buffer


class Guard:
    """The board as the monitor sees it. Its own inside is no firmware and may allocate."""

    def __init__(self, board, leak):
        self._board = board
        self._locked = False
        self._leak = leak
        self.ticks_ms = board.ticks_ms
        self.ticks_diff = board.ticks_diff
        self.button = board.button
        self.led = board.led

    def lock(self):
        self._board.i2c.heap_locked = self._locked = True
        micropython.heap_lock()

    def unlock(self):
        if self._locked:
            micropython.heap_unlock()
            self._board.i2c.heap_locked = self._locked = False

    def sleep_ms(self, ms):
        locked = self._locked
        self.unlock()
        self._board.sleep_ms(ms)
        if locked:
            self.lock()

    def feed(self):
        if self._leak:
            bytearray(16)


def main(mode, folder):
    signal = kit.Signal(noise_mg=2).still(30)
    if mode == "kicks":
        for _ in range(12):
            signal.burst(1.5, 100).still(23.5)
    else:
        signal.still(300)
    board, monitor = kit.monitored(folder, signal.still(120).raw)  # the source never ends
    monitor.board = guard = Guard(board, mode == "leak")
    locked = 0
    held = [0, 0]
    for cycle in range(661):
        # The file is open at the first. Both at one place: what lies on the stack is taken for
        # pointers, and another place has other remains there.
        if cycle in (140, 660):
            gc.collect()
            held[cycle == 660] = gc.mem_alloc()
        # An epoch goes onto the flash, and what waits long: the file system may allocate.
        due = FLUSH_MS if mode == "kicks" else CALM_MS
        flushes = monitor.log.waiting and monitor.clock.ms - monitor._written > due - 1000
        if cycle >= WARM_UP and monitor.time.n + 40 < monitor._epoch_end and not flushes:
            guard.lock()
            locked += 1
        try:
            monitor.cycle()
        finally:
            guard.unlock()
    print(locked, monitor.scorer.movements, monitor.scorer.series.plm, held[1] - held[0])


main(*sys.argv[1:])
