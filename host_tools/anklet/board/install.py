"""Put the firmware on a board, or bring the one that is there up to date.

Every file is written beside its place and verified there; only when all have arrived does the
board put them into place, by itself. A cable that is pulled before leaves what was; power that
fails afterwards, at whatever moment, leaves what the next start makes whole. Nothing is removed
but what a manifest of ours names, and nothing of others is touched unasked.
"""

from collections.abc import Callable, Iterable
from typing import Any

from anklet.board import doctor, firmware, flashfiles
from anklet.board.boardinfo import DEVICE, MOST, read_json, text, whole
from anklet.board.firmware import START
from anklet.board.flashfiles import FINISHER_FILE, FLASH_S, MANIFEST, NEW, File, ForeignFiles
from anklet.board.installplan import FINISHER, Plan, finisher, plan_of, sha256
from anklet.board.link import Link
from anklet.errors import BadInput, NoFirmware, NotVerified

SPARE = 16 << 10  # bytes of flash to leave free
TRIES = 3

Progress = Callable[[int, int], None]
Agree = Callable[[ForeignFiles], None]

WHAT = """
import binascii, json, os, sys
i = sys.implementation
v = os.statvfs("/")
try:
    import machine
    device = binascii.hexlify(machine.unique_id()).decode()
except (ImportError, AttributeError):
    device = "board"
print(json.dumps([i.name, getattr(i, "_machine", ""), getattr(i, "_mpy", 0),
    ".".join(str(n) for n in i.version[:3]), v[0] * v[3], device]))
"""

FOLDERS = """
import os
for folder in {folders!r}:
    try:
        os.mkdir(folder)
    except OSError:
        pass
for old, new in {blocked!r}.items():
    os.rename(old, new)
"""

REMOVE = """
import os
for path in {paths!r}:
    os.remove(path)
"""


def refuse(foreign: ForeignFiles) -> None:
    """What Agree is for who can't be asked."""
    raise BadInput(
        f"On the board are files that are not Anklet's: {foreign.names()}. Nothing was written to "
        f"it."
    )


def install(
    port: str,
    board: str | None = None,
    settings: dict[str, Any] | None = None,
    progress: Progress | None = None,
    agree: Agree = refuse,
) -> dict[str, Any]:
    """Install on the board at this port; nights and settings that are not given stay.

    board: a folder of boards/; None: the one installed for, or the one that MicroPython names.
    settings: see firmware/settings.py. progress: called with the bytes copied and those to copy.
    agree: called before anything is written when files are on the board that are not ours, unless
    it was called for these before; it keeps them on the computer, asks the person, and raises when
    they do not want it. Those files stay, but for what is in the way: that moves into a folder on
    the board. Returns the object that `anklet install --json` prints. Raises BadInput for an
    unknown board, NotVerified when the copy fails, and what Link and `agree` raise.
    """
    with Link(port, "anklet install") as link:
        with link.making_sense():
            machine, mpy, version, free, device = _what(port, *read_json(link.run(WHAT)))
        there = flashfiles.listing(link)
        before = flashfiles.manifest(link, there, MANIFEST)
        board = board or before.get("board") or firmware.board_of(machine)
        if not board:
            raise BadInput(
                f"The board on {port} calls itself {machine!r}, which is not known; with --board, "
                f"choose one of {', '.join(firmware.boards())}."
            )
        files = firmware.build(board, firmware.architecture(mpy, version))
        cut = flashfiles.manifest(link, there, MANIFEST + NEW)
        plan = plan_of(there, before, cut, board, files)
        if plan.foreign and plan.manifest["agreed"] != before.get("agreed"):
            found = {path: flashfiles.fetch(link, path, there[path]) for path in plan.foreign}
            agree(ForeignFiles(device, found))
        if plan.changed:
            _carry_out(link, plan, there, free, progress)

        link.restart()  # else the board would go on with the modules that it has loaded
        set_up = link.configure(settings or {})
        clock = link.info().clock_offset_s
        link.set_clock()
        info = link.info()
        healthy = doctor.examined(link)
        return {
            "port": port,
            "device": info.device,
            "board": info.board,
            "micropython": version,
            "firmware": info.firmware,
            "changed": plan.changed,
            "removed": plan.stale,
            "moved": plan.aside,
            "files": len(files) + 1,
            "leg": info.leg,
            "label": info.label,
            "rules": info.rules,
            "settings_changed": set_up,
            "clock_offset_s": clock,
            "nights": len(info.nights),
            "free": info.free,
            "selftest": healthy,
        }


