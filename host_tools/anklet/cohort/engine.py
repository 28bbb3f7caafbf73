"""Parts given to workers: Dask's (here or on anybody's cluster), else processes of this computer.

Both are handed a few parts for each worker at a time, so that neither the scheduler nor this
process ever holds the whole plan. Order does not matter: each part has files of its own.
"""

import concurrent.futures
import contextlib
import importlib.util
import itertools
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from anklet.cohort.plan import Part
from anklet.cohort.versions import versions
from anklet.cohort.worker import Done, work
from anklet.errors import AnkletError, BadInput

AHEAD = 2  # parts a worker has before it: one that it does, one that waits
# What Dask measures of itself for a dashboard that nobody looks at: a tenth of the work's time.
UNWATCHED = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"}
PATIENCE = {"distributed.comm.timeouts.connect": "10s"}
GONE = "run the same command again: what is done is kept."

Results = Iterator[Done]


def has_dask() -> bool:
    return importlib.util.find_spec("distributed") is not None


@contextlib.contextmanager
def workers(
    count: int | None, scheduler: str | None, out: Path
) -> Iterator[tuple[int, Callable[[Sequence[Part]], Results]]]:
    """The workers: how many, and what does parts and gives each as it is done.

    count: of this computer, all cores without it. scheduler: the address of a Dask scheduler whose
    workers are used instead; they have to see the same files under the same names. Raises BadInput
    for workers that can't be used, before anything is done.
    """
    count = count or os.cpu_count() or 1
    if count == 1 and not scheduler:  # this process itself
        yield 1, lambda parts: map(work, parts)
        return
    if not has_dask():
        if scheduler:
            raise BadInput("--scheduler needs Dask: run pip install 'anklet[cohort]'.")
        yield count, lambda parts: _on_processes(count, parts)
        return
    with _client(count, scheduler) as client:
        slots = _checked(client, out)
        yield slots, lambda parts: _on_dask(client, slots, parts)


def _on_processes(count: int, parts: Sequence[Part]) -> Results:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(count, context) as pool:
        waiting = iter(parts)
        running = {pool.submit(work, p) for p in itertools.islice(waiting, AHEAD * count)}
        try:
            while running:
                done, running = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
                for future in done:
                    yield future.result()
                    running |= {pool.submit(work, p) for p in itertools.islice(waiting, 1)}
        except concurrent.futures.process.BrokenProcessPool as error:
            raise AnkletError(f"A worker was killed; {GONE}") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def _client(count: int, scheduler: str | None) -> Iterator[Any]:
    import distributed  # noqa: PLC0415 - an extra
    from dask.config import set as configured  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        logging.disable(logging.CRITICAL)  # of what Dask and its helpers log, we say what matters
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(configured(PATIENCE | UNWATCHED))
        address: Any = scheduler
        if not scheduler:
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any free port, none for others
                    memory_limit=0,
                    silence_logs=50,
                )
            )
        try:
            client = stack.enter_context(distributed.Client(address, timeout=10))
        except (OSError, TimeoutError, ValueError) as error:
            raise BadInput(
                f"No Dask scheduler answers at {scheduler}: start one with dask scheduler, and "
                f"give its address (tcp://host:8786)."
            ) from error
        yield client


def _checked(client: Any, out: Path) -> int:
    """Compare every worker with us; how many parts they do at a time."""
    try:
        client.wait_for_workers(1, timeout=10)
        told = client.run(_asked, str(out))
    except TimeoutError as error:
        raise BadInput(
            "The Dask scheduler has no workers: start some with dask worker ADDRESS."
        ) from error
    except Exception as error:  # whatever a worker without anklet says
        raise BadInput(
            f"A Dask worker can't run anklet ({type(error).__name__}): install the same version "
            f"on all."
        ) from error
    for address, (theirs, sees) in told.items():
        if theirs != versions():
            raise BadInput(
                f"The Dask worker {address} has another version of anklet or of its packages: "
                f"install the same on all."
            )
        if not sees:
            raise BadInput(
                f"The Dask worker {address} does not see {out}: all workers need the same files "
                f"under the same names."
            )
    return len(told)


def _asked(folder: str) -> tuple[str, bool]:
    return versions(), Path(folder).is_dir()


def _on_dask(client: Any, slots: int, parts: Sequence[Part]) -> Results:
    import distributed  # noqa: PLC0415 - an extra

    waiting = iter(parts)

    def give(n: int) -> list[Any]:
        return [client.submit(work, p, pure=False) for p in itertools.islice(waiting, n)]

    running = distributed.as_completed(give(AHEAD * slots))
    try:
        for future in running:
            yield future.result()
            future.release()
            running.update(give(1))
    except distributed.KilledWorker as error:
        raise AnkletError(
            "Workers died again and again over one part, perhaps for want of memory; give them "
            f"more and {GONE}"
        ) from error
    except (concurrent.futures.CancelledError, OSError) as error:
        raise AnkletError(f"The Dask scheduler has gone; {GONE}") from error
