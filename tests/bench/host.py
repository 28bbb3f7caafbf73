"""What the computer's side of `make bench` measures: replay, scoring, start-up. Seconds."""

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from anklet.archive.store import Archive
from anklet.scoring import score
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from anklet.simulate.files import write_csv

TOOL = Path(sys.executable).with_name("anklet")


def replay_night(folder: Path, hours: float = 8) -> tuple[float, float]:
    """Processor time of `anklet replay` on a CSV file of a night at 50 Hz, on one core: with
    reading the file, and of the device's chain alone."""
    night = make_night(hours, seed=1)
    path = folder / "night.csv"
    write_csv(night, path)
    start = time.process_time()
    replay.run(path)
    whole = time.process_time() - start
    raw = to_raw(Acceleration(rate=50, acc=night.acc))
    start = time.process_time()
    replay.record_raw(raw)
    return whole, time.process_time() - start


def score_movements(number: int) -> float:
    """Processor time of scoring so many movements, the best of three."""
    chance = random.Random(1)
    onset, movements = 0, []
    for _ in range(number):
        onset += chance.randrange(3000, 60000)
        movements.append((onset, chance.randrange(400, 2500)))
    rules = score.rule_set("wasm2016")
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        score.score(movements, rules)
        best = min(best, time.process_time() - start)
    return best


def start_up(*given: str, home: Path | None = None, tool: Sequence[str | Path] = (TOOL,)) -> float:
    """Seconds that `anklet ...` (or another tool) takes, the best of five."""
    env = os.environ | ({"ANKLET_HOME": str(home)} if home else {})
    best = float("inf")
    for _ in range(5):
        start = time.monotonic()
        subprocess.run([*tool, *given], env=env, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.monotonic() - start)
    return best


def ten_nights(home: Path) -> Path:
    """An archive of ten nights of half an hour."""
    raw = to_raw(Acceleration(rate=50, acc=make_night(0.5, seed=1).acc))
    for day in range(10):
        night = replay.record_raw(raw, device_id=f"{day:016x}", utc=(20760 + day, 79_083_000, 60))
        Archive(home).add(night, hashlib.sha256(night).hexdigest())
    return home
