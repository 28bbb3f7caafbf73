"""On MicroPython: many nights in a row on littlefs of the Pico's size, disturbed.

    micropython nights.py SEED NIGHTS OUT RAW...

Night number i lives on the samples of RAW[i % len(RAW)]. Two nights in three are disturbed: the
power fails, at any moment or in the middle of an operation of the flash, the sensor fails, the
firmware is held up, a computer interrupts. A computer files what is there after about two nights
in three, and in the end: into the folder OUT, with `order` (night, sample of RAW at which the
session began, its name) beside the nights. Prints a JSON object of figures for each night.
"""

import binascii
import gc
import hashlib
import json
import os
import sys

import vfs

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
for _folder in ("/../../boards/sim", "/../../firmware", "/../core"):
    sys.path.insert(0, _HERE + _folder)

import flash  # noqa: E402
import hostlink  # noqa: E402
import hw  # noqa: E402
import main  # noqa: E402
import nightfiles  # noqa: E402
import nightlog  # noqa: E402
import recovery  # noqa: E402
import tracelog  # noqa: E402
from kit import Numbers  # noqa: E402

BLOCKS = 352  # of 4 KiB: what MicroPython leaves on a Pico
FIRMWARE = 130000  # bytes of it
ROOT = "/flash"
EVENTS = ("cut", "cut", "torn", "nack", "gone", "stall", "host")
OFF_S = 20  # how long the power is off, or a computer has the board
MARGIN_S = 60  # nothing happens in so many seconds at either end

opened = set()  # files


class PowerCut(BaseException):
    pass


class File:
    """Known for as long as it is open."""

    def __init__(self, *given):
        self._file = open(*given)  # noqa: SIM115
        opened.add(self)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        opened.discard(self)
        self._file.close()


