"""Scored leg movements from anybody's file, and what else of the night the file tells.

Each format has a module that reads its marks; labels.py says what they mean; here they become the
movements of each leg, sleep, arousals and respiratory events.
"""

import datetime as dt
import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring import csvlist, edfplus, labels, luna, marks, remlogic, xmlevents
from anklet.scoring.bilateral import Movement
from anklet.scoring.labels import GAP, LEFT, RIGHT, UNSAID
from anklet.scoring.marks import Mark, Marks
from anklet.signal import inputs

EPOCH_MS = 30_000
HEAD_LINES = 200  # RemLogic writes some twenty lines about the patient before its columns
NAMED = 8  # labels that an error tells


@dataclass
class Events:
    """The LMs of a night, (onset, duration) in ms, in order of onset.

    legs: those of each leg that has any, under LEFT, RIGHT or UNSAID; UNSAID is never beside
    another. gaps: holes in the recording, where the file tells them. sleep: the time scored as
    sleep; arousals; respiratory: apnoeas and hypopnoeas; each None where the file has no mark of
    its kind: then nobody may have scored it. start: of the recording, local time without a zone,
    if the file tells it.
    """

    legs: dict[str, list[Movement]] = field(default_factory=dict)
    gaps: list[Movement] = field(default_factory=list)
    start: dt.datetime | None = None
    sleep: list[Movement] | None = None
    arousals: list[Movement] | None = None
    respiratory: list[Movement] | None = None

    def since(self, start: dt.datetime) -> "Events":
        """The same, counted from `start`; their own has to be known."""
        assert self.start
        late = round((self.start - start).total_seconds() * 1000)

        def shifted(spans):
            return spans and [(onset + late, duration) for onset, duration in spans]

        values = {item.name: getattr(self, item.name) for item in fields(self)}
        legs = {side: shifted(spans) for side, spans in values.pop("legs").items()}
        values.pop("start")
        return Events(legs=legs, start=start, **{k: shifted(v) for k, v in values.items()})


def read(path: str | os.PathLike) -> Events:
    """Read a CSV with the header `onset,duration` (s), EDF+ or BDF annotations, RemLogic's event
    text, XML of the NSRR or Compumedics, or Luna's .annot.

    A CSV without a column `leg` is one leg. In the others, marks of one leg that overlap are one
    movement: many programs write an LM and a PLM for the same one. Raises BadInput with what is
    wrong; also when legs are mixed that can't be told apart.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in edfplus.SUFFIXES:
        return _events(edfplus.read(path))
    if suffix == ".xml":
        return _events(xmlevents.read(path))
    head = _head(path)
    if suffix == ".annot" or any(map(luna.is_header, head)):
        return _events(luna.read(path))
    if any(map(remlogic.is_header, head)):
        return _events(remlogic.read(path))
    if head and csvlist.is_header(head[0]):
        found = csvlist.read(path)
        # Without a line, it is a leg that did not move.
        return _events(found) if found.marks else Events({UNSAID: []})
    return Events({UNSAID: inputs.read_movements(path)})


def pair(path: str | os.PathLike, other_path: str | os.PathLike, first: str = LEFT) -> Events:
    """Both legs from two files, laid on one clock where both tell their start.

    first: the leg of the first file, where neither names one. Raises BadInput.
    """
    given, other = read(path), read(other_path)
    if given.start and other.start:
        start = min(given.start, other.start)
        given, other = given.since(start), other.since(start)
    for name, its in ((path, given), (other_path, other)):
        if len(its.legs) != 1:
            raise BadInput(f"{name} has movements of two legs; give it without --other-leg.")
    (side, movements), (other_side, others) = (*given.legs.items(), *other.legs.items())
    if side == other_side != UNSAID:
        raise BadInput(f"{path} and {other_path} are both of the {side} leg; give one of each.")
    opposite = {LEFT: RIGHT, RIGHT: LEFT}
    side = side or opposite.get(other_side, first)
    found = Events({side: movements, opposite[side]: others}, [*given.gaps, *other.gaps])
    for name in ("sleep", "arousals", "respiratory"):
        # Two exports of one night have the same stages and events.
        known = [value for its in (given, other) if (value := getattr(its, name)) is not None]
        setattr(found, name, known[0] if known else None)
    return found


def _head(path: Path) -> list[str]:
    """The first lines, to know the format by."""
    with inputs.readable(path), open(path, "rb") as file:
        data = file.read(HEAD_LINES * 200)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, "replace").splitlines()[:HEAD_LINES]


def _events(found: Marks) -> Events:
    """What the marks mean."""
    path = found.path
    kinds: dict[str, list[Mark]] = {}
    for mark in found.marks:
        kinds.setdefault(labels.kind(mark.text), []).append(mark)
    moves = [mark for kind in (labels.LM, labels.PLM) for mark in kinds.get(kind, [])]
    timed = [mark for mark in moves if mark.duration > 0]
    if not timed:
        raise BadInput(
            f"{path} has no leg movements with a duration (it has {_listed(found.marks)}); name "
            "them LM or PLM, as in LM:left."
        )
    if any(mark.onset + mark.duration >= inputs.LONGEST_S * 1000 for mark in timed):
        raise BadInput(
            f"{path}: a movement lies more than 12 days from the start; check its onset."
        )
    events = Events(_legs(path, timed), start=found.start)
    if any(len(spans) > inputs.MOST_MOVEMENTS for spans in events.legs.values()):
        raise BadInput(
            f"{path} has more than {inputs.MOST_MOVEMENTS} movements of one leg; "
            "export one night a file."
        )
    events.gaps = sorted(_spans(kinds.get(GAP, [])))
    stages = [mark for kind in labels.STAGES for mark in kinds.get(kind, [])]
    if stages:
        events.sleep = _sleep(stages)
    if labels.AROUSAL in kinds:
        events.arousals = joined(_spans(kinds[labels.AROUSAL]))
    if labels.RESPIRATORY in kinds:
        # Not joined: what counts is the end of each.
        events.respiratory = sorted(_spans(kinds[labels.RESPIRATORY]))
    return events


def _legs(path: Path, moves: list[Mark]) -> dict[str, list[Movement]]:
    """The movements of each leg. Raises BadInput where some leg's can't be told."""
    sided: dict[str, list[Mark]] = {}
    for mark in moves:
        for side in labels.sides(mark.text, mark.channel) or (UNSAID,):
            sided.setdefault(side, []).append(mark)
    unsaid = sided.pop(UNSAID, [])
    legs = {side: joined(_spans(_without_series(its))) for side, its in sided.items()}
    if legs:
        # A mark of no leg over one of a leg is the same movement, called periodic.
        known = joined(span for spans in legs.values() for span in spans)
        unsaid = [mark for mark in unsaid if not touches(known, mark.onset, _end(mark) - 1)]
    elif not _two_legs(unsaid):
        return {UNSAID: joined(_spans(_without_series(unsaid)))}
    if unsaid:
        raise BadInput(
            f"{path}: the legs of its movements can't be told apart (it has {_listed(moves)}); "
            "name the leg in each label, as in LM:left and LM:right, or give each leg a file."
        )
    return {side: legs[side] for side in (LEFT, RIGHT) if side in legs}


def _two_legs(moves: list[Mark]) -> bool:
    """Whether these marks, which name no leg, are of more than one: made on several channels, or
    two of one label at one time, which one leg can't do."""
    if len({mark.channel for mark in moves if mark.channel}) > 1:
        return True
    ends: dict[str, int] = {}
    for mark in sorted(moves, key=lambda mark: mark.onset):
        if mark.onset < ends.get(mark.text, 0):
            return True
        ends[mark.text] = _end(mark)
    return False


