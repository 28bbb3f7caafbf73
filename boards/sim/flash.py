"""Flash of a Pico in RAM: a MicroPython block device that is as strict as NOR flash."""

import array

try:
    import vfs
except ImportError:  # CPython
    vfs = None

BLOCK_SIZE = 4096
PAGE = 256  # bytes that a Pico programs at once: the `progsize` of its _boot.py


class FlashError(Exception):
    """Something was programmed that had not been erased."""


class RamFlash:
    """A block device with the extended interface (MicroPython vfs.AbstractBlockDev).

    blocks: how many; block_size: bytes each. A block takes memory once it is programmed.
    programs, erases: operations per block since the start, array of unsigned int.
    """

    def __init__(self, blocks, block_size=BLOCK_SIZE):
        self.blocks = blocks
        self.block_size = block_size
        self.programs = array.array("I", [0] * blocks)
        self.erases = array.array("I", [0] * blocks)
        self._erased = b"\xff" * block_size
        self._data: list = [None] * blocks  # None: erased

    def readblocks(self, block, buf, offset=0):
        """Fill buf from block on, at offset."""
        done = 0
        while done < len(buf):
            size = min(len(buf) - done, self.block_size - offset)
            data = self._data[block]
            if data is None:
                data = self._erased
            buf[done : done + size] = data[offset : offset + size]
            done += size
            block += 1
            offset = 0

    def writeblocks(self, block, buf, offset=None):
        """Program buf; without an offset whole blocks, which are erased first.

        Raises FlashError when the bytes are not erased.
        """
        done = 0
        while done < len(buf):
            if offset is None:
                self._erase(block)
            at = offset or 0
            size = min(len(buf) - done, self.block_size - at)
            data = self._data[block]
            if data is None:
                data = self._data[block] = bytearray(self._erased)
            if data[at : at + size] != self._erased[:size]:
                raise FlashError(f"block {block} at {at} programmed without an erase")
            if at % PAGE or size % PAGE:
                raise FlashError(f"block {block} at {at}: {size} bytes are no whole pages")
            data[at : at + size] = buf[done : done + size]
            self.programs[block] += 1
            done += size
            block += 1
            if offset is not None:
                offset = 0

    def ioctl(self, op, arg):
        """3 sync, 4 number of blocks, 5 block size, 6 erase block arg."""
        if op == 4:
            return self.blocks
        if op == 5:
            return self.block_size
        if op == 6:
            self._erase(arg)
        return 0

    def _erase(self, block):
        self._data[block] = None
        self.erases[block] += 1


def make(flash):
    """Make an empty littlefs on a block device, as a Pico's _boot.py does."""
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)  # pyright: ignore


def open_on(flash, path):
    """Mount the littlefs of a block device at path, as a Pico's _boot.py does."""
    vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), path)  # pyright: ignore


def mount(path, blocks=352):
    """Mount a new littlefs on a RamFlash at path and return the flash.

    blocks: of 4 KiB; 352 is what a Pico with 2 MB has. On CPython, which has no vfs, nothing
    happens and None comes back: use a plain directory there.
    """
    if vfs is None:
        return None
    flash = RamFlash(blocks)
    make(flash)
    open_on(flash, path)
    return flash
