"""On MicroPython: a board's life on a flash of which one block is worn out on the way.

    micropython worn.py AT WAY

The life: a night that a computer ends and files, settings that change, and a longer night. The
AT-th of its programs and erases of the flash is the first that goes wrong (-1: none), in one of
WAYS. Afterwards the flash is mounted anew: what was flushed is there, byte for byte, the firmware
did not crash, and the nights can be completed. Prints one line of JSON: the operations of the
flash, the nights, and what is wrong, "" if nothing is.
"""

import gc
import io
import json
import sys

import vfs

sys.path.insert(0, sys.argv[0].replace("\\", "/").rsplit("/", 1)[0])

from cuts import ENDS, ROOT, counted, kicks, read  # it says where the others lie

# isort: split
import crash
import hostlink
import hw
import main
import nightfiles
import nightlog
from flash import FlashError, RamFlash, make, open_on
from recovery import complete

BLOCKS = 48
EIO = -5  # what a block device returns to littlefs
# stuck: what is programmed there does not stay, which littlefs finds when it reads it back, as on
# a Pico, whose flash reports nothing. error: the operation is refused, once; refused: ever after.
WAYS = ("stuck", "error", "refused")


class WornFlash(RamFlash):
    """The `at`-th program or erase (from 0) goes wrong; its block stays worn."""

    def __init__(self, at, way):
        super().__init__(BLOCKS)
        self.operations = 0
        self.at, self._way, self._worn = at, way, None

    def writeblocks(self, block, buf, offset=None):
        if self._fails(block):
            return EIO
        if offset is None:
            raise ValueError("littlefs erases by itself")
        keeps = 0x7F if self._way == "stuck" and block == self._worn else 0xFF
        old = bytearray(len(buf))
        self.readblocks(block, old, offset)
        try:
            super().writeblocks(block, buf, offset)
        except FlashError:
            # Behind an error littlefs programs once more what it could not; NOR flash lets bits
            # fall, and littlefs reads back what became of it.
            if self._worn is None:
                raise
        data = self._data[block]
        for i in range(len(buf)):
            data[offset + i] = old[i] & buf[i] & keeps
        return 0

    def ioctl(self, op, arg):
        if op == 6 and self._fails(arg):
            return EIO
        return super().ioctl(op, arg)

    def _fails(self, block):
        first = self.operations == self.at
        self.operations += 1
        if first:
            self._worn = block
        return self._way != "stuck" and (first or (self._way == "refused" and block == self._worn))


def until(board, minutes):
    """The board's sleep_ms, with a Ctrl-C after so long: without a flash there is no end."""
    sleep = board.sleep_ms

    def sleep_ms(ms):
        if board.uptime_ms() > minutes * 60000:
            raise KeyboardInterrupt
        sleep(ms)

    return sleep_ms


def live(flash):
    """The life. What was flushed, path -> bytes; the paths of nights that may go; the crash's
    note, if there was one."""
    flushed = {}
    write = nightlog.NightLog._write

    def noted(log):
        write(log)
        flushed[log.path] = read(log.path)

    nightlog.NightLog._write = noted
    note = ""
    filed = []
    try:
        for seed, minutes in ((1, 3), (2, 12)):
            board = hw.board(io.BytesIO(bytes(kicks(minutes, seed))), root=ROOT)
            board.sleep_ms = until(board, minutes + 2)
            try:  # noqa: SIM105 - MicroPython has no contextlib
                main.run(board)
            except SystemExit:
                pass  # the board starts anew
            note = note or crash.note(board)
            hostlink.attach(board)
            try:
                name = next(nightfiles.names(nightfiles.folder(ROOT)))
                filed.append(ROOT + "/nights/" + name)
                hostlink.ack(name.split("/")[-1], "0" * 64)
                hostlink.configure('{"leg": "right"}')
            except (OSError, StopIteration):
                pass  # the computer is told, and tries again
    finally:
        nightlog.NightLog._write = write
    return flushed, filed, note


def judge(flushed, filed, refused):
    """Raises ValueError for what was lost. How many nights are whole."""
    done = 0
    for path, data in flushed.items():
        try:
            found = read(path)
        except OSError:
            if path in filed:
                continue
            raise ValueError(path + " is gone") from None
        if found[: len(data)] != data:
            raise ValueError(path + " has other bytes")
        done += refused
    if refused:
        return done  # nothing can be written any more
    complete(ROOT)
    for name in nightfiles.names(nightfiles.folder(ROOT)):
        found, counts, reason = counted(read(ROOT + "/nights/" + name))
        if found != counts or reason not in ENDS:
            raise ValueError(f"{name}: {found} is counted {counts} ({reason})")
        done += 1
    return done


def wear(at, way):
    flash = WornFlash(-1, way)
    make(flash)
    open_on(flash, ROOT)
    flash.operations, flash.at = 0, at
    figures = {"nights": 0}
    try:
        flushed, filed, figures["wrong"] = live(flash)
        figures["operations"] = flash.operations
        vfs.umount(ROOT)
        open_on(flash, ROOT)
        figures["nights"] = judge(flushed, filed, way == "refused")
    except Exception as error:
        figures["wrong"] = repr(error)
    print(json.dumps(figures))


# Collecting closes forgotten files with the heap locked, and a flash in Python needs the heap.
class Uncollected:
    collect = staticmethod(lambda: None)


gc.disable()
main.gc = crash.gc = Uncollected
wear(int(sys.argv[1]), sys.argv[2])
