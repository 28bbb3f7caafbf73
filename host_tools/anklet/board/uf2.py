"""UF2, the file that one drags onto a board in its boot mode: read, asked what is in it, written.

Format: github.com/microsoft/uf2; a block carries 256 bytes for one address. What a MicroPython
says of itself stands in the "binary info" of the Pico's SDK (pico/binary_info/structure.h).
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from anklet.errors import BadInput

BLOCK = struct.Struct("<8I476sI")
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
FAMILY_GIVEN = 0x2000  # flag: a family stands where other systems have a file's size
PAGE = 256
SECTOR = 4096  # what flash erases at once
ERASED = b"\xff"
# Family -> the processor, as mpy-cross calls it.
FAMILIES = {0xE48BFF56: "armv6m", 0xE48BFF59: "armv7emsp", 0xE48BFF5A: "rv32imc"}
ABSOLUTE = 0xE48BFF57  # of the block that RP2350 images begin with, against erratum E10

INFO_START, INFO_END = 0x7188EBF2, 0xE71AA390
INFO_WITHIN = 1024  # bytes from the image's beginning
STRING, DEVICE = 6, 7  # types of entries
VERSION, BOARD = 0x11A9BC3A, 0xB63CFFBB  # what a string is


@dataclass(frozen=True)
class MicroPython:
    """A MicroPython in its UF2 file.

    pages: address -> 256 bytes. first: blocks that stand before all others, to be kept as they
    are. fs_start, fs_size: where its file system lies, and how many bytes that has. board: what
    the SDK calls the board, such as pico_w; "" when it does not say.
    """

    family: int
    pages: Mapping[int, bytes]
    first: bytes
    version: str
    board: str
    fs_start: int
    fs_size: int

    @property
    def arch(self) -> str:
        return FAMILIES[self.family]


def read(data: bytes, name: str) -> MicroPython:
    """The MicroPython for an RP2040 or RP2350 in a UF2 file; name: the file's, for the errors.
    Raises BadInput."""
    pages, first, families = {}, b"", set()
    if not data or len(data) % BLOCK.size:
        raise _no(name)
    for at in range(0, len(data), BLOCK.size):
        block = data[at : at + BLOCK.size]
        magic, other, flags, address, size, _, _, family, payload, end = BLOCK.unpack(block)
        if (magic, other, end) != MAGIC or not flags & FAMILY_GIVEN or size != PAGE:
            raise _no(name)
        if family == ABSOLUTE:
            first += block
            continue
        families.add(family)
        pages[address] = payload[:PAGE]
    if len(families) != 1 or not families <= FAMILIES.keys():
        raise _no(name)
    strings, device = _info(pages, name)
    version = re.match(r"v?([0-9]+\.[0-9]+(\.[0-9]+)?)", strings.get(VERSION, ""))
    if not version or not device or device[0] % SECTOR or device[1] % SECTOR or not device[1]:
        raise _no(name)
    (family,) = families
    return MicroPython(
        family, pages, first, version[1], strings.get(BOARD, ""), device[0], device[1]
    )


def write(micropython: MicroPython, sectors: Mapping[int, bytes]) -> bytes:
    """A UF2 of MicroPython and these sectors (address -> 4096 bytes).

    Every sector is there whole and begins at a block whose number 16 divides: the boot ROM erases
    a sector when it comes to such a block (RP2350 erratum E14).
    """
    whole = {address - address % SECTOR for address in micropython.pages} | sectors.keys()
    pages = [start + offset for start in sorted(whole) for offset in range(0, SECTOR, PAGE)]
    found = bytearray(micropython.first)
    for number, address in enumerate(pages):
        sector = sectors.get(address - address % SECTOR)
        if sector:
            content = sector[address % SECTOR :][:PAGE]
        else:
            content = micropython.pages.get(address, ERASED * PAGE)
        given = (FAMILY_GIVEN, address, PAGE, number, len(pages), micropython.family)
        found += BLOCK.pack(*MAGIC[:2], *given, content, MAGIC[2])
    return bytes(found)


def _info(pages: Mapping[int, bytes], name: str) -> tuple[dict[int, str], tuple[int, int] | None]:
    """Strings by what they are, and address and size of the block device."""
    base = min(pages)
    image = b"".join(pages.get(a, ERASED * PAGE) for a in range(base, max(pages) + PAGE, PAGE))

    def words(address: int, count: int) -> tuple[int, ...]:
        return struct.unpack_from(f"<{count}I", image, address - base)

    def string(address: int) -> str:
        at = address - base
        return image[at : image.index(b"\0", at)].decode()

    strings, device = {}, None
    try:
        for at in range(base, base + INFO_WITHIN, 4):
            start, first, last, _, end = words(at, 5)
            if (start, end) == (INFO_START, INFO_END):
                break
        else:
            raise _no(name)
        if not base <= first <= last <= base + len(image):
            raise _no(name)
        for (entry,) in struct.iter_unpack("<I", image[first - base : last - base]):
            if not base <= entry < base + len(image):
                continue  # it lies in RAM
            kind = words(entry, 1)[0] & 0xFFFF
            if kind == STRING:
                _, what, text = words(entry, 3)
                strings.setdefault(what, string(text))
            elif kind == DEVICE:
                _, _, address, size = words(entry, 4)
                device = (address, size)
    except (struct.error, ValueError) as error:
        raise _no(name) from error
    return strings, device


def _no(name: str) -> BadInput:
    return BadInput(
        f"{name} is no UF2 file of MicroPython for a Pico; get the one for your board from "
        f"micropython.org/download."
    )
