"""EDF+: a file a session, with the movements as annotations (annotations.py) and the activity as
a signal."""

import datetime as dt
import math
from collections.abc import Iterable
from pathlib import Path

import edfio
import numpy as np

from anklet.archive.journal import Journal
from anklet.export import annotations
from anklet.night.session import Session

MINUTE_S = 60
MISSING = -1.0  # mg, where nothing was recorded: EDF knows no empty value
LOUDEST = 6553.5  # mg, the largest that the log holds


def write(form: str, nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    """See export.write. The journal has no place in EDF+."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for night in nights:
        path = out / file_name(night, "edf")
        _edf(night).write(path)
        written.append(path)
    return written


def file_name(night: Session, suffix: str) -> str:
    return f"{night.night or 'unknown'}_{night.leg or 'leg'}_{night.session}.{suffix}"


def _edf(night: Session) -> edfio.Edf:
    start = night.start
    return edfio.Edf(
        [
            edfio.EdfSignal(
                _activity(night),
                1 / MINUTE_S,
                label=f"activity {night.leg}".strip(),
                transducer_type="LIS3DH at the ankle",
                physical_dimension="mg",
                physical_range=(MISSING, LOUDEST),
                prefiltering="BP:0.5-8Hz, RMS, mean of a minute; -1 missing",
            )
        ],
        patient=edfio.Patient(code=_word(night.label)),
        recording=edfio.Recording(
            startdate=start.date() if start else None,
            equipment_code=_word(f"Anklet_{night.firmware}_{night.device}"),
        ),
        # Without a clock: midnight of no date, as EDF+ has it for what is not known.
        starttime=start.time() if start else dt.time(0),
        data_record_duration=MINUTE_S,
        annotations=[
            edfio.EdfAnnotation(onset / 1000, duration / 1000, label)
            for onset, duration, label in annotations.of(night)
        ],
    )


def _word(text: str) -> str:
    """As a subfield of the header: ASCII without spaces; X: not known."""
    plain = text.encode("ascii", "ignore").decode().strip().replace(" ", "_")
    return plain[:30] or "X"


def _activity(night: Session) -> np.ndarray:
    """mg a minute: of the stretch that the minute's middle lies in."""
    minutes = max(1, math.ceil(night.length_ms / 1000 / MINUTE_S))
    found = np.full(minutes, MISSING)
    if night.epochs:
        ends = np.array([epoch["ms"] for epoch in night.epochs]) / 1000
        values = np.array([epoch["activity"] for epoch in night.epochs]) / 10
        middles = (np.arange(minutes) + 0.5) * MINUTE_S
        at = np.searchsorted(ends, middles)
        there = (at < len(ends)) & (ends[np.minimum(at, len(ends) - 1)] - middles <= MINUTE_S)
        found[there] = values[at[there]]
        for gap in night.gaps:
            hole = (middles * 1000 >= gap["ms"]) & (middles * 1000 < gap["ms"] + gap["lost_ms"])
            found[hole] = MISSING
    return np.minimum(found, LOUDEST)
