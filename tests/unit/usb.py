"""A simulated board with given night files, on a serial port."""

from pathlib import Path

from anklet import replay
from anklet.simboard import SimBoard

REPO = Path(__file__).resolve().parents[2]


def board(script, unplug_after=None):
    """A SimBoard after `script` ran."""
    return SimBoard([replay.micropython(), "-i", str(script)], unplug_after=unplug_after)


SCRIPT = """
import sys
sys.path[:0] = [{firmware!r}, {sim!r}]
import hw, hostlink
class Silence:
    def readinto(self, buf):
        return 0
board = hw.board(Silence(), root={root!r}, device_id="e6614103e7452b2f", utc={utc!r})
hostlink.attach(board)
{extra}
"""


def script(folder, nights, utc=None, extra=""):
    """A board's start-up script, with these night files (name -> bytes) on it."""
    root = folder / "flash"
    (root / "nights").mkdir(parents=True)
    for name, data in nights.items():
        (root / "nights" / name).write_bytes(data)
    path = folder / "start.py"
    path.write_text(
        SCRIPT.format(
            firmware=str(REPO / "firmware"),
            sim=str(REPO / "boards" / "sim"),
            root=str(root),
            utc=utc,
            extra=extra,
        )
    )
    return path
