"""What an installation will do to a board, decided before anything is written.

A manifest on the board names every file of ours with its hash, what is in the way and where it
goes, and which old files of ours go; FINISHER does that on the board itself.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anklet.board import firmware, flashfiles
from anklet.board.firmware import START
from anklet.board.flashfiles import MANIFEST, NEW, File

# Stands in for main.py while files are moved: wherever the power fails, the next start goes on
# with it, and no old module meets a new one. The manifest that has just arrived says what to do.
FINISHER = """\
# Anklet's installation: puts the files that have arrived into place, then itself out of the way.
import json
import os


def there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def move(old, new):
    if there(old):
        os.rename(old, new)


def finish():
    if there("/anklet.json.new"):
        with open("/anklet.json.new") as file:
            todo = json.load(file)
        for old, new in todo["aside"].items():
            if not there(new):  # else what has the old name is ours by now
                move(old, new)
        for path in todo["removed"]:
            if there(path):
                os.remove(path)
        for path in todo["files"]:
            if path != "/main.py":
                move(path + ".new", path)
        for folder in todo["emptied"]:
            try:
                os.rmdir(folder)
            except OSError:
                pass  # something is in it
        move("/anklet.json.new", "/anklet.json")
    move("/main.py.new", "/main.py")


finish()
"""
START_ANEW = "raise SystemExit  # a soft reset, which starts the new main.py\n"


@dataclass(frozen=True)
class Plan:
    """What an installation does. files: path -> content of all that is to arrive; hashes: of
    those; foreign: see flashfiles.py; stale: old files of ours; leftovers: of an installation
    that was cut; aside: what is in the way -> where it goes; manifest: tells the board of it."""

    files: dict[str, bytes]
    hashes: dict[str, str]
    changed: list[str]
    foreign: dict[str, str]
    stale: list[str]
    leftovers: list[str]
    aside: dict[str, str]
    manifest: dict[str, Any]


def plan_of(
    there: Mapping[str, File],
    before: dict[str, Any],
    cut: dict[str, Any],
    board: str,
    files: dict[str, bytes],
) -> Plan:
    """there: what lies on the board. before: the manifest of the installation that is there; cut:
    that of one that was cut; {} where there is none. board: its name in boards/. files: path ->
    content of the firmware."""
    hashes = {path: sha256(data) for path, data in files.items()}
    settled = bool(before) or flashfiles.MARK in there
    foreign = flashfiles.foreign(there, (before, cut), hashes, settled)
    aside = flashfiles.in_the_way(there, foreign, files)
    named = before.get("files", {}).items() | cut.get("files", {}).items()
    stale = sorted(
        path
        for path, sha256 in named
        if path in there and there[path].sha256 == sha256 and path not in files
    )
    manifest = {
        "firmware": firmware.version(),
        "board": board,
        "files": hashes,
        "finisher": sha256(finisher()),
        "agreed": flashfiles.digest(
            {flashfiles.new_path(path, aside): h for path, h in foreign.items()}
        ),
        "aside": aside,
        "removed": stale,
        "emptied": sorted({path.rpartition("/")[0] for path in stale} - {""}, reverse=True),
    }
    changed = [p for p in files if p not in there or there[p].sha256 != hashes[p]]
    leftovers = sorted(
        {path + NEW for path, _ in named if path not in (*changed, START)} & there.keys()
    )
    lasting = ("firmware", "board", "files", "agreed")
    other = any(before.get(key) != manifest[key] for key in lasting)
    if changed or aside or leftovers or other or MANIFEST + NEW in there:
        changed.append(MANIFEST)
    written = json.dumps(manifest).encode()
    return Plan(
        files | {MANIFEST: written},
        hashes | {MANIFEST: sha256(written)},
        *(changed, foreign, stale, leftovers, aside, manifest),
    )


def finisher() -> bytes:
    """The main.py that is there while files move."""
    return (FINISHER + START_ANEW).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
