"""Commands that need no board and no archive: simulate, replay, score."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anklet.commands import RULES, Command, print_json, readable, writing
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.simulate import Night

PLANS = ("easy", "hard")
LEGS = ("left", "right")
RUNTIMES = ("cpython", "micropython")


def add(command: Command) -> None:
    sub = command("simulate", _simulate, "write an ankle night with known movements", False)
    sub.add_argument("--out", type=Path, required=True, metavar="NIGHT.csv")
    sub.add_argument("--truth", type=Path, metavar="TRUTH.json")
    sub.add_argument("--plan", choices=PLANS, help="easy (the default), or as scored nights are")
    sub.add_argument("--hours", type=float, help="8 unless said, or as long as the list")
    sub.add_argument("--rate", type=float, default=50.0, help="samples a second, 20 to 200")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--leg", choices=LEGS, default=LEGS[0])
    sub.add_argument("--plm-per-hour", type=float, help="25 unless said; hard: as people differ")
    sub.add_argument("--family", nargs="+", metavar="NAME", help="easy: what happens")
    sub.add_argument("--median-mg", type=float, help="hard: amplitude, RMS over 0.5 s")
    sub.add_argument("--spread", type=float, help="hard: SD of the amplitude's logarithm")
    sub.add_argument("--held", type=float, help="hard: share of movements held still")
    sub.add_argument("--wear", help="hard: snug, turned, askew, high or loose")
    sub.add_argument("--lms", type=Path, metavar="FILE", help="wear this list of leg movements")
    sub.add_argument("--other-leg", type=Path, metavar="FILE", help="the other leg's list")

    sub = command("replay", _replay, "run the device's own chain over recorded acceleration")
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--rate", type=float, metavar="HZ", help="for a file without a time column")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])
    sub.add_argument("--runtime", choices=RUNTIMES, default=RUNTIMES[0])

    sub = command("score", _score, "apply the rules to a list of leg movements")
    sub.description = (
        "Applies the rules to a list of leg movements: CSV (onset,duration in s; leg and event if "
        "you like), EDF+ annotations, RemLogic's event text, XML of the NSRR or Compumedics, or "
        "Luna's .annot. Sleep stages, arousals and respiratory events in it are used."
    )
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--other-leg", type=Path, metavar="FILE")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])


def _simulate(args: argparse.Namespace) -> None:
    from anklet.progress import percent
    from anklet.simulate import make_night, write_csv, write_truth

    show = percent("simulating")
    if args.lms or args.other_leg or args.plan == "hard":
        night = _hard(args, show)
    else:
        for name in ("median_mg", "spread", "held", "wear"):
            if getattr(args, name) is not None:
                raise BadInput(f"--{name.replace('_', '-')} goes with --plan hard.")
        night = make_night(
            hours=8.0 if args.hours is None else args.hours,
            rate=args.rate,
            seed=args.seed,
            plm_per_hour=25.0 if args.plm_per_hour is None else args.plm_per_hour,
            families=args.family,
            leg=args.leg,
            progress=show,
        )
    with writing(args.out):
        write_csv(night, args.out, progress=percent("writing"))
    print(f"wrote {args.out}")
    if args.truth:
        with writing(args.truth):
            write_truth(night, args.truth)
        print(f"wrote {args.truth}")


def _hard(args: argparse.Namespace, show: Callable[[float], None]) -> "Night":
    """A night of the hard plan, or one around somebody's lists of movements."""
    from anklet.scoring import events
    from anklet.simulate.hard import Life, make_hard_night

    if args.plan == "easy" or args.family:
        raise BadInput("--plan easy and --family don't go with the hard plan or with lists.")
    given = {
        name: getattr(args, name)
        for name in ("plm_per_hour", "median_mg", "spread", "held", "wear")
        if getattr(args, name) is not None
    }
    hours, lists = args.hours, None
    if args.other_leg and not args.lms:
        raise BadInput("--other-leg goes with --lms, the list of the leg that wears the sensor.")
    if args.lms:
        readable(args.lms, args.other_leg)
        legs = (
            events.pair(args.lms, args.other_leg, first=args.leg)
            if args.other_leg
            else events.read(args.lms)
        ).legs
        if len(legs) == 1:  # whatever leg it names: the sensor is to feel it
            legs = {args.leg: next(iter(legs.values()))}
        left, right = (
            [(onset / 1000, length / 1000) for onset, length in legs.get(side, [])]
            for side in (events.LEFT, events.RIGHT)
        )
        lists = left, right
        last = max((onset + length for onset, length in left + right), default=0.0)
        hours = hours or math.ceil(last / 60 + 1) / 60
    return make_hard_night(
        8.0 if hours is None else hours,
        args.rate,
        args.seed,
        Life(**given),
        leg=args.leg,
        movements=lists,
        progress=show,
    )


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
    from anklet.scoring import context, score

    found = score.run(args.file, other_leg=args.other_leg, rules=args.rules)
    if args.json:
        print_json(found)
    else:
        _print_counts(found)
        print(context.text(found))


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
