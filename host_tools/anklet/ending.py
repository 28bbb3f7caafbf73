"""Signals that ask a command to end, as Ctrl-C does."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDS = ("SIGTERM", "SIGHUP", "SIGBREAK")  # a service's, a closed terminal's, Windows' Ctrl-Break


class Ended(KeyboardInterrupt):
    """A signal asks us to end, as Ctrl-C does: a board is left recording, a file whole."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def by_signals() -> Iterator[None]:
    """Until the end of the block a service's or a closing terminal's signal raises Ended. One
    that whoever started us ignores (as nohup does) stays ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number)

    there = [getattr(signal, name) for name in ENDS if hasattr(signal, name)]
    ours = threading.current_thread() is threading.main_thread()  # others can't set any
    before = {n: signal.getsignal(n) for n in there} if ours else {}
    try:
        for number, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, end)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
