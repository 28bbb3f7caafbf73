"""anklet compare: nights with and without something, described."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import math

from anklet.commands import Command, print_json


def add(command: Command) -> None:
    sub = command("compare", _compare, "nights with and without something, described")
    sub.description = (
        "Compares the nights on which the journal has KEY with those on which it has not. It "
        "describes; it can't show cause, since you chose the nights: anklet trial can."
    )
    sub.add_argument("key", metavar="KEY", help="of the journal, as in anklet note --help")
    sub.add_argument("--at-least", type=float, metavar="N", help="with means N or more")
    sub.add_argument("--label", metavar="TEXT", help="whose nights, where there are several")


def _compare(args: argparse.Namespace) -> None:
    from anklet.archive.journal import label_of
    from anklet.archive.store import Archive, home
    from anklet.trial.compare import LEVEL, look
    from anklet.trial.comparewords import text

    archive = Archive(home())
    label = label_of(args.label, [item["label"] for item in archive.sessions()])
    found, keys, trial = look(archive, label, args.key, args.at_least)
    if not args.json:
        print(text(found, keys, trial))
        return

    def relative(effect: float | None) -> float | None:
        return None if effect is None else round(math.expm1(effect), 4)

    print_json(
        {
            "schema": 1,
            "key": found.key,
            "with_means": found.what,
            "label": label,
            **{
                name: {"nights": side.nights, "runs": side.runs, "plm_per_hour": side.rate}
                for name, side in (("with", found.with_), ("without", found.without))
            },
            "change": relative(found.effect),
            "low": relative(found.low),
            "high": relative(found.high),
            "level": LEVEL,
            "before_and_after": found.once,
            "goes_with": {name: list(shares) for name, shares in found.beside.items()},
            "keys_compared": keys,
            "look_at_trial": trial or None,
            "shows_cause": False,
        }
    )
