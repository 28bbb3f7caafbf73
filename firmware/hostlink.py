"""What the computer calls over USB, in MicroPython's raw REPL. An answer is one line of text."""

import binascii
import hashlib
import json
import os
import sys

from breadcrumb import last
from nightlog import folder, names
from settings import Settings

PROTOCOL = 1
_board = None


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
    """Print what this board is and which nights it holds, as JSON."""
    board = _get()
    settings = Settings(board.root)
    path = folder(board.root)
    entries = os.listdir(path)
    try:
        stat = os.statvfs(board.root)
        free = stat[0] * stat[3]
    except (AttributeError, OSError):
        free = None
    print(
        json.dumps(
            {
                "anklet": PROTOCOL,
                "device": board.device_id,
                "board": board.name,
                "firmware": settings.firmware,
                "leg": settings.leg,
                "label": settings.label,
                "rules": settings.rules.name,
                "micropython": sys.version,
                "free": free,
                "utc": board.utc(),
                "start": last(board).get("start"),
                "nights_dir": path,
                "nights": [
                    [name, os.stat(path + "/" + name)[6], name + ".ok" in entries]
                    for name in names(path)
                ],
            }
        )
    )


def sha256(name):
    """Print the hash of a night file."""
    digest = hashlib.sha256()
    buf = bytearray(512)
    view = memoryview(buf)
    with open(folder(_get().root) + "/" + name, "rb") as file:
        while True:
            n = file.readinto(buf)
            if not n:
                break
            digest.update(view[:n])
    print(binascii.hexlify(digest.digest()).decode())


def ack(name, digest):
    """The computer has filed this night under this hash: it may go when space runs short."""
    path = folder(_get().root)
    if name in os.listdir(path):
        with open(path + "/" + name + ".ok", "w") as file:
            file.write(digest)
        print("ok")


def configure(given):
    """Merge settings (a JSON object, see settings.py) into those on the board; what it does not
    name stays. Print all of them, and whether something changed. Written whole or not at all."""
    path = _get().root + "/settings.json"
    settings = {}
    try:
        with open(path) as file:
            found = json.load(file)
        if isinstance(found, dict):
            settings = found
    except (OSError, ValueError):
        pass  # none yet, or damaged: they begin anew
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
