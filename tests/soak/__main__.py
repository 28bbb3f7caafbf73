"""`make soak`: thirty nights of eight hours, and the wear of the flash over many, with figures.

python -m tests.soak [--nights 30] [--hours 8] [--seed 1] [--wear 100]
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import soak

parser = argparse.ArgumentParser(prog="python -m tests.soak")
parser.add_argument("--nights", type=int, default=30)
parser.add_argument("--hours", type=float, default=8)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--wear", type=int, default=100, help="nights; 0: leave it out")
given = parser.parse_args()
with TemporaryDirectory(prefix="anklet-") as folder:
    found = soak.run(
        Path(folder),
        given.nights,
        given.hours,
        seed=given.seed,
        tell=lambda line: print(line, file=sys.stderr),
    )
print(soak.table(found))
if given.wear:
    print(soak.wear_table(soak.wear(given.wear)))
sys.exit(bool(found["wrong"]))
