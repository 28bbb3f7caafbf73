"""What a watch or an oximeter says beside a night: a second rate, per hour asleep, and strips.

It is the watch that says when somebody slept; its maker knows how. So the second rate names its
hours and its source, and stands behind the first.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from html import escape
from statistics import median

from anklet.night import away
from anklet.night.watch import Reading, Watch
from anklet.report.plot import Axis, Bar, Curve, Figure, Layer, Panel, number_ticks
from anklet.report.svg import draw
from anklet.report.view import HOUR, LEAST_MIN, SessionView, Span
from anklet.texts import N_, _

MINUTE = 60_000  # ms
HOLE = 3  # minutes without a reading that part a line
ROOM = {"heart": 5, "spo2": 2}  # beats a minute, %: beyond the lowest and the highest
NAMES = {"heart": N_("heart rate, beats a minute"), "spo2": N_("SpO2, %")}
HEIGHT, PAPER = 90, 50  # of a strip, px


def card(night: SessionView, watch: Watch | None, end: str) -> str:
    """The card of the night's page; nothing where no watch said anything."""
    if watch is None:
        return ""
    return f"""<section class="card">
<h2>{escape(_("What your watch says"))}</h2>
<p>{escape(said(night, watch))}</p>
{draw("watch" + end, figure(night, watch), _summary(watch))}
</section>"""


def said(night: SessionView, watch: Watch) -> str:
    """The second rate in a sentence."""
    if not watch.asleep:
        return _("It says nothing of sleep, so there is no second rate.")
    plm, asleep_ms = asleep(night, watch)
    hours = asleep_ms / HOUR
    if asleep_ms < LEAST_MIN * MINUTE:
        return _("It calls too little of this recording sleep to give a rate.")
    return _(
        "{rate:.0f} PLM per hour asleep, as your watch says: {plm} of the {all} PLM, in "
        "{hours:.1f} h that it calls sleep and that were recorded in bed. How it tells is its "
        "maker's own; there is no EEG, and lying still passes for sleep.",
        rate=plm / hours,
        plm=plm,
        all=night.session.counts["plm"],
        hours=hours,
    )


def asleep(night: SessionView, watch: Watch) -> tuple[int, int]:
    """PLMs in the time that was recorded, in bed and asleep by the watch; that time in ms."""
    out = away.out_of_bed(night.session)
    spans = list(_without(_both(_spans(night, watch), night.recorded), out))
    plm = sum(lm.plm and away.inside(lm.onset_ms, spans) for lm in night.lms)
    return plm, sum(last - first for first, last in spans)


def figure(night: SessionView, watch: Watch) -> Figure:
    """Asleep or not, heart rate and SpO2 over the hours of the night."""
    begin, end = 0.0, night.length / HOUR
    bars = [
        Bar(a / HOUR, b / HOUR, 0.1, 0.9, f"{night.clock(a, False)} - {night.clock(b, False)}")
        for a, b in _spans(night, watch)
    ]
    panels = []
    if bars:
        y = Axis(0, 1, ticks=[(0.5, _("asleep"))])
        panels.append(Panel([Layer("asleep", "strip", bars)], y, 24, 14))
    for role, readings in (("heart", watch.heart), ("spo2", watch.spo2)):
        if readings:
            panels.append(_strip(night, role, readings))
    hours = range(-(-night.lead // HOUR), int((night.lead + night.length) // HOUR) + 1)
    each = max(1, -(-len(hours) // 8))
    ticks = [
        (at / HOUR, night.clock(at + 30_000, False))
        for at in (hour * HOUR - night.lead for hour in hours[::each])
    ]
    return Figure(panels, Axis(begin, end, "", ticks, grid=True))


def _strip(night: SessionView, role: str, readings: Sequence[Reading]) -> Panel:
    """The middle heart rate and the lowest SpO2 of each minute."""
    minutes: dict[int, list[float]] = {}
    for when, value in readings:
        minutes.setdefault(_ms(night, when) // MINUTE, []).append(value)
    pick = min if role == "spo2" else median
    places = [(at, pick(values)) for at, values in sorted(minutes.items())]
    pieces: list[list[tuple[float, float]]] = []
    before = None
    for at, value in places:
        if before is None or at - before > HOLE:
            pieces.append([])
        pieces[-1].append(((at + 0.5) * MINUTE / HOUR, value))
        before = at
    values = [value for _at, value in places]
    low, high = min(values) - ROOM[role], max(values) + ROOM[role]
    title = _(NAMES[role])
    y = Axis(low, high, title, number_ticks(low, high), grid=True)
    return Panel([Layer(role, "median", [Curve(pieces)])], y, HEIGHT, PAPER)


def _summary(watch: Watch) -> str:
    told = []
    if watch.asleep:
        hours = sum((b - a).total_seconds() for a, b in watch.asleep) / 3600
        told.append(_("asleep for {hours:.1f} h", hours=hours))
    for role, readings in (("heart", watch.heart), ("spo2", watch.spo2)):
        if readings:
            values = [value for _at, value in readings]
            told.append(
                _(
                    "{name}: {low:.0f} to {high:.0f}",
                    name=_(NAMES[role]),
                    low=min(values),
                    high=max(values),
                )
            )
    return _("What the watch says: {told}.", told="; ".join(told))


def _ms(night: SessionView, when: dt.datetime) -> int:
    """A moment in ms of the session, whose start is known."""
    assert night.session.start
    seconds = (when - night.session.start).total_seconds()
    return round(seconds * 1000 / (1 + night.session.ppm / 1e6))


def _spans(night: SessionView, watch: Watch) -> list[Span]:
    return [(_ms(night, a), _ms(night, b)) for a, b in watch.asleep]


def _both(ones: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    for a, b in ones:
        for c, d in others:
            if max(a, c) < min(b, d):
                yield max(a, c), min(b, d)


def _without(spans: Iterator[Span], out: Sequence[Span]) -> Iterator[Span]:
    for first, last in spans:
        at = first
        for a, b in out:
            if b > at and a < last:
                if a > at:
                    yield at, a
                at = b
        if at < last:
            yield at, last
