"""Marks of EDF+ and BDF+ files: their annotations.

"Limb movement@@EMG LAT" is a standard text with the channel that it was made on (edfplus.info).
"""

import datetime as dt
import warnings
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring.marks import Marks
from anklet.signal import inputs

SUFFIXES = (".edf", ".bdf")


def read(path: Path) -> Marks:
    """Raises BadInput. Marks before the recording's start are left out."""
    import edfio  # noqa: PLC0415 - slow to import, and few need it

    with inputs.readable(path):
        try:
            with warnings.catch_warnings(action="ignore"):
                edf = (
                    edfio.read_edf(path) if path.suffix.lower() == ".edf" else edfio.read_bdf(path)
                )
                annotations = edf.annotations
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path} is no EDF+ file that can be read ({error}); export it again."
            ) from error
    found = Marks(path, start=_start(edf))
    for mark in annotations:
        label, _, channel = mark.text.partition("@@")
        onset, duration = round(mark.onset * 1000), round((mark.duration or 0) * 1000)
        if onset >= 0:
            found.add(onset, duration, label, channel)
    return found


def _start(edf) -> dt.datetime | None:
    try:
        return dt.datetime.combine(edf.startdate, edf.starttime)
    except ValueError:  # the date is anonymous
        return None
