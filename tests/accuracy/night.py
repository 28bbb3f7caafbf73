"""One night: simulate it, let the device and the rivals count, hold them against the truth."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from anklet.night import nightfile
from anklet.night.session import Session
from anklet.signal import inputs, replay
from anklet.simulate import make_night
from anklet.simulate.hard import make_hard_night
from anklet.simulate.hard.truth import respiratory

from .easy import EASY
from .families import Family, Outcome
from .hard import HARD
from .match import FEW_PER_HOUR, Score, Span, joined, score
from .rivals import RIVALS, samples_of, scored

# The same bytes come from both; MicroPython is the quicker one.
RUNTIME = "micropython" if Path(sys.executable).with_name("micropython").exists() else "cpython"


FAMILIES = (*EASY, *HARD)
BY_NAME = {family.name: family for family in FAMILIES}


def run(name: str, seed: int) -> Outcome:
    """The night of family `name` with this seed.

    A sensor with a rate error samples the same motion at its own rate: the plan and the physics
    of a night do not depend on the rate, so make_night gives the samples of such a sensor, and
    the truth stays in true time. Only noise and zero offset are drawn anew.
    """
    family = BY_NAME[name]
    make = make_hard_night if family.plan == "hard" else make_night
    night = make(seed=seed, **family.make)
    night.acc[night.lost] = np.nan
    raw = inputs.to_raw(inputs.Acceleration(night.rate, night.acc), night.rate)
    data = replay.record_raw(raw, runtime=RUNTIME, odr_error_ppm=family.ppm)
    outcome = _outcome(family, seed, night.truth, nightfile.parse(data))
    if family.rivals:
        acc = samples_of(raw)
        for rival, find in RIVALS.items():
            found = _in_bed(night.truth, find(acc, night.rate))
            outcome.rivals[rival] = _rival_score(night.truth, found, family.least_mg)
    return outcome


def _outcome(family: Family, seed: int, truth: dict[str, Any], night: Session) -> Outcome:
    classes: dict[str, int] = {}
    for lm in night.lms:
        classes[lm.kind] = classes.get(lm.kind, 0) + 1
    clms = [(m.onset_ms / 1000, m.duration_ms / 1000) for m in night.lms if m.kind == "clm"]
    counts = night.counts
    lms = [(m.onset_ms / 1000, m.duration_ms / 1000) for m in night.lms]
    together, pairs = joined(truth, lms, family.least_mg)
    return Outcome(
        family=family.name,
        seed=seed,
        score=score(truth, clms, counts["plm"], night.in_bed_s, family.least_mg),
        classes=classes,
        lm=counts["lm"],
        plm=counts["plm"],
        in_bed_s=night.in_bed_s,
        true_in_bed_s=truth["in_bed_s"],
        upright_s=counts["upright_ms"] / 1000,
        true_upright_s=truth["upright_s"],
        off_body_s=counts["off_body_ms"] / 1000,
        true_off_body_s=truth["off_body_s"],
        other_error=_other_error(truth, night),
        joined=together,
        pairs=pairs,
    )


def _other_error(truth: dict[str, Any], night: nightfile.Session) -> float:
    """Of the PLMs that breathing has no part in, when its events are known."""
    events = [(e["onset_s"], e["duration_s"]) for e in truth.get("respiratory_events", [])]
    if not events:
        return 0.0
    lms = [
        (m.onset_ms / 1000, m.duration_ms / 1000)
        for m in night.lms
        if m.kind in ("clm", "short", "long")
    ]
    _, plm = scored([lm for lm in lms if not respiratory(*lm, events)])
    true, hours = truth["felt_without_respiratory"]["plm"], truth["in_bed_s"] / 3600
    return (plm - true) / max(true, FEW_PER_HOUR * hours)


def _in_bed(truth: dict[str, Any], movements: list[Span]) -> list[Span]:
    """The rivals do not know posture. They are told when the sleeper was up, as by a diary."""
    away = [d for d in truth["distractors"] if d["family"] in ("walking", "table")]
    return [
        (onset, duration)
        for onset, duration in movements
        if not any(d["onset_s"] <= onset <= d["onset_s"] + d["duration_s"] for d in away)
    ]


def _rival_score(truth: dict[str, Any], movements: list[Span], least_mg: float) -> Score:
    clms, plm = scored(movements)
    return score(truth, clms, plm, truth["in_bed_s"], least_mg)
