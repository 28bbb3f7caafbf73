"""`make demo`: fourteen simulated nights through everything that real nights go through.

    simulated movement -> LIS3DH registers -> firmware -> littlefs -> serial port -> mpremote
        -> archive -> report

The newest goes all that way, the firmware on real MicroPython; what its log says is compared with
`anklet replay` of the same signal on both runtimes, movement by movement. The other thirteen go
through the same chain but USB, on CPython, on all processors at once.

Run as `python -m anklet.demo [FOLDER]`.
"""

import datetime as dt
import hashlib
import json
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

from anklet import device, progress, report, simulate
from anklet.archive.journal import Journal, Values
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.errors import AnkletError
from anklet.night import as_json, clock, grouping
from anklet.night.session import Session
from anklet.report.table import table
from anklet.signal import inputs, replay

HOURS = 8.0
SEED = 1
percent = partial(progress.percent, every=20)
DEVICE = "5ea1ed0000000001"
FLASH_BLOCKS = 352  # 1.4 MB: what MicroPython leaves of a Pico's 2 MB

# The earlier nights: days before the newest one, and PLM per hour. The 5th evening is missing.
EARLIER = tuple(
    zip(
        (*range(14, 5, -1), *range(4, 0, -1)),
        (34, 22, 41, 29, 18, 37, 25, 31, 24, 12, 27, 19, 30),
        strict=True,
    )
)
GAP = 9  # days ago: the sensor lost 90 s, and two per cent of the samples here and there
NO_CLOCK = 7  # days ago: the board had been without power and did not know the time


def main(folder: str = "demo") -> int:
    home = Path(folder)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    _step(f"1. A simulated night of {HOURS:g} hours, its movements known")
    night = simulate.make_night(hours=HOURS, seed=SEED, progress=percent("simulating"))
    csv = home / "night.csv"
    simulate.write_csv(night, csv, progress=percent("writing"))
    simulate.write_truth(night, home / "truth.json")
    raw = inputs.to_raw(inputs.read_acceleration(csv))
    (home / "night.raw").write_bytes(raw)

    archive = Archive(home / "archive")
    runtimes = ["cpython"]
    interpreter = replay.micropython()
    if interpreter:
        runtimes.append("micropython")
        _record_and_sync(interpreter, home / "night.raw", archive)
        newest = "MicroPython, littlefs and USB"
    else:
        _step("2. MicroPython has no package for this computer: the same firmware on CPython")
        tell = percent("recording")
        settings = {"label": "demo", "leg": "left"}
        data = replay.record_raw(
            raw, settings, progress=lambda done: tell(done / 100), utc=_bedtime()
        )
        archive.add(data, hashlib.sha256(data).hexdigest(), device=DEVICE)
        newest = "the same chain on CPython"

    _step("4. The same signal by `anklet replay`, movement by movement")
    (summary,) = archive.sessions()
    session = archive.load(summary["session"])
    same = all([_agrees(session, csv, runtime) for runtime in runtimes])
    truth = json.loads((home / "truth.json").read_text())
    print(f"   the simulation made {truth['counts']['plm']} PLM, the firmware counted", end=" ")
    print(f"{summary['counts']['plm']}")

    _step(f"5. {len(EARLIER)} earlier nights through the same chain on CPython, without USB")
    _earlier(archive)
    _note(archive)

    _step("6. The archive")
    items = archive.sessions()
    print(table(items))
    print(f"   {session.session} went through {newest}, the other {len(items) - 1} through the")
    print("   same chain on CPython. All of them are simulated, the journal is made up.")
    _step("7. The report: open it in a browser")
    for name, page in (
        ("report.html", report.trend(archive, items)),
        ("night.html", report.night(archive, grouping.select(items, session.session))),
    ):
        report.write(page, home / name)
        print(f"   {(home / name).resolve()}")
    print("   or all of it as pages:")
    print(f"   ANKLET_HOME={(home / 'archive').resolve()} .venv/bin/anklet web")
    return 0 if same else 1


def _agrees(session: Session, csv: Path, runtime: str) -> bool:
    tell = percent(f"replay on {runtime}")
    again = replay.run(csv, runtime=runtime, progress=lambda done: tell(done / 100))
    logged = as_json.result(session)
    same = logged["lms"] == again["lms"] and logged["counts"] == again["counts"]
    print(f"   {runtime}: {len(again['lms'])} movements, {'equal' if same else 'DIFFERENT'}")
    return same


