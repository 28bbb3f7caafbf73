"""What happens in a simulated night, and when: the truth before it becomes a signal.

Every family draws from its own random stream, and each only steps aside for those before it
in PLACING order. So adding a family leaves what the others draw as it was.
"""

from dataclasses import dataclass, field

import numpy as np

from anklet.errors import BadInput
from anklet.simulate.chance import Intervals, draw_start, log_normal, widened

# The order fixes each family's random stream: new families go at the end.
FAMILIES: tuple[str, ...] = (
    "plm", "isolated", "clusters", "small", "quiet", "noise", "breathing", "mattress", "posture",
    "gross", "walking", "tremor", "table", "still", "strap", "lost",
)  # fmt: skip
NOMINAL: tuple[str, ...] = (
    "plm", "isolated", "clusters", "noise", "breathing", "mattress", "posture", "gross",
    "walking", "tremor",
)  # fmt: skip

LM_DISTANCE_S = 95.0  # between LMs that are not of one series: over 90 s, with room for error
MARGIN_S = 6.0  # between a distractor and an LM
TURN_MARGIN_S = 10.0  # between distractors: a new posture counts as one when it is held
HANDLING_S = 4.0  # taking the device off, and putting it on again, on the edge of the bed
SITTING_S = 20.0  # there, before and after
RISE_S = 2.5  # getting up, and lying down


Details = dict[str, float]


@dataclass
class LegMove:
    """One true LM. `kind` is plm, isolated or cluster; `seed` draws its shape."""

    onset_s: float
    duration_s: float
    kind: str
    envelope_mg: float
    seed: int


@dataclass
class Distractor:
    """Something that is not an LM. `details` goes into the truth as it is."""

    family: str
    onset_s: float
    duration_s: float
    seed: int
    details: Details = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        return self.onset_s + self.duration_s


@dataclass
class Plan:
    """The whole night. `series` are the spans of PLM series and clusters, in s."""

    end_s: float
    families: tuple[str, ...]
    movements: list[LegMove] = field(default_factory=list)
    distractors: list[Distractor] = field(default_factory=list)
    series: Intervals = field(default_factory=list)

    def alone(self, family: str) -> bool:
        """True when `family` is the only one asked for, breathing and noise aside."""
        return set(self.families) - {"noise", "breathing"} <= {family}


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**62))


