"""Where the shank lies in the sensor's frame, found from the night itself.

The device takes the leg for upright when the axis that its settings name is within 25 degrees of
vertical. In a sensor that sits askew in its strap that axis is not the shank's, and a sleeper who
rolls over is "upright". But a leg in bed lies, more or less level: through the night gravity turns
about the shank, and changes least along it. So the shank is the direction in which gravity has the
least variance, where the leg has lain in several positions; with one alone nobody can tell.

What the device classed by the wrong axis is classed here again, by the gravity of each minute, and
scored again by the device's own rules.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from anklet.night import away
from anklet.night.recount import recount, score
from anklet.night.session import LM, Session, reader, record

LYING = 120  # minutes that are needed
MOST = 5760  # minutes of a session that is taken for one: four days
STEEP = 0.77  # cosine of 40 degrees: a leg whose gravity lies nearer to the shank is not lying
# Across the shank, the lesser of gravity's variances, in g squared; and how many times that along
# the shank (engineering): a leg that has rolled over. With these, of made-up nights of 2 to 24
# positions, the calf propped up by 0 to 20 degrees, 1 in 125 is taken for askew and is not.
ROLLED, TIMES = 0.1, 2
UPRIGHT = 0.9063  # cosine of 25 degrees, as on the device
FLASH_FULL = reader.FAULTS.index("flash_full")
ASKEW_DEG = 25  # the device bears less; `anklet doctor --fit` refuses over 20


def settle(night: Session) -> None:
    """Find how far the shank is from the axis of the settings; if far, class and score anew.

    Sets `askew_deg` (None where nobody can tell) and, over ASKEW_DEG, the flag "askew".
    """
    shank = direction(night)
    if shank is None:
        return
    axis = night.meta.get("shank", "0")
    along = abs(shank[int(axis) if axis in ("0", "1", "2") else 0])
    night.askew_deg = round(math.degrees(math.acos(min(1.0, along))))
    if night.askew_deg > ASKEW_DEG:
        night.flags.append("askew")
        # A record that is missing would be missing in the counts, too: then the device's stay.
        if not night.damage and not any(fault["code"] == FLASH_FULL for fault in night.faults):
            _class(night, shank)
            score(night)
            night.counts = recount(night, None)


def direction(night: Session) -> NDArray[np.float64] | None:
    """The shank in the sensor's frame, a unit vector; None where the night can't tell."""
    if len(night.epochs) > MOST:
        return None
    gravity = _gravity(night)
    lying = np.ones(len(gravity), bool)
    for _ in range(3):
        if np.count_nonzero(lying) < LYING:
            return None
        variances, axes = np.linalg.eigh(np.cov(gravity[lying].T, bias=True))
        shank = axes[:, 0]
        lying = np.abs(gravity @ shank) < STEEP
    along, across, _ = variances
    return shank if across >= ROLLED and across >= TIMES * along else None


def _gravity(night: Session) -> NDArray[np.float64]:
    """Unit vectors at the end of each epoch; zeros where the sensor told of none."""
    found = np.array([(e["gx"], e["gy"], e["gz"]) for e in night.epochs], float).reshape(-1, 3)
    return found / np.maximum(1.0, np.linalg.norm(found, axis=1))[:, None]


def _class(night: Session, shank: NDArray[np.float64]) -> None:
    """Say anew of each epoch and movement whether the leg was upright."""
    vertical = np.abs(_gravity(night) @ shank) > UPRIGHT
    night.epochs = [
        {**epoch, "flags": epoch["flags"] & ~record.EPOCH_UPRIGHT | int(up) * record.EPOCH_UPRIGHT}
        for epoch, up in zip(night.epochs, vertical, strict=True)
    ]
    upright = away.upright(night)
    night.lms = [_lm(lm, away.inside(lm.onset_ms, upright)) for lm in night.lms]


def _lm(lm: LM, upright: bool) -> LM:
    """A movement that was taken for upright by the wrong axis is a leg movement; its duration
    decides which, when it is scored."""
    if upright:
        return replace(lm, kind="upright", plm=False, series=0)
    return replace(lm, kind="clm") if lm.kind == "upright" else lm
