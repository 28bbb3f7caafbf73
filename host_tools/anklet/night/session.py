"""One recording session: what the device logged, and the numbers that follow from it."""

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from anklet import device
from anklet.night.damage import Damage

device.use()  # the record format and the rules are the device's own

from plmcore import reader, record  # noqa: E402, F401 - for the others of this room
from plmcore.rules import DEFAULT  # noqa: E402
from plmcore.still import OFF_BODY  # noqa: E402

KNOWN, ESTIMATED, UNKNOWN = "known", "estimated", "unknown"  # how a session's time is known
BY_HAND = "by_hand"  # flag: a person said when it began
RECORDING = "recording"  # flag: the computer made it, from a recording of acceleration
RECORDINGS = "rec-"  # what the device of such a night is called begins so
COUNTS = ("lm", "clm", "plm", "series", "short_imi", "plm_strict", "excluded", "gaps")


@dataclass(slots=True)
class LM:
    """A movement. `kind`: "clm", or why it is none (reader.KINDS); `series`: 0 outside one."""

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

    epochs, gaps, anchors, markers, faults, stills: dicts with the fields of plmcore.reader.FIELDS.
    restart: the gap before the first sample, when the session goes on with a recording that was
    interrupted; its lost_ms, 0 if not known, is no part of this session.
    counts: those of COUNTS, and gap_ms, upright_ms, off_body_ms.
    length_ms: from the first sample to the end, gaps included.
    askew_deg: how far the shank lay from the axis of the settings, degrees; None where nobody can
    tell. See shank.
    trace: see trace.drawn; plm_at: PLMs by onset threshold in mg, see scoring.robust; both empty
    where nobody asked for them.
    damage: each stretch that can't be read, and each place where records miss; by offset.
    flags: "gap", "cut" (no end was written), "damaged", "clock" (the time is unknown), "by_hand"
    (a person said when it began), "upright", "off_body", "still" (very still, but in bed as far as
    anybody knows), "askew" (the shank lay along no axis that the settings name), "fault", "newer"
    (firmware whose format this version does not know), "recording" (no board made it, but this
    computer from a recording of acceleration).
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
    stills: list[dict[str, int]] = field(default_factory=list)
    restart: dict[str, int] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    start: dt.datetime | None = None
    clock: str = UNKNOWN
    ppm: int = 0
    error_ms: int = 0
    zone: str = ""
    length_ms: int = 0
    askew_deg: int | None = None
    trace: list[tuple[int, bytes]] = field(default_factory=list)
    plm_at: dict[int, int] = field(default_factory=dict)

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
        return local(self.start + passed, self.zone)

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
    def in_bed_range_s(self) -> tuple[float, float]:
        """The least and the most that in_bed_s could be: without what was very still, and with
        what counts as off the body."""
        doubtful = sum(s["length_ms"] for s in self.stills if not s["evidence"] & OFF_BODY) / 1000
        return max(0.0, self.in_bed_s - doubtful), self.in_bed_s + self.counts[
            "off_body_ms"
        ] / 1000

    @property
    def plm_per_hour(self) -> float | None:
        """PLMs per hour in bed; None without such time."""
        return self.counts["plm"] * 3600 / self.in_bed_s if self.in_bed_s else None

    @property
    def periodicity_index(self) -> float | None:
        """PLM / CLM; None without CLMs."""
        return self.counts["plm"] / self.counts["clm"] if self.counts["clm"] else None


def local(when: dt.datetime, zone: str) -> dt.datetime:
    """That moment as the clocks on the wall showed it, daylight saving included; zone: an IANA
    name, or "" to leave it. With a fixed offset: differences of such times are real time."""
    if not zone:
        return when
    offset = when.astimezone(ZoneInfo(zone)).utcoffset()
    return when.astimezone(dt.timezone(offset or dt.timedelta()))
