"""A night file as a Session: what the device logged, and the numbers that follow from it.

Nothing in a night file is trusted: damage is listed, text is made printable, and what can't be
right is left out.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from anklet import device, runs

device.use()  # the record format, the rules and the scorer are the device's own

from plmcore import record  # noqa: E402
from plmcore.rules import DEFAULT, GAP_BREAKS_MS, RULES  # noqa: E402
from plmcore.series import Series  # noqa: E402

SCHEMA = 1
DAY_MS = 86_400_000
LEG_MOVEMENTS = ("clm", "short", "long")
COUNTS = ("lm", "clm", "plm", "series", "short_imi", "plm_strict", "excluded", "gaps")


@dataclass(slots=True)
class LM:
    """A movement. `kind`: "clm", or why it is none (record.KINDS); `series`: 0 outside one."""

    number: int
    n: int
    onset_ms: int
    duration_ms: int
    peak_mg: int
    kind: str
    flags: int
    plm: bool
    series: int

    @property
    def touches_gap(self) -> bool:
        return bool(self.flags & record.TOUCHES_GAP)


@dataclass
class Session:
    """One recording session.

    epochs, gaps, anchors, markers, faults: dicts with the fields of plmcore.record.FIELDS.
    restart: the gap before the first sample, when the session goes on with a recording that was
    interrupted; its lost_ms, 0 if not known, is no part of this session.
    counts: those of COUNTS, and gap_ms, upright_ms, off_body_ms.
    length_ms: from the first sample to the end, gaps included.
    damage: (offset, bytes) of each stretch that can't be read, (offset, 0) where records miss.
    flags: "gap", "cut" (no end was written), "damaged", "clock" (the time is unknown), "upright",
    "off_body", "fault".
    start: local time; None when the clock was not set.
    """

    session: str
    device: str
    meta: dict[str, str] = field(default_factory=dict)
    lms: list[LM] = field(default_factory=list)
    epochs: list[dict[str, int]] = field(default_factory=list)
    gaps: list[dict[str, int]] = field(default_factory=list)
    anchors: list[dict[str, int]] = field(default_factory=list)
    markers: list[dict[str, int]] = field(default_factory=list)
    faults: list[dict[str, int]] = field(default_factory=list)
    restart: dict[str, int] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    damage: list[tuple[int, int]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    start: dt.datetime | None = None
    length_ms: int = 0

    @property
    def board(self) -> str:
        return self.meta.get("board", "")

    @property
    def firmware(self) -> str:
        return self.meta.get("firmware", "")

    @property
    def leg(self) -> str:
        return self.meta.get("leg", "")

    @property
    def label(self) -> str:
        return self.meta.get("label", "")

    @property
    def rules(self) -> str:
        return self.meta.get("rules") or DEFAULT

    @property
    def clock(self) -> str:
        return "known" if self.start else "unknown"

    @property
    def night(self) -> dt.date | None:
        """The evening that names this night (noon to noon, local time)."""
        return (self.start - dt.timedelta(hours=12)).date() if self.start else None

    @property
    def recorded_s(self) -> float:
        """Seconds with samples."""
        return max(0, self.length_ms - self.counts["gap_ms"]) / 1000

    @property
    def in_bed_s(self) -> float:
        """Seconds with samples, neither upright nor off the body."""
        away_ms = self.counts["upright_ms"] + self.counts["off_body_ms"]
        return max(0.0, self.recorded_s - away_ms / 1000)

    @property
    def plm_per_hour(self) -> float | None:
        """PLMs per hour in bed; None without such time."""
        return self.counts["plm"] * 3600 / self.in_bed_s if self.in_bed_s else None

    @property
    def periodicity_index(self) -> float | None:
        """PLM / CLM; None without CLMs."""
        return self.counts["plm"] / self.counts["clm"] if self.counts["clm"] else None


def parse(data: bytes, session: str = "", device: str = "") -> Session:
    """Read a night file. It never fails: what can't be read is in `damage`.

    session, device: what the file was filed under, if that is known; else its header says.
    """
    night = Session(session, device)
    if not data:
        night.damage.append((0, 0))
    counts: list[dict[str, int]] = []
    lists = {
        record.EPOCH: night.epochs,
        record.GAP: night.gaps,
        record.ANCHOR: night.anchors,
        record.MARKER: night.markers,
        record.FAULT: night.faults,
        record.COUNTS: counts,
    }
    by_number: dict[int, LM] = {}
    expected = 0
    records = cast(Iterable[tuple[int, int, int, Any]], record.read(data))
    for offset, kind, sequence, fields in records:
        if "damaged" in fields:
            night.damage.append((offset, fields["damaged"]))
            expected = -1
            continue
        if expected not in (-1, sequence):
            night.damage.append((offset, 0))
        expected = (sequence + 1) & 0xFFFF
        if "raw" in fields:
            continue  # a record type of later firmware
        if kind == record.META:
            night.meta.setdefault(_printable(fields["key"]), _printable(fields["value"]))
        elif kind == record.LM:
            lm = _lm(fields)
            by_number[lm.number] = lm
            night.lms.append(lm)
        elif kind == record.SERIES:
            for number in fields["numbers"]:
                if earlier := by_number.get(number):
                    earlier.plm, earlier.series = True, fields["series"]
        elif kind == record.GAP and fields["cause"] == record.RESTART:
            night.restart = fields
        elif kind in lists:
            lists[kind].append(fields)
    night.session = night.session or night.meta.get("session", "")
    night.device = night.device or night.meta.get("device", "")
    night.lms.sort(key=lambda lm: lm.onset_ms)
    night.start = _start(night.anchors)
    _count(night, counts)
    return night


def _printable(text: str) -> str:
    """A board could send escape sequences to the terminal, or markup to the page's source."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _lm(fields: dict[str, int]) -> LM:
    kind = fields["kind"]
    return LM(
        number=fields["number"],
        n=fields["n"],
        onset_ms=fields["onset_ms"],
        duration_ms=fields["duration_ms"],
        peak_mg=fields["peak_mg"],
        kind=record.KINDS[kind] if kind < len(record.KINDS) else f"kind{kind}",
        flags=fields["flags"],
        plm=bool(fields["flags"] & record.PLM),
        series=fields["series"],
    )