class Placer:
    """Fills a plan, family by family."""

    def __init__(self, plan: Plan, streams: dict[str, np.random.Generator], small: bool) -> None:
        self.plan, self.streams, self.small = plan, streams, small
        self.low = min(30.0, plan.end_s / 20)  # room for the sensor and the sleeper to settle
        self.high = plan.end_s - self.low
        self.hours = plan.end_s / 3600

    def _spans(self, *families: str) -> Intervals:
        spans = []
        for d in self.plan.distractors:
            if not families or d.family in families:
                around = HANDLING_S + SITTING_S + RISE_S if d.family == "table" else 0.0
                spans.append((d.onset_s - around, d.end_s + around))
        return spans

    def _lm(self, rng: np.random.Generator, kind: str, low: float, high: float) -> LegMove:
        """An LM at 0 s with its duration within low..high."""
        size = (27.0, 0.4, 15.0, 80.0) if self.small else (90.0, 0.6, 30.0, 350.0)
        duration = log_normal(rng, 2.6, 0.55, low, high)
        envelope = round(log_normal(rng, *size), 1)
        return LegMove(0.0, round(duration, 3), kind, envelope, _seed(rng))

    def _place_lms(self, rng: np.random.Generator, group: list[LegMove]) -> bool:
        """Give a group its place in the night, far from all other LMs. False: no room."""
        length = group[-1].onset_s + group[-1].duration_s
        blocked = widened(self._spans(), 15.0)
        busy = blocked + widened(self.plan.series, LM_DISTANCE_S)
        start = draw_start(rng, busy, length, self.low, self.high)
        if start is None:
            return False
        for move in group:
            move.onset_s = round(start + move.onset_s, 3)
        self.plan.movements += group
        self.plan.series.append((start, start + length))
        return True

    def plm(self, family: str, per_hour: float) -> None:
        """Series of 4 to 20 PLMs; the IMIs keep clear of 10 and 90 s."""
        rng = self.streams[family]
        left = round(per_hour * self.hours)
        groups = []
        while left >= 4:
            count = int(rng.integers(4, 21))
            if left - count < 4:
                count = left if left <= 20 else min(count, left - 4)
            left -= count
            pace = 24.0 * float(np.exp(rng.normal(0.0, 0.2)))
            group, onset = [], 0.0
            for _ in range(count):
                move = self._lm(rng, "plm", 0.6, 9.0)
                move.onset_s = onset
                onset += log_normal(rng, pace, 0.4, 10.5, 85.0)
                group.append(move)
            groups.append(group)
        groups.sort(key=len, reverse=True)  # the long ones while there is room
        if not all([self._place_lms(rng, group) for group in groups]):
            raise BadInput(
                f"{per_hour:g} PLMs an hour do not fit into {self.hours:g} h; "
                "ask for fewer of them or for a longer night."
            )

    def isolated(self, family: str, per_hour: float) -> None:
        rng = self.streams[family]
        for _ in range(round(per_hour * self.hours)):
            self._place_lms(rng, [self._lm(rng, "isolated", 0.6, 9.0)])

    def clusters(self, per_hour: float) -> None:
        """5 to 10 kicks, 1 s of rest at least, onsets at most 8 s apart."""
        rng = self.streams["clusters"]
        for _ in range(max(1, round(per_hour * self.hours))):
            group, onset = [], 0.0
            for _ in range(int(rng.integers(5, 11))):
                move = self._lm(rng, "cluster", 0.6, 3.0)
                move.onset_s = onset
                onset += rng.uniform(move.duration_s + 1.0, 8.0)
                group.append(move)
            self._place_lms(rng, group)

    def _busy(self, family: str, length: float) -> Intervals:
        """Where a distractor of `length` s may not be."""
        if family == "mattress":  # may coincide with turns, and with others of its kind
            others = widened(self._spans("table", "still", "walking"), MARGIN_S)
        else:
            others = widened(self._spans(), TURN_MARGIN_S)
        lms = [(m.onset_s, m.onset_s + m.duration_s) for m in self.plan.movements]
        # an LM over 10 s ends a series by the rule: keep the like out of series altogether
        return others + widened(self.plan.series if length > 10.0 else lms, MARGIN_S)

    def add(
        self, family: str, events: list[tuple[float, Details]], span: tuple[float, float] | None
    ) -> None:
        """Place distractors (length in s, details) within `span`, or anywhere.

        Where there is no room they do not happen.
        """
        rng = self.streams[family]
        low, high = span or (0.0, self.plan.end_s)
        busy: Intervals | None = None
        for length, details in events:
            if busy is None or family != "mattress":
                busy = self._busy(family, length)
            start = draw_start(rng, busy, length, max(low, self.low), min(high, self.high))
            if start is not None:
                event = Distractor(family, start, round(length, 3), _seed(rng), details)
                self.plan.distractors.append(event)

    def fixed(self, family: str, onset: float, length: float, **details: float) -> None:
        """A distractor with its own place in the recording."""
        seed = _seed(self.streams[family])
        self.plan.distractors.append(
            Distractor(family, round(onset, 3), round(length, 3), seed, details)
        )

    def times(self, family: str, alone_per_hour: float, night: tuple[float, float]) -> int:
        """How often: per hour when alone, else drawn from a range for 8 hours."""
        rate = self.streams[family].uniform(*night) / 8
        return round(self.hours * (alone_per_hour if self.plan.alone(family) else rate))

    def walking(self) -> None:
        rng = self.streams["walking"]
        alone = self.plan.alone("walking")
        visits = max(int(self.hours >= 1), round(self.hours / 8 * rng.integers(1, 3)))
        count = 10 if alone else visits
        for i in range(count):
            length = (120.0 if alone else rng.uniform(180, 420)) + RISE_S
            pause = 0.0 if alone else round(rng.uniform(0.3, 0.5), 3)
            slot = (i * self.plan.end_s / count, (i + 1) * self.plan.end_s / count)
            self.add("walking", [(length, {"pause": pause})], slot)

    def tremor(self) -> None:
        rng = self.streams["tremor"]
        events = []
        for _ in range(self.times("tremor", 12, (3, 6))):
            frequency = round(log_normal(rng, 1.3, 0.7, 0.3, 4.0), 3)
            envelope = round(log_normal(rng, 60, 0.5, 20, 150), 1)
            details = {"frequency_hz": frequency, "envelope_mg": envelope}
            events.append((rng.uniform(10.5, 15.0), details))
        self.add("tremor", events, None)

    def gross(self) -> None:
        rng = self.streams["gross"]
        events = []
        for _ in range(self.times("gross", 5, (20, 60))):
            peak = round(log_normal(rng, 0.8, 0.6, 0.3, 2.5), 3)
            tilt = round(rng.uniform(20, 120), 1) if rng.random() < 0.8 else 0.0
            details = {"peak_g": peak, "tilt_deg": tilt}
            events.append((log_normal(rng, 5, 0.6, 2, 20), details))
        self.add("gross", events, None)

    def posture(self) -> None:
        rng = self.streams["posture"]
        events = []
        for _ in range(self.times("posture", 40, (15, 40))):
            tilt = round(rng.uniform(20, 120), 1)
            # a leg turns at 100 degrees a second on average at most
            events.append((max(rng.uniform(0.5, 3.0), tilt / 100), {"tilt_deg": tilt}))
        self.add("posture", events, None)

    def mattress(self) -> None:
        rng = self.streams["mattress"]
        events = []
        for _ in range(self.times("mattress", 600, (80, 240))):
            peak, ring = round(log_normal(rng, 12, 0.7, 3, 40), 1), round(rng.uniform(8, 20), 2)
            details = {"peak_mg": peak, "frequency_hz": ring}
            events.append((rng.uniform(0.05, 0.4), details))
        self.add("mattress", events, None)


