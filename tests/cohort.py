"""Two thousand nights on two workers, with deaths: how fast, how large, and whether it is right.

Run by `make cohort`, as `python -m tests.cohort [--nights 2000] [--folder FOLDER]`. The nights are
four simulated ones of eight hours, recorded by the firmware on the simulated board with a trace,
under other names and dates; one file in a hundred is none. All that is timed is said with the rest
of the machine: figures of a busy one are not worth keeping.
"""

import argparse
import contextlib
import datetime as dt
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "helpers"), str(HERE.parent)]

from anklet import device  # noqa: E402

device.use()

import psutil  # noqa: E402
from anklet.signal import inputs, replay  # noqa: E402
from anklet.simulate import make_night  # noqa: E402
from nightbytes import Builder  # noqa: E402
from people import movements, tables  # noqa: E402
from plmcore import reader, record  # noqa: E402

RATES = (2, 10, 30, 60)  # PLM an hour of the four
A_WEEK = 7
PASSES = 3  # the least of so many is what the engine needs, the rest is the machine's
FIRST = dt.date(2026, 1, 1)
EVERY = 100  # one file of so many is none
FASTER, OVERHEAD, MB = 1.8, 0.10, 600
LISTS = (200, 2_000, 20_000)
BIOBANK = 100_000 * A_WEEK
Outcome = dict[str, Any]

failed: list[str] = []


def tell(line: str) -> None:
    print(f"   {line}", flush=True)


def claim(holds: bool, line: str) -> None:
    print(f"{'ok ' if holds else 'NO '}{line}", flush=True)
    if not holds:
        failed.append(line)


def pattern(rate: int, hours: float) -> tuple[bytes, bytes]:
    """The records of a night behind its header and clock, and its trace."""
    night = make_night(hours=hours, seed=rate, plm_per_hour=rate)
    raw = inputs.to_raw(inputs.Acceleration(night.rate, night.acc), 50)
    files = replay.record_files(raw, {"trace": True})
    body = bytearray()
    night_file = Builder(**_head(0, 0)).anchor()
    for offset, kind, _, _ in reader.read(files[".plm"]):
        if kind not in (record.META, record.ANCHOR):
            size = files[".plm"][offset + 1]
            at = offset + record.HEAD
            before = len(night_file.data)
            night_file.raw(kind, files[".plm"][at : at + size])
            body += night_file.data[before:]
    return bytes(body), files[".trc"]


def _head(person: int, night: int) -> dict[str, str]:
    return {
        "session": f"{night:05d}-1a2b3c4d",
        "device": f"{person:016x}",
        "label": f"person {person}",
    }


