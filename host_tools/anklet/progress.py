"""How far long work is, on standard error."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

CELLS = 24  # of the bar


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


@contextlib.contextmanager
def transfer() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a function that shows how far a transfer is: name, bytes that arrived, bytes in all.
    It is to be called with 0 bytes first.

    On a terminal a bar with the rate and the time left; elsewhere a line when all are there.
    """
    began = 0.0
    line = ""  # that the terminal's cursor stands in

    def show(name: str, done: int, size: int) -> None:
        nonlocal began, line
        if not done:
            began = time.monotonic()
        if sys.stderr.isatty():
            line = bar(name, done, size, time.monotonic() - began)
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
            if done >= size:
                finish()
        elif done >= size:
            print(f"{name}  {size} bytes", file=sys.stderr, flush=True)

    def finish() -> None:
        nonlocal line
        if line:
            print(file=sys.stderr, flush=True)
        line = ""

    try:
        yield show
    finally:
        finish()


def bar(name: str, done: int, size: int, seconds: float) -> str:
    """A line of constant length: `done` of `size` bytes arrived in so many seconds."""
    share = min(1.0, done / size) if size else 1.0
    cells = "#" * int(share * CELLS)
    rate = done / seconds if seconds else 0
    if done >= size:
        left = f"in {seconds:.0f} s"
    else:
        left = f"{(size - done) / rate:.0f} s left" if rate else ""
    return (
        f"{name} [{cells:.<{CELLS}}] {share:4.0%} {done / 1000:8.1f} kB {rate / 1000:7.1f} kB/s "
        f"{left:>12}"
    )
