"""One night's sensor, clock and firmware: what made its numbers."""

from anklet.night.session import Session
from anklet.report.markup import facts, folded
from anklet.report.view import SessionView, span_text
from anklet.texts import N_, _

DETECTORS = {
    "1": N_("the first: amplitude alone made a turn, and a movement with a rest in it was two"),
    "2": N_("the second: a held leg is one movement, and a turn is known by leaving a plane"),
    "3": N_("the third: as the second, and lying very still takes no movement away"),
    "4": N_("the fourth: as the third, and a kick that came back is whole, whatever follows it"),
}
CLOCKS = (N_("known"), N_("estimated"), N_("unknown"))  # how the night's time is
# Why the board had started; see firmware/breadcrumb.py.
STARTS = {
    "power": N_("the power was cut"),
    "watchdog": N_("the firmware hung and the watchdog restarted it"),
    "host": N_("a computer talked to the board"),
    "fault": N_("the flash was full or failed"),
}


def health(night: SessionView) -> str:
    """The card on the sensor, the clock and the firmware of one night, folded away."""
    s = night.session
    m = s.meta
    rate = _("not measured")
    if night.rate:
        rate = _("{rate:.2f} Hz", rate=night.rate)
        nominal = m.get("odr_hz", "")
        if nominal.isdecimal() and int(nominal):
            rate += _(
                " ({rate:+.1f} % of the nominal {nominal} Hz)",
                rate=100 * (night.rate / int(nominal) - 1),
                nominal=nominal,
            )
    floors = sorted(e["floor"] / 10 for e in s.epochs)
    floor = _("not measured")
    if floors:
        middle, low, high = (floors[int(q * (len(floors) - 1))] for q in (0.5, 0.05, 0.95))
        floor = _(
            "{middle:.1f} mg (5 to 95 % of the minutes: {low:.1f} to {high:.1f} mg)",
            middle=middle,
            low=low,
            high=high,
        )
    lost = sum(g["lost"] for g in s.gaps)
    gaps = "; ".join(
        f"{night.clock(ms)} {span_text(ms_lost / 1000)} ({cause})"
        for ms, ms_lost, cause in night.gaps[:12]
    )
    if len(night.gaps) > 12:
        gaps += _("; and {n} more", n=len(night.gaps) - 12)
    rows = [
        (_("Measured output rate"), rate),
        (_("Lost samples"), f"{lost}"),
        (_("Gaps"), gaps or _("none")),
        (_("Goes on with"), _before(s)),
        (_("Noise floor"), floor),
        (
            _("Thresholds"),
            _(
                "onset at least {mg} mg and {factor} times the noise floor",
                mg=m.get("on_mg", "?"),
                factor=m.get("floor_factor", "?"),
            ),
        ),
        (
            _("Detector"),
            _(DETECTORS.get(m.get("detector", "1"), N_("a newer one than this tool knows"))),
        ),
        (_("Rule set"), night.rules.title if night.rules else s.rules),
        (_("Clock"), _(s.clock)),
        (
            _("Board and firmware"),
            _("{board}, firmware {firmware}", board=s.board, firmware=s.firmware),
        ),
        (_("Session"), s.session),
    ]
    return folded(_("Sensor health"), facts(rows))


def _before(s: Session) -> str:
    """Whether it goes on with a recording that was interrupted."""
    if not s.restart:
        return _("nothing: a recording of its own")
    lost_ms = s.restart["lost_ms"]
    length = span_text(lost_ms / 1000) if lost_ms else _("an unknown time")
    why = _(STARTS.get(s.meta.get("start", ""), N_("the reason is unknown")))
    return _("the session before, after {length} without recording: {why}", length=length, why=why)
