"""What the computer calls over USB, in MicroPython's raw REPL. An answer is one line of text."""

import binascii
import hashlib
import json
import os
import struct
import sys

import crash
from breadcrumb import last, uptime
from nightfiles import FILED, SUFFIX, TRACES, find, folder, mark, on_shelf, shelves
from plmcore.native import const
from recovery import complete
from settings import Settings, load

_PROTOCOL = const(3)
_FRAME = const(2048)  # bytes; with the checksum a multiple of 3, as base64 likes it
_board = None
_uptime = None  # since the power came: found by info(), told by passed()


def attach(board):
    """Use this board; without it the first call makes one from the board's own hw.py."""
    global _board  # noqa: PLW0603 - the REPL has no other place to keep it
    _board = board


def _get():
    global _board  # noqa: PLW0603
    if _board is None:
        import hw  # noqa: PLC0415 - on a computer there is none

        _board = hw.board()
    return _board


def info():
    """Print what this board is, as JSON. What lies on each of its shelves shelf() prints."""
    global _uptime  # noqa: PLW0603
    board = _get()
    _uptime = uptime(board)
    settings = Settings(board.root)
    complete(board.root)  # a night that was cut gets its end before its hash is taken
    try:
        stat = os.statvfs(board.root)
        free = stat[0] * stat[3]
    except (AttributeError, OSError):
        free = None
    print(
        json.dumps(
            {
                "anklet": _PROTOCOL,
                "device": board.device_id,
                "board": board.name,
                "firmware": settings.firmware,
                "leg": settings.leg,
                "label": settings.label,
                "rules": settings.rules.name,
                "micropython": sys.version,
                "free": free,
                "flash": mark(board.root),
                "utc": board.utc(),
                "at": [_uptime.power, _uptime.ms()] if _uptime.power else None,
                "start": last(board).get("start"),
                "crash": crash.note(board) != "",
                "shelves": shelves(folder(board.root)),
            }
        )
    )


def shelf(name):
    """Print the nights and traces on a shelf, a line of JSON each: name and size of the file, and
    for a night, whether a computer has filed it. A hundred sessions at most, see nightfiles.py."""
    for session, night, filed, trace in on_shelf(folder(_get().root), name):
        if night >= 0:
            print(json.dumps([session + SUFFIX, night, filed]))
        if trace >= 0:
            print(json.dumps([session + TRACES, trace]))


def crashed():
    """Print the note of the last crash, see crash.py, as a line of JSON; "" without one."""
    print(json.dumps(crash.note(_get())))


def crash_filed():
    """The computer has filed that note: it may go."""
    os.remove(_get().root + crash.FILE)
    print("ok")


def _read(name, start, view):
    """Fill `view` with a night file from byte `start` on, and yield how many bytes it holds, until
    the end, or to where the flash can't be read."""
    with open(find(folder(_get().root), name), "rb") as file:
        file.seek(start)
        try:
            while True:
                n = file.readinto(view)
                if not n:
                    break
                yield n
        except OSError:
            pass  # the computer misses the rest: it knows the size


def passed():
    """Print the ms since the power-up that info() named. Quick: it dates the board's time."""
    print(_uptime.ms() if _uptime else 0)


def sha256(name):
    """Print the hash of a night file, as far as it can be read."""
    digest = hashlib.sha256()
    view = memoryview(bytearray(_FRAME))
    for n in _read(name, 0, view):
        digest.update(view[:n])
    print(binascii.hexlify(digest.digest()).decode())


def send(name, start):
    """Print a night file from byte `start` on as frames: lines of base64, each of up to _FRAME
    bytes and their CRC-32 (little-endian)."""
    buf = bytearray(_FRAME + 4)
    view = memoryview(buf)
    out = sys.stdout.buffer  # nothing looks for ends of line in it
    for n in _read(name, start, view[:_FRAME]):
        struct.pack_into("<I", buf, n, binascii.crc32(view[:n]))
        text = binascii.b2a_base64(view[: n + 4])  # pyright: ignore[reportArgumentType]
        out.write(text)


def ack(name, digest):
    """The computer has filed this night under this hash: it may go when space runs short."""
    path = find(folder(_get().root), name)
    os.stat(path)  # an OSError tells that it is not there
    with open(path[: -len(SUFFIX)] + FILED, "w") as file:
        file.write(digest)
    print("ok")


def configure(given):
    """Merge settings (a JSON object, see settings.py) into those on the board; what it does not
    name stays. Print all of them, and whether something changed. Written whole or not at all."""
    path = _get().root + "/settings.json"
    try:
        settings = load(_get().root)
    except ValueError:
        settings = {}  # damaged: they begin anew
    before = dict(settings)
    settings.update(json.loads(given))
    changed = settings != before
    if changed:
        with open(path + ".new", "w") as file:
            json.dump(settings, file)
        os.rename(path + ".new", path)
    print(json.dumps({"settings": settings, "changed": changed}))


def set_utc(day, ms_of_day, tz_min):
    """Set the clock: days since 1970-01-01, ms of that day in UTC, local offset in minutes."""
    _get().set_utc(day, ms_of_day, tz_min)
    print("ok")
