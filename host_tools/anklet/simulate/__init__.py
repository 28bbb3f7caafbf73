"""An ankle night in acceleration, with known truth.

`make_night` draws a plan (`plan`), renders it as physics (`movements`, `distractors`) and
returns samples with the list of what really happened (`night`). Everything is synthetic.
"""

from anklet.simulate.files import write_csv, write_truth
from anklet.simulate.night import Night, make_night
from anklet.simulate.plan import FAMILIES, NOMINAL

__all__ = ["FAMILIES", "NOMINAL", "Night", "make_night", "write_csv", "write_truth"]
