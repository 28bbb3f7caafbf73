"""The series of a list of scored movements."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True)
class PLMSeries:
    """One series of PLMs. onset, length (first onset to last offset) in ms; median_imi in s."""

    number: int
    onset: int
    movements: int
    length: int
    median_imi: float


def series_of(movements: Iterable[tuple[int, int, int]]) -> list[PLMSeries]:
    """The series among movements (onset ms, duration ms, series or 0), in order of onset."""
    members: dict[int, list[tuple[int, int]]] = {}
    for onset, duration, series in movements:
        if series:
            members.setdefault(series, []).append((onset, onset + duration))
    found = []
    for number, spans in sorted(members.items()):
        imis = [later[0] - earlier[0] for earlier, later in pairwise(spans)]
        length = max(end for _, end in spans) - spans[0][0]
        middle = median(imis) / 1000 if imis else 0.0
        found.append(PLMSeries(number, spans[0][0], len(spans), length, middle))
    return found


def series_as_json(movements: Iterable[tuple[int, int, int]]) -> list[dict[str, float]]:
    """The `series` of `replay --json` and `score --json`."""
    return [
        {
            "series": one.number,
            "onset_s": one.onset / 1000,
            "plm": one.movements,
            "length_s": one.length / 1000,
            "median_imi_s": one.median_imi,
        }
        for one in series_of(movements)
    ]