def _what(
    port: str, name: Any, machine: Any, mpy: Any, version: Any, free: Any, device: Any
) -> tuple[str, int, str, int, str]:
    """What WHAT printed. Raises ValueError for what can't be."""
    if name != "micropython":
        raise NoFirmware(
            f"The board on {port} runs {text(name)}; put MicroPython on it instead "
            f"(micropython.org/download), then run anklet install again."
        )
    known = DEVICE.fullmatch(text(device))
    mpy, free = whole(mpy, 1 << 30), whole(free, MOST)
    return text(machine), mpy, text(version), free, device if known else "board"


def summary(found: dict[str, Any]) -> str:
    """What install did and found, for a person."""
    if found["changed"]:
        files = f"{len(found['changed'])} of {found['files']} files written"
        if found["removed"]:
            files += f", {len(found['removed'])} old ones removed"
    else:
        files = "up to date, nothing changed"
    moved = ((flashfiles.printable(a), flashfiles.printable(b)) for a, b in found["moved"].items())
    settings = "changed" if found["settings_changed"] else "as they were"
    free = "?" if found["free"] is None else f"{found['free'] >> 10} kB"
    lines = [
        f"board     {found['board']} {found['device']} on {found['port']}, "
        f"MicroPython {found['micropython']}",
        f"firmware  {found['firmware']}: {files}",
        *(f"moved     {old} was in the way: {new}" for old, new in moved),
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


def _carry_out(
    link: Link,
    plan: Plan,
    there: dict[str, File],
    free: int,
    progress: Progress | None,
) -> None:
    """Let all arrive, check it, and have the board put it into place."""
    # The manifest comes first: by it a run after a cut knows what is ours. Those that arrived
    # before the cut are there already. main.py always comes: FINISHER takes its place.
    arriving = [MANIFEST, *(p for p in plan.changed if p not in (MANIFEST, START)), START]
    coming = {path + NEW: plan.files[path] for path in arriving}
    coming |= {FINISHER_FILE: finisher()}
    aside = plan.aside
    if START in aside:  # a board is never without a main.py: this one is copied, not moved
        coming[aside[START]] = flashfiles.fetch(link, START, there[START])
    hashes = {path: sha256(data) for path, data in coming.items()}
    todo = {
        p: data for p, data in coming.items() if p not in there or there[p].sha256 != hashes[p]
    }
    size = sum(map(len, todo.values()))
    if size + SPARE > free:
        raise NotVerified(
            f"The board's flash has {free >> 10} kB left and the firmware needs "
            f"{(size + SPARE) >> 10}; run anklet sync, then delete old nights from the board."
        )
    link.run(REMOVE.format(paths=plan.leftovers), FLASH_S)
    folders = _folders(plan.files)
    blocked = {old: new for old, new in aside.items() if old in folders}
    link.run(FOLDERS.format(folders=_folders(aside.values()), blocked=blocked), FLASH_S)
    link.run(FOLDERS.format(folders=folders, blocked={}))
    _copy(link, todo, hashes, progress)
    link.run(f"import os\nos.rename({FINISHER_FILE!r}, {START!r})\n" + FINISHER, FLASH_S)
    after = flashfiles.list_again(link)
    if any(p not in after or after[p].sha256 != digest for p, digest in plan.hashes.items()):
        raise NotVerified(f"What is on the board at {link.port} is not what was sent; run again.")


def _folders(paths: Iterable[str]) -> list[str]:
    """The folders that these files and folders lie in, the outer ones first."""
    return sorted({p[:at] for p in paths for at in range(1, len(p)) if p[at] == "/"})


def _copy(
    link: Link, files: dict[str, bytes], hashes: dict[str, str], progress: Progress | None
) -> None:
    """Write the files until each has the hash it should have."""
    size = sum(map(len, files.values()))
    for _ in range(TRIES):
        done = 0
        for path, data in files.items():

            def arrived(part: int, _: int, done: int = done) -> None:
                if progress:
                    progress(done + part, size)

            link.put(path, data, arrived)
            done += len(data)
        after = flashfiles.list_again(link)
        files = {
            path: data
            for path, data in files.items()
            if path not in after or after[path].sha256 != hashes[path]
        }
        if not files:
            return
    raise NotVerified(
        f"What arrives on the board at {link.port} is not what was sent, {TRIES} times over; what "
        f"it had before is still there. Try another cable or port and run anklet install again."
    )
