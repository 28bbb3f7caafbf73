"""The files that a night is scored from: what each is, and its hash, by which a run knows it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anklet.archive import rawfiles
from anklet.cohort.plan import Night, Settings
from anklet.errors import BadInput

Row = dict[str, Any]

NIGHT, TRACE, ANCHORS, LIST, ACCELERATION = "night", "trace", "anchors", "list", "acceleration"
SUFFIXES = {rawfiles.NIGHTS: NIGHT, ".edf": LIST, ".bdf": LIST, ".cwa": ACCELERATION}

# Of a recording, so that a worker stays under 600 MB: measured, 70 to 100 bytes of memory a sample
# in either form (and 200 MB for what reads .cwa); 100 samples a second for 11 and 13 hours.
MOST_BYTES = {".cwa": 17 << 20, ".csv": 200 << 20}


def inputs_of(legs: Sequence[Night], settings: Settings) -> list[Row]:
    """The `run` rows of a night without settings and versions: each file that it is scored from,
    with its hash."""
    found = []
    for night in legs:
        for session, name in enumerate(night.files, 1):
            path = Path(name)
            kinds = {path: kind_of(path)}
            if kinds[path] == NIGHT:
                kinds[anchors_of(path)] = ANCHORS
                if settings.onset_mg:
                    kinds[trace_of(path)] = TRACE
            for file, kind in kinds.items():
                if file == path or file.is_file():
                    size, digest = _hash(file)
                    found.append(
                        {
                            **{"person": night.person, "night": night.night, "leg": night.leg},
                            **{"session": session, "kind": kind},
                            **{"bytes": size, "sha256": digest},
                        }
                    )
    return found


def kind_of(path: Path) -> str:
    """What a recording is: by its ending, or a CSV file by its header line; a list, whose reader
    says what is wrong with it, if that says nothing."""
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    try:
        with open(path, "rb") as file:
            names = file.readline(4096).decode("utf-8-sig", "replace").lower().split(",")
    except OSError:
        names = []
    return ACCELERATION if {"x", "y", "z"} <= {name.strip() for name in names} else LIST


def check_size(path: Path) -> None:
    """Raises BadInput for a recording that would not fit into a worker."""
    most = MOST_BYTES.get(path.suffix.lower())
    if most and path.stat().st_size > most:
        raise BadInput(
            f"the recording has over {most >> 20} MB, more than a night: cut it into nights"
        )


def anchors_of(night: Path) -> Path:
    """Where an archive keeps what clocks said of this night's board."""
    return night.parent / rawfiles.ANCHORS


def trace_of(night: Path) -> Path:
    return night.with_suffix(rawfiles.TRACES)


def _hash(path: Path) -> tuple[int, str]:
    try:
        with open(path, "rb") as file:
            return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return 0, ""  # tried again by the next run