def make_plan(
    families: tuple[str, ...],
    hours: float,
    plm_per_hour: float,
    small: bool,
    streams: dict[str, np.random.Generator],
) -> Plan:
    """Draw a night. `streams` holds one generator a family.

    Raises BadInput when the PLMs do not fit into the hours.
    """
    plan = Plan(hours * 3600, families)
    placer = Placer(plan, streams, small or "small" in families)
    end = plan.end_s
    if "table" in families:
        span = min(7200.0, end / 2)
        placer.fixed("table", (end - span) / 2, span)
    if "still" in families:
        span = min(2700.0, end)
        placer.fixed("still", (end - span) * (0.9 if "table" in families else 0.5), span)
    if "plm" in families or "small" in families:
        placer.plm("plm" if "plm" in families else "small", plm_per_hour)
    if "isolated" in families:
        placer.isolated("isolated", 2.5)
    if "quiet" in families:
        placer.isolated("quiet", 2.0)
    if "clusters" in families:
        placer.clusters(4.0 if plan.alone("clusters") else 0.4)
    for family in ("walking", "tremor", "gross", "posture", "mattress"):
        if family in families:
            getattr(placer, family)()
    if "strap" in families:
        placer.fixed("strap", end / 2, end / 2, gain=0.7)
    plan.movements.sort(key=lambda m: m.onset_s)
    plan.distractors.sort(key=lambda d: d.onset_s)
    return plan
