"""Commands that talk to a board: ports, install, doctor, watch, sync."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anklet.commands import RULES, Command, print_json, readable, writing
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.board.flashfiles import ForeignFiles


def add(command: Command) -> None:
    port = "serial port, where several boards are"
    sub = command("ports", _ports, "boards that are plugged in")
    sub.description = (
        "Lists the boards that are plugged in and asks each what it is. That ends the session "
        "that a board is recording and starts the next one, a few seconds later."
    )
    sub.add_argument("--port", metavar="PORT", help="ask this serial port alone")

    sub = command("install", _install, "put the firmware on a board or update it; nights stay")
    sub.description = (
        "Puts the firmware on a board or updates it, and checks the board like doctor; nights and "
        "settings stay. Files of another program that are on the board are saved on this computer "
        "first, and you are asked; none is removed. Exit code 6: it is installed, but something "
        "needs attention; or the copy failed and what was there stays."
    )
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument("--board", metavar="NAME", help="else found by itself")
    _add_settings(sub)
    sub.add_argument(
        "--agree",
        action="store_true",
        help="do not ask when another program's files are on the board; they are saved here first",
    )

    sub = command("uf2", _uf2, "one file to drag onto a new board: MicroPython and the firmware")
    sub.description = (
        "Makes one file of MicroPython and the firmware, for a board's first installation: hold "
        "BOOTSEL, plug the board in, drag the file onto the drive that appears. It begins a new "
        "file system: NIGHTS THAT ARE ON A BOARD ARE LOST. To update a board, use MicroPython's "
        "own file and anklet install."
    )
    sub.add_argument("--micropython", metavar="FILE.uf2", type=Path, required=True)
    sub.add_argument("--out", metavar="FILE.uf2", type=Path, required=True)
    sub.add_argument("--board", metavar="NAME", help="else the one that MicroPython is for")
    _add_settings(sub)
    sub.add_argument(
        "--first-install",
        action="store_true",
        help="yes, it is for a board that has no nights",
    )

    sub = command("doctor", _doctor, "check the board, the sensor, the flash and the clock")
    sub.description = (
        "Checks a board, its sensor, flash and clock; each line says ok or what to do. Lay the "
        "sensor still for these few seconds. Exit code 6: something needs attention. That ends "
        "the session that the board is recording and starts the next one."
    )
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument(
        "--fit",
        action="store_true",
        help="instead: stand still for five seconds, to store which way the shank points",
    )

    sub = command("watch", _watch, "the movement signal live, to fit the strap", False)
    sub.description = (
        "Draws the movement signal until Ctrl-C, eight minutes at most; then the board records "
        "the next session."
    )
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument("--seconds", type=int, default=480, help="end by itself, 480 at most")

    sub = command("sync", _sync, "download, verify and file the nights of a board")
    sub.add_argument("--port", metavar="PORT", help=port)


def _ports(args: argparse.Namespace) -> None:
    from anklet.board import ports
    from anklet.errors import NoBoard

    try:
        found = ports.ask(args.port)
    except NoBoard:
        if args.json:
            print_json([])
        raise
    if args.json:
        print_json(found)
    else:
        print(ports.table(found))


def _install(args: argparse.Namespace) -> None:
    from anklet.board import ports
    from anklet.board.install import install, summary
    from anklet.progress import percent

    show = percent("copying")
    found = install(
        ports.find(args.port),
        board=args.board,
        settings=_settings(args),
        progress=lambda done, size: show(done / size),
        agree=lambda foreign: _agree(foreign, args.agree),
    )
    if args.json:
        print_json(found)
    else:
        print(summary(found))
    _attention(found["selftest"])


def _add_settings(sub: argparse.ArgumentParser) -> None:
    """The options that _settings() reads."""
    sub.add_argument("--leg", choices=("left", "right"))
    sub.add_argument("--label", metavar="TEXT", help="a name for this board, 40 letters at most")
    sub.add_argument("--rules", choices=RULES)


def _settings(args: argparse.Namespace) -> dict[str, str]:
    given = {"leg": args.leg, "label": args.label, "rules": args.rules}
    return {name: value for name, value in given.items() if value is not None}


def _uf2(args: argparse.Namespace) -> None:
    from anklet.board import uf2
    from anklet.board.firstinstall import one_file

    if not args.first_install:
        raise BadInput(
            "This file begins a new file system on a board: all nights on it would be lost. For a "
            "board without any, add --first-install; to update one, use MicroPython's own file "
            "and anklet install."
        )
    readable(args.micropython)
    micropython = uf2.read(args.micropython.read_bytes(), args.micropython.name)
    data, found = one_file(micropython, args.board, _settings(args))
    with writing(args.out):
        args.out.write_bytes(data)
    if args.json:
        print_json({"out": str(args.out), "bytes": len(data), **found})
        return
    print(
        f"{args.out}: firmware {found['firmware']} and MicroPython {found['micropython']} for "
        f"{found['board']}.\nHold BOOTSEL, plug the board in, let go, and drag the file onto the "
        f"drive that appears;\nwhen the drive has gone, run anklet doctor. Nights that were on "
        f"the board are lost."
    )


def _agree(foreign: "ForeignFiles", agreed: bool) -> None:
    """Save what is not ours and ask the person. Raises BadInput when they do not want it."""
    from anklet.archive import foreignfiles
    from anklet.archive.store import home

    print(foreignfiles.notice(foreign, foreignfiles.save(home(), foreign)), file=sys.stderr)
    if agreed:
        return
    if not sys.stdin.isatty():
        raise BadInput("Nothing was written to the board; to go on, run anklet install --agree.")
    print("Put Anklet on this board? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise BadInput("Nothing was written to the board.")


def _doctor(args: argparse.Namespace) -> None:
    from anklet.archive import reformat
    from anklet.archive.store import Archive, home
    from anklet.board import doctor, fit, ports

    port = ports.find(args.port)
    if args.fit:
        seconds = fit.WAIT_S + fit.MEASURE_S
        print(f"Stand upright and still for the next {seconds} seconds.", file=sys.stderr)
        fitted = fit.fit(port)
        if args.json:
            print_json(fitted)
        else:
            kept = "stored" if fitted["changed"] else "as it was"
            print(
                f"the shank lies along {fitted['axis']} ({fitted['tilt_deg']} degrees off), {kept}"
            )
        return
    found = doctor.examine(port, partial(reformat.warning, Archive(home())))
    if args.json:
        print_json(found)
    else:
        print(doctor.table(found))
    _attention(found)


def _attention(found: dict[str, Any]) -> None:
    """Raises NotVerified when a check, of what doctor found, is not all right."""
    from anklet.errors import NotVerified

    bad = sum(not check["ok"] for check in found["checks"])
    if bad:
        sys.stdout.flush()
        raise NotVerified(f"{bad} of {len(found['checks'])} checks need attention, see above.")


def _watch(args: argparse.Namespace) -> None:
    from anklet.board import ports
    from anklet.board.watch import watch

    if args.seconds < 1:
        raise BadInput("--seconds has to be 1 or more.")
    watch(ports.find(args.port), args.seconds)


def _warn(text: str) -> None:
    print(f"anklet: WARNING: {text}", file=sys.stderr)


def _sync(args: argparse.Namespace) -> None:
    from anklet.archive.store import Archive, home
    from anklet.archive.sync import sync
    from anklet.board import ports
    from anklet.progress import transfer

    archive = Archive(home())
    with transfer() as arriving:
        found = sync(ports.find(args.port), archive, arriving, _warn)
    for session in found["damaged"]:
        print(
            f"anklet: night {session} came damaged from the board's flash; it is kept as it is, "
            f"and marked.",
            file=sys.stderr,
        )
    if args.json:
        print_json(found)
        return
    new = len(found["downloaded"])
    print(f"device {found['device']}: {new} new, {found['already']} already filed, all verified")
    offset = found["clock_offset_s"]
    if offset is None:
        print("the board had no time; its clock is set now")
    else:
        print(f"the board's clock was {offset:+.1f} s off; it is set now")
