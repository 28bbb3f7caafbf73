"""Commands for other programs and other scorings: export, agree."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from functools import partial
from pathlib import Path

from anklet.commands import RULES, Command, print_json, readable, writing
from anklet.commands.archive import chosen, filters
from anklet.errors import BadInput

FORMATS = ("csv", "json", "edf", "annot", "parquet")


def add(command: Command) -> None:
    sub = command("export", _export, "everything, for other programs", False)
    sub.description = (
        "Writes the nights (all, or those named) as CSV tables, one JSON file, EDF+ with the "
        "movements as annotations, Luna's .annot, or Parquet partitioned by device and night. The "
        "columns are described in columns.csv and in the JSON file. Hidden sessions are left out, "
        "unless they are named by their session."
    )
    sub.add_argument("nights", nargs="*", metavar="NIGHT", help="dates or sessions; else all")
    filters(sub)
    sub.add_argument("--all", action="store_true", help="hidden sessions too")
    sub.add_argument("--format", choices=FORMATS, required=True)
    sub.add_argument("--out", type=Path, required=True, metavar="PATH", help="folder; json: file")

    sub = command("agree", _agree, "one scoring against another, event by event")
    sub.description = (
        "Compares two scorings of one night, or two folders of them with files of the same name: "
        "every format that anklet score reads. Finds the clocks' offset and drift first."
    )
    sub.add_argument("ours", type=Path, metavar="OURS")
    sub.add_argument("reference", type=Path, metavar="REFERENCE")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])
    sub.add_argument(
        "--tolerance", type=float, default=1.0, metavar="S", help="between onsets, 0.1 to 5 s"
    )
    sub.add_argument(
        "--leg",
        choices=("left", "right", "both"),
        help="which to compare where a file names both; both: where one list holds them all",
    )


def _export(args: argparse.Namespace) -> None:
    archive, items = chosen(args, *args.nights)
    if not items:
        raise BadInput("There are no nights yet; anklet sync files those of a board.")
    from anklet import export
    from anklet.archive.journal import Journal
    from anklet.night.grouping import shown
    from anklet.progress import percent

    hidden = len(items)
    if not args.all:
        items = shown(items, *args.nights)
    hidden -= len(items)
    if not items:
        raise BadInput("All of these are hidden; --all exports them all the same.")
    nights = [partial(archive.load, item["session"], item["device"]) for item in items]
    with writing(args.out):
        written = export.write(
            args.format, nights, Journal(archive.path), args.out, percent("exporting")
        )
    left_out = f"; {hidden} hidden left out" if hidden else ""
    print(f"wrote {len(items)} sessions to {args.out} ({len(written)} files){left_out}")


def _agree(args: argparse.Namespace) -> None:
    readable(*(path for path in (args.ours, args.reference) if not path.is_dir()))
    from anklet.scoring import agree

    found = agree.run(args.ours, args.reference, args.rules, args.tolerance, args.leg)
    if args.json:
        print_json(found)
    else:
        print(agree.table(found))
