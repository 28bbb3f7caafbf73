"""anklet rescore: a night scored again from its trace, with other thresholds."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import sys

from anklet.commands import RULES, Command, print_json
from anklet.commands.archive import chosen, filters
from anklet.errors import BadInput


def add(command: Command) -> None:
    sub = command("rescore", _rescore, "score a night again from its trace, with other thresholds")
    sub.description = (
        "Finds the movements of a night anew in the trace that the board kept beside its counts "
        "(5 Hz), with other thresholds and a noise floor that looks ahead as well as back, and "
        "prints the counts beside the device's. What the device took for a change of posture, a "
        "turn in bed, upright or off the body stays that. Nothing is changed in the archive."
    )
    sub.add_argument("night", metavar="NIGHT", help="its date or its session")
    filters(sub)
    sub.add_argument(
        "--onset-mg", type=float, metavar="MG", help="least onset threshold; else the device's"
    )
    sub.add_argument(
        "--offset-mg", type=float, metavar="MG", help="least offset threshold; else a third of it"
    )
    sub.add_argument("--rules", choices=RULES, help="else the device's")


def _rescore(args: argparse.Namespace) -> None:
    archive, items = chosen(args, args.night)
    from anklet.night import trace
    from anklet.scoring import rescore

    nights = [archive.load(item["session"], item["device"]) for item in items]
    traces = [archive.trace(night.session, night.device) for night in nights]
    pairs = [(night, data) for night, data in zip(nights, traces, strict=True) if data]
    if not pairs:
        raise BadInput(
            f"Night {args.night} has no trace: the board kept none (its flash was short of room, "
            f"the setting is off, or its firmware is older), or anklet sync has not fetched it."
        )
    for night, data in zip(nights, traces, strict=True):
        if not data:
            print(f"anklet: session {night.session} has no trace: left out", file=sys.stderr)
    found = [
        rescore.run(
            night,
            trace.parse(data, night.session),
            args.onset_mg,
            args.offset_mg,
            args.rules,
        )
        for night, data in pairs
    ]
    if args.json:
        print_json({"schema": 1, "night": args.night, "sessions": found})
    else:
        print("\n\n".join(map(rescore.table, found)))
