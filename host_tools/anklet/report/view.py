"""What a page shows of one session: times as the reader counts them, spans, intervals, series."""

from dataclasses import dataclass
from functools import cached_property

from anklet import device
from anklet.night import away
from anklet.night.grouping import BETWEEN
from anklet.night.series import PLMSeries, series_of
from anklet.night.session import Session

device.use()  # the rules and the record format are the device's own

from plmcore.reader import CAUSES as CAUSE_NAMES  # noqa: E402
from plmcore.rules import GAP_BREAKS_MS, RULES  # noqa: E402

from anklet.texts import N_, _  # noqa: E402

HOUR = 3_600_000  # ms

Span = tuple[int, int]  # from, to: ms of the session

CAUSES = {
    "overrun": N_("samples came faster than they were read"),
    "sensor": N_("the sensor did not answer"),
    "restart": N_("the sensor was restarted"),
}


LEAST_MIN = 10  # minutes in bed, for a rate: one movement in fewer would be six an hour and more


@dataclass
class Hour:
    """One row of the timeline."""

    label: str
    plm: int
    in_bed_min: float

    @property
    def rate(self) -> float | None:
        """PLM per hour in bed; None under LEAST_MIN minutes of it."""
        return self.plm * 60 / self.in_bed_min if self.in_bed_min >= LEAST_MIN else None


def span_text(seconds: float) -> str:
    """A duration for people: "7 h 48 min", "12 min", "42 s"."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"  # the units are the same in every language
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


class SessionView:
    """One session, read for the page. `rules` is None for a rule set that is unknown here."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rules = RULES.get(session.rules)
        self.lms = session.lms
        self.clms = [lm for lm in self.lms if lm.kind == "clm"]
        self.markers = [marker["ms"] for marker in session.markers]
        self.gaps = [(g["ms"], g["lost_ms"], cause_of(g["cause"])) for g in session.gaps]
        # The first row begins at the full hour before the start; without a clock at the start.
        self.lead = 0
        if begin := session.start:
            self.lead = (begin.minute * 60 + begin.second) * 1000 + begin.microsecond // 1000

    def seconds(self, name: str) -> float:
        """The counts' "upright", "off_body" or "gap" time."""
        return self.session.counts[name + "_ms"] / 1000

    @cached_property
    def length(self) -> int:
        """ms from the start to the last thing known of the session."""
        ends = [lm.onset_ms + lm.duration_ms for lm in self.lms]
        ends += [epoch["ms"] for epoch in self.session.epochs] + self.markers
        ends += [ms + lost for ms, lost, _ in self.gaps]
        return max([*ends, self.session.length_ms, 1])

    # --- time as the reader counts it

    def clock(self, ms: int, seconds: bool = True) -> str:
        """Local time of day; without a known clock the time since the start, as "+3:15:20"."""
        if when := self.session.at(ms):
            return f"{when:%H:%M:%S}" if seconds else f"{when:%H:%M}"
        s = ms // 1000
        text = f"+{s // 3600}:{s // 60 % 60:02d}"
        return f"{text}:{s % 60:02d}" if seconds else text

    def place(self, ms: int) -> tuple[int, float]:
        """Where a moment lies on the timeline: row (from 0) and minute in it."""
        row, rest = divmod(self.lead + ms, HOUR)
        return row, rest / 60_000

    def pieces(self, spans: list[Span]) -> list[tuple[int, float, float]]:
        """Spans cut at the rows' ends: row, first minute, minutes."""
        out = []
        for first, last in spans:
            at = first
            while at < last:
                row, minute = self.place(at)
                end = min(last, (row + 1) * HOUR - self.lead)
                out.append((row, minute, (end - at) / 60_000))
                at = end
        return out

    # --- spans

    @cached_property
    def recorded(self) -> list[Span]:
        """From the start to the end, less the gaps."""
        out, at = [], 0
        for ms, lost, _cause in sorted(self.gaps):
            if ms > at:
                out.append((at, ms))
            at = max(at, ms + lost)
        return [*out, (at, self.length)] if self.length > at else out

    @cached_property
    def _minutes(self) -> list[tuple[int, int, dict[str, int]]]:
        """The epochs with their beginnings."""
        out, before = [], 0
        for epoch in self.session.epochs:
            if epoch["ms"] > before:
                out.append((before, epoch["ms"], epoch))
                before = epoch["ms"]
        return out

    @cached_property
    def rate(self) -> float | None:
        """Measured output rate in Hz: sample numbers against the session's time."""
        last = self._minutes[-1][2] if self._minutes else None
        return last["n"] * 1000 / last["ms"] if last else None

    @cached_property
    def hours(self) -> list[Hour]:
        """The rows of the timeline, as many as the session touches."""
        rows = self.place(self.length - 1)[0] + 1
        plm = [0] * rows
        for lm in self.lms:
            plm[self.place(lm.onset_ms)[0]] += lm.plm
        in_bed = [0.0] * rows
        out = away.out_of_bed(self.session)
        for first, last, epoch in self._minutes:
            if away.inside((first + last) / 2, out):
                continue
            due = (last - first) * (self.rate or 0) / 1000
            seen = min(1.0, epoch["samples"] / due) if due else 0.0
            for row, _minute, minutes in self.pieces([(first, last)]):
                in_bed[row] += minutes * seen
        labels = [f"+{row} h" for row in range(rows)]
        if self.session.start:
            # To the nearest minute: a clock that drifts would make 21:59 of what is nearly 22:00.
            begins = [row * HOUR - self.lead + 30_000 for row in range(rows)]
            labels = [self.clock(ms, seconds=False) for ms in begins]
        return [Hour(*each) for each in zip(labels, plm, in_bed, strict=True)]

    # --- movements

    @cached_property
    def imis(self) -> list[float]:
        """Seconds from onset to onset of consecutive CLMs; none across what ends a series."""
        walls = [ms for ms, lost, _ in self.gaps if lost > GAP_BREAKS_MS]
        if self.rules is None or self.rules.long_breaks:
            walls += [lm.onset_ms for lm in self.lms if lm.kind == "long"]
        walls.sort()
        out, passed = [], 0
        last = None
        for lm in self.clms:
            before = passed
            while passed < len(walls) and walls[passed] <= lm.onset_ms:
                passed += 1
            if last is not None and passed == before:
                out.append((lm.onset_ms - last) / 1000)
            last = lm.onset_ms
        return out

    @cached_property
    def series(self) -> list[PLMSeries]:
        return series_of((lm.onset_ms, lm.duration_ms, lm.series) for lm in self.lms)


def cause_of(cause: int) -> str:
    """A gap's cause in words."""
    if cause == BETWEEN:
        return _("between two sessions")
    name = CAUSE_NAMES[cause] if cause < len(CAUSE_NAMES) else ""
    return _(CAUSES.get(name, N_("unknown cause")))
