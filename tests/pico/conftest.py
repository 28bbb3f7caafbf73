"""The emulator's modules are found from each test here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
