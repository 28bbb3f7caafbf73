"""A night scored again from its trace, with other thresholds.

The movements are found in the trace (tracepieces.py). What the trace can't tell comes from the
night: what the device took for a posture change, a turn in bed, upright or off the body stays
that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from anklet import device
from anklet.errors import BadInput
from anklet.night import as_json, away
from anklet.night.session import Session
from anklet.night.trace import NOMINAL_MS, Trace, times
from anklet.scoring import score, tracepieces
from anklet.scoring.tracepieces import Piece

device.use()  # the detector is the device's own

from plmcore import detector, pieces, reader, record  # noqa: E402
from plmcore.trace import SAMPLES  # noqa: E402

LEAST_MG, MOST_MG = 5, 500  # onset thresholds that make sense
NO_LM = reader.KINDS[record.POSTURE :]
JOIN_MS = 560  # a rest up to this is no end: the device allows more where the tilt is not back


@dataclass(frozen=True)
class Movement:
    """onset, offset: ms; kind: "" for a leg movement whose duration decides, else one of
    reader.KINDS."""

    onset: int
    offset: int
    peak_mg: int
    kind: str


def run(
    night: Session,
    trace: Trace,
    onset_mg: float | None = None,
    offset_mg: float | None = None,
    rules: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """The counts of `night` at other thresholds (its own, where none is given).

    onset_mg: least onset threshold. offset_mg: least offset threshold, by default a third of that.
    Returns what `replay --json` prints of a night, with `source`, the thresholds, `traced_s`, and
    what the device counted: `device_counts`, `device_plm_per_hour`. progress: takes the fraction
    done. Raises BadInput.
    """
    own = night.meta.get("on_mg", "")
    onset_mg = onset_mg or (float(own) if own.isdecimal() else detector.ON_MG)
    if not LEAST_MG <= onset_mg <= MOST_MG:
        raise BadInput(f"An onset threshold has {LEAST_MG} to {MOST_MG} mg, not {onset_mg:g}.")
    if offset_mg is not None and not 0 < offset_mg <= onset_mg:
        raise BadInput("An offset threshold lies above 0 and not above the onset's.")
    bounds = score.rule_set(rules or night.rules)
    found = _timed(night, list(tracepieces.find(trace, onset_mg, offset_mg, progress)))
    movements = _classed(night, _joined(night, found))
    scored = score.score(
        [(m.onset, m.offset - m.onset) for m in movements if not m.kind],
        bounds,
        [(gap["ms"], gap["lost_ms"]) for gap in night.gaps],
    )
    of_legs = iter(scored["lms"])
    lms = [
        {
            "onset_s": m.onset / 1000,
            "duration_s": (m.offset - m.onset) / 1000,
            "peak_mg": m.peak_mg,
            "class": m.kind,
            "plm": False,
            "series": 0,
            **({} if m.kind else next(of_legs)),
        }
        for m in movements
    ]
    counts = scored["counts"]
    counts["lm"] = sum(lm["class"] not in NO_LM for lm in lms)
    counts["excluded"] = len(lms) - counts["lm"]
    hours, own_rate = night.in_bed_s / 3600, night.plm_per_hour
    return {
        "schema": as_json.SCHEMA,
        "source": "trace",
        "session": night.session,
        "device": night.device,
        "rules": bounds.name,
        "onset_mg": onset_mg,
        "offset_mg": offset_mg or round(onset_mg / 3, 1),
        "recorded_s": round(night.recorded_s, 3),
        "traced_s": round(float(np.count_nonzero(trace.known)) * SAMPLES * NOMINAL_MS / 1000, 1),
        "in_bed_s": round(night.in_bed_s, 3),
        "lms": lms,
        "counts": counts,
        "plm_per_hour": round(counts["plm"] / hours, 4) if hours else None,
        "periodicity_index": scored["periodicity_index"],
        "device_plm_per_hour": None if own_rate is None else round(own_rate, 4),
        "device_counts": {name: night.counts[name] for name in counts if name in night.counts},
    }


def table(found: dict[str, Any]) -> str:
    """What run() returned, for people: counts beside the device's."""
    device = found["device_counts"]
    rows = [
        f"session {found['session']}, rules {found['rules']}: onset at least "
        f"{found['onset_mg']:g} mg, offset at least {found['offset_mg']:g} mg",
        f"{'':24}{'rescored':>10}{'device':>10}",
    ]
    rows += [
        f"{name:24}{found['counts'][key]:10}{device[key]:10}"
        for name, key in (
            ("LM", "lm"),
            ("CLM", "clm"),
            ("PLM", "plm"),
            ("series", "series"),
            ("short intervals (IMI)", "short_imi"),
            ("no leg movement", "excluded"),
        )
    ]
    rate, own = found["plm_per_hour"], found["device_plm_per_hour"]
    if rate is not None:
        rows.append(f"{'PLM per hour in bed':24}{rate:10.1f}{own:10.1f}")
    rows.append(
        "From the trace at 5 Hz: onsets and offsets are good to about 0.2 s; the device counted "
        "from the whole signal."
    )
    if found["traced_s"] < 0.95 * found["recorded_s"]:
        rows.append(
            f"The trace covers {found['traced_s'] / 3600:.1f} h of the "
            f"{found['recorded_s'] / 3600:.1f} h recorded: movements outside it are missing."
        )
    return "\n".join(rows)


