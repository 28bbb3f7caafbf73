"""Sessions joined into nights: what one person's leg did between noon and noon.

A night is often several sessions: a sync or a fault ends one and starts the next.
"""

from collections.abc import Iterable
from typing import Any

Item = dict[str, Any]


def by_night(items: Iterable[Item]) -> list[Item]:
    """Join sessions (as Archive.sessions gives them) of one night, label and leg.

    Each night has `night`, `label`, `leg`, `start` (of the first session), `sessions` (device and
    session, by start), `devices`, `recorded_s`, `in_bed_s`, `counts` (summed), `plm_per_hour` (of
    the joined hours in bed), `periodicity_index` and `flags` (each that any session has). By
    night, then label and leg. Sessions without a night (their time is unknown) are left out.
    """
    groups: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        if item["night"]:
            groups.setdefault((item["night"], item["label"], item["leg"]), []).append(item)
    return [_join(*key, sorted(group, key=_start)) for key, group in sorted(groups.items())]


def _start(item: Item) -> str:
    return item["start"] or ""


def _join(night: str, label: str, leg: str, items: list[Item]) -> Item:
    counts: dict[str, int] = {}
    for item in items:
        for name, count in item["counts"].items():
            counts[name] = counts.get(name, 0) + count
    in_bed_s = sum(item["in_bed_s"] for item in items)
    return {
        "night": night,
        "label": label,
        "leg": leg,
        "start": items[0]["start"],
        "sessions": [(item["device"], item["session"]) for item in items],
        "devices": sorted({item["device"] for item in items}),
        "recorded_s": sum(item["recorded_s"] for item in items),
        "in_bed_s": in_bed_s,
        "counts": counts,
        "plm_per_hour": counts["plm"] * 3600 / in_bed_s if in_bed_s else None,
        "periodicity_index": counts["plm"] / counts["clm"] if counts["clm"] else None,
        "flags": list(dict.fromkeys(flag for item in items for flag in item["flags"])),
    }
