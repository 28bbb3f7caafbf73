"""Put the firmware on a board, or bring the one that is there up to date.

Every file is written beside its place and verified there; only when all have arrived does the
board put them into place, by itself, in one go. A cable that is pulled before leaves what was.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from anklet.board import doctor, firmware
from anklet.board.boardinfo import read_json
from anklet.board.link import Link
from anklet.errors import BadInput, NoFirmware, NotVerified

MANIFEST = "/anklet.json"  # board, version and hashes of all files; written last
NEW = ".new"
KEPT = "/before_anklet.py"  # a main.py that was none of ours
SPARE = 16 << 10  # bytes of flash to leave free
TRIES = 3
FLASH_S = 60  # an erase may take 0.4 s, and there are many

Progress = Callable[[int, int], None]

WHAT = """
import json, os, sys
i = sys.implementation
v = os.statvfs("/")
print(json.dumps([i.name, getattr(i, "_machine", ""), getattr(i, "_mpy", 0),
    ".".join(str(n) for n in i.version[:3]), v[0] * v[3]]))
"""

# Prints hash and path of each module and new file in the given folders.
HASHES = """
import binascii, hashlib, os
buf = bytearray(512)
view = memoryview(buf)
def hashes(folders):
    for folder in folders:
        try:
            entries = list(os.ilistdir(folder or "/"))
        except OSError:
            continue
        for entry in entries:
            path = folder + "/" + entry[0]
            if entry[1] & 0x4000 or not path.endswith((".py", ".mpy", ".new", "/anklet.json")):
                continue
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                while True:
                    n = file.readinto(buf)
                    if not n:
                        break
                    digest.update(view[:n])
            print(binascii.hexlify(digest.digest()).decode(), path)
"""

FOLDERS = """
import os
for folder in {folders!r}:
    try:
        os.mkdir(folder)
    except OSError:
        pass
"""

# The manifest is the last of `moves`: until it is there, a second run sees all that is to be done.
INTO_PLACE = """
import os
for old, new in {moves!r}:
    os.rename(old, new)
for path in {stale!r}:
    os.remove(path)
for folder in {folders!r}:
    try:
        os.rmdir(folder)
    except OSError:
        pass
os.rename({manifest!r} + ".new", {manifest!r})
"""


def install(
    port: str,
    board: str | None = None,
    settings: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Install on the board at this port; nights and settings that are not given stay.

    board: a folder of boards/; None: the one installed for, or the one that MicroPython names.
    settings: see firmware/settings.py. progress: called with the bytes copied and those to copy.
    Returns the object that `anklet install --json` prints. Raises BadInput for an unknown board,
    NotVerified when the copy fails, and what Link raises.
    """
    with Link(port, "anklet install") as link:
        with link.making_sense():
            name, machine, mpy, version, free = read_json(link.run(WHAT))
        if name != "micropython":
            raise NoFirmware(
                f"The board on {port} runs {name}; put MicroPython on it instead "
                f"(micropython.org/download), then run anklet install again."
            )
        before = _manifest(link)
        board = board or before.get("board") or firmware.board_of(machine)
        if not board:
            raise BadInput(
                f"The board on {port} calls itself {machine!r}, which is not known; with --board, "
                f"choose one of {', '.join(firmware.boards())}."
            )
        files = firmware.build(board, firmware.architecture(mpy, version))
        hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        files[MANIFEST] = json.dumps(
            {"firmware": firmware.version(), "board": board, "files": hashes}
        ).encode()
        hashes[MANIFEST] = hashlib.sha256(files[MANIFEST]).hexdigest()
        changed, removed = _update(link, files, hashes, before, free, progress)

        link.restart()  # else the board would go on with the modules that it has loaded
        set_up = link.configure(settings or {})
        clock = link.info().clock_offset_s
        link.set_clock()
        found = link.info()
        healthy = doctor.examined(link)
        return {
            "port": port,
            "device": found.device,
            "board": found.board,
            "micropython": version,
            "firmware": found.firmware,
            "changed": changed,
            "removed": removed,
            "files": len(files),
            "leg": found.leg,
            "label": found.label,
            "rules": found.rules,
            "settings_changed": set_up,
            "clock_offset_s": clock,
            "nights": len(found.nights),
            "free": found.free,
            "selftest": healthy,
        }


def summary(found: dict[str, Any]) -> str:
    """What install did and found, for a person."""
    if found["changed"] or found["removed"]:
        files = f"{len(found['changed'])} of {found['files']} files written"
        if found["removed"]:
            files += f", {len(found['removed'])} old ones removed"
    else:
        files = "up to date, nothing changed"
    settings = "changed" if found["settings_changed"] else "as they were"
    free = "?" if found["free"] is None else f"{found['free'] >> 10} kB"
    lines = [
        f"board     {found['board']} {found['device']} on {found['port']}, "
        f"MicroPython {found['micropython']}",
        f"firmware  {found['firmware']}: {files}",
        f"settings  {settings}: {found['leg']} leg, label {found['label'] or '-'}, "
        f"rules {found['rules']}",
        "clock     set",
        f"flash     {found['nights']} nights kept, {free} free",
    ]
    wrong = [check for check in found["selftest"]["checks"] if not check["ok"]]
    lines += [f"!!        {check['name']}: {check['value']} -> {check['todo']}" for check in wrong]
    if not wrong:
        lines.append("self-test all ok: anklet doctor shows the figures")
    return "\n".join(lines)


