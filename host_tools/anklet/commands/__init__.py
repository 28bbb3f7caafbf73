"""The commands, a module a group; each adds its own to the parser with add(command).

What a command needs is imported when it runs: start-up stays fast.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from anklet.errors import BadInput

RULES = ("wasm2016", "aasm3")

# command(name, run, text, json_too=True): the parser of a new command
Command = Callable[..., argparse.ArgumentParser]


def actions(parser: argparse.ArgumentParser) -> Command:
    """action(name, run, text): the parser of an action of a command that has several."""
    found = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    def action(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        sub = found.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--debug", action="store_true", default=argparse.SUPPRESS)
        return sub

    return action


def print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False))


def screen() -> int:
    """Characters that a line of the terminal holds; 0 where the output goes to a file or a pipe,
    which has room for all."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def readable(*paths: Path | None) -> None:
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise BadInput(f"{path} is a folder; name a file.")
        if not path.exists():
            raise BadInput(f"There is no file {path}; check its name.")
        if not os.access(path, os.R_OK):
            raise BadInput(f"{path} can't be read; check its permissions.")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """An output file that can't be written is bad usage."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{path} can't be written ({error.strerror}); choose another place with --out."
        ) from error
