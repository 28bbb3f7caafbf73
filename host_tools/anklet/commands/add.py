"""anklet add: a watch's file beside the nights, or a recording of acceleration as nights."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path

from anklet.commands import RULES, Command, print_json, readable
from anklet.errors import BadInput

LEGS = ("left", "right")


def add(command: Command) -> None:
    sub = command("add", _add, "add a watch's file, or a recording as nights")
    sub.description = (
        "Adds a CSV of a watch or an oximeter (a time, and an end, a stage of sleep, a heart rate "
        "or SpO2) to be shown beside the nights; or makes nights from a recording of acceleration "
        "(CSV t,x,y,z or x,y,z; Axivity .cwa), which are kept apart from the boards' nights."
    )
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--label", metavar="TEXT", help="whose it is")
    sub.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="ROLE=NAME",
        help="of a watch: which column is time, date, end, stage, heart or spo2",
    )
    sub.add_argument("--leg", choices=LEGS, help="of a recording")
    sub.add_argument("--start", metavar="'DATE TIME'", help="of a recording that does not say")
    sub.add_argument("--rate", type=float, metavar="HZ", help="of one without a time column")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])


def _add(args: argparse.Namespace) -> None:
    readable(args.file)
    from anklet.archive.journal import label_of
    from anklet.archive.store import Archive, home
    from anklet.signal import recording

    archive = Archive(home())
    label = label_of(args.label, [item["label"] for item in archive.sessions()]) or ""
    if recording.is_one(args.file):
        _add_recording(args, archive, label)
    else:
        _add_watch(args, archive, label)


def _add_watch(args: argparse.Namespace, archive, label: str) -> None:
    from anklet.archive.watchfiles import WatchFiles
    from anklet.night import watch

    data = args.file.read_bytes()
    columns = watch.guess(watch.header(data))
    for given in args.column:
        role, sign, name = given.partition("=")
        if not sign or role not in watch.ROLES:
            raise BadInput(
                f"{given!r} names no column: write one of {', '.join(watch.ROLES)}=NAME."
            )
        columns[role] = name
    found = WatchFiles(archive.path).add(data, args.file.name, label, columns)
    begin, end = found.ends
    asleep_h = sum((b - a).total_seconds() for a, b in found.asleep) / 3600
    counts = {"asleep_h": round(asleep_h, 2), "heart": len(found.heart), "spo2": len(found.spo2)}
    if args.json:
        print_json({"from": begin.isoformat(), "to": end.isoformat(), **counts})
    else:
        print(
            f"kept, from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {asleep_h:.1f} h asleep, "
            f"{len(found.heart)} heart rates, {len(found.spo2)} of SpO2; the night's page shows it"
        )


def _add_recording(args: argparse.Namespace, archive, label: str) -> None:
    from anklet.archive import dating, made
    from anklet.night import as_json
    from anklet.progress import percent
    from anklet.signal import recording

    if not args.leg:
        raise BadInput("Say which leg wore the recorder, with --leg left or --leg right.")
    start = dating.when(args.start) if args.start else None
    found = [
        made.keep(archive, night.device, night.session, night.files)
        for night in recording.nights(
            args.file,
            args.leg,
            label,
            start=start,
            rate=args.rate,
            rules=args.rules,
            progress=percent("replaying"),
        )
    ]
    if args.json:
        print_json([as_json.summary(night) for night in found])
        return
    for night in found:
        rate = night.plm_per_hour
        print(
            f"night of {night.night}: {'-' if rate is None else f'{rate:.1f}'} PLM per hour in "
            f"{night.in_bed_s / 3600:.1f} h in bed, made from a recording; session {night.session}"
        )
