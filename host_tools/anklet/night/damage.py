"""What is missing from a night file: found while it is read, said in words."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from anklet.texts import _, n_

MOST = 1000  # places kept apart; what comes after them is added to the last one
_WORDS = 3  # places whose time is said


class Damage(NamedTuple):
    """One place. `size`: bytes that can't be read, or say what can't be. `records`: those that
    miss at least, by the sequence numbers. What they told lies between after_ms and before_ms of
    the session, which is None at the end of the file."""

    offset: int
    size: int
    records: int = 0
    after_ms: int = 0
    before_ms: int | None = None


class Losses:
    """Collects the damage of one night file; told of everything in it, in order."""

    def __init__(self) -> None:
        self.found: list[Damage] = []
        self._due = 0  # the next record's sequence number
        self._behind = False  # the last thing was a stretch that can't be read
        self._ms = 0
        self._open = 0  # from here on, `found` lacks its before_ms

    def stretch(self, offset: int, size: int) -> None:
        """These bytes can't be read."""
        self._add(Damage(offset, size, 0, self._ms))
        self._behind = True

    def record(self, offset: int, sequence: int) -> None:
        """An undamaged record with this sequence number."""
        missing = (sequence - self._due) & 0xFFFF
        if missing:
            if not self._behind:
                self._add(Damage(offset, 0, 0, self._ms))
            if missing < 0x8000:  # else it comes a second time, or too late
                last = self.found[-1]
                self.found[-1] = last._replace(records=last.records + missing)
        self._behind = False
        self._due = (sequence + 1) & 0xFFFF

    def moment(self, ms: int) -> None:
        """A record tells of this time of the session."""
        while self._open < len(self.found):
            open_ = self.found[self._open]
            self.found[self._open] = open_._replace(before_ms=max(ms, open_.after_ms))
            self._open += 1
        self._ms = max(self._ms, ms)

    def _add(self, damage: Damage) -> None:
        if len(self.found) < MOST:
            self.found.append(damage)
        else:
            last = self.found[-1]
            self.found[-1] = last._replace(size=last.size + damage.size, before_ms=None)
            self._open = MOST - 1


def words(damage: Sequence[Damage], clock: Callable[[int], str]) -> str:
    """A sentence; "" without damage. clock: says a time of the session, given in ms."""
    if not damage:
        return ""
    size, records = sum(d.size for d in damage), sum(d.records for d in damage)
    text = n_(
        "The night file is damaged in {n} place",
        "The night file is damaged in {n} places",
        len(damage),
    )
    lost = []
    if size:
        lost.append(n_("{n} byte can't be read", "{n} bytes can't be read", size))
    if records:
        lost.append(
            n_("at least {n} record is missing", "at least {n} records are missing", records)
        )
    if lost:
        text += ": " + _(" and ").join(lost)
    spans = [
        _("after {time}", time=clock(d.after_ms))
        if d.before_ms is None
        else _("between {time} and {end}", time=clock(d.after_ms), end=clock(d.before_ms))
        for d in damage
    ]
    spans = list(dict.fromkeys(spans))
    more = len(spans) - _WORDS
    if more > 0:
        spans[_WORDS:] = [n_("at {n} more time", "at {n} more times", more)]
    return f"{text}; {', '.join(spans)}."