def _start(anchors: list[dict[str, int]]) -> dt.datetime | None:
    """Local time at the session's zero, by the first anchor that makes sense."""
    for anchor in anchors:
        if anchor["ms_of_day"] < DAY_MS and abs(anchor["tz_min"]) <= 14 * 60:
            zone = dt.timezone(dt.timedelta(minutes=anchor["tz_min"]))
            utc_ms = anchor["day"] * DAY_MS + anchor["ms_of_day"] - anchor["ms"]
            epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            return (epoch + dt.timedelta(milliseconds=utc_ms)).astimezone(zone)
    return None


def _count(night: Session, counts: list[dict[str, int]]) -> None:
    """Set counts, length and flags: by the device's final record, else by the records."""
    last = counts[-1] if counts else None
    if last and last["reason"] != record.CHECKPOINT:
        night.counts = {name: last[name] for name in (*COUNTS, *_TIMES)}
        night.length_ms = last["ms"]
        cut = last["reason"] == record.RECOVERED
    else:
        night.counts = _counted(night, last)
        ends = [lm.onset_ms + lm.duration_ms for lm in night.lms]
        ends += [item["ms"] for item in (*night.epochs, *night.markers, *counts)]
        ends += [gap["ms"] + gap["lost_ms"] for gap in night.gaps]
        night.length_ms = max(ends, default=0)
        cut = True
    for flag, holds in (
        ("gap", night.counts["gap_ms"]),
        ("cut", cut),
        ("damaged", night.damage),
        ("clock", night.start is None),
        ("upright", night.counts["upright_ms"]),
        ("off_body", night.counts["off_body_ms"]),
        ("fault", night.faults),
    ):
        if holds:
            night.flags.append(flag)


_TIMES = ("gap_ms", "upright_ms", "off_body_ms")


def _counted(night: Session, checkpoint: dict[str, int] | None) -> dict[str, int]:
    """The counts of a night whose end is missing.

    Intervals are measured again by the device's scorer. Upright and off-body time come from the
    last checkpoint and, after it, from whole epochs.
    """
    scorer = Series(RULES.get(night.rules, RULES[DEFAULT]))
    breaks = [gap["ms"] for gap in night.gaps if gap["lost_ms"] > GAP_BREAKS_MS]
    for lm in night.lms:
        if lm.kind in ("clm", "long"):  # what the device gives to its scorer
            while breaks and breaks[0] <= lm.onset_ms:
                breaks.pop(0)
                scorer.gap()
            scorer.add(lm.number, lm.onset_ms, lm.duration_ms)
    found = {
        "lm": sum(lm.kind in LEG_MOVEMENTS for lm in night.lms),
        "clm": sum(lm.kind == "clm" for lm in night.lms),
        "plm": sum(lm.plm for lm in night.lms),
        "series": len({lm.series for lm in night.lms if lm.series}),
        "short_imi": scorer.short_imi,
        "plm_strict": scorer.plm_strict,
        "excluded": sum(lm.kind not in LEG_MOVEMENTS for lm in night.lms),
        "gaps": len(night.gaps),
        "gap_ms": sum(gap["lost_ms"] for gap in night.gaps),
        "upright_ms": checkpoint["upright_ms"] if checkpoint else 0,
        "off_body_ms": checkpoint["off_body_ms"] if checkpoint else 0,
    }
    before = checkpoint["ms"] if checkpoint else 0
    for epoch in night.epochs:
        if epoch["ms"] > before:
            if epoch["flags"] & record.EPOCH_OFF_BODY:
                found["off_body_ms"] += epoch["ms"] - before
            elif epoch["flags"] & record.EPOCH_UPRIGHT:
                found["upright_ms"] += epoch["ms"] - before
            before = epoch["ms"]
    return found


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
    }


def result(night: Session) -> dict[str, Any]:
    """The object that `anklet replay --json` prints."""
    numbers = _numbers(night)
    return {
        "schema": SCHEMA,
        "rules": night.rules,
        "runtime": night.meta.get("micropython", ""),
        "recorded_s": numbers.pop("recorded_s"),
        "in_bed_s": numbers.pop("in_bed_s"),
        "lms": [
            {
                "onset_s": lm.onset_ms / 1000,
                "duration_s": lm.duration_ms / 1000,
                "peak_mg": lm.peak_mg,
                "class": lm.kind,
                "plm": lm.plm,
                "series": lm.series,
            }
            for lm in night.lms
        ],
        "series": runs.as_json((lm.onset_ms, lm.duration_ms, lm.series) for lm in night.lms),
        **numbers,
    }


def summary(night: Session) -> dict[str, Any]:
    """The item that `anklet nights --json` prints for this night."""
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
        "flags": night.flags,
    }
