"""The events of a night as labels over stretches of time, for EDF+ and for Luna.

Labels are those of Luna and the NSRR: `LM:left` for each leg movement and, over the same time,
`PLM:left` for each periodic one (`LM`, `PLM` where the leg is not known). Others, which those have
no terms for: `movement:posture` and the like for what is no leg movement, `gap`, `marker`.
"""

from anklet.night.recount import LEG_MOVEMENTS
from anklet.night.session import Session
from anklet.scoring.labels import GAP

Annotation = tuple[int, int, str]  # onset and duration in ms from the first sample; label


def of(night: Session) -> list[Annotation]:
    side = f":{night.leg}" if night.leg else ""
    found: list[Annotation] = []
    for lm in night.lms:
        if lm.kind not in LEG_MOVEMENTS:
            found.append((lm.onset_ms, lm.duration_ms, f"movement:{lm.kind}"))
            continue
        found.append((lm.onset_ms, lm.duration_ms, f"LM{side}"))
        if lm.plm:
            found.append((lm.onset_ms, lm.duration_ms, f"PLM{side}"))
    found += [(gap["ms"], gap["lost_ms"], GAP) for gap in night.gaps]
    found += [(marker["ms"], 0, "marker") for marker in night.markers]
    return found