def _record_and_sync(interpreter: str, raw: Path, archive: Archive) -> None:
    from anklet.board.simboard import SimBoard  # noqa: PLC0415 - no pseudo-terminals on Windows

    _step("2. The firmware records it on MicroPython, in virtual time, onto littlefs")
    tell = percent("recording")

    def hear(line: str) -> None:
        word, _, value = line.partition(" ")
        if word == "progress":
            tell(int(value) / 100)
        elif word == "runtime":
            print(f"   {value}", flush=True)

    command = [
        *(interpreter, "-X", "heapsize=8m", "-i"),
        *(str(device.folder("boards") / "sim" / "night.py"), str(raw), "/flash"),
        *(f"flash={FLASH_BLOCKS}", f"device_id={DEVICE}"),
        *("label=demo", "leg=left", "utc=" + ",".join(map(str, _bedtime()))),
        f"idle_s={round(dt.datetime.now().timestamp() - _evening().timestamp() - 3600 * HOURS)}",
    ]
    with SimBoard(command, hear) as board:
        _step(f"3. anklet sync, by mpremote over the board's serial port {board.port}")
        tell = percent("download")
        done = sync(board.port, archive, lambda _, size, of: tell(size / max(of, 1)))
        print(f"   {len(done['downloaded'])} night downloaded, hash verified: {done['verified']}")


def _earlier(archive: Archive) -> None:
    tell = percent("simulating and recording")
    with ProcessPoolExecutor() as workers:
        jobs = [workers.submit(_record, ago, rate) for ago, rate in EARLIER]
        for done, job in enumerate(as_completed(jobs), 1):
            ago, data = job.result()
            # On CPython every recording is the first of its board: it gets a name in its order.
            name = f"{15 - ago:05d}-{hashlib.sha256(data).hexdigest()[:8]}"
            archive.add(data, hashlib.sha256(data).hexdigest(), name, DEVICE)
            tell(done / len(jobs))


def _record(ago: int, plm_per_hour: float) -> tuple[int, bytes]:
    """The night file of the night so many days before the newest one."""
    families = [*simulate.NOMINAL, "lost"] if ago == GAP else None
    hours = HOURS - ago % 3 / 2
    night = simulate.make_night(
        hours=hours, seed=SEED + ago, plm_per_hour=plm_per_hour, families=families
    )
    night.acc[night.lost] = float("nan")
    raw = inputs.to_raw(inputs.Acceleration(night.rate, night.acc), night.rate)
    # A board's sessions differ in their id; a simulated one would give each night the same.
    board: dict[str, Any] = {"device_id": f"{ago:016x}"}
    if ago != NO_CLOCK:
        board["utc"] = _bedtime(ago)
    return ago, replay.record_raw(raw, {"label": "demo", "leg": "left"}, **board)


def _note(archive: Archive) -> None:
    """A made-up journal: magnesium on five evenings, coffee and the urge to move now and then."""
    journal = Journal(archive.path)
    for ago in range(14, -1, -1):
        values: Values = {"urge": (5, 7, 4, 6, 3)[ago % 5], "sleep_quality": (6, 4, 7)[ago % 3]}
        if ago < 5:
            values |= {"magnesium_mg": 300, "magnesium_form": "citrate", "route": "oral"}
        if ago in (12, 11, 6):
            values["caffeine_mg"] = 180
        journal.set(_evening(ago).date().isoformat(), values, "demo")
    journal.set(_evening(12).date().isoformat(), {"text": "a long flight"}, "demo")


def _evening(ago: int = 0) -> dt.datetime:
    """Ten to eleven on the last evening whose night is over, or so many days before."""
    now = dt.datetime.now().astimezone()
    bed = now.replace(hour=22, minute=50, second=0, microsecond=0)
    while bed + dt.timedelta(hours=HOURS) > now:
        bed -= dt.timedelta(days=1)
    return bed - dt.timedelta(days=ago)


def _bedtime(ago: int = 0) -> tuple[int, int, int]:
    """The evening as a board's clock takes it."""
    return clock.board_time(_evening(ago))


def _step(text: str) -> None:
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    started = time.monotonic()
    try:
        code = main(*sys.argv[1:2])
    except (AnkletError, ChildProcessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        code = getattr(error, "exit_code", 1)
    print(f"\n   {time.monotonic() - started:.0f} s in all")
    sys.exit(code)
