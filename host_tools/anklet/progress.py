"""How far long work is, on standard error."""

import sys
from collections.abc import Callable


def percent(what: str, every: int = 0) -> Callable[[float], None]:
    """Returns a function that shows a fraction (0 to 1) of `what`.

    On a terminal a line that counts up; elsewhere one line each `every` percent, none for 0.
    """
    shown = -1
    terminal = sys.stderr.isatty()

    def show(fraction: float) -> None:
        nonlocal shown
        now = min(100, int(fraction * 100))
        if not terminal:
            now = now // every * every if every else -1
        if now <= shown:
            return
        shown = now
        if terminal:
            end = "\n" if now == 100 else ""
            print(f"\r   {what} {now:3d} %", end=end, file=sys.stderr, flush=True)
        else:
            print(f"   {what} {now:3d} %", file=sys.stderr, flush=True)

    return show