class Flash(flash.RamFlash):
    """Takes its memory at once. `fuse`: the operation, counted down, in which the power fails.

    littlefs is never left in the middle of a call: what the flash holds at that moment is kept, as
    `cut`, and the firmware runs on until it sleeps. Nothing of what it does then counts.
    """

    def __init__(self, blocks=BLOCKS):
        super().__init__(blocks)
        self._data = [bytearray(self._erased) for _ in range(blocks)]
        self.fuse = 0
        self.cut = None

    def load(self, image):
        """What is on the flash, as bytes."""
        for block, data in enumerate(self._data):
            data[:] = image[block * self.block_size : (block + 1) * self.block_size]

    def image(self):
        """A view of each block in turn."""
        return map(memoryview, self._data)

    def switched_on(self):
        """The flash of the next power-up."""
        new = object.__new__(Flash)
        new.blocks, new.block_size, new._erased = self.blocks, self.block_size, self._erased
        new._data = self.cut or [bytearray(data) for data in self._data]
        new.programs, new.erases = self.programs, self.erases
        new.fuse, new.cut = 0, None
        return new

    def writeblocks(self, block, buf, offset=None):
        if self._fails():
            half = len(buf) // 2
            self._keep()[block][offset : offset + half] = buf[:half]
        super().writeblocks(block, buf, offset)

    def _erase(self, block):
        if self._fails():
            self._keep()[block][: self.block_size // 2] = self._erased[: self.block_size // 2]
        self._data[block][:] = self._erased
        self.erases[block] += 1

    def _fails(self):
        self.fuse -= 1
        return self.fuse == 0

    def _keep(self):
        self.cut = [bytearray(data) for data in self._data]
        return self.cut


class Samples:
    """A raw file from one sample on."""

    def __init__(self, path, start):
        self._file = open(path, "rb")  # noqa: SIM115
        self._file.seek(start * 6)
        self.readinto = self._file.readinto
        self.close = self._file.close


class Life:
    """One board, from night to night."""

    def __init__(self, seed, out):
        self.numbers = Numbers(seed)
        self.out = out
        self.flash = Flash()
        flash.make(self.flash)
        self.mount()
        with open(ROOT + "/firmware", "wb") as file:
            for _ in range(FIRMWARE // 1000):
                file.write(bytes(1000))
        self.flash.erases = type(self.flash.erases)("I", [0] * BLOCKS)
        self.flash.programs = type(self.flash.erases)("I", [0] * BLOCKS)
        self.known = set()
        self.cuts = self.syncs = self.faults = self.unclosed = 0

    def mount(self):
        flash.open_on(self.flash, ROOT)

    def plan(self, seconds):
        """[(second, what)] of a night, in order."""
        events = []
        for _ in range(self.numbers.between(2, 5)):
            what = EVENTS[self.numbers.below(len(EVENTS))]
            events.append((self.numbers.between(MARGIN_S, seconds - MARGIN_S), what))
        return sorted(events)

    def night(self, number, raw, disturbed):
        """Record one."""
        samples = os.stat(raw)[6] // 6
        events = self.plan(samples // 50) if disturbed else []
        start = 0
        cut = True  # the power was off by day
        while start < samples - 50 * MARGIN_S:
            if cut:
                source = Samples(raw, start)
                board = hw.board(source, root=ROOT, utc=(20778 + number, start * 20, 60))
                begun = start
            else:
                start = begun + board.model.taken()
            self.disturb(board, events, begun)
            opened.clear()
            cut = False
            try:
                main.run(board)
                self.unclosed += len(opened)
            except PowerCut:
                cut = True
                self.cuts += 1
                vfs.umount(ROOT)
                self.flash = self.flash.switched_on()
                self.mount()
            self.flash.fuse = 0
            self.order(number, start)
            if cut:
                start = begun + board.model.taken() + OFF_S * 50
                source.close()
            elif board.model.exhausted:
                break
            else:
                self.file()
                board.stall(OFF_S * 1000)
        if not cut:
            source.close()

    def disturb(self, board, events, begun):
        """Let happen what is due, by the samples' time; the rest of `events` stays."""
        model = board.model
        sleep = hw.Board.sleep_ms
        back = []

        def sleep_ms(ms):
            sleep(board, ms)
            second = (begun + model.taken()) // 50
            if back and second >= back[0]:
                model.present = True
                back.clear()
            if self.flash.cut:
                raise PowerCut
            if not events or second < events[0][0]:
                return
            what = events.pop(0)[1]
            if what == "cut":
                raise PowerCut
            if what == "host":
                raise KeyboardInterrupt
            if what == "torn":
                self.flash.fuse = self.numbers.between(1, 60)
                return
            self.faults += 1
            if what == "nack":
                model.nack_next = self.numbers.between(1, 100)
            elif what == "stall":
                board.stall(self.numbers.between(700, 5000))
            else:
                model.present = False
                back.append(second + self.numbers.between(5, 300))

        board.sleep_ms = sleep_ms

    def order(self, number, start):
        """Note the sessions that are new."""
        with open(self.out + "/order", "a") as file:
            for path in nightfiles.names(ROOT + "/nights"):
                name = path.split("/")[-1]
                if name not in self.known:
                    self.known.add(name)
                    file.write(f"{number} {start} {name}\n")

    def file(self):
        """A computer downloads, verifies and acknowledges."""
        self.syncs += 1
        recovery.complete(ROOT)
        path = ROOT + "/nights"
        for shelf in nightfiles.shelves(path):
            for session, size, filed, _ in nightfiles.on_shelf(path, shelf):
                if filed or size < 0:
                    continue
                with open(path + "/" + nightfiles.place(session) + ".plm", "rb") as file:
                    data = file.read()
                with open(self.out + "/" + session + ".plm", "wb") as file:
                    file.write(data)
                digest = binascii.hexlify(hashlib.sha256(data).digest()).decode()
                hostlink.ack(session + ".plm", digest)


def run(seed, nights, out, *raws):
    life = Life(int(seed), out)
    for module in (nightlog, recovery, hostlink, tracelog):
        module.open = File
    write = nightlog.NightLog._write
    flushes = [0]

    def counted(log):
        flushes[0] += 1
        write(log)

    nightlog.NightLog._write = counted
    for number in range(int(nights)):
        disturbed = number % 3 != 0
        before = sum(life.flash.erases)
        programs = sum(life.flash.programs)
        flushes[0] = 0
        life.night(number, raws[number % len(raws)], disturbed)
        erases, programs = sum(life.flash.erases) - before, sum(life.flash.programs) - programs
        if life.numbers.below(3) or number == int(nights) - 1:
            hostlink.attach(hw.board(None, root=ROOT))
            life.file()
        gc.collect()
        figures = {
            "night": number,
            "disturbed": disturbed,
            "heap": gc.mem_alloc(),
            "unclosed": life.unclosed,
            "cuts": life.cuts,
            "faults": life.faults,
            "syncs": life.syncs,
            "erases": erases,
            "programs": programs,
            "flushes": flushes[0],
            "worst": max(life.flash.erases),
            "free": nightfiles.free(ROOT),
        }
        print("soak", json.dumps(figures))


if __name__ == "__main__":
    run(*sys.argv[1:])
