"""A board that means harm, or has gone mad: no path is left, no memory filled, all ends soon."""

import contextlib
import itertools
import json
import os
import random
import resource
import threading
import time
import tty
from pathlib import Path

import pytest
import usb
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board import install, link, ports
from anklet.board.boardinfo import read_info, read_shelf, read_shelves
from anklet.board.link import Link
from anklet.errors import NoFirmware, NotVerified
from anklet.signal import replay
from nightbytes import whole
from syncfaults import in_child

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
ONE, TWO = "00001-1a2b3c4d", "00002-5e6f7081"
NIGHTS = {f"{ONE}.plm": whole(session=ONE), f"{TWO}.plm": whole(session=TWO)}
INFO = {
    **{"anklet": 3, "device": "e6614103e7452b2f", "board": "sim", "firmware": "0"},
    **{"leg": "left", "label": "", "utc": None, "shelves": ["000"], "free": 1},
}
MEMORY = 64 << 20  # bytes that a sync may take beside what Python has taken before
SOON_S = 15


@pytest.fixture
def plug(tmp_path):
    boards = []

    def _plug(extra="", nights=NIGHTS):
        boards.append(usb.board(usb.script(tmp_path / f"board{len(boards)}", nights, extra=extra)))
        return boards[-1].port

    yield _plug
    for board in boards:
        board.close()


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(Link, "silence_s", 1)


def refused(port, archive, code=NotVerified.exit_code):
    """A sync that fails with this exit code, soon and in little memory."""

    def limited():
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        sync(port, archive)

    began = time.monotonic()
    assert in_child(limited) == code
    assert time.monotonic() - began < SOON_S


def only(archive, *sessions):
    """Nothing is in the archive's folder but these nights; nothing beside it."""
    found = {str(p.relative_to(archive.path)) for p in archive.path.rglob("*") if p.is_file()}
    nights = {f"raw/{INFO['device']}/{session}.plm" for session in sessions}
    kept = {f"raw/{INFO['device']}/{name}.jsonl" for name in ("anchors", "hashes")}
    assert found <= nights | kept | {"sync.lock", "anklet.db"}
    assert nights <= found
    assert {p.name for p in archive.path.parent.iterdir()} <= {"archive", "board0"}


def says(**changed):
    return f"hostlink.info = lambda: print({json.dumps(INFO | changed)!r})"


NAMES = [
    *(
        "../../x",
        "../../x.plm",
        "/etc/passwd",
        "00001-1a2b3c4d.plm/../../../../x",
        "00001-1a2b3c4d",
    ),
    *("00001-1a2b3c4d.plm\n", "00001-1a2b3c4d.plm\x00", "0000\u0661-1a2b3c4d.plm", "", "."),
    *("x" * 10_000, None, 5, ["00001-1a2b3c4d.plm"], {}),
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_out_of_the_archive(name):
    with pytest.raises((ValueError, TypeError)):
        read_shelf([[name, 10, False]])
    with pytest.raises((ValueError, TypeError)):
        read_shelf([[name, 10]])
    with pytest.raises((ValueError, TypeError)):
        read_shelves({"shelves": [name or "x"]})
    with pytest.raises((ValueError, TypeError)):
        read_info(INFO | {"device": name if name != "00001-1a2b3c4d" else "../x"}, 0)


@pytest.mark.parametrize("size", [-1, 4 << 20 | 1, 10**4000, 1.5, True, "10", None, float("inf")])
def test_no_size_that_no_flash_has(size):
    with pytest.raises((ValueError, TypeError)):
        read_shelf([["00001-1a2b3c4d.plm", size, False]])


def test_not_more_nights_than_a_flash_holds():
    names = [f"{n:05d}-00000000.plm" for n in range(20_001)]
    for nights in ([[n, 4096, False] for n in names[:9]] * 2, [[n, 0, False] for n in names]):
        with pytest.raises(ValueError):
            read_info(INFO, 0, read_shelf(nights))
    with pytest.raises(ValueError):
        read_info(INFO, 0, read_shelf([n, 4 << 20, False] for n in names[:9]))
    with pytest.raises(ValueError):
        read_shelves({"shelves": ["001", "001"]})


@pytest.mark.parametrize(
    "utc", [[10**400, 0, 0], [1, float("nan"), 0], [-1, 0, 0], [1, 2], "utc", [0, 86_400_001, 0]]
)
def test_no_clock_that_can_not_be(utc):
    with pytest.raises((ValueError, TypeError)):
        read_info(INFO | {"utc": utc}, 0)


def test_no_text_steers_the_terminal():
    info = read_info(INFO | {"label": "\x1b[2Jbed", "leg": "left\r\n"}, 0)
    assert (info.label.isprintable(), info.leg.isprintable()) == (True, True)


@pytest.mark.parametrize(
    "extra",
    [
        says(shelves=["../../x"]),
        says(shelves="000"),
        "hostlink.shelf = lambda name: print('[\"../../x.plm\", 10, false]')",
        "hostlink.shelf = lambda name: print('{}')",
        "hostlink.shelf = lambda name: print('[1]\\n' * 1000)",
        says(utc=[10**300, 0, 0]),
        "hostlink.info = lambda: print('[' * 100000)",
        "hostlink.info = lambda: print('NaN')",
        "hostlink.info = lambda: print(chr(0) * 100, chr(27), '\\xff')",
        'hostlink.info = lambda: print(\'{"anklet": "2"}\')',
        "hostlink.info = lambda: None",
        "hostlink.sha256 = lambda name: print('0' * 63)",
        "hostlink.sha256 = lambda name: print('../' * 1000)",
    ],
)
def test_answers_without_sense(plug, archive, extra):
    refused(plug(extra), archive)
    only(archive)


FOREVER = """
def forever(*_):
    while True:
        print({text!r}, end='')
hostlink.{call} = forever
"""


LINES = "0123456789abcdef" * 50 + "\n"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        *(("info", "A" * 500), ("sha256", "\n"), ("ack", LINES), ("set_utc", "A" * 500)),
        *(("send", "A" * 500), ("send", "\n"), ("send", LINES)),
    ],
)
def test_answers_without_end(plug, archive, call, text):
    refused(plug(FOREVER.format(call=call, text=text)), archive)
    only(archive, *{"ack": (ONE,), "set_utc": (ONE, TWO)}.get(call, ()))


