"""What was found against what was there, and the errors that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from anklet.scoring.matching import pairs
from anklet.simulate.hard.truth import BODY

WITHIN_S = 1.0  # between the onsets of a pair
FEW_PER_HOUR = 10.0  # PLM: where there are fewer, errors are relative to this
KICKS_S = 12.0  # from onset to onset, within a cluster

Span = tuple[float, float]  # onset and duration, s


@dataclass
class Score:
    """CLMs found against true CLMs. Errors are found less true, s, of the pairs.

    missed: onsets of true CLMs without a pair; extra: onsets of found ones without a pair.
    """

    hits: int = 0
    missed: list[float] = field(default_factory=list)
    extra: list[float] = field(default_factory=list)
    onset_errors: list[float] = field(default_factory=list)
    duration_errors: list[float] = field(default_factory=list)
    plm_per_hour: float = 0.0
    true_plm_per_hour: float = 0.0
    periodicity_index: float = 0.0
    true_periodicity_index: float = 0.0
    true_plm: int = 0
    least_per_hour: float = 0.0

    @property
    def plm_error(self) -> float:
        """Of PLM/h, relative to the truth (or to least_per_hour, where that is more)."""
        error = self.plm_per_hour - self.true_plm_per_hour
        against = max(self.true_plm_per_hour, self.least_per_hour)
        return error / against if against else error

    @property
    def index_error(self) -> float:
        return self.periodicity_index - self.true_periodicity_index


def score(
    truth: dict[str, Any], clms: Sequence[Span], plm: int, in_bed_s: float, least_mg: float = 0.0
) -> Score:
    """Score `clms` (in order of onset), of which `plm` are PLMs, against a night's truth.

    True CLMs with an envelope under `least_mg`, or buried by a movement of the body, count neither
    as missed nor, if found, as extra. On the hard plan the truth is what can be felt, and its
    hours are the true ones: the error of PLM/h is that of the count.
    """
    true = [m for m in truth["movements"] if 0.5 <= m["duration_s"] <= 10.0]
    matched = pairs([m["onset_s"] for m in true], [onset for onset, _ in clms], WITHIN_S)
    asked = {
        i
        for i, m in enumerate(true)
        if m["envelope_mg"] >= least_mg and m.get("buried_by") not in BODY
    }
    kept = [(i, j) for i, j in matched if i in asked]
    seen, used = {i for i, _ in matched}, {j for _, j in matched}
    hard = "felt" in truth
    counts = truth["felt"] if hard else truth["counts"]
    hours = (truth["in_bed_s"] if hard else in_bed_s) / 3600
    true_per_hour = truth["felt_plm_per_hour"] if hard else truth["plm_per_hour"]
    return Score(
        hits=len(kept),
        missed=[true[i]["onset_s"] for i in sorted(asked - seen)],
        extra=[onset for j, (onset, _) in enumerate(clms) if j not in used],
        onset_errors=[round(clms[j][0] - true[i]["onset_s"], 3) for i, j in kept],
        duration_errors=[round(clms[j][1] - true[i]["duration_s"], 3) for i, j in kept],
        plm_per_hour=plm / hours if hours else 0.0,
        true_plm_per_hour=true_per_hour or 0.0,
        periodicity_index=plm / len(clms) if clms else 0.0,
        true_periodicity_index=counts["plm"] / counts["clm"] if counts["clm"] else 0.0,
        true_plm=counts["plm"],
        least_per_hour=FEW_PER_HOUR if hard else 0.0,
    )


def joined(truth: dict[str, Any], found: Sequence[Span], least_mg: float) -> tuple[int, int]:
    """Neighbouring kicks of a cluster that one found movement covers, and all neighbours."""
    kicks = [m for m in truth["movements"] if m["kind"] == "cluster"]
    neighbours = [
        (a["onset_s"], b["onset_s"])
        for a, b in pairwise(kicks)
        if min(a["envelope_mg"], b["envelope_mg"]) >= least_mg
        and b["onset_s"] - a["onset_s"] <= KICKS_S
    ]
    together = sum(
        any(onset <= a + WITHIN_S and b < onset + length for onset, length in found)
        for a, b in neighbours
    )
    return together, len(neighbours)


def sensitivity(scores: Sequence[Score]) -> float:
    """Share of the true CLMs of all nights together that were found; 0 without any."""
    hits = sum(s.hits for s in scores)
    return hits / max(1, hits + sum(len(s.missed) for s in scores))


def precision(scores: Sequence[Score]) -> float:
    """Share of the CLMs found in all nights together that are true; 0 without any."""
    hits = sum(s.hits for s in scores)
    return hits / max(1, hits + sum(len(s.extra) for s in scores))


def f1(scores: Sequence[Score]) -> float:
    """Harmonic mean of sensitivity and precision."""
    a, b = sensitivity(scores), precision(scores)
    return 2 * a * b / (a + b) if a + b else 0.0
