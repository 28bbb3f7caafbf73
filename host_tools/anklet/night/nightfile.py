"""A night file as a Session: what the device logged, and the numbers that follow from it.

Nothing in a night file is trusted: damage is listed, text is made printable, and what can't be
right is left out.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from anklet import device
from anklet.night import clock, runs
from anklet.night.damage import Damage, Losses
from anklet.night.recount import recount

device.use()  # the record format and the rules are the device's own

from plmcore import record  # noqa: E402
from plmcore.rules import DEFAULT  # noqa: E402

SCHEMA = 1
LIMIT = 1 << 30  # every sample number and every time in a night file lies below
# Bounds for what a broken board could send, far above those of 12 days, the longest session.
MOST_RECORDS = 65_536
MOST_KEYS = 100
COUNTS = ("lm", "clm", "plm", "series", "short_imi", "plm_strict", "excluded", "gaps")
_TIMES = ("gap_ms", "upright_ms", "off_body_ms")


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

    def as_json(self) -> dict[str, Any]:
        """As `anklet replay --json` prints it."""
        return {
            "onset_s": self.onset_ms / 1000,
            "duration_s": self.duration_ms / 1000,
            "peak_mg": self.peak_mg,
            "class": self.kind,
            "plm": self.plm,
            "series": self.series,
        }


@dataclass
class Session:
    """One recording session.

    epochs, gaps, anchors, markers, faults: dicts with the fields of plmcore.record.FIELDS.
    restart: the gap before the first sample, when the session goes on with a recording that was
    interrupted; its lost_ms, 0 if not known, is no part of this session.
    counts: those of COUNTS, and gap_ms, upright_ms, off_body_ms.
    length_ms: from the first sample to the end, gaps included.
    trace: see trace.drawn; empty where nobody asked for it.
    damage: each stretch that can't be read, and each place where records miss; by offset.
    flags: "gap", "cut" (no end was written), "damaged", "clock" (the time is unknown), "upright",
    "off_body", "fault", "newer" (firmware whose format this version does not know).
    start: local time, see clock.settle; None when it is unknown. clock: "known", "estimated" or
    "unknown". ppm: how much slower than the wall clock the board's ran; error_ms: by how much the
    local time may be wrong. zone: an IANA name, or "".
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
    damage: list[Damage] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    start: dt.datetime | None = None
    clock: str = clock.UNKNOWN
    ppm: int = 0
    error_ms: int = 0
    zone: str = ""
    length_ms: int = 0
    trace: list[tuple[int, bytes]] = field(default_factory=list)

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

    def at(self, ms: int) -> dt.datetime | None:
        """Local time at `ms` of the session, drift and daylight saving included."""
        if self.start is None:
            return None
        passed = dt.timedelta(milliseconds=ms + ms * self.ppm / 1e6)
        return clock.local(self.start + passed, self.zone)

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
    losses = Losses()
    if not data:
        losses.stretch(0, 0)
    lists = {
        record.EPOCH: night.epochs,
        record.GAP: night.gaps,
        record.ANCHOR: night.anchors,
        record.MARKER: night.markers,
        record.FAULT: night.faults,
    }
    by_number: dict[int, LM] = {}
    last = None  # COUNTS
    known = lost_ms = 0
    records = cast(Iterable[tuple[int, int, int, Any]], record.read(data))
    for offset, kind, sequence, fields in records:
        if "damaged" in fields:
            losses.stretch(offset, fields["damaged"])
            continue
        losses.record(offset, sequence)
        if "raw" in fields:
            continue  # a record type of later firmware
        known += 1
        if known > MOST_RECORDS:
            losses.stretch(offset, len(data) - offset)
            break
        if kind in record.FIELDS:
            gaps_ms = lost_ms + fields["lost_ms"] if kind == record.GAP else 0
            if max(fields.values()) >= LIMIT or gaps_ms >= LIMIT:  # nothing that can be measured
                losses.stretch(offset, record.HEAD + data[offset + 1] + record.TAIL)
                continue
            lost_ms = max(lost_ms, gaps_ms)
            ms = fields["onset_ms" if kind == record.LM else "ms"]
            losses.moment(ms)
            night.length_ms = max(night.length_ms, ms)
        if kind == record.META:
            key = _printable(fields["key"])
            if len(night.meta) < MOST_KEYS:
                night.meta.setdefault(key, _printable(fields["value"]))
        elif kind == record.LM:
            lm = _lm(fields)
            by_number[lm.number] = lm
            night.lms.append(lm)
            night.length_ms = max(night.length_ms, lm.onset_ms + lm.duration_ms)
        elif kind == record.SERIES:
            for number in fields["numbers"]:
                if earlier := by_number.get(number):
                    earlier.plm, earlier.series = True, fields["series"]
        elif kind == record.COUNTS:
            last = fields
        elif kind == record.GAP and fields["cause"] == record.RESTART:
            night.restart = fields
        elif kind in lists:
            lists[kind].append(fields)
    for gap in night.gaps:
        night.length_ms = max(night.length_ms, gap["ms"] + gap["lost_ms"])
    night.damage = losses.found
    night.session = night.session or night.meta.get("session", "")
    night.device = night.device or night.meta.get("device", "")
    night.lms.sort(key=lambda lm: lm.onset_ms)
    _count(night, last)
    clock.settle(night)
    return night


def _printable(text: str) -> str:
    """A board could send escape sequences to the terminal, or markup to the page's source."""
    if text.isprintable():
        return text
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


def _count(night: Session, last: dict[str, int] | None) -> None:
    """Set counts, length and flags: by the device's final record, else by the records."""
    if last and last["reason"] != record.CHECKPOINT:
        night.counts = {name: last[name] for name in (*COUNTS, *_TIMES)}
        night.length_ms = last["ms"]
        cut = last["reason"] == record.RECOVERED
    else:
        night.counts = recount(night, last)
        cut = True
    for flag, holds in (
        ("gap", night.counts["gap_ms"]),
        ("cut", cut),
        ("damaged", night.damage),
        ("upright", night.counts["upright_ms"]),
        ("off_body", night.counts["off_body_ms"]),
        ("fault", night.faults),
        ("newer", night.meta.get("format", "1") != "1"),
    ):
        if holds:
            night.flags.append(flag)


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
        "lms": [lm.as_json() for lm in night.lms],
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
        "series_plm": [run.movements for run in _runs(night)],
        "flags": night.flags,
        "missing_records": sum(damage.records for damage in night.damage),
    }


def _runs(night: Session) -> list[runs.Run]:
    return runs.runs((lm.onset_ms, lm.duration_ms, lm.series) for lm in night.lms)