FRAMES = """
import binascii, struct
def frame(data):
    print(binascii.b2a_base64(data + struct.pack("<I", binascii.crc32(data))).decode(), end="")
def send(name, start):
    {body}
hostlink.send = send
"""


@pytest.mark.parametrize(
    "body",
    [
        "while True: frame(b'x')",  # more than the night's size
        "frame(b'x' * 2048)",
        "frame(b'')",
        "pass",  # less
        "frame(b'x' * 100)",
        "print('QUJDRA==')",  # a checksum that does not hold
        "print('?')",
        "raise OSError(5)",
        "raise SystemExit",
        "print(chr(4))",  # what the raw REPL ends a program with
        "print(chr(4) * 2, '>')",
    ],
)
def test_frames_that_are_not_the_night(plug, archive, body):
    refused(plug(FRAMES.format(body=body)), archive)
    only(archive)


def test_a_frame_broken_on_its_way_is_sent_again(plug, archive):
    data = whole(session=ONE) * 30  # several frames
    extra = """
real, broken = hostlink.send, []
class Out:
    # turns a bit of the second frame, once
    def write(self, line):
        broken.append(0)
        if len(broken) == 2:
            line = line[:100] + bytes([line[100] ^ 1]) + line[101:]
        out.write(line)
out = sys.stdout.buffer
class Sys:
    class stdout:
        buffer = Out()
hostlink.sys = Sys
"""
    port = plug(extra, {f"{ONE}.plm": data})
    heard = []
    with Link(port) as link:
        link.run("import hostlink; hostlink.sys = sys")
        (night,) = link.info().nights
        link.run("hostlink.sys = Sys")
        assert link.download(night, lambda done, size: heard.append((done, size))) == data
    assert heard == [(min(n, len(data)), len(data)) for n in range(2048, len(data) + 2048, 2048)]


@contextlib.contextmanager
def madness(chunks):
    """A port on which these chunks come, and nobody reads."""
    outside, end = os.openpty()
    tty.setraw(end)
    os.set_blocking(outside, False)
    done = threading.Event()

    def speak():
        for chunk in chunks:
            while not done.is_set():
                try:
                    os.write(outside, chunk)
                    break
                except BlockingIOError:
                    done.wait(0.001)
            if done.is_set():
                return

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        yield os.ttyname(end)
    finally:
        done.set()
        speaker.join()
        os.close(outside)
        os.close(end)


PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
CHANCE = random.Random(1)
MAD = {
    "noise": lambda: (CHANCE.randbytes(4096) for _ in itertools.count()),
    "zeros": lambda: itertools.repeat(bytes(4096)),
    "prompts": lambda: itertools.repeat(PROMPT * 100),
    "windows": lambda: itertools.chain(
        [PROMPT * 2, b"R\x01\x01\x00"], itertools.repeat(b"\x01" * 4096)
    ),
    "silence": lambda: iter(()),
    "a prompt, then silence": lambda: iter([PROMPT] * 3),
    "a prompt, then noise": lambda: itertools.chain(
        [PROMPT * 2], (CHANCE.randbytes(999) for _ in itertools.count())
    ),
    "ends": lambda: itertools.repeat(b"\x04>OK" * 1000),
}


@pytest.mark.parametrize("kind", MAD)
def test_what_is_no_micropython(archive, kind, monkeypatch):
    monkeypatch.setattr(Link.__init__, "__defaults__", ("anklet sync", 1))
    with madness(MAD[kind]()) as port:
        began = time.monotonic()
        with pytest.raises((NoFirmware, NotVerified)):
            sync(port, archive)
        assert time.monotonic() - began < SOON_S
    assert not list(archive.path.rglob("*.plm"))


@pytest.mark.parametrize("kind", ["noise", "prompts", "a prompt, then noise"])
def test_the_other_commands_end_as_well(kind, monkeypatch):
    monkeypatch.setattr(Link.__init__, "__defaults__", ("anklet install", 1))
    monkeypatch.setattr(ports, "PATIENCE_S", 1)
    with madness(MAD[kind]()) as port:
        with pytest.raises((NoFirmware, NotVerified)):
            install.install(port)
        (found,) = ports.ask(port)
    assert found["status"] in ("no firmware", "no answer")


def test_a_board_that_answers_just_in_time_each_time_is_given_up(plug, archive, monkeypatch):
    monkeypatch.setattr(link, "CALL_S", 0)
    monkeypatch.setattr(link, "SLOWEST", 1e9)
    monkeypatch.setattr(Link, "spare_s", 1)
    slow = """
import time
real = hostlink.{call}
def slowly(*given):
    time.sleep_ms(800)
    real(*given)
hostlink.{call} = slowly
"""
    for call in ("sha256", "ack"):
        with pytest.raises(NotVerified, match="too slowly"):
            sync(plug(slow.format(call=call)), archive)
