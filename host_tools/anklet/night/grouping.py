"""Sessions joined into nights: what one person's leg did between noon and noon.

A night is often several sessions: a sync or a fault ends one and starts the next.
"""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from anklet.night.as_json import rates
from anklet.night.session import RECORDING

if TYPE_CHECKING:
    from anklet.night.session import Session

Item = dict[str, Any]

BETWEEN = 255  # cause of the gap between two sessions; a device has none of this number


def select(
    items: Iterable[Item],
    *nights: str,
    label: str | None = None,
    device: str | None = None,
    leg: str | None = None,
) -> list[Item]:
    """The sessions (as Archive.sessions gives them) that fit all that is given.

    nights: dates or sessions, of which one has to fit; without any, all do. device: its number or
    the end of it, as the table shows it.
    """
    return [
        item
        for item in items
        if (not nights or item["night"] in nights or item["session"] in nights)
        and (label is None or label == item["label"])
        and (device is None or item["device"].endswith(device))
        and (leg is None or leg == item["leg"])
    ]


def shown(items: Iterable[Item], *named: str) -> list[Item]:
    """The sessions that are not hidden, or are named by their session all the same."""
    return [i for i in items if "hidden" not in i["flags"] or i["session"] in named]


def undated(items: Iterable[Item]) -> list[Item]:
    """The sessions of unknown time, which belong to no night, but the hidden ones."""
    return [item for item in shown(items) if not item["night"]]


def grouped(items: Iterable[Item]) -> list[list[Item]]:
    """The sessions of each night, label and leg together, in order of start.

    Boards without a label or a leg may be two on one person, or on two: they stay apart, as do
    sessions under different rules, a board's and those made from recordings, and those without a
    night, whose time is unknown; these come first. Hidden sessions are left out.
    """
    groups: dict[tuple[str, ...], list[Item]] = {}
    for item in shown(items):
        made = RECORDING if RECORDING in item["flags"] else ""
        key = (item["night"] or "", item["label"], item["leg"], item["rules"], made)
        if not (item["label"] and item["leg"]):
            key += (item["device"],)
        if not item["night"]:
            key += (item["device"], item["session"])
        groups.setdefault(key, []).append(item)
    return [sorted(group, key=_start) for _, group in sorted(groups.items())]


def by_night(items: Iterable[Item], recordings: bool = False) -> list[Item]:
    """Join sessions (as Archive.sessions gives them) of one night, label and leg; see grouped().

    Each night has `night`, `label`, `leg`, `rules`, `clock` and `start` (of the first session),
    `sessions` (device and session, by start), `devices`, `detectors`, `recorded_s`, `in_bed_s`,
    `counts` (summed), `series_plm` (the PLMs of each series), `plm_per_hour` (of the joined hours
    in bed), `periodicity_index` and `flags` (each that any session has); where a session has
    them, `in_bed_range_s` and `plm_per_hour_range`. By night, label and leg.
    Sessions without a night (their time is unknown) and hidden ones are left out, and so are those
    that the computer made from recordings; with `recordings` there are these alone.
    """
    return [
        _join(group)
        for group in grouped(items)
        if group[0]["night"] and (RECORDING in group[0]["flags"]) == recordings
    ]


def _start(item: Item) -> float:
    return dt.datetime.fromisoformat(item["start"]).timestamp() if item["start"] else 0