def _timed(night: Session, found: list[Piece]) -> list[Piece]:
    """Pieces in ms of the session."""
    numbers = np.array([(p.onset, p.offset) for p in found], np.int64).reshape(-1, 2)
    ends = np.rint(times(night, numbers)).astype(int).tolist()
    return [
        Piece(onset, offset, p.peak, p.plateau)
        for p, (onset, offset) in zip(found, ends, strict=True)
    ]


def _joined(night: Session, found: list[Piece]) -> list[Movement]:
    """Pieces joined to movements: by their rest, as on the device, and inside the movements that
    the device logged, since the trace knows no tilt."""
    whole = [(lm.onset_ms, lm.onset_ms + lm.duration_ms) for lm in night.lms]
    out: list[Piece] = []
    at = 0
    for piece in found:
        while at < len(whole) and whole[at][1] <= piece.onset:
            at += 1
        last = out[-1] if out else None
        if last and (
            (at < len(whole) and whole[at][0] < last.offset) or piece.onset - last.offset < JOIN_MS
        ):
            out[-1] = Piece(
                last.onset,
                max(last.offset, piece.offset),
                max(last.peak, piece.peak),
                last.plateau + piece.plateau,
            )
        else:
            out.append(piece)
    return [_movement(piece) for piece in out]


def _movement(piece: Piece) -> Movement:
    short = piece.plateau < pieces.PLATEAU
    return Movement(
        piece.onset,
        piece.offset,
        (detector.deci_mg(piece.peak) + 5) // 10,
        reader.KINDS[record.SHORT] if short else "",
    )


def _classed(night: Session, movements: list[Movement]) -> list[Movement]:
    """The movements, with the device's class where they overlap one that it found to be no LM, or
    minutes that it found off the body, or else upright."""
    excluded = [
        (lm.onset_ms, lm.onset_ms + lm.duration_ms, lm.kind)
        for lm in night.lms
        if lm.kind in NO_LM
    ]
    for flag, kind in (
        (record.EPOCH_OFF_BODY, record.OFF_BODY),
        (record.EPOCH_UPRIGHT, record.UPRIGHT),
    ):
        excluded += [(*span, reader.KINDS[kind]) for span in away.flagged(night, flag)]
    out = []
    for m in movements:
        kinds = [kind for first, last, kind in excluded if first < m.offset and last > m.onset]
        out.append(replace(m, kind=kinds[0]) if kinds else m)
    return out
