"""Commands that read the archive: nights, report, rebuild."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path

from anklet.commands import Command, print_json, writing
from anklet.errors import BadInput


def add(command: Command) -> None:
    command("nights", _nights, "the table of nights")

    sub = command("report", _report, "the picture of one night, or of all of them", False)
    sub.add_argument("night", nargs="?", metavar="NIGHT", help="its date or its session")
    sub.add_argument("--out", type=Path, metavar="FILE.html")
    sub.add_argument("--open", action="store_true", help="open it in the browser")

    command("rebuild", _rebuild, "make the database again from the raw night files", False)


def _nights(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home
    from anklet.nights import table

    items = Archive(home()).sessions()
    if args.json:
        print_json(items)
    else:
        print(table(items))


def _report(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home

    archive = Archive(home())
    items = archive.sessions()
    if args.night:
        items = [item for item in items if args.night in (item["night"], item["session"])]
        if not items:
            raise BadInput(f"There is no night {args.night}; anklet nights lists them.")
    elif not items:
        raise BadInput("There are no nights yet; anklet sync files those of a board.")
    sessions = [archive.load(item["session"], item["device"]) for item in items]
    from anklet import report

    out = args.out or Path(f"anklet-{args.night or 'nights'}.html")
    with writing(out):
        report.write(sessions, out)
    print(f"wrote {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _rebuild(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home

    archive = Archive(home())
    print(f"{archive.rebuild()} nights in {archive.db}")
