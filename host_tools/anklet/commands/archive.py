"""Commands that read the archive: nights, report, rebuild."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from anklet.commands import Command, print_json
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.archive import Archive
    from anklet.nightly import Item


def add(command: Command) -> None:
    sub = command("nights", _nights, "the table of nights")
    _filters(sub)
    sub.add_argument(
        "--both-legs", action="store_true", help="nights with two boards: both legs as one"
    )

    sub = command("report", _report, "the picture of one night, or of all of them", False)
    sub.add_argument("night", nargs="?", metavar="NIGHT", help="its date or its session")
    _filters(sub)
    sub.add_argument("--out", type=Path, metavar="FILE.html")
    sub.add_argument("--open", action="store_true", help="open it in the browser")

    command("rebuild", _rebuild, "make the database again from the raw night files", False)


def _filters(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--label", metavar="TEXT", help="only nights of this label")
    sub.add_argument("--device", metavar="NUMBER", help="only of this board: the end is enough")
    sub.add_argument("--leg", choices=("left", "right"))


def _chosen(args: argparse.Namespace, night: str | None = None) -> "tuple[Archive, list[Item]]":
    """The archive and its sessions that were asked for. Raises BadInput when none of them fits."""
    from anklet.archive import Archive, home
    from anklet.nightly import select

    archive = Archive(home())
    items = archive.sessions()
    given = {"label": args.label, "device": args.device, "leg": args.leg}
    chosen = select(items, night, **given)
    if not chosen and (items or night):
        wish = [night or "", *(f"of {name} {text!r}" for name, text in given.items() if text)]
        raise BadInput(
            f"There is no night {' '.join(filter(None, wish))}; anklet nights lists them."
        )
    return archive, chosen


def _nights(args: argparse.Namespace) -> None:
    from anklet.nights import table

    archive, items = _chosen(args)
    if args.both_legs:
        from anklet import bothlegs

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
    archive, items = _chosen(args, args.night)
    from anklet import report

    out = args.out or Path(f"anklet-{args.night or 'nights'}.html")
    page = report.night(archive, items) if args.night else report.trend(archive, items)
    report.write(page, out)
    print(f"wrote {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _rebuild(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home
    from anklet.progress import percent

    archive = Archive(home())
    print(f"{archive.rebuild(percent('reading the raw files'))} nights in {archive.db}")
