"""One part, worked off: what is missing or changed is scored, the rest is taken over, and the
four files of the part take their place together. It is what runs on a worker.

Nothing in the files tells when or where they were made, and their order is the plan's: the same
nights give the same bytes, whatever was interrupted before.
"""

import contextlib
import functools
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from anklet.archive import durable
from anklet.cohort import scored, sources
from anklet.cohort.plan import Part
from anklet.cohort.tables import DATASETS, TABLES
from anklet.cohort.versions import versions
from anklet.errors import BadInput
from anklet.export.parquet import TYPES, pa

WORK = ".work"  # in the output: files that are being written
RUN = "run"
GROUP = 16_384  # rows of a table that are in memory, and in a row group
ROW_KEY = ("person", "night")
WIDE = {"bytes": pa.int64()}  # of a recording

# The simulated board is one a process.
_one_at_a_time = threading.Lock()


@dataclass
class Done:
    """What became of a part: nights scored, taken over, and failed (of both). seconds: of work;
    cpu: of them, those that a processor gave; rss: most bytes of memory that the worker, the
    process `pid`, ever had (0 on Windows, which does not tell)."""

    scored: int = 0
    kept: int = 0
    failed: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    rss: int = 0
    pid: int = 0


def work(part: Part) -> Done:
    """Work a part off. Raises BadInput when the output can't be written, or when this worker is
    of another version."""
    began, cpu = time.perf_counter(), time.process_time()
    with _one_at_a_time, _writing(part):
        if versions() != part.versions:
            raise BadInput("A worker has another version of anklet, or other packages.")
        for left in Path(part.out, WORK).glob(f"{part.name}.*"):
            shutil.rmtree(left, ignore_errors=True)
        done = _work(part)
    done.rss, done.pid = _most_memory(), os.getpid()
    done.cpu = time.process_time() - cpu
    done.seconds = time.perf_counter() - began
    return done


def _most_memory() -> int:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _work(part: Part) -> Done:
    settings = part.settings
    how = {"settings": settings.told(), "versions": part.versions}
    before = _Before(part)
    units = []
    for legs in part.units():
        files = [{**row, **how} for row in sources.inputs_of(legs, settings)]
        units.append((legs, files, before.has(files, legs)))
    done = Done()
    if units and all(same for *_, same in units) and before.nights == len(units):
        done.kept, done.failed = len(units), before.failed()
        return done
    if not units:
        _remove(part)
        return done
    with _Writer(part) as writer:
        for legs, files, same in units:
            if same:
                done.kept += 1
                tables = before.tables(legs[0].person, legs[0].night)
            else:
                done.scored += 1
                rows = scored.rows(legs, settings)
                tables = {name: _table(name, rows[name]) for name in DATASETS if name != RUN}
            done.failed += bool(tables["failures"].num_rows)
            writer.add({**tables, RUN: _table(RUN, files)})
    return done


class _Before:
    """The part as an earlier run left it."""

    def __init__(self, part: Part):
        self._part = part
        self._runs: dict[tuple[str, str], list[sources.Row]] = {}
        with contextlib.suppress(FileNotFoundError, pa.ArrowInvalid):
            if all(part.file(name).is_file() for name in DATASETS):
                for row in pq.read_table(part.file(RUN)).to_pylist():
                    self._runs.setdefault((row["person"], row["night"]), []).append(row)

    @property
    def nights(self) -> int:
        return len(self._runs)

    def has(self, files: list[sources.Row], legs: list) -> bool:
        """This night, from the same bytes, by the same settings and versions."""
        known = self._runs.get((legs[0].person, legs[0].night))
        return known == files and all(row["sha256"] for row in files)

    def failed(self) -> int:
        """Nights with a failure."""
        rows = self._table("failures").select(ROW_KEY).to_pylist()
        return len({tuple(row.values()) for row in rows})

    def tables(self, person: str, night: str) -> dict[str, pa.Table]:
        one = (pc.field("person") == person) & (pc.field("night") == night)
        return {name: self._table(name).filter(one) for name in DATASETS if name != RUN}

    @functools.cache  # noqa: B019 - lives as long as one part is worked on
    def _table(self, name: str) -> pa.Table:
        return pq.read_table(self._part.file(name))


class _Writer:
    """The files of a part beside their places; on leaving they take them, `run` as the last."""

    def __init__(self, part: Part):
        self._part = part
        self._folder = Path(part.out, WORK, f"{part.name}.{os.getpid()}")
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in DATASETS}

    def __enter__(self) -> "_Writer":
        self._folder.mkdir(parents=True)
        self._files = {
            name: pq.ParquetWriter(self._new(name), schema(name), compression="zstd")
            for name in DATASETS
        }
        return self

    def add(self, tables: dict[str, pa.Table]) -> None:
        for name, table in tables.items():
            waiting = self._waiting[name]
            waiting.append(table)
            if sum(t.num_rows for t in waiting) >= GROUP:
                self._flush(name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            for name, file in self._files.items():
                if not kind:
                    self._flush(name)
                file.close()
            if not kind:
                self._place()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self) -> None:
        for name in DATASETS:
            with open(self._new(name), "rb") as file:
                os.fsync(file.fileno())
        self._part.file(RUN).unlink(missing_ok=True)  # until all are in their places: not done
        for name in DATASETS:
            os.replace(self._new(name), self._part.file(name))
            durable.sync_folder(self._part.file(name).parent)

    def _flush(self, name: str) -> None:
        if self._waiting[name]:
            whole = pa.concat_tables(self._waiting[name]).combine_chunks()
            self._files[name].write_table(whole, row_group_size=max(1, whole.num_rows))
            self._waiting[name].clear()

    def _new(self, name: str) -> Path:
        return self._folder / f"{name}.parquet"


def schema(name: str) -> pa.Schema:
    """Of a table, with the unit and meaning of each column."""
    return pa.schema(
        pa.field(
            column, WIDE.get(column, TYPES[kind]), metadata={"unit": unit, "meaning": meaning}
        )
        for column, (kind, unit, meaning) in TABLES[name].items()
    )


def _table(name: str, rows: list[sources.Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema(name))


def _remove(part: Part) -> None:
    for name in reversed(DATASETS):
        part.file(name).unlink(missing_ok=True)


@contextlib.contextmanager
def _writing(part: Part) -> Iterator[None]:
    """An output that can't be written is no fault of ours; what is done stays."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{part.out} can't be written ({error.strerror or error}); free space or correct its "
            f"permissions and run the same command again: what is done is kept."
        ) from error
