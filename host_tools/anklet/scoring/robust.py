"""How far a night's count hangs on the threshold: its PLMs at others than the device's own."""

# ruff: noqa: PLC0415 - without a trace there is no need of SciPy

from typing import TYPE_CHECKING

from anklet.errors import BadInput
from anklet.night.session import Session
from anklet.scoring import score

if TYPE_CHECKING:
    from anklet.night.trace import Trace

LOWER, HIGHER, TWICE = 0.75, 1.5, 2.0  # of the device's onset threshold


def at_thresholds(night: Session, trace: "Trace | None" = None) -> dict[int, int]:
    """PLMs of the night by least onset threshold in mg: the device's own and two others.

    From the trace, at 3/4 and 3/2 of it; without one from the peaks that the device logged, which
    can only leave movements out: at 3/2 and twice. Empty where the night names no threshold or has
    rules that are unknown here.
    """
    own = night.meta.get("on_mg", "")
    if not own.isdecimal() or not int(own):
        return {}
    try:
        others = {
            round(int(own) * factor): _traced(night, trace, int(own) * factor)
            if trace
            else _peaked(night, int(own) * factor)
            for factor in ((LOWER, HIGHER) if trace else (HIGHER, TWICE))
        }
    except BadInput:
        return {}
    return dict(sorted({int(own): night.counts["plm"], **others}.items()))


def _traced(night: Session, trace: "Trace", mg: float) -> int:
    from anklet.scoring import rescore

    return rescore.run(night, trace, mg)["counts"]["plm"]


def _peaked(night: Session, mg: float) -> int:
    left = [
        (lm.onset_ms, lm.duration_ms)
        for lm in night.lms
        if lm.kind in ("clm", "long") and lm.peak_mg >= mg
    ]
    gaps = [(gap["ms"], gap["lost_ms"]) for gap in night.gaps]
    return score.score(left, score.rule_set(night.rules), gaps)["counts"]["plm"]
