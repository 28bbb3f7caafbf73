"""A cohort's run: from what was asked for to the output, and what to say of it."""

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from anklet.cohort import dates, engine, found, plan
from anklet.cohort.plan import Night, Settings
from anklet.cohort.tables import DATASETS
from anklet.cohort.versions import versions
from anklet.cohort.worker import RUN, WORK, Done
from anklet.errors import BadInput

OURS = {*DATASETS, WORK, "report.html"}


@dataclass
class Outcome:
    """nights: of the plan (of this shard); scored, kept (unchanged since an earlier run), failed
    (of both): nights, both legs as one. parts, workers: how many. seconds: since the workers were
    there; busy: share of the workers' time in which they worked; cpu: seconds of processors, of
    the workers and of this process; rss: bytes, of the largest worker."""

    nights: int = 0
    scored: int = 0
    kept: int = 0
    failed: int = 0
    parts: int = 0
    workers: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    cpu: float = 0.0
    rss: int = 0


def run(
    given: Path,
    out: Path,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: tuple[int, int] = (1, 1),
    remove: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Score the nights of `given` (see found.nights) into `out`; what is there and still right
    stays. remove: nights that are in `out` and no longer given may go. progress: takes the
    fraction. Raises BadInput before anything is written, or with what is done kept."""
    settings = settings or Settings()
    nights = found.nights(given)
    if settings.key:
        dates.check(nights)
        nights = [
            replace(n, night=dates.moved(n.night, dates.days(settings.key, n.person)))
            for n in nights
        ]
    out = out.resolve()
    _usable(out, nights, remove)
    made = not out.exists()
    try:
        for name in DATASETS:
            (out / name).mkdir(parents=True, exist_ok=True)
        with engine.workers(workers, scheduler, out) as (count, do):
            parts = plan.parts(nights, out, settings, versions(), shard)
            outcome = Outcome(parts=len(parts), workers=count)
            began, cpu = time.perf_counter(), time.process_time()
            busy = 0.0
            for at, done in enumerate(do(parts), 1):
                _add(outcome, done)
                busy += done.seconds
                outcome.cpu += done.cpu if done.pid != os.getpid() else 0  # ours is below
                outcome.seconds = time.perf_counter() - began
                if progress:
                    progress(at / len(parts))
            outcome.cpu += time.process_time() - cpu
            outcome.busy = busy / (outcome.seconds * count) if outcome.seconds else 0.0
    except OSError as error:
        raise BadInput(f"{out} can't be written ({error.strerror}).") from error
    finally:
        _tidy(out, made)
    return outcome


def _add(outcome: Outcome, done: Done) -> None:
    for name in ("scored", "kept", "failed"):
        setattr(outcome, name, getattr(outcome, name) + getattr(done, name))
    outcome.nights += done.scored + done.kept
    outcome.rss = max(outcome.rss, done.rss)


def _usable(out: Path, nights: Sequence[Night], remove: bool) -> None:
    """Refuse an output that holds something else, or nights that are not given any more."""
    if not out.exists():
        return
    if not out.is_dir() or {path.name for path in out.iterdir()} - OURS:
        raise BadInput(f"{out} holds something else: name a new folder, or that of another run.")
    given = {(night.person, night.night) for night in nights}
    gone = 0
    for file in (out / RUN).glob(plan.PART):
        rows = pq.read_table(file, columns=["person", "night"]).to_pylist()
        gone += len({(row["person"], row["night"]) for row in rows} - given)
    if gone and not remove:
        raise BadInput(
            f"{gone} nights in {out} are not given any more: name another folder, or let them go "
            f"with --remove."
        )


def _tidy(out: Path, made: bool) -> None:
    """Take away folders that nothing was written to."""
    with contextlib.suppress(OSError):
        (out / WORK).rmdir()
    if made:
        for path in (*(out / name for name in DATASETS), out):
            with contextlib.suppress(OSError):
                path.rmdir()


def words(outcome: Outcome) -> str:
    """For people."""
    per_hour = outcome.scored * 3600 / outcome.seconds if outcome.seconds else 0
    lines = [
        f"{outcome.nights} nights: {outcome.scored} scored, {outcome.kept} unchanged, "
        f"{outcome.failed} failed",
        f"{outcome.seconds:.1f} s on {outcome.workers} workers, {100 * outcome.busy:.0f} % of the "
        f"time at work, {outcome.rss / 1e6:.0f} MB in the largest",
    ]
    if outcome.scored:
        lines[-1] += f", {per_hour:,.0f} nights an hour"
    return "\n".join(lines)


def as_json(outcome: Outcome) -> dict[str, float]:
    return {"schema": 1, **asdict(outcome)}
