"""One file with MicroPython and the firmware, as the boot ROM of a Pico takes it."""

import json
import random
import struct

import pytest
from anklet.board import firmware, firstinstall, uf2
from anklet.cli import main
from anklet.errors import BadInput, NoFirmware
from littlefs import LittleFS

FLASH = 0x10000000
# family, where the file system lies, its blocks, the SDK's name of the board: as MicroPython 1.27
PICOS = {
    "rpi_pico": (0xE48BFF56, 0x100A0000, 352, "pico"),
    "rpi_pico_w": (0xE48BFF56, 0x1012C000, 212, "pico_w"),
    "rpi_pico2": (0xE48BFF59, 0x10100000, 768, "pico2"),
}


def block(address, number, count, family, payload=b"\xef" * 256):
    given = (0x2000, address, 256, number, count, family)
    return uf2.BLOCK.pack(*uf2.MAGIC[:2], *given, payload, uf2.MAGIC[2])


def micropython(board, version=b"v1.27.0", pages=27):
    """A UF2 file that says of itself what MicroPython's says; its code is noise."""
    family, start, blocks, name = PICOS[board]
    image = bytearray(random.Random(1).randbytes(256 * pages))
    texts = {0x700: version, 0x720: name.encode(), 0x740: b"MicroPython"}
    for at, text in texts.items():
        image[at : at + len(text) + 1] = text + b"\0"
    entries = {
        0x800: struct.pack("<HHII", 6, 0x5052, 0x11A9BC3A, FLASH + 0x700),
        0x820: struct.pack("<HHII", 6, 0x5052, 0xB63CFFBB, FLASH + 0x720),
        0x840: struct.pack("<HHIII", 7, 0x504D, FLASH + 0x740, start, blocks * 4096),
    }
    for at, entry in entries.items():
        image[at : at + len(entry)] = entry
    image[0x900:0x910] = struct.pack("<4I", 0x20000000, *(FLASH + at for at in entries))
    info = (uf2.INFO_START, FLASH + 0x900, FLASH + 0x910, 0, uf2.INFO_END)
    image[0x1D4:0x1E8] = struct.pack("<5I", *info)
    parts = [
        block(FLASH + 256 * n, n, pages, family, bytes(image[256 * n :][:256]))
        for n in range(pages)
    ]
    if family != 0xE48BFF56:
        parts.insert(0, block(0x10FFFF00, 0, 2, uf2.ABSOLUTE))
    return b"".join(parts), bytes(image)


def dragged(data, flash):
    """What the boot ROM makes of a flash (address 0: FLASH), as it stands in the errata: a sector
    is erased when a block comes whose number 16 divides."""
    numbers = []
    for at in range(0, len(data), 512):
        fields = uf2.BLOCK.unpack(data[at : at + 512])
        _, _, _, address, _, number, count, family, payload, _ = fields
        if family == uf2.ABSOLUTE:
            continue
        place = address - FLASH
        if number % 16 == 0:
            assert place % 4096 == 0
            flash[place : place + 4096] = b"\xff" * 4096
        assert flash[place : place + 256] == b"\xff" * 256
        flash[place : place + 256] = payload[:256]
        numbers.append(number)
    assert numbers == list(range(count))
    return flash


def files_on(flash, start, blocks):
    fs = LittleFS(mount=False, block_size=4096, block_count=blocks, prog_size=256)
    fs.context.buffer = bytearray(flash[start - FLASH :][: blocks * 4096])
    fs.mount()
    found = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            with fs.open(f"{folder.rstrip('/')}/{name}", "rb") as file:
                found[f"{folder.rstrip('/')}/{name}"] = file.read()
    return found


@pytest.mark.parametrize("board", PICOS)
def test_it_holds_what_install_writes_whatever_was_on_the_flash(board):
    family, start, blocks, _ = PICOS[board]
    data, image = micropython(board)
    settings = {"leg": "right", "label": "anna"}
    made, found = firstinstall.one_file(uf2.read(data, "m.uf2"), None, settings)
    assert found["board"] == board
    chance = random.Random(2)
    old = bytearray(chance.randbytes(start - FLASH + blocks * 4096))
    fs = LittleFS(block_size=4096, block_count=blocks, prog_size=256)
    for number in range(3000):  # many commits: the old folders' revisions are high
        with fs.open(f"/old{number % 40}", "wb") as file:
            file.write(chance.randbytes(chance.randrange(2000)))
    old[start - FLASH :] = fs.context.buffer
    flash = dragged(made, old)
    assert flash[: len(image)] == image
    arch = {0xE48BFF56: "armv6m", 0xE48BFF59: "armv7emsp"}[family]
    files = files_on(flash, start, blocks)
    built = firmware.build(board, arch)
    assert {path: files[path] for path in built} == built
    assert json.loads(files["/settings.json"]) == settings
    assert set(files) == {*built, "/settings.json", "/anklet.json"}


def test_the_first_block_of_an_rp2350_stays_first():
    data, _ = micropython("rpi_pico2")
    made, _ = firstinstall.one_file(uf2.read(data, "m.uf2"), None, {})
    assert made[:512] == data[:512]


def test_an_older_littlefs_mounts_it():
    """Those before 2.6 refuse any minor version of the format above 2.0."""
    (superblock, *_) = firstinstall.file_system({}, 64 * 4096).values()
    at = superblock.index(b"littlefs")
    assert superblock[at + 12 : at + 16] == bytes((0, 0, 2, 0))  # behind the name comes a tag


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: b"\0" * 512,
        lambda data: data.replace(b"\xf2\xeb\x88\x71", b"\0\0\0\0"),
        lambda data: data.replace(struct.pack("<I", 0xE48BFF56), b"\1\2\3\4"),
        lambda data: data.replace(b"v1.27.0\0", b"teapot\0\0"),
        lambda data: data.replace(struct.pack("<I", FLASH + 0x910), b"\xff\xff\xff\x1f"),
    ],
)
def test_what_is_no_micropython(spoil):
    with pytest.raises(BadInput, match=r"m\.uf2 is no UF2 file of MicroPython"):
        uf2.read(spoil(micropython("rpi_pico")[0]), "m.uf2")


def test_a_micropython_that_is_too_old():
    data, _ = micropython("rpi_pico", b"v1.22.2")
    with pytest.raises(NoFirmware, match=r"1\.22\.2 .*1\.23 or newer"):
        firstinstall.one_file(uf2.read(data, "m.uf2"), None, {})


def test_the_command_refuses_until_told_that_there_are_no_nights(tmp_path, capsys):
    (tmp_path / "m.uf2").write_bytes(micropython("rpi_pico")[0])
    argv = ["uf2", "--micropython", str(tmp_path / "m.uf2"), "--out", str(tmp_path / "a.uf2")]
    assert main(argv) == 2
    assert "nights" in capsys.readouterr().err
    assert not (tmp_path / "a.uf2").exists()
    assert main([*argv, "--first-install", "--leg", "left", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["board"], found["leg"]) == ("rpi_pico", "left")
    assert (tmp_path / "a.uf2").stat().st_size == found["bytes"]
