"""Cycle figures of the firmware; the emulator's modules are found from here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pico"))
