"""What is exported: the tables, their columns, and the rows of a night.

Every table of every format has these columns; `columns` (a file of CSV and JSON) describes them.
"""

from collections.abc import Iterator
from typing import Any

from anklet.archive.journal import KEYS, Journal
from anklet.night import as_json, away
from anklet.night.session import Session, reader, record

Row = dict[str, Any]

KEY = {
    "device": (str, "", "the board's serial number"),
    "night": (str, "", "its evening, noon to noon local time; empty when the time is unknown"),
    "session": (str, "", "one recording; a night may have several"),
}
LEG = {
    "leg": (str, "", "left, right, or empty"),
    "label": (str, "", "the wearer's or board's name"),
}
# table -> column -> (type, unit, meaning)
TABLES: dict[str, dict[str, tuple[type, str, str]]] = {
    "nights": {
        **KEY,
        **LEG,
        "rules": (str, "", "the rule set: wasm2016 or aasm3"),
        "start": (str, "", "ISO 8601 local time with offset; empty when unknown"),
        "clock": (str, "", "known, estimated or unknown"),
        "recorded_s": (float, "s", "time with samples"),
        "in_bed_s": (float, "s", "recorded, without upright and off-body time; awake or asleep"),
        "lm": (int, "", "leg movements: clm, short and long"),
        "clm": (int, "", "candidate leg movements"),
        "plm": (int, "", "periodic leg movements"),
        "series": (int, "", "series of PLMs"),
        "isolated": (int, "", "CLMs outside a series"),
        "short_imi": (int, "", "intervals between CLMs that are too short"),
        "plm_strict": (int, "", "PLMs by the other reading of the short interval"),
        "excluded": (int, "", "movements that are no leg movements: posture, gross, ..."),
        "gaps": (int, "", "holes in the recording"),
        "plm_per_hour": (float, "1/h", "PLM per hour of in_bed_s; empty without such time"),
        "periodicity_index": (float, "", "PLM / CLM; empty without CLMs"),
        "flags": (str, "", "what undermines the night, separated by spaces"),
        "firmware": (str, "", "version on the board"),
    },
    "lms": {
        **KEY,
        **LEG,
        "lm": (int, "", "number in the session, from 1, in order of onset"),
        "time": (str, "", "onset, ISO 8601 local time with offset; empty when unknown"),
        "onset_s": (float, "s", "from the session's first sample"),
        "duration_s": (float, "s", ""),
        "peak_mg": (int, "mg", "largest 0.5 s RMS of the 0.5 to 8 Hz acceleration"),
        "class": (str, "", "clm, or why it is none: short, long, posture, gross, upright, ..."),
        "plm": (bool, "", "it belongs to a periodic series"),
        "series": (int, "", "number of its series in the session; 0 outside one"),
    },
    "minutes": {
        **KEY,
        **LEG,
        "time": (str, "", "its end, ISO 8601 local time with offset; empty when unknown"),
        "end_s": (float, "s", "end of this stretch of 3000 samples, from the first sample"),
        "samples": (int, "", "that were there"),
        "activity_mg": (float, "mg", "mean of the half-second RMS of the filtered acceleration"),
        "floor_mg": (float, "mg", "noise floor at its end"),
        "gravity_x_g": (float, "g", "along the shank, unless a setting says otherwise"),
        "gravity_y_g": (float, "g", ""),
        "gravity_z_g": (float, "g", ""),
        "upright": (bool, "", ""),
        "off_body": (bool, "", ""),
    },
    "events": {
        **KEY,
        **LEG,
        "time": (str, "", "ISO 8601 local time with offset; empty when unknown"),
        "onset_s": (float, "s", "from the session's first sample"),
        "duration_s": (float, "s", "of a gap; else 0"),
        "kind": (str, "", "gap, marker (the button) or fault"),
        "detail": (str, "", "a gap's cause, a fault's name"),
    },
}
JOURNAL: dict[str, tuple[type, str, str]] = {
    "night": (str, "", "the evening"),
    "label": (str, "", "whose"),
    **{
        name: (float if key.kind in ("number", "whole") else str, key.unit, key.label)
        for name, key in KEYS.items()
    },
}


def described() -> list[Row]:
    """A row for each column of each table."""
    return [
        {"table": table, "column": name, "type": kind.__name__, "unit": unit, "meaning": meaning}
        for table, columns in {**TABLES, "journal": JOURNAL}.items()
        for name, (kind, unit, meaning) in columns.items()
    ]


def rows(night: Session) -> dict[str, list[Row]]:
    """The rows of one session, by table, in the order of the columns."""
    item = as_json.summary(night)
    who = {"device": night.device, "night": item["night"], "session": night.session}
    who |= {"leg": night.leg, "label": night.label}
    counts = {name: item["counts"][name] for name in TABLES["nights"] if name in item["counts"]}
    whole = who | item | counts | {"flags": " ".join(item["flags"]), "firmware": night.firmware}
    return {
        "nights": [{name: whole[name] for name in TABLES["nights"]}],
        "lms": [who | row for row in _lms(night)],
        "minutes": [who | row for row in _minutes(night)],
        "events": [who | row for row in sorted(_events(night), key=lambda row: row["onset_s"])],
    }


def journal_rows(journal: Journal) -> list[Row]:
    """The journal's latest entries, a row each night and label. Those that were made before there
    was a label to choose count for every label, and stand under none where there is none yet."""
    found: list[Row] = []
    for label in sorted(journal.labels()) or [None]:
        for night, values in sorted(journal.entries(label).items()):
            entry = {"night": night, "label": label}
            found.append(entry | {name: values.get(name) for name in KEYS})
    return found


def _time(night: Session, ms: int) -> str | None:
    when = night.at(ms)
    return when.isoformat(timespec="milliseconds") if when else None


def _lms(night: Session) -> Iterator[Row]:
    for at, lm in enumerate(night.lms, 1):
        yield {"lm": at, "time": _time(night, lm.onset_ms), **as_json.movement(lm)}


def _minutes(night: Session) -> Iterator[Row]:
    off_body = away.off_body(night)
    for epoch in night.epochs:
        yield {
            "time": _time(night, epoch["ms"]),
            "end_s": epoch["ms"] / 1000,
            "samples": epoch["samples"],
            "activity_mg": epoch["activity"] / 10,
            "floor_mg": epoch["floor"] / 10,
            "gravity_x_g": epoch["gx"] / 64,
            "gravity_y_g": epoch["gy"] / 64,
            "gravity_z_g": epoch["gz"] / 64,
            "upright": bool(epoch["flags"] & record.EPOCH_UPRIGHT),
            "off_body": away.inside(epoch["ms"], off_body),
        }


def _events(night: Session) -> Iterator[Row]:
    def event(ms: int, kind: str, detail: str = "", lost_ms: int = 0) -> Row:
        return {
            "time": _time(night, ms),
            "onset_s": ms / 1000,
            "duration_s": lost_ms / 1000,
            "kind": kind,
            "detail": detail,
        }

    for gap in night.gaps:
        cause = gap["cause"]
        name = reader.CAUSES[cause] if cause < len(reader.CAUSES) else f"cause {cause}"
        yield event(gap["ms"], "gap", name, gap["lost_ms"])
    for marker in night.markers:
        yield event(marker["ms"], "marker")
    for fault in night.faults:
        code = fault["code"]
        name = reader.FAULTS[code] if code < len(reader.FAULTS) else f"fault {code}"
        yield event(fault["ms"], "fault", name)
    for still in night.stills:
        onset = still["ms"] - still["length_ms"]
        yield event(onset, "still", " ".join(away.evidence(still)), still["length_ms"])
