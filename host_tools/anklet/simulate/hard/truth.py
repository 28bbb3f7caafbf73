"""What really happened in a hard night, and what of it an ankle can feel."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from anklet.simulate.hard.plan import Apnoea, Move
from anklet.simulate.plan import RISE_S, Distractor
from anklet.simulate.truth import wasm_flags

FELT_MG = 16.0  # an envelope that stands out of the sensor's own noise (issue: at least 16 mg)
BODY = ("gross", "posture", "walking")  # movements of the whole body
TOUCH_S = 0.5  # EMG takes what is nearer than half a second for one movement
LONGEST_S = 10.0
BEFORE_S, AFTER_S = 2.0, 10.25


@dataclass
class Done:
    """A movement as it came out. envelope_mg: its largest RMS over 0.5 s within 0.5 to 8 Hz, alone
    and without noise; peak_mg: its largest acceleration in that band; tilt_deg: how far the sensor
    is tilted while the leg is up."""

    move: Move
    course: str
    joint: str
    moves_until_s: float
    envelope_mg: float
    peak_mg: float
    tilt_deg: float

    @property
    def span(self) -> tuple[float, float]:
        return self.move.onset_s, max(self.move.end_s, self.moves_until_s)


def buried_by(done: Done, events: Sequence[Distractor]) -> str | None:
    """The family of what hides a movement: any movement of the body that touches it, or a tremor
    or shock during it that is as strong as it is."""
    first, last = done.span
    for event in events:  # the body's first: they hide whatever else there is
        if event.family in BODY and (
            event.onset_s - TOUCH_S < last and first < event.end_s + TOUCH_S
        ):
            return event.family
    for event in events:
        if event.onset_s < last and first < event.end_s:
            strength = event.details
            if strength.get("envelope_mg", 0.0) >= done.envelope_mg or (
                strength.get("peak_mg", 0.0) >= done.peak_mg
            ):
                return event.family
    return None


class Spans:
    """Spans in s, and what of them is near another span."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        self.starts, self.ends = np.array(list(spans)).reshape(-1, 2).T

    def apart(self, first: float, last: float) -> float | None:
        """Seconds to the nearest one, 0 when they meet; None when there is none."""
        if not len(self.starts):
            return None
        return round(float(np.maximum(self.starts - last, first - self.ends).clip(0).min()), 3)


def respiratory(onset_s: float, duration_s: float, breaths: Iterable[tuple[float, float]]) -> bool:
    """True for a CLM any part of which lies from 2.0 s before to 10.25 s after the end of a
    respiratory event (onset, duration): WASM 2016 leaves those out (window: Manconi 2015)."""
    end_s = onset_s + duration_s
    return 0.5 <= duration_s <= LONGEST_S and any(
        round(onset_s - start - length, 3) <= AFTER_S
        and round(end_s - start - length, 3) >= -BEFORE_S
        for start, length in breaths
    )


def _counts(spans: list[tuple[float, float]]) -> tuple[list[bool], dict[str, int]]:
    """PLM flags and counts of (onset, duration) in s, in order."""
    times = [(round(onset * 1000), round(length * 1000)) for onset, length in spans]
    flags, series = wasm_flags(times)
    clm = sum(500 <= length <= 10_000 for _, length in times)
    return flags, {"plm": sum(flags), "clm": clm, "lm": len(times), "series": series}


def felt_counts(
    movements: Iterable[dict[str, Any]], events: Sequence[Distractor]
) -> dict[str, int]:
    """What a perfect device at this ankle counts: movements of at least FELT_MG outside movements
    of the body. A turn of over 10 s is a long leg movement, which ends a series."""
    spans = [
        (m["onset_s"], m["duration_s"])
        for m in movements
        if m["envelope_mg"] >= FELT_MG and m["buried_by"] not in BODY
    ]
    own = len(spans)
    spans += [
        (e.onset_s, e.duration_s) for e in events if e.family in BODY and e.duration_s > LONGEST_S
    ]
    _, counts = _counts(sorted(spans))
    return {**counts, "lm": own}


def truth_of(
    end_s: float,
    events: Sequence[Distractor],
    done: Sequence[Done],
    others: Sequence[Move],
    breaths: Sequence[Apnoea],
    leg: str,
) -> dict[str, Any]:
    """The truth as JSON has it. Counts are of this leg: all movements as EMG would count them,
    those without the respiratory ones, and those that can be felt."""
    flags, counts = _counts([(d.move.onset_s, d.move.duration_s) for d in done])
    body = Spans((e.onset_s, e.end_s) for e in events if e.family in BODY)
    windows = [(b.onset_s, b.duration_s) for b in breaths]
    opposite = Spans((o.onset_s, o.end_s) for o in others)
    movements = [
        {
            "onset_s": one.move.onset_s,
            "offset_s": round(one.move.end_s, 3),
            "duration_s": one.move.duration_s,
            "moves_until_s": round(one.moves_until_s, 3),
            "kind": one.move.kind,
            "course": one.course,
            "held": one.course == "still",
            "joint": one.joint,
            "leg": leg,
            "both": opposite.apart(one.move.onset_s, one.move.end_s) == 0,
            "respiratory": respiratory(one.move.onset_s, one.move.duration_s, windows),
            "envelope_mg": round(one.envelope_mg, 1),
            "peak_mg": round(one.peak_mg, 1),
            "tilt_deg": round(one.tilt_deg, 1),
            "buried_by": buried_by(one, events),
            "apart_s": body.apart(*one.span),
            "plm": flag,
        }
        for one, flag in zip(done, flags, strict=True)
    ]
    own = [m for m in movements if not m["respiratory"]]
    upright = sum(d.duration_s - RISE_S for d in events if d.family == "walking")
    in_bed = end_s - upright
    felt = felt_counts(movements, events)
    return {
        "movements": movements,
        "other_leg": [
            {"onset_s": m.onset_s, "duration_s": m.duration_s, "kind": m.kind} for m in others
        ],
        "distractors": [
            {"family": d.family, "onset_s": d.onset_s, "duration_s": d.duration_s, **d.details}
            for d in events
        ],
        "respiratory_events": [asdict(breath) for breath in breaths],
        "in_bed_s": round(in_bed, 3),
        "upright_s": round(upright, 3),
        "off_body_s": 0.0,
        "counts": counts,
        "without_respiratory": _counts([(m["onset_s"], m["duration_s"]) for m in own])[1],
        "felt": felt,
        "felt_without_respiratory": felt_counts(own, events),
        "plm_per_hour": round(counts["plm"] * 3600 / in_bed, 3),
        "felt_plm_per_hour": round(felt["plm"] * 3600 / in_bed, 3),
    }
