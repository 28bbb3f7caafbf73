"""One night's sensor, clock and firmware: what made its numbers."""

from anklet.night.session import Session
from anklet.report.markup import facts, folded
from anklet.report.view import SessionView, span_text

DETECTORS = {
    "1": "the first: amplitude alone made a turn, and a movement with a rest in it was two",
    "2": "the second: a held leg is one movement, and a turn is known by leaving a plane",
    "3": "the third: as the second, and lying very still takes no movement away",
    "4": "the fourth: as the third, and a kick that came back is whole, whatever follows it",
}
# Why the board had started; see firmware/breadcrumb.py.
STARTS = {
    "power": "the power was cut",
    "watchdog": "the firmware hung and the watchdog restarted it",
    "host": "a computer talked to the board",
    "fault": "the flash was full or failed",
}


def health(night: SessionView) -> str:
    """The card on the sensor, the clock and the firmware of one night, folded away."""
    s = night.session
    m = s.meta
    rate = "not measured"
    if night.rate:
        rate = f"{night.rate:.2f} Hz"
        nominal = m.get("odr_hz", "")
        if nominal.isdecimal() and int(nominal):
            rate += (
                f" ({100 * (night.rate / int(nominal) - 1):+.1f} % of the nominal {nominal} Hz)"
            )
    floors = sorted(e["floor"] / 10 for e in s.epochs)
    floor = "not measured"
    if floors:
        middle, low, high = (floors[int(q * (len(floors) - 1))] for q in (0.5, 0.05, 0.95))
        floor = f"{middle:.1f} mg (5 to 95 % of the minutes: {low:.1f} to {high:.1f} mg)"
    lost = sum(g["lost"] for g in s.gaps)
    gaps = "; ".join(
        f"{night.clock(ms)} {span_text(ms_lost / 1000)} ({cause})"
        for ms, ms_lost, cause in night.gaps[:12]
    )
    if len(night.gaps) > 12:
        gaps += f"; and {len(night.gaps) - 12} more"
    rows = [
        ("Measured output rate", rate),
        ("Lost samples", f"{lost}"),
        ("Gaps", gaps or "none"),
        ("Goes on with", _before(s)),
        ("Noise floor", floor),
        (
            "Thresholds",
            f"onset at least {m.get('on_mg', '?')} mg and {m.get('floor_factor', '?')}"
            f" times the noise floor",
        ),
        ("Detector", DETECTORS.get(m.get("detector", "1"), "a newer one than this tool knows")),
        ("Rule set", night.rules.title if night.rules else s.rules),
        ("Clock", s.clock),
        ("Board and firmware", f"{s.board}, firmware {s.firmware}"),
        ("Session", s.session),
    ]
    return folded("Sensor health", facts(rows))


def _before(s: Session) -> str:
    """Whether it goes on with a recording that was interrupted."""
    if not s.restart:
        return "nothing: a recording of its own"
    lost_ms = s.restart["lost_ms"]
    length = span_text(lost_ms / 1000) if lost_ms else "an unknown time"
    why = STARTS.get(s.meta.get("start", ""), "the reason is unknown")
    return f"the session before, after {length} without recording: {why}"
