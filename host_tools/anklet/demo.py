"""`make demo`: one simulated night through everything that a real night goes through.

    simulated movement -> LIS3DH registers -> firmware on MicroPython -> littlefs
        -> serial port -> mpremote -> archive -> report

Run as `python -m anklet.demo [FOLDER]`. What the night's log says is compared with `anklet replay`
of the same signal on both runtimes, movement by movement.
"""

import datetime as dt
import hashlib
import json
import shutil
import sys
import time
from functools import partial
from pathlib import Path

from anklet import device, inputs, nightfile, progress, replay, report, simulate
from anklet.archive import Archive
from anklet.errors import AnkletError
from anklet.nights import table
from anklet.sync import sync

HOURS = 8.0
SEED = 1
percent = partial(progress.percent, every=20)
DEVICE = "5ea1ed0000000001"
FLASH_BLOCKS = 352  # 1.4 MB: what MicroPython leaves of a Pico's 2 MB


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
    else:
        _step("2. MicroPython has no package for this computer: the same firmware on CPython")
        tell = percent("recording")
        data = replay.record_raw(raw, progress=lambda done: tell(done / 100), utc=_bedtime())
        archive.add(data, hashlib.sha256(data).hexdigest())

    _step("4. The archive")
    (summary,) = archive.sessions()
    session = archive.load(summary["session"])
    print(table([summary]))
    _step("5. The same signal by `anklet replay`, movement by movement")
    same = all([_agrees(session, csv, runtime) for runtime in runtimes])
    truth = json.loads((home / "truth.json").read_text())
    print(f"   the simulation made {truth['counts']['plm']} PLM, the firmware counted", end=" ")
    print(f"{summary['counts']['plm']}")
    page = home / "report.html"
    report.write([session], page)
    _step("6. The report: open it in a browser")
    print(f"   {page.resolve()}")
    return 0 if same else 1


def _agrees(session: nightfile.Session, csv: Path, runtime: str) -> bool:
    tell = percent(f"replay on {runtime}")
    again = replay.run(csv, runtime=runtime, progress=lambda done: tell(done / 100))
    logged = nightfile.result(session)
    same = logged["lms"] == again["lms"] and logged["counts"] == again["counts"]
    print(f"   {runtime}: {len(again['lms'])} movements, {'equal' if same else 'DIFFERENT'}")
    return same


def _record_and_sync(interpreter: str, raw: Path, archive: Archive) -> None:
    from anklet.simboard import SimBoard  # noqa: PLC0415 - no pseudo-terminals on Windows

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
        *("label=demo", "utc=" + ",".join(map(str, _bedtime()))),
    ]
    with SimBoard(command, hear) as board:
        _step(f"3. anklet sync, by mpremote over the board's serial port {board.port}")
        tell = percent("download")
        done = sync(board.port, archive, lambda _, size, of: tell(size / max(of, 1)))
        print(f"   {len(done['downloaded'])} night downloaded, hash verified: {done['verified']}")


def _bedtime() -> tuple[int, int, int]:
    """Ten to eleven on the last evening that is over, as a board's clock takes it."""
    now = dt.datetime.now().astimezone()
    bed = now.replace(hour=22, minute=50, second=0, microsecond=0)
    while bed + dt.timedelta(hours=HOURS) > now:
        bed -= dt.timedelta(days=1)
    zone = round((now.utcoffset() or dt.timedelta()).total_seconds() / 60)
    day, seconds = divmod(round(bed.timestamp()), 86_400)
    return day, seconds * 1000, zone


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