def _without_series(moves: list[Mark]) -> list[Mark]:
    """Leave out each PLM mark that holds several LMs: some programs mark the whole series."""
    onsets = sorted(mark.onset for mark in moves if labels.kind(mark.text) == labels.LM)

    def inside(mark: Mark) -> int:
        return bisect_left(onsets, _end(mark)) - bisect_left(onsets, mark.onset)

    return [m for m in moves if labels.kind(m.text) == labels.LM or inside(m) < 2]


def _sleep(stages: list[Mark]) -> list[Movement]:
    """The time scored as sleep. A stage without a duration lasts until the next; the last of
    them an epoch."""
    stages = sorted(stages, key=lambda mark: mark.onset)
    found = []
    for mark, after in zip(stages, [*stages[1:], None], strict=True):
        duration = mark.duration or (after.onset - mark.onset if after else EPOCH_MS)
        if labels.kind(mark.text) == labels.SLEEP and duration:
            found.append((mark.onset, duration))
    return joined(found)


def _spans(of: Iterable[Mark]) -> list[Movement]:
    return [(mark.onset, mark.duration) for mark in of]


def _end(mark: Mark) -> int:
    return mark.onset + mark.duration


def _listed(of: list[Mark]) -> str:
    """What a file has, for an error: its most frequent labels."""
    if not of:
        return "no marks at all"
    names = Counter(f"{mark.text} on {mark.channel}" if mark.channel else mark.text for mark in of)
    common = [f"{marks.printable(name)} ({n})" for name, n in names.most_common(NAMED)]
    return ", ".join(common) + (" and more" if len(names) > NAMED else "")


def joined(spans: Iterable[Movement]) -> list[Movement]:
    """Marks of one leg in order of onset; those that overlap are one."""
    found: list[Movement] = []
    for onset, duration in sorted(spans):
        if found and onset < sum(found[-1]):
            first, so_far = found[-1]
            found[-1] = first, max(so_far, onset + duration - first)
        else:
            found.append((onset, duration))
    return found


def touches(spans: list[Movement], first: int, last: int) -> bool:
    """Whether one of the joined spans has a ms of first..last, both of them included; a span has
    those from its onset to the one before onset + duration."""
    at = bisect_right(spans, (last, inputs.LONGEST_S * 4000))
    return at > 0 and sum(spans[at - 1]) > first
