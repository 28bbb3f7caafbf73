"""Nights as scored ones are: hard to count, and true to physics (`anklet simulate --plan hard`).

`plan` says when a leg moves, `events` what else happens, `movement` and `worn` what the sensor
feels of it, `truth` what can be felt. Drawn from published figures, never from what a detector
finds; nothing is drawn again for being hard to see.
"""

from anklet.simulate.hard.life import NOTHING, Life
from anklet.simulate.hard.night import make_hard_night

__all__ = ["NOTHING", "Life", "make_hard_night"]