def _manifest(link: Link) -> dict[str, Any]:
    """What the last whole installation put there; {} if there was none."""
    text = link.run(
        f"try:\n    print(open({MANIFEST!r}).read())\nexcept OSError:\n    print('{{}}')"
    )
    try:
        found = json.loads(text)
        if found["board"] in firmware.boards() and all(map(_is_module, found["files"])):
            return found
    except (ValueError, KeyError, TypeError):
        pass  # damaged: as if it were not there
    return {}


def _is_module(path: str) -> bool:
    return path.startswith("/") and path.endswith((".py", ".mpy"))


def _update(
    link: Link,
    files: dict[str, bytes],
    hashes: dict[str, str],
    before: dict[str, Any],
    free: int,
    progress: Progress | None,
) -> tuple[list[str], list[str]]:
    """Bring the files onto the board; which of them were written, and which old ones removed."""
    known = set(hashes) | set(before.get("files", ()))
    folders = sorted({path.rpartition("/")[0] for path in known})
    link.run(HASHES)
    there = _hashes(link, folders)
    changed = [path for path in files if there.get(path) != hashes[path]]
    stale = _stale(there, files, set(before.get("files", ())), {path + NEW for path in changed})
    if not changed and not stale:
        return [], []

    link.run(FOLDERS.format(folders=[folder for folder in folders if folder]))
    # Those that arrived before a cable was pulled are there already. The manifest goes with any
    # change: it is what ends an installation.
    moving = [path for path in changed if path != MANIFEST]
    todo = [path for path in [*moving, MANIFEST] if there.get(path + NEW) != hashes[path]]
    _copy(link, {path: files[path] for path in todo}, folders, hashes, free, progress)

    moves = [(path + NEW, path) for path in moving if path != firmware.START]
    if firmware.START in moving:
        if firmware.START in there and not before:
            moves.append((firmware.START, KEPT))
        moves.append((firmware.START + NEW, firmware.START))
    link.run(
        INTO_PLACE.format(
            moves=moves,
            stale=stale,
            folders=[folder for folder in folders if folder],
            manifest=MANIFEST,
        ),
        FLASH_S,
    )
    after = _hashes(link, folders)
    if any(after.get(path) != digest for path, digest in hashes.items()):
        raise NotVerified(f"What is on the board at {link.port} is not what was sent; run again.")
    return changed, stale


def _hashes(link: Link, folders: list[str]) -> dict[str, str]:
    lines = link.run(f"hashes({folders!r})", FLASH_S).splitlines()
    return {path: digest for digest, _, path in (line.partition(" ") for line in lines)}


def _stale(
    there: dict[str, str], files: dict[str, bytes], before: set[str], coming: set[str]
) -> list[str]:
    """What earlier versions left: files of theirs, what is in the firmware's own folders, modules
    that would be imported instead of ours, and copies that were cut but are not `coming`."""
    own = {path.rpartition("/")[0] for path in files} - {""}
    shadows = {path.removesuffix(".mpy") + ".py" for path in files if path.endswith(".mpy")}
    return [
        path
        for path in there
        if path not in files
        and path not in coming
        and (
            path in before
            or path in shadows
            or path.rpartition("/")[0] in own
            or path.endswith((".py" + NEW, ".mpy" + NEW))
        )
    ]


def _copy(
    link: Link,
    files: dict[str, bytes],
    folders: list[str],
    hashes: dict[str, str],
    free: int,
    progress: Progress | None,
) -> None:
    """Write the files under their new names until each has the hash it should have."""
    size = sum(map(len, files.values()))
    if size + SPARE > free:
        raise NotVerified(
            f"The board's flash has {free >> 10} kB left and the firmware needs "
            f"{(size + SPARE) >> 10}; run anklet sync, then delete old nights from the board."
        )
    for _ in range(TRIES):
        done = 0
        for path, data in files.items():

            def arrived(part: int, _: int, done: int = done) -> None:
                if progress:
                    progress(done + part, size)

            link.put(path + NEW, data, arrived)
            done += len(data)
        there = _hashes(link, folders)
        files = {
            path: data for path, data in files.items() if there.get(path + NEW) != hashes[path]
        }
        if not files:
            return
    raise NotVerified(
        f"What arrives on the board at {link.port} is not what was sent, {TRIES} times over; what "
        f"it had before is still there. Try another cable or port and run anklet install again."
    )