def _join(items: list[Item]) -> Item:
    counts: dict[str, int] = {}
    for item in items:
        for name, count in item["counts"].items():
            counts[name] = counts.get(name, 0) + count
    in_bed_s = sum(item["in_bed_s"] for item in items)
    ranges = {}
    if any("in_bed_range_s" in item for item in items):
        each = [item.get("in_bed_range_s", [item["in_bed_s"]] * 2) for item in items]
        least, most = (sum(pair[i] for pair in each) for i in range(2))
        ranges = {"in_bed_range_s": [least, most], **rates(counts["plm"], least, most)}
    return {
        **{name: items[0][name] for name in ("night", "label", "leg", "rules", "clock", "start")},
        "sessions": [(item["device"], item["session"]) for item in items],
        "devices": sorted({item["device"] for item in items}),
        "detectors": sorted({item.get("detector", 1) for item in items}),
        "recorded_s": sum(item["recorded_s"] for item in items),
        "in_bed_s": in_bed_s,
        "counts": counts,
        "series_plm": [plm for item in items for plm in item["series_plm"]],
        "plm_per_hour": counts["plm"] * 3600 / in_bed_s if in_bed_s else None,
        "periodicity_index": counts["plm"] / counts["clm"] if counts["clm"] else None,
        "flags": list(dict.fromkeys(flag for item in items for flag in item["flags"])),
        **ranges,
    }


def joined(sessions: Sequence["Session"]) -> "Session":
    """The sessions of one night as one, on the clock of the first; all have a start.

    What lies between two is a gap of the cause BETWEEN, which is no recorded time. Movements and
    series are numbered through. A session that would begin before the end of the one before it
    (two clocks that disagree) begins right there.
    """
    ordered = sorted(sessions, key=lambda s: s.start.timestamp() if s.start else 0)
    night = ordered[0]
    for session in ordered[1:]:
        night = _append(night, session)
    return night


def _append(night: "Session", later: "Session") -> "Session":
    assert night.start and later.start
    ms = max(night.length_ms, round((later.start - night.start).total_seconds() * 1000))
    last = night.epochs[-1] if night.epochs else {"n": 0, "ms": 1}
    n = last["n"] * ms // last["ms"]  # sample numbers go on at the measured rate
    number = max((lm.number for lm in night.lms), default=-1) + 1
    series = max((lm.series for lm in night.lms), default=0)
    lost_ms = ms - night.length_ms

    def shifted(items: list[dict[str, int]]) -> list[dict[str, int]]:
        return [{**item, "n": item["n"] + n, "ms": item["ms"] + ms} for item in items]

    lms = [
        replace(
            lm,
            number=lm.number + number,
            n=lm.n + n,
            onset_ms=lm.onset_ms + ms,
            series=lm.series + series if lm.series else 0,
        )
        for lm in later.lms
    ]
    between = {"n": n, "ms": night.length_ms, "lost": 0, "lost_ms": lost_ms, "cause": BETWEEN}
    counts = {name: count + later.counts[name] for name, count in night.counts.items()}
    counts["gap_ms"] += lost_ms
    return replace(
        night,
        session=f"{night.session} + {later.session}",
        clock="known" if night.clock == later.clock == "known" else "estimated",
        lms=night.lms + lms,
        epochs=night.epochs + shifted(later.epochs),
        gaps=[*night.gaps, between, *shifted(later.gaps)],
        markers=night.markers + shifted(later.markers),
        faults=night.faults + shifted(later.faults),
        stills=night.stills + shifted(later.stills),
        counts=counts,
        damage=night.damage + later.damage,
        flags=list(dict.fromkeys(night.flags + later.flags)),
        length_ms=ms + later.length_ms,
        trace=night.trace + [(at + ms, levels) for at, levels in later.trace],
        plm_at={
            mg: night.plm_at[mg] + later.plm_at[mg] for mg in night.plm_at if mg in later.plm_at
        },
    )


def in_time(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By start, from the order in which each board recorded them. Those of unknown time keep that
    order: they stand behind the one before, else before the next; a board's without any, last."""
    moments: list[float] = []
    for _, group in itertools.groupby(items, key=lambda item: item["device"]):
        starts = [item["start"] for item in group]
        known = [dt.datetime.fromisoformat(start).timestamp() for start in starts if start]
        last = known[0] if known else math.inf
        later = iter(known)
        for start in starts:
            last = next(later) if start else last
            moments.append(last)
    order = sorted(range(len(items)), key=moments.__getitem__)
    return [items[i] for i in order]
