"""`anklet uf2`: one file with MicroPython and the firmware, to drag onto a board in boot mode.

It holds what `anklet install` writes on an empty board, so that install changes nothing on it.
"""

import json
from typing import Any

from littlefs import LittleFS
from littlefs.context import UserContext

from anklet.board import firmware, uf2
from anklet.board.installplan import plan_of
from anklet.errors import BadInput, NoFirmware

# As MicroPython's ports/rp2 mounts it. On-disk version 2.0: older ones refuse 2.1, and then
# MicroPython would format the flash; newer ones raise it themselves.
GEOMETRY: dict[str, Any] = {"block_size": uf2.SECTOR, "prog_size": 256, "disk_version": 0x00020000}


class _Touched(UserContext):
    """A flash in memory that knows which of its blocks were looked at or written."""

    def __init__(self, size: int):
        super().__init__(size)
        self.buffer = bytearray(uf2.ERASED * size)
        self.blocks: set[int] = set()

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        self.blocks.add(block)
        return super().read(cfg, block, off, size)

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        self.blocks.add(block)
        return super().prog(cfg, block, off, data)

    def erase(self, cfg: Any, block: int) -> int:
        self.blocks.add(block)
        return super().erase(cfg, block)


def one_file(
    micropython: uf2.MicroPython, board: str | None, settings: dict[str, Any]
) -> tuple[bytes, dict[str, Any]]:
    """The UF2, and what is in it: the object that `anklet uf2 --json` prints, but for the name.

    board: a folder of boards/; None: the one that MicroPython was built for. settings: see
    firmware/settings.py. Raises BadInput for a board that is not known and a MicroPython that is
    too old.
    """
    oldest = tuple(map(int, firmware.OLDEST.split(".")))
    if tuple(map(int, micropython.version.split(".")))[:2] < oldest:
        raise NoFirmware(
            f"MicroPython {micropython.version} does not fit this anklet; take {firmware.OLDEST} "
            f"or newer (micropython.org/download)."
        )
    board = board or firmware.board_of(f"rpi_{micropython.board}")
    board = board or firmware.board_of(micropython.board)
    if not board:
        raise BadInput(
            f"This MicroPython is for {micropython.board or 'an unknown board'!r}; with --board, "
            f"choose one of {', '.join(firmware.boards())}."
        )
    files = plan_of({}, {}, {}, board, firmware.build(board, micropython.arch)).files
    if settings:
        files["/settings.json"] = json.dumps(settings).encode()
    sectors = {
        micropython.fs_start + block * uf2.SECTOR: content
        for block, content in file_system(files, micropython.fs_size).items()
    }
    return uf2.write(micropython, sectors), {
        "board": board,
        "micropython": micropython.version,
        "firmware": firmware.version(),
        "files": len(files),
        "file_system": {"start": micropython.fs_start, "bytes": micropython.fs_size},
        **settings,
    }


def file_system(files: dict[str, bytes], size: int) -> dict[int, bytes]:
    """A littlefs of `size` bytes with these files (path -> content): block number -> content.

    Of every block that has to be as it is, those among them that are erased: half of a pair of
    blocks that holds a folder is empty at first, and what an older file system has left in it
    would be taken for the newer half.
    """
    flash = _Touched(size)
    geometry: dict[str, Any] = GEOMETRY | {"block_count": size // uf2.SECTOR}
    fs = LittleFS(flash, False, **geometry)
    fs.format()
    fs.mount()
    for path, data in files.items():
        fs.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    fs.unmount()
    again = LittleFS(flash, True, **geometry)  # what a mount and a look at everything touch
    for path, data in files.items():
        with again.open(path, "rb") as file:
            if file.read() != data:
                raise RuntimeError(f"{path} is not in the file system as it was written")
    whole = bytes(flash.buffer)
    return {b: whole[b * uf2.SECTOR :][: uf2.SECTOR] for b in sorted(flash.blocks)}
