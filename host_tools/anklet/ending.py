"""Signals that ask a command to end, as Ctrl-C does."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

# Ctrl-C, a service's, a closed terminal's, Windows' Ctrl-Break.
ENDS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
OF_PYTHON = (signal.SIG_DFL, signal.default_int_handler)


class Ended(KeyboardInterrupt):
    """A signal asks us to end: a board is left recording, a file whole."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def by_signals() -> Iterator[list[int]]:
    """Until the end of the block a signal that asks us to end raises Ended. One that whoever
    started us ignores (as nohup does) stays ignored. Yields the numbers of those that came: in
    the middle of an import Python may turn what we raise into an error of its own."""
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise Ended(number)

    there = [getattr(signal, name) for name in ENDS if hasattr(signal, name)]
    ours = threading.current_thread() is threading.main_thread()  # others can't set any
    before = {n: signal.getsignal(n) for n in there} if ours else {}
    try:
        for number, handler in before.items():
            if handler in OF_PYTHON:
                signal.signal(number, end)
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
