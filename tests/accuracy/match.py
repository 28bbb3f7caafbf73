"""What was found against what was there, and the errors that follow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from anklet.scoring.matching import pairs

WITHIN_S = 1.0  # between the onsets of a pair

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

    @property
    def plm_error(self) -> float:
        """Of PLM/h, relative to the truth; 0 when both are 0."""
        error = self.plm_per_hour - self.true_plm_per_hour
        return error / self.true_plm_per_hour if self.true_plm_per_hour else error

    @property
    def index_error(self) -> float:
        return self.periodicity_index - self.true_periodicity_index


def score(
    truth: dict[str, Any], clms: Sequence[Span], plm: int, in_bed_s: float, least_mg: float = 0.0
) -> Score:
    """Score `clms` (in order of onset), of which `plm` are PLMs, against a night's truth.

    True CLMs with an envelope under `least_mg` count neither as missed nor, if found, as extra.
    """
    true = [m for m in truth["movements"] if 0.5 <= m["duration_s"] <= 10.0]
    matched = pairs([m["onset_s"] for m in true], [onset for onset, _ in clms], WITHIN_S)
    asked = {i for i, m in enumerate(true) if m["envelope_mg"] >= least_mg}
    kept = [(i, j) for i, j in matched if i in asked]
    seen, used = {i for i, _ in matched}, {j for _, j in matched}
    counts = truth["counts"]
    return Score(
        hits=len(kept),
        missed=[true[i]["onset_s"] for i in sorted(asked - seen)],
        extra=[onset for j, (onset, _) in enumerate(clms) if j not in used],
        onset_errors=[round(clms[j][0] - true[i]["onset_s"], 3) for i, j in kept],
        duration_errors=[round(clms[j][1] - true[i]["duration_s"], 3) for i, j in kept],
        plm_per_hour=plm * 3600 / in_bed_s if in_bed_s else 0.0,
        true_plm_per_hour=truth["plm_per_hour"] or 0.0,
        periodicity_index=plm / len(clms) if clms else 0.0,
        true_periodicity_index=counts["plm"] / counts["clm"] if counts["clm"] else 0.0,
    )


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
