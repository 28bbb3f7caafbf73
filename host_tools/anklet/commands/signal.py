"""Commands that need no board and no archive: simulate, replay, score."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path
from typing import Any

from anklet.commands import RULES, Command, print_json, readable, writing

RUNTIMES = ("cpython", "micropython")


def add(command: Command) -> None:
    sub = command("simulate", _simulate, "write an ankle night with known movements", False)
    sub.add_argument("--out", type=Path, required=True, metavar="NIGHT.csv")
    sub.add_argument("--truth", type=Path, metavar="TRUTH.json")
    sub.add_argument("--hours", type=float, default=8.0)
    sub.add_argument("--rate", type=float, default=50.0, help="samples a second, 20 to 200")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--plm-per-hour", type=float, default=25.0)
    sub.add_argument("--family", nargs="+", metavar="NAME", help="what happens; else all usual")

    sub = command("replay", _replay, "run the device's own chain over recorded acceleration")
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--rate", type=float, metavar="HZ", help="for a file without a time column")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])
    sub.add_argument("--runtime", choices=RUNTIMES, default=RUNTIMES[0])

    sub = command("score", _score, "apply the rules to a list of leg movements")
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--other-leg", type=Path, metavar="FILE")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])


def _simulate(args: argparse.Namespace) -> None:
    from anklet.progress import percent
    from anklet.simulate import make_night, write_csv, write_truth

    night = make_night(
        hours=args.hours,
        rate=args.rate,
        seed=args.seed,
        plm_per_hour=args.plm_per_hour,
        families=args.family,
        progress=percent("simulating"),
    )
    with writing(args.out):
        write_csv(night, args.out, progress=percent("writing"))
    print(f"wrote {args.out}")
    if args.truth:
        with writing(args.truth):
            write_truth(night, args.truth)
        print(f"wrote {args.truth}")


def _replay(args: argparse.Namespace) -> None:
    readable(args.file)
    from anklet.progress import percent
    from anklet.signal import replay

    show = percent("replaying")
    found = replay.run(
        args.file,
        rate=args.rate,
        rules=args.rules,
        runtime=args.runtime,
        progress=lambda percent: show(percent / 100),
    )
    if args.json:
        print_json(found)
        return
    print(f"recorded {found['recorded_s'] / 3600:.2f} h, in bed {found['in_bed_s'] / 3600:.2f} h")
    _print_counts(found)
    rate = found["plm_per_hour"]
    print("PLM per hour in bed: " + ("-" if rate is None else f"{rate:.1f}"))


def _score(args: argparse.Namespace) -> None:
    readable(args.file, args.other_leg)
    from anklet.scoring import score

    found = score.run(args.file, other_leg=args.other_leg, rules=args.rules)
    if args.json:
        print_json(found)
    else:
        _print_counts(found)


def _print_counts(found: dict[str, Any]) -> None:
    counts, index = found["counts"], found["periodicity_index"]
    print(f"rules {found['rules']}")
    print(
        f"LM {counts['lm']}, CLM {counts['clm']}, PLM {counts['plm']} in {counts['series']} series"
    )
    print(
        f"isolated CLMs {counts['isolated']}, short intervals (IMI) {counts['short_imi']}, PLM by "
        f"the other reading of the short interval {counts['plm_strict']}"
    )
    print("PLM / CLM: " + ("-" if index is None else f"{index:.2f}"))
