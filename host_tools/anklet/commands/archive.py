"""Commands that read the archive: nights, report, rebuild."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from anklet.commands import Command, print_json, screen
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.archive.store import Archive
    from anklet.night.grouping import Item


NIGHT = "its date, yesterday, -3 (days ago), or its session"


def add(command: Command) -> None:
    sub = command("nights", _nights, "the table of nights")
    filters(sub)
    sub.add_argument(
        "--both-legs", action="store_true", help="nights with two boards: both legs as one"
    )

    sub = command("report", _report, "the picture of one night, or of all of them", False)
    sub.add_argument("night", nargs="?", metavar="NIGHT", help=NIGHT)
    filters(sub)
    sub.add_argument("--out", type=Path, metavar="FILE.html")
    sub.add_argument("--open", action="store_true", help="open it in the browser")
    sub.add_argument(
        "--doctor", action="store_true", help="one A4 side of all nights to take along"
    )
    sub.add_argument("--language", choices=("en", "de"), help="else the environment's")

    sub = command("date", _date, "say when a night began whose time no clock knew")
    sub.description = (
        "Dates a night whose time is unknown, as when the board's power went before a computer "
        "had read it. Without a time it proposes one, by the order of the nights and the time of "
        "the sync. The night is marked as dated by hand; the raw file stays as it is."
    )
    sub.add_argument("night", nargs="?", metavar="NIGHT", help="its session; else all such nights")
    sub.add_argument("when", nargs="*", metavar="DATE TIME", help="as in 2026-11-21 23:10")
    sub.add_argument("--device", metavar="NUMBER", help="only of this board: the end is enough")
    sub.add_argument("--undo", action="store_true", help="take back what was said of this night")

    sub = command("verify", _verify, "check that all that is kept is as it was written")
    sub.description = (
        "Checks every raw file, journal line, plan and night in the database against its hash, "
        "and says what is wrong and what to do. Nothing is changed. Exit code 6: something is."
    )
    sub = command("backup", _backup, "everything that counts, in one file, read back", False)
    sub.add_argument("out", type=Path, metavar="FILE.zip")
    sub = command("restore", _restore, "fill an empty archive from a backup, verified", False)
    sub.add_argument("file", type=Path, metavar="FILE.zip")
    command("rebuild", _rebuild, "make the database again from the raw night files", False)


def filters(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--label", metavar="TEXT", help="only nights of this label")
    sub.add_argument("--device", metavar="NUMBER", help="only of this board: the end is enough")
    sub.add_argument("--leg", choices=("left", "right"))


def chosen(args: argparse.Namespace, *nights: str) -> "tuple[Archive, list[Item]]":
    """The archive and its sessions that were asked for, hidden ones among them; nights: dates,
    words for them (see named.py) or sessions. Raises BadInput when nothing fits, or nothing fits
    one of the nights."""
    from anklet.archive.store import Archive, home
    from anklet.night.grouping import select
    from anklet.night.named import dated

    archive = Archive(home())
    items = archive.sessions()
    nights = tuple(map(dated, nights))
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
        from anklet.scoring import twoboards

        found = twoboards.nights(archive, items)
        if args.json:
            print_json(found)
        else:
            print(twoboards.table(found))
    elif args.json:
        print_json(items)
    else:
        print(table(items, screen()))


def _report(args: argparse.Namespace) -> None:
    from anklet import report, texts
    from anklet.archive.journal import label_of
    from anklet.night.grouping import shown
    from anklet.night.named import dated
    from anklet.report import letter

    night = dated(args.night or "")
    name = "doctor" if args.doctor else night or "nights"
    out = args.out or Path(f"anklet-{name}.html")
    archive, items = chosen(args, *([night] if night and not args.doctor else []))
    with texts.speaking(args.language or texts.of_environment()):
        if args.doctor:
            page = letter.html(archive, label_of(args.label, [item["label"] for item in items]))
        elif night:
            page = report.night(archive, shown(items, night) or items)
        else:
            page = report.trend(archive, items)
    report.write(page, out)
    print(f"wrote {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _date(args: argparse.Namespace) -> None:
    from anklet.archive import dating
    from anklet.archive.store import Archive, home
    from anklet.night.grouping import select

    archive = Archive(home())
    items = archive.sessions()
    if args.night:
        items = select(items, args.night, device=args.device)
        if len(items) != 1:
            what = f"There are several of {args.night}" if items else f"There is no {args.night}"
            raise BadInput(f"{what}; anklet date lists the nights of unknown time.")
    else:
        items = select([item for item in items if not item["start"]], device=args.device)
    if args.when or args.undo:
        (item,) = items
        start = None if args.undo else dating.when(" ".join(args.when))
        if start:
            dating.check(archive, item, start)
        elif not dating.can_be_dated(item):
            raise BadInput(f"Nobody has dated {item['session']} by hand.")
        archive.date(item["session"], item["device"], start)
        if args.json:
            print_json({"session": item["session"], "start": start and start.isoformat()})
        else:
            began = f"began on {args.when[0]}, by hand" if start else "has an unknown time again"
            print(f"{item['session']} {began}")
        return
    found = [(item, dating.proposal(archive, item)) for item in items if dating.can_be_dated(item)]
    if args.json:
        print_json(
            [{"session": i["session"], "proposal": when and when.isoformat()} for i, when in found]
        )
        return
    for item, when in found:
        hours = f"{item['recorded_s'] / 3600:.1f} h"
        at = f"{when:%Y-%m-%d %H:%M}" if when else "DATE TIME"
        guess = "perhaps" if when else "nothing bounds it"
        print(f"{item['session']}  {hours:>6}  {guess}: anklet date {item['session']} {at}")
    if not found:
        print("No night has an unknown time.")


def _verify(args: argparse.Namespace) -> None:
    from anklet.archive.store import Archive, home
    from anklet.archive.verify import verify
    from anklet.errors import NotVerified
    from anklet.progress import percent

    found = verify(Archive(home()), percent("checking"))
    if args.json:
        print_json(found.as_json())
    else:
        print(found.text())
    if found.wrong:
        raise NotVerified("Not all is as it was written, see above; nothing was changed.")


def _backup(args: argparse.Namespace) -> None:
    from anklet.archive.bundle import backup
    from anklet.archive.store import Archive, home

    count = backup(Archive(home()), args.out)
    print(f"{count} files in {args.out}, each read back and compared; keep it elsewhere.")


def _restore(args: argparse.Namespace) -> None:
    from anklet.archive.bundle import restore
    from anklet.archive.store import home

    print(f"{restore(args.file, home())} nights restored into {home()}.")


def _rebuild(args: argparse.Namespace) -> None:
    from anklet.archive.store import Archive, home
    from anklet.progress import percent

    archive = Archive(home())
    print(f"{archive.rebuild(percent('reading the raw files'))} nights in {archive.db}")
