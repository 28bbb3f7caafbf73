"""firmware/ and boards/sim are on sys.path, as on the device."""

import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent

for folder in ("boards/sim", "firmware"):
    sys.path.insert(0, str(REPO / folder))
