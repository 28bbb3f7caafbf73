"""Scored leg movements from anybody's file: CSV, or EDF+ annotations.

In EDF+ the labels tell what is what. Read are the terms of Luna and the NSRR, `LM:left` and
`PLM:right`, and what common sleep software writes: "Limb movement - left|Limb Movement (Left)",
"PLM (Right)", "LM", "leg movement". An arousal that came with a movement is none.
"""

import datetime as dt
import os
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring.legs import Movement
from anklet.signal import inputs

LEFT, RIGHT, UNSAID = "left", "right", ""
GAP = "gap"  # our own label for a hole in the recording
EDF = (".edf", ".bdf")

_LM = re.compile(r"\b(p?lm[lr]?|(periodic )?(limb|leg)[ _-]?movements?)\b")
_NOT = re.compile(r"arousal|isolated position|body position")
_SIDES = {
    LEFT: re.compile(r"\bleft\b|\bp?lml\b|\(l\)"),
    RIGHT: re.compile(r"\bright\b|\bp?lmr\b|\(r\)"),
}


@dataclass
class Events:
    """The LMs of a night, (onset, duration) in ms, in order of onset.

    legs: those of each leg that has any, under LEFT, RIGHT or UNSAID. gaps: holes in the
    recording, where the file tells them. start: of the recording, local time without a zone, if
    the file tells it.
    """

    legs: dict[str, list[Movement]] = field(default_factory=dict)
    gaps: list[Movement] = field(default_factory=list)
    start: dt.datetime | None = None

    def since(self, start: dt.datetime) -> "Events":
        """The same, counted from `start`; their own has to be known."""
        assert self.start
        late = round((self.start - start).total_seconds() * 1000)

        def moved(spans: list[Movement]) -> list[Movement]:
            return [(onset + late, duration) for onset, duration in spans]

        legs = {side: moved(spans) for side, spans in self.legs.items()}
        return Events(legs, moved(self.gaps), start)


def read(path: str | os.PathLike) -> Events:
    """Read a CSV with the header `onset,duration` (s), one leg a file, or EDF+ annotations.

    In EDF+, marks of one leg that overlap are one movement: many programs write an LM and a PLM
    for the same one. Raises BadInput with what is wrong.
    """
    path = Path(path)
    if path.suffix.lower() in EDF:
        return _read_edf(path)
    return Events({UNSAID: inputs.read_movements(path)})


def leg(label: str) -> str | None:
    """The leg that an annotation's label speaks of (UNSAID: not said); None: no leg movement."""
    text = label.lower().replace("_", " ")
    if not _LM.search(text) or _NOT.search(text):
        return None
    return next((side for side, named in _SIDES.items() if named.search(text)), UNSAID)


def _read_edf(path: Path) -> Events:
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
    events = Events(start=_start(edf))
    for mark in annotations:
        span = _ms(mark.onset), _ms(mark.duration or 0)
        side = leg(mark.text)
        if mark.text == GAP:
            events.gaps.append(span)
        elif side is not None and span[1] > 0 and span[0] >= 0:
            if sum(span) >= inputs.LONGEST_S * 1000:
                raise BadInput(
                    f"{path}: a movement lies more than 12 days from the start; check its onset."
                )
            events.legs.setdefault(side, []).append(span)
    if not events.legs:
        labels = sorted({mark.text for mark in annotations})
        raise BadInput(
            f"{path} has no leg movements among its annotations ("
            + (f"it has {', '.join(labels[:8])}" if labels else "there are none")
            + "); name them LM or PLM, as in LM:left, and give them a duration."
        )
    events.legs = {side: joined(spans) for side, spans in events.legs.items()}
    if any(len(spans) > inputs.MOST_MOVEMENTS for spans in events.legs.values()):
        raise BadInput(
            f"{path} has more than {inputs.MOST_MOVEMENTS} movements of one leg; "
            "export one night a file."
        )
    events.gaps.sort()
    return events


def _start(edf) -> dt.datetime | None:
    try:
        return dt.datetime.combine(edf.startdate, edf.starttime)
    except ValueError:  # the date is anonymous
        return None


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def joined(spans: list[Movement]) -> list[Movement]:
    """Marks of one leg in order of onset; those that overlap are one."""
    found: list[Movement] = []
    for onset, duration in sorted(spans):
        if found and onset < sum(found[-1]):
            first, so_far = found[-1]
            found[-1] = first, max(so_far, onset + duration - first)
        else:
            found.append((onset, duration))
    return found
