"""The power fails at any operation of the flash while an installation puts its files into place.

On littlefs, with the Pico's geometry: what the board runs at its start (the text itself) is run
here, every program and erase is noted, and the flash as each of them leaves it is started again.
"""

import contextlib
import json
from types import SimpleNamespace

import pytest
from anklet.board.installplan import finisher
from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

BLOCK, BLOCKS = 4096, 64
OLD = {
    "/main.py": b"old main",
    "/monitor.mpy": b"old" * 900,
    "/gone.mpy": b"old",
    "/old/one.mpy": b"old",
    "/settings.json": b'{"leg": "right"}',
    "/lamp.py": b"of another project",
    "/nights/000/00001-1a2b3c4d.plm": b"a night" * 700,
}
NEW = {"/main.py": b"new main", "/monitor.mpy": b"new" * 900, "/plmcore/ring.mpy": b"new"}
KEPT = {"/settings.json": OLD["/settings.json"], "/before_anklet/lamp.py": OLD["/lamp.py"]}
KEPT |= {path: data for path, data in OLD.items() if path.startswith("/nights")}
PLAN = {
    "files": dict.fromkeys(NEW, ""),
    "aside": {"/lamp.py": "/before_anklet/lamp.py"},
    "removed": ["/gone.mpy", "/old/one.mpy"],
    "emptied": ["/old"],
}


class Noted(UserContext):
    """A flash that keeps what it was asked to do: (block, offset, data); erased: 0xFF."""

    def __init__(self, image):
        super().__init__(BLOCK * BLOCKS)
        self.buffer = bytearray(image or b"\xff" * BLOCK * BLOCKS)
        self.done = []

    def prog(self, cfg, block, off, data):
        self.done.append((block, off, bytes(data)))
        return super().prog(cfg, block, off, data)

    def erase(self, cfg, block):
        self.done.append((block, 0, b"\xff" * BLOCK))
        return super().erase(cfg, block)


def mounted(image=None):
    context = Noted(image)
    fs = LittleFS(context, False, block_size=BLOCK, block_count=BLOCKS, prog_size=256)
    if image is None:
        fs.format()
    fs.mount()
    context.done.clear()
    return fs, context


def write(fs, files):
    for path, data in files.items():
        fs.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)


def read(fs):
    found = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with fs.open(path, "rb") as file:
                found[path] = file.read()
    return found


def start(fs):
    """What the board does at its start: a FINISHER in main.py's place is run."""

    def ours(call):
        def called(*args):
            try:
                return call(*args)
            except LittleFSError as error:
                raise OSError(error.code) from error

        return called

    os = SimpleNamespace(
        **{name: ours(getattr(fs, name)) for name in ("stat", "rename", "remove", "rmdir")}
    )
    with fs.open("/main.py", "rb") as file:
        text = file.read()
    if text != finisher():
        return
    code = text.decode().replace("import os", "").replace("import json", "")
    with contextlib.suppress(SystemExit):
        exec(code, {"os": os, "json": json, "open": lambda path: fs.open(path, "r")})


@pytest.fixture(scope="module")
def arrived():
    """The flash when all has arrived, before the first file moves."""
    fs, context = mounted()
    write(fs, OLD | {f"{path}.new": data for path, data in NEW.items()})
    write(fs, {"/anklet.json.new": json.dumps(PLAN).encode(), "/anklet.py.new": finisher()})
    fs.makedirs("/before_anklet", exist_ok=True)
    return bytes(context.buffer)


def finished(fs):
    files = read(fs)
    assert json.loads(files.pop("/anklet.json")) == PLAN
    return files == NEW | KEPT


def cuts(image, done):
    """The flash as it is when the power fails behind or in the middle of each operation."""
    flash = bytearray(image)
    for block, off, data in done:
        at = block * BLOCK + off
        torn = bytearray(flash)
        torn[at : at + len(data) // 2] = data[: len(data) // 2]
        yield bytes(torn)
        flash[at : at + len(data)] = data
        yield bytes(flash)


def test_no_start_meets_old_modules_beside_new_ones(arrived):
    fs, context = mounted(arrived)
    fs.rename("/anklet.py.new", "/main.py")
    start(fs)
    assert finished(fs)
    tried = 0
    for image in cuts(arrived, list(context.done)):
        fs, _ = mounted(image)
        main = read(fs)["/main.py"]
        if main == OLD["/main.py"]:  # nothing has moved yet
            assert OLD.items() <= read(fs).items()
            continue
        tried += 1
        if main == NEW["/main.py"]:
            assert finished(fs)
        start(fs)
        assert finished(fs)
    assert tried > 20


def test_power_that_fails_again_while_it_is_made_whole(arrived):
    fs, context = mounted(arrived)
    fs.rename("/anklet.py.new", "/main.py")
    start(fs)
    half = list(cuts(arrived, list(context.done)))[len(context.done)]
    fs, context = mounted(half)
    start(fs)
    for image in cuts(half, list(context.done)):
        again, _ = mounted(image)
        start(again)
        assert finished(again)
