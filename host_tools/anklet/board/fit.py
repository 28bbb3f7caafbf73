"""`anklet doctor --fit`: which axis of the sensor lies along the shank of who stands upright."""

import math
import time
from typing import Any

from anklet.board.doctor import GRAVITY_G, answer
from anklet.board.link import Link
from anklet.errors import BadInput

MEASURE_S = 5
WAIT_S = 3  # until it begins
MOST_SPREAD_MG = 60
MOST_TILT = 20  # degrees; the detector takes a leg for upright within 25


def fit(port: str, wait_s: float = WAIT_S, seconds: int = MEASURE_S) -> dict[str, Any]:
    """Store in the board's settings which axis lies along the shank of a wearer who stands still.

    Returns {"shank": 0..2, "axis": "x".."z", "tilt_deg": ..., "gravity_g": [...], "changed": ...}.
    Raises BadInput when the leg moves or no axis lies along it.
    """
    with Link(port, "anklet doctor --fit") as link:
        link.need("selftest")
        time.sleep(wait_s)
        found = answer(link, f"selftest.fit({seconds})")
        gravity, spread = found.get("gravity"), found.get("spread", 0)
        if gravity is None:
            raise BadInput("The sensor does not answer; run anklet doctor.")
        with link.making_sense():
            shank, tilt = shank_of([*map(int, gravity)], int(spread))
        changed = link.configure({"shank": shank})
    return {
        "shank": shank,
        "axis": "xyz"[shank],
        "tilt_deg": round(tilt),
        "gravity_g": [g / 1000 for g in gravity],
        "changed": changed,
    }


def shank_of(gravity: list[int], spread: int) -> tuple[int, float]:
    """The axis (0..2) along the vertical, and its angle to it in degrees; gravity, spread in mg.

    Raises BadInput when that can't be told.
    """
    size = math.hypot(*gravity)
    if spread > MOST_SPREAD_MG or not GRAVITY_G[0] <= size / 1000 <= GRAVITY_G[1]:
        raise BadInput(
            f"The leg did not stand still (it moved by {spread} mg); stand upright, lean on "
            f"something, and run anklet doctor --fit again."
        )
    shank = max(range(3), key=lambda axis: abs(gravity[axis]))
    tilt = math.degrees(math.acos(min(1.0, abs(gravity[shank]) / size)))
    if tilt > MOST_TILT:
        raise BadInput(
            f"No axis of the sensor points along the shank: the nearest, {'xyz'[shank]}, is "
            f"{tilt:.0f} degrees off; turn the sensor in its strap and run anklet doctor --fit "
            f"again."
        )
    return shank, tilt
