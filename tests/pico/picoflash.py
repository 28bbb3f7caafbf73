"""The Pico's flash: where the file system lies in it, and images of that file system."""

from collections.abc import Mapping
from pathlib import Path

from littlefs import LittleFS
from rp2040py.device.load_flash import decode_block

BLOCK = 4096
SIZE = 2 << 20
BLOCKS = 212  # of the file system, at the end: 848 KiB, what the image for the Pico W leaves
START = SIZE - BLOCKS * BLOCK
MEMORY = 0x10000000  # where the processor sees the flash
UF2_BLOCK = 512


def of_uf2(path: Path) -> bytearray:
    """A whole flash with what a UF2 file puts there."""
    flash = bytearray(b"\xff") * SIZE
    data = path.read_bytes()
    for at in range(0, len(data), UF2_BLOCK):
        block = decode_block(data[at : at + UF2_BLOCK])
        start = block.flash_address - MEMORY
        flash[start : start + len(block.payload)] = block.payload
    return flash


def file_system(files: Mapping[str, bytes]) -> bytes:
    """A littlefs image with these files (path -> content), as MicroPython mounts it."""
    fs = LittleFS(block_size=BLOCK, block_count=BLOCKS, prog_size=256)
    for path, data in files.items():
        folder = path.rpartition("/")[0]
        if folder:
            fs.makedirs(folder, exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    return bytes(fs.context.buffer)


def files(flash: bytes) -> dict[str, bytes]:
    """What is in the file system of a whole flash image: path -> content."""
    fs = LittleFS(block_size=BLOCK, block_count=BLOCKS, prog_size=256, mount=False)
    fs.context.buffer = bytearray(flash[START : START + BLOCKS * BLOCK])
    fs.mount()
    found = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with fs.open(path, "rb") as file:
                found[path] = file.read()
    return found
