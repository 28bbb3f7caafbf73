"""What is left of an exception that nobody expected: a file that `anklet doctor` shows."""

import gc
import sys

from plmcore.native import const

FILE = "/crash.txt"
_MOST = const(2000)  # characters


def leave(board, error, session):
    """Write down the exception and the session it ended ("" without one). The newest one counts;
    the first line says how many there were since a computer took the note."""
    gc.collect()
    earlier = note(board).split(" ", 2)
    number = int(earlier[1]) if len(earlier) == 3 and earlier[1].isdigit() else 0
    try:
        with open(board.root + FILE, "w") as file:
            file.write("crash %d in session %s\n" % (number + 1, session or "none"))
            _print(error, file)
    except OSError:
        pass  # what made it kept the flash from being written, perhaps


def note(board):
    """The note, "" when there is none: _MOST characters of it."""
    try:
        with open(board.root + FILE) as file:
            return file.read(_MOST)
    except (OSError, ValueError):
        return ""


def _print(error, file):
    if hasattr(sys, "print_exception"):
        sys.print_exception(error, file)
    else:  # CPython
        from traceback import print_exception  # noqa: PLC0415 - MicroPython has none

        print_exception(error, file=file)
