"""anklet note: the journal from the command line."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import textwrap
from typing import Any

from anklet.commands import Command, print_json


def add(command: Command) -> None:
    from anklet.archive.journalkeys import KEYS

    sub = command("note", _note, "the journal: what you took and did, how the night was")
    width = max(map(len, KEYS))
    items = [f"  {key.ljust(width)}  {item.label}: {item.range}" for key, item in KEYS.items()]
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.description = textwrap.fill(
        "Notes entries for a night. An entry made again replaces the earlier one, KEY= without a "
        "value takes it back; every change is kept. Without entries it shows the night's.",
        95,
    )
    sub.epilog = "\n".join(["keys:", *items])
    sub.add_argument("entries", nargs="*", metavar="KEY=VALUE", help="or a sentence in quotes")
    sub.add_argument(
        "--night",
        metavar="DATE",
        help="the date of its evening, yesterday, or -3 (days ago); else the night that is next, "
        "before noon the one that was",
    )
    sub.add_argument("--label", metavar="TEXT", help="whose, where nights of several are kept")


def _note(args: argparse.Namespace) -> None:
    from anklet.archive.journal import Journal, label_of, night_of
    from anklet.archive.journalkeys import parse
    from anklet.archive.store import Archive, home

    items = Archive(home()).sessions()
    label = label_of(args.label, [item["label"] for item in items])
    night = night_of(args.night, {item["night"] for item in items})
    values = parse(args.entries)
    journal = Journal(home())
    if values:
        journal.set(night, values, label)
    now = journal.entries(label).get(night, {})
    if args.json:
        print_json({"night": night, "label": label, "entries": now})
    else:
        print(_text(night, label, now))


def _text(night: str, label: str | None, values: dict[str, Any]) -> str:
    from anklet.archive.journalkeys import KEYS

    whose = f", {label}" if label else ""
    lines = [f"night of {night}{whose}"]
    for key, item in KEYS.items():
        if key in values:
            unit = f" {item.unit}" if item.unit else ""
            lines.append(f"  {key:<15} {values[key]}{unit}")
    if not values:
        lines.append("  nothing noted: anklet note KEY=VALUE, as in magnesium_mg=300")
    return "\n".join(lines)
