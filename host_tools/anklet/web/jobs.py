"""What takes longer than a page may: one job at a time, in a thread, and how far it is."""

import contextvars
import itertools
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from anklet.errors import AnkletError, PortBusy
from anklet.texts import _


@dataclass
class Outcome:
    """What there is to say at the end: sentences, and checks (of doctor) and a warning where
    there are any. ask: the form to send when the person agrees to what the sentences say."""

    lines: list[str]
    checks: list[dict[str, Any]] = field(default_factory=list)
    warning: str = ""
    ask: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """fraction: 0 to 1, None where it is unknown. error: the sentence when it failed. All is said
    in the language of whoever began it."""

    number: int
    title: str
    text: str
    kind: str = ""
    fraction: float | None = None
    outcome: Outcome | None = None
    error: str = ""

    @property
    def running(self) -> bool:
        return self.outcome is None and not self.error

    def tell(self, text: str, fraction: float | None = None) -> None:
        self.text, self.fraction = text, fraction


Work = Callable[[Job], Outcome]


class Busy(PortBusy):
    """Another job is running."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            _(
                "{job} is still running, so this was not begun; press the button again when that "
                "is done.",
                job=job.title,
            )
        )
        self.job = job


class Jobs:
    """The jobs of this run; a board's port can be used by one of them only."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, title: str, work: Work, kind: str = "") -> Job:
        """Start the job. Raises Busy when one is running, and does nothing then."""
        with self._lock:
            for job in self._jobs.values():
                if job.running:
                    raise Busy(job)
            job = Job(next(self._numbers), title, _("Talking to the board …"), kind)
            self._jobs[job.number] = job
            self._thread = threading.Thread(
                target=contextvars.copy_context().run, args=(_run, job, work), name=title
            )
            self._thread.start()
            return job

    def get(self, number: int) -> Job | None:
        return self._jobs.get(number)

    def wait(self) -> None:
        """Until nothing is running: a board that is left in the middle records nothing."""
        if self._thread and self._thread.is_alive():
            print("A board is still being talked to; please wait.", file=sys.stderr, flush=True)
            self._thread.join()


def _run(job: Job, work: Work) -> None:
    try:
        job.outcome = work(job)
    except AnkletError as error:
        job.error = str(error)
    except Exception as error:
        job.error = _(
            "A fault of ours: {kind}: {error}. Please report it.",
            kind=type(error).__name__,
            error=error,
        )