def archive(home: Path, nights: int, hours: float) -> None:
    """An archive of so many nights, a week a person."""
    patterns = [pattern(rate, hours) for rate in RATES]
    since = (FIRST - dt.date(1970, 1, 1)).days
    for n in range(nights):
        person, night = divmod(n, A_WEEK)
        head = _head(person, night)
        folder = home / "raw" / head["device"]
        folder.mkdir(parents=True, exist_ok=True)
        body, trace = patterns[(person + night // 3) % len(patterns)]
        data = bytes(Builder(**head).anchor(day=since + night).data) + body
        if n % EVERY == EVERY // 2:
            data = random.Random(n).randbytes(2_000)
        (folder / f"{head['session']}.plm").write_bytes(data)
        (folder / f"{head['session']}.trc").write_bytes(trace)
    subprocess.run([*ANKLET, "rebuild"], env=_env(home), check=True, stdout=subprocess.DEVNULL)


def lists(folder: Path, many: int) -> None:
    for n in range(many):
        person, night = divmod(n, A_WEEK)
        there = folder / f"person{person}"
        there.mkdir(parents=True, exist_ok=True)
        (there / f"n{night}.csv").write_text(movements(n % 50, 400))


ANKLET = (sys.executable, "-m", "anklet.cli")


def _env(home: Path) -> dict[str, str]:
    return os.environ | {"ANKLET_HOME": str(home)}


@contextlib.contextmanager
def running(given: Path, out: Path, *more: Any) -> Iterator[subprocess.Popen]:
    command = [*ANKLET, "cohort", "run", given, "--out", out, "--json", *more]
    with subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        yield child


def cohort(given: Path, out: Path, *more: Any) -> Outcome:
    """Run it to its end; the outcome, and how long all of it took."""
    began = time.perf_counter()
    with running(given, out, *more) as child:
        said, complaints = child.communicate()
    if child.returncode not in (0, 9):
        sys.exit(f"anklet cohort run failed: {complaints}")
    return {**json.loads(said), "whole_s": time.perf_counter() - began, "code": child.returncode}


def struck(
    given: Path, out: Path, parts: int, strike: Callable[[psutil.Process], None], *more: Any
) -> None:
    """Run it, and strike as soon as so many parts are done."""
    with running(given, out, *more) as child:
        while child.poll() is None and len(list(out.glob("run/*.parquet"))) < parts:
            time.sleep(0.01)
        strike(psutil.Process(child.pid))
        child.communicate()


def kill_a_worker(command: psutil.Process) -> None:
    workers = [p for p in command.children(True) if "spawn_main" in " ".join(p.cmdline())]
    os.kill(workers[0].pid, signal.SIGKILL)


def _loop(rounds: int = 10_000_000) -> float:
    began = time.perf_counter()
    x = 0
    for n in range(rounds):
        x = (31 * x + n) & 0xFFFF
    return time.perf_counter() - began


def machine_scale() -> float:
    """How many times one core's work this machine's two cores do, with nothing to wait for.

    The rival: virtual cores share their clock and their memory with each other and with strangers.
    """
    with multiprocessing.Pool(2) as both:
        alone = both.apply(_loop)
        return 2 * alone / max(both.map(_loop, [10_000_000] * 2, chunksize=1))


def _words(done: Outcome) -> str:
    return f"{done['seconds']:7.1f} s, {done['cpu']:.1f} s of CPU, {done['rss'] / 1e6:.0f} MB"


def of_nights(folder: Path, nights: int, hours: float) -> None:
    home, out = folder / "home", folder / "out"
    if not home.exists():
        archive(home, nights, hours)
    tell(f"{nights} nights of {hours:g} h in an archive; two cores, load {os.getloadavg()[0]:.1f}")
    both = "--rules", "wasm2016", "aasm3"
    machine = [machine_scale()]
    ones, twos = [], []
    for _ in range(PASSES):
        shutil.rmtree(out, ignore_errors=True)
        ones.append(cohort(home, out, "--workers", 1, *both))
        undisturbed = tables(out)
        tell(f"one worker   {_words(ones[-1])}")
        shutil.rmtree(out)
        twos.append(cohort(home, out, "--workers", 2, *both))
        tell(f"two workers  {_words(twos[-1])}")
        claim(tables(out) == undisturbed, "both give the same bytes")
        machine.append(machine_scale())
    one, two = (min(runs, key=lambda run: run["seconds"]) for runs in (ones, twos))
    faster, bare = one["seconds"] / two["seconds"], max(machine)
    tell(
        f"a bare loop on two cores does {min(machine):.2f} to {bare:.2f} times what it does on one"
    )
    claim(faster >= FASTER, f"two workers do {faster:.2f} times what one does (at least {FASTER})")
    start = two["whole_s"] - two["seconds"]
    tell(f"start and end took {start:.1f} s more, whatever the number of nights")
    idle = 1 - two["busy"]
    claim(idle < OVERHEAD, f"{100 * idle:.1f} % of their time went to the scheduler and waiting")
    claim(two["rss"] < MB * 1e6, f"no worker took {MB} MB")
    bad = len(range(EVERY // 2, nights, EVERY))
    claim(
        two["failed"] == bad and two["code"] == 9, f"{bad} corrupt nights failed, and it is said"
    )

    again = cohort(home, out, "--workers", 2, *both)
    claim(again["scored"] == 0, f"run again: nothing was done, in {again['seconds']:.1f} s")
    for name, strike in (("a worker", kill_a_worker), ("the command", psutil.Process.kill)):
        shutil.rmtree(out)
        struck(home, out, one["parts"] // 3, strike, "--workers", 2, *both)
        rest = cohort(home, out, "--workers", 2, *both)
        tell(f"{name} killed: {rest['scored']} nights were left to do")
        claim(tables(out) == undisturbed, f"{name} killed: the same bytes in the end")

    said = subprocess.run(
        [*ANKLET, "nights", "--json"], env=_env(home), check=True, capture_output=True, text=True
    )
    totals(json.loads(said.stdout), out)
    traced = min(nights, 100)
    shutil.rmtree(out)
    few = cohort(_few(home, folder, traced), out, "--workers", 2, "--onset-mg", 25)
    tell(f"{traced} traces at another threshold: {2 * few['seconds'] / traced:.2f} s a night")


def _few(home: Path, folder: Path, nights: int) -> Path:
    """The first nights of the archive as loose files."""
    few = folder / "few"
    for file in sorted((home / "raw").glob("*/*.*"))[: 2 * nights]:
        (few / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, few / file.parent.name)
    return few


def totals(nights: list[dict[str, Any]], out: Path) -> None:
    """Every night of `anklet nights`, by its start, in the table and with the same numbers."""
    import duckdb  # noqa: PLC0415

    names = ("lm", "clm", "plm", "series", "isolated", "short_imi", "plm_strict", "excluded")
    theirs = sorted(
        (n["night"], *(n["counts"][name] for name in names), n["in_bed_s"], n["plm_per_hour"])
        for n in nights
        if n["night"]
    )
    ours = duckdb.sql(
        f"SELECT night, {', '.join(names)}, in_bed_s, plm_per_hour "
        f"FROM read_parquet('{out}/nights/*.parquet') WHERE rules = 'wasm2016'"
    ).fetchall()
    claim(sorted(ours) == theirs, f"{len(theirs)} nights are those of anklet nights, each")
    plm = sum(n["counts"]["plm"] for n in nights)
    claim(sum(row[3] for row in ours) == plm, f"and so is their sum, {plm:,} PLM")


def of_lists(folder: Path, sizes: tuple[int, ...]) -> None:
    """Lists of movements, of three sizes of cohort."""
    times = []
    for many in sizes:
        given, out = folder / f"lists{many}", folder / f"of{many}"
        if not given.exists():
            lists(given, many)
        shutil.rmtree(out, ignore_errors=True)
        found = cohort(given, out, "--workers", 2)
        times.append(found["cpu"] / many)
        tell(
            f"{many:6} lists  {found['seconds']:7.1f} s, {1000 * times[-1]:.1f} ms of CPU each, "
            f"{found['rss'] / 1e6:.0f} MB, {100 * found['busy']:.0f} % busy, in all "
            f"{found['whole_s']:.1f} s"
        )
        claim(found["rss"] < MB * 1e6, f"{many} lists: no worker took {MB} MB")
    claim(times[-1] <= 1.3 * times[-2], "ten times the lists take ten times the time")
    tell(f"100,000 people x 7 nights, extrapolated: {times[-1] * BIOBANK / 3600:.1f} core-hours")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cohort")
    parser.add_argument("--nights", type=int, default=2_000)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--lists", type=int, nargs="+", default=LISTS)
    parser.add_argument("--folder", type=Path, help="keep everything here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anklet-cohort-") as scratch:
        folder = given.folder or Path(scratch)
        of_nights(folder, given.nights, given.hours)
        of_lists(folder, tuple(given.lists))
    print(f"{len(failed)} claims do not hold" if failed else "every claim holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
