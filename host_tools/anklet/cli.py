"""The command line: `anklet COMMAND`."""

import argparse
import errno
import os
import re
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn

from anklet import ending
from anklet.commands import (
    add,
    archive,
    board,
    cohort,
    compare,
    note,
    rescore,
    share,
    signal,
    start,
    trial,
    web,
)
from anklet.errors import AnkletError, BadInput

GROUPS = (signal, board, archive, add, rescore, note, web, share, compare, trial, cohort)


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns its exit code (see errors.py; 2 for bad usage)."""
    args = _parser().parse_args(argv, argparse.Namespace(debug=False))
    try:
        with ending.by_signals() as asked:
            args.run(args)
            sys.stdout.flush()
        return 0
    except ending.Ended as ended:
        return 128 + ended.number
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone: no reason for a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AnkletError as error:
        if args.debug:
            traceback.print_exc()
        print(f"anklet: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        if asked:
            return 128 + asked[0]
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            name = str(error.filename)[:40]
            print(
                f"anklet: {name}... is longer than the name of a file may be; choose a shorter "
                f"one.",
                file=sys.stderr,
            )
            return BadInput.exit_code
        print(
            f"anklet: a fault of ours: {type(error).__name__}: {error}. Please report it with "
            f"what --debug prints.",
            file=sys.stderr,
        )
        return 1


class _Parser(argparse.ArgumentParser):
    """Names what was perhaps meant where a command or a choice is none."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if wrong:
            known = [name.strip(" '") for name in wrong[2].split(",")]
            if like := get_close_matches(wrong[1].lower(), known, 1):
                message = f"there is no {wrong[1]!r}; did you mean {like[0]}?"
        super().error(message)


class _Version(argparse.Action):
    """Prints the version when it is asked for: finding it takes as long as a whole --help."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415

        print(f"anklet {version('anklet')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    # --debug may stand before or behind the command.
    common = _Parser(add_help=False)
    common.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
    parser = _Parser(
        prog="anklet",
        description="Open bedside monitor for periodic leg movements: the computer's side.",
        parents=[common],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    parser.set_defaults(run=start.show)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str, json_too: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        if json_too:
            added.add_argument("--json", action="store_true", help="print one JSON value")
        return added

    for group in GROUPS:
        group.add(command)
    start.add_completion(command, parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
