"""An archive of ten years and two million LMs: how long the commands take, how large the page is.

Run by `make years`, as `python tests/years.py [NIGHTS] [FOLDER]`. The night files are written
record by record as the device does, from 40 patterns of a night; the archive is made from them by
`anklet rebuild`.
"""

import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "helpers"))

from anklet import device  # noqa: E402

device.use()

from nightbytes import Builder  # noqa: E402
from plmcore import record  # noqa: E402

NIGHTS = 3650
LMS = 548  # a night: two million in ten years
PATTERNS = 40
HOUR = 3_600_000
FIRST = dt.date(2015, 10, 15)
DEVICE = "e6614103e7452b2f"
MOST_S, MOST_MB = 2.0, 3.0


def pattern(seed: int) -> bytes:
    """The records of a night of 8 h behind its header and anchor: LMs, epochs, counts."""
    rng = random.Random(seed)
    night = Builder(format=1).anchor()
    head = len(night.data)
    share = rng.uniform(0.1, 0.6)  # of the LMs that stand in series
    at, number, series, plm = 60_000, 0, 0, 0
    while number < LMS:
        size = rng.randint(4, 30) if rng.random() < share else 1
        size = min(size, LMS - number)
        series += size >= 4
        for i in range(size):
            of = series if size >= 4 and i >= 3 else 0
            night.lm(number, at, flags=record.PLM if of else 0, series=of)
            if of and i == 3:
                night.series(series, number - 3, number - 2, number - 1)
            number += 1
            at += rng.randint(14_000, 30_000)
        plm += size if size >= 4 else 0
        at += rng.randint(5_000, 45_000)
    for minute in range(1, 481):
        night.epoch(60_000 * minute)
    night.counts(8 * HOUR, lm=LMS, clm=LMS, plm=plm, series=series, plm_strict=plm)
    return bytes(night.data[head:])


def make(home: Path, nights: int) -> None:
    """The raw files of this many nights, every tenth missing, and a journal."""
    folder = home / "raw" / DEVICE
    folder.mkdir(parents=True)
    patterns = [pattern(seed) for seed in range(min(PATTERNS, nights))]
    epoch = dt.date(1970, 1, 1)
    lines = []
    for n in range(nights):
        date = FIRST + dt.timedelta(days=n + n // 9)
        name = f"{n:05d}-1a2b3c4d"
        head = Builder(session=name, device=DEVICE, board="rpi_pico", label="").anchor(
            day=(date - epoch).days
        )
        data = bytes(head.data) + patterns[n % len(patterns)]
        (folder / f"{name}.plm").write_bytes(data)
        values = {
            "magnesium_mg": 300 * (n // 14 % 2),
            "caffeine_mg": 90 * (n % 4),
            "exercise_min": n * 7 % 60,
            "urge": n % 11,
            "sleep_quality": n * 3 % 11,
        }
        note = {"night": date.isoformat(), "label": "", "set": values}
        lines.append(json.dumps({"at": "2026-01-01T20:00:00+00:00", **note}) + "\n")
    (home / "journal.jsonl").write_text("".join(lines))


def timed(home: Path, *argv: str) -> float:
    """Seconds that the command takes, start-up included."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "anklet.cli", *argv],
        env=os.environ | {"ANKLET_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def main(nights: int, home: Path) -> int:
    began = time.perf_counter()
    if not (home / "raw").exists():
        make(home, nights)
        print(f"   {nights} raw files written in {time.perf_counter() - began:.1f} s", flush=True)
    print(f"   {timed(home, 'rebuild'):6.2f} s  anklet rebuild")
    print(f"   {nights * LMS:,} LMs, database {(home / 'anklet.db').stat().st_size / 1e6:.0f} MB")
    page, last = home / "trend.html", f"{nights - 1:05d}-1a2b3c4d"
    night = (FIRST + dt.timedelta(days=nights - 1 + (nights - 1) // 9)).isoformat()
    slow = []
    for argv in (
        ("nights",),
        ("nights", "--json"),
        ("report", night, "--out", str(home / "night.html")),
        ("report", last, "--out", str(home / "night.html")),
        ("report", "--out", str(page)),
    ):
        seconds = min(timed(home, *argv) for _ in range(3))
        shown = " ".join(argv).partition(" --out")[0]
        print(f"   {seconds:6.2f} s  anklet {shown}", flush=True)
        slow += [shown] * (seconds > MOST_S)
    size = page.stat().st_size / 1e6
    print(f"   {size:6.2f} MB the page of all nights")
    if slow or size >= MOST_MB:
        print(f"   over {MOST_S} s or {MOST_MB} MB: {slow or page.name}")
        return 1
    return 0


if __name__ == "__main__":
    given = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="anklet-years-") as scratch:
        wanted = Path(given[1]) if given[1:] else Path(scratch)
        sys.exit(main(int(given[0]) if given else NIGHTS, wanted))
