"""A simulated board with given night files, on a serial port."""

import sys

from anklet.board.simboard import SimBoard
from anklet.signal import replay
from places import REPO

sys.path.append(str(REPO / "tests" / "pico"))
import picoflash


def board(script, unplug_after=None):
    """A SimBoard after `script` ran."""
    return SimBoard([replay.micropython(), "-i", str(script)], unplug_after=unplug_after)


STILL = """
class Still:
    # for ever: 1 g on x, and noise of one step
    def readinto(self, buf):
        for i in range(0, len(buf) // 6 * 6, 6):
            buf[i : i + 6] = bytes((0, 0x40, 64 * (i % 4 // 2), 0, 0, 0))
        return len(buf) // 6 * 6
"""

SCRIPT = """
import sys
sys.path[:0] = [{firmware!r}, {sim!r}]
import hw, hostlink
{still}
board = hw.board(Still(), root={root!r}, device_id="e6614103e7452b2f", utc={utc!r})
hostlink.attach(board)
{extra}
"""


def script(folder, nights, utc=None, extra=""):
    """A board's start-up script, with these night files (name -> bytes) on it."""
    root = folder / "flash"
    shelf = root / "nights" / "000"
    shelf.mkdir(parents=True)
    for name, data in nights.items():
        (shelf / name).write_bytes(data)
    path = folder / "start.py"
    path.write_text(
        SCRIPT.format(
            firmware=str(REPO / "firmware"),
            sim=str(REPO / "boards" / "sim"),
            root=str(root),
            utc=utc,
            still=STILL,
            extra=extra,
        )
    )
    return path


BLANK = """
import os, sys, vfs
vfs.umount("/")
vfs.mount(vfs.VfsPosix({sim!r}), "/sim")
vfs.mount(vfs.VfsPosix({folder!r}), "/pc")
class Flash:
    def __init__(self):
        self.file = open("/pc/flash", "r+b")
    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buf)
    def writeblocks(self, block, buf, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.write(buf)
    def ioctl(self, op, arg):
        return {{4: {blocks}, 5: 4096}}.get(op, 0)
vfs.mount(vfs.VfsLfs2(Flash(), progsize=256), "/")
sys.path[:] = ["", "/lib"]
{still}class Hardware:
    def board():
        del sys.modules["hw"]
        sys.path.insert(0, "/sim")
        import hw
        sys.path.pop(0)
        board = hw.board(Still(), root="", device_id="e6614103e7452b2f")
        board.model.present = "NO_SENSOR" not in globals()
        return board
sys.modules["hw"] = Hardware
{extra}
"""


def blank(folder, extra="", unplug_after=None):
    """A board with MicroPython whose flash is the file `flash` in `folder`: littlefs. The firmware
    that is put there finds the simulated hardware, and soft resets work."""
    path = folder / "start.py"
    path.write_text(
        BLANK.format(
            sim=str(REPO / "boards" / "sim"),
            folder=str(folder),
            blocks=picoflash.BLOCKS,
            still=STILL,
            extra=extra,
        )
    )
    command = [replay.micropython(), "-i", str(path)]
    return SimBoard(command, unplug_after=unplug_after, resets=True)
