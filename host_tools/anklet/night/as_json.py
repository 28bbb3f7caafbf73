"""What a session is called on the outside: the objects that commands print and exports hold."""

import re
from typing import Any

from anklet.night.series import PLMSeries, series_as_json, series_of
from anklet.night.session import COUNTS, LM, Session

SCHEMA = 1
DETECTOR = re.compile("[0-9]{1,4}")  # what the log's header says of it


def movement(lm: LM) -> dict[str, Any]:
    """A movement of `anklet replay --json`."""
    return {
        "onset_s": lm.onset_ms / 1000,
        "duration_s": lm.duration_ms / 1000,
        "peak_mg": lm.peak_mg,
        "class": lm.kind,
        "plm": lm.plm,
        "series": lm.series,
    }


def _numbers(night: Session) -> dict[str, Any]:
    rate, index = night.plm_per_hour, night.periodicity_index
    counts = {name: night.counts[name] for name in COUNTS}
    counts["isolated"] = counts["clm"] - counts["plm"]
    return {
        "recorded_s": round(night.recorded_s, 3),
        "in_bed_s": round(night.in_bed_s, 3),
        "counts": counts,
        "plm_per_hour": None if rate is None else round(rate, 4),
        "periodicity_index": None if index is None else round(index, 4),
        **_range(night),
    }


def _range(night: Session) -> dict[str, Any]:
    """What the rate would be without the time that was very still, and with that off the body."""
    if not night.stills:
        return {}
    least, most = night.in_bed_range_s
    return {
        "in_bed_range_s": [round(least, 3), round(most, 3)],
        **rates(night.counts["plm"], least, most),
    }


def rates(plm: int, least_s: float, most_s: float) -> dict[str, list[float | None]]:
    """`plm_per_hour_range`: of the most and of the least hours in bed; null where these are 0."""
    low, high = (round(plm * 3600 / s, 4) if s else None for s in (most_s, least_s))
    return {"plm_per_hour_range": [low, high]}


def result(night: Session) -> dict[str, Any]:
    """The object that `anklet replay --json` prints."""
    numbers = _numbers(night)
    return {
        "schema": SCHEMA,
        "rules": night.rules,
        "runtime": night.meta.get("micropython", ""),
        "recorded_s": numbers.pop("recorded_s"),
        "in_bed_s": numbers.pop("in_bed_s"),
        "lms": [movement(lm) for lm in night.lms],
        "series": series_as_json((lm.onset_ms, lm.duration_ms, lm.series) for lm in night.lms),
        **numbers,
    }


def summary(night: Session) -> dict[str, Any]:
    """The item that `anklet nights --json` prints for this night. Those of the first detector have
    no `detector`."""
    detector = night.meta.get("detector", "")
    return {
        "night": night.night.isoformat() if night.night else None,
        "session": night.session,
        "device": night.device,
        "leg": night.leg,
        "label": night.label,
        "rules": night.rules,
        "start": night.start.isoformat(timespec="seconds") if night.start else None,
        "clock": night.clock,
        **_numbers(night),
        "series_plm": [series.movements for series in _series(night)],
        "flags": night.flags,
        **({"askew_deg": night.askew_deg} if "askew" in night.flags else {}),
        "missing_records": sum(damage.records for damage in night.damage),
        **({"detector": int(detector)} if DETECTOR.fullmatch(detector) else {}),
    }


def _series(night: Session) -> list[PLMSeries]:
    return series_of((lm.onset_ms, lm.duration_ms, lm.series) for lm in night.lms)
