"""Commands that read the archive: nights, report, rebuild."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from anklet.commands import Command, print_json
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.archive.store import Archive
    from anklet.night.nightly import Item


def add(command: Command) -> None:
    sub = command("nights", _nights, "the table of nights")
    filters(sub)
    sub.add_argument(
        "--both-legs", action="store_true", help="nights with two boards: both legs as one"
    )

    sub = command("report", _report, "the picture of one night, or of all of them", False)
    sub.add_argument("night", nargs="?", metavar="NIGHT", help="its date or its session")
    filters(sub)
    sub.add_argument("--out", type=Path, metavar="FILE.html")
    sub.add_argument("--open", action="store_true", help="open it in the browser")

    command("rebuild", _rebuild, "make the database again from the raw night files", False)


def filters(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--label", metavar="TEXT", help="only nights of this label")
    sub.add_argument("--device", metavar="NUMBER", help="only of this board: the end is enough")
    sub.add_argument("--leg", choices=("left", "right"))


def chosen(args: argparse.Namespace, *nights: str) -> "tuple[Archive, list[Item]]":
    """The archive and its sessions that were asked for, hidden ones among them; nights: dates or
    sessions. Raises BadInput when nothing fits, or nothing fits one of the nights."""
    from anklet.archive.store import Archive, home
    from anklet.night.nightly import select

    archive = Archive(home())
    items = archive.sessions()
    given = {"label": args.label, "device": args.device, "leg": args.leg}
    for night in [(night,) for night in nights] or [()]:
        if (items or night) and not select(items, *night, **given):
            wish = [*night, *(f"of {name} {text!r}" for name, text in given.items() if text)]
            raise BadInput(f"There is no night {' '.join(wish)}; anklet nights lists them.")
    return archive, select(items, *nights, **given)


def _nights(args: argparse.Namespace) -> None:
    from anklet.report.table import table

    archive, items = chosen(args)
    if args.both_legs:
        from anklet.scoring import bothlegs

        found = bothlegs.nights(archive, items)
        if args.json:
            print_json(found)
        else:
            print(bothlegs.table(found))
    elif args.json:
        print_json(items)
    else:
        print(table(items))


def _report(args: argparse.Namespace) -> None:
    from anklet import report
    from anklet.night.nightly import shown

    out = args.out or Path(f"anklet-{args.night or 'nights'}.html")
    if args.night:
        archive, items = chosen(args, args.night)
        page = report.night(archive, shown(items, args.night) or items)
    else:
        page = report.trend(*chosen(args))
    report.write(page, out)
    print(f"wrote {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _rebuild(args: argparse.Namespace) -> None:
    from anklet.archive.store import Archive, home
    from anklet.progress import percent

    archive = Archive(home())
    print(f"{archive.rebuild(percent('reading the raw files'))} nights in {archive.db}")
