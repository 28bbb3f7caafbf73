"""All nights at a glance: a chart of points and a table, above the newest night in full."""

from datetime import UTC, datetime
from html import escape
from statistics import median
from typing import Any

from anklet.report import figures
from anklet.report.parts import chart, table
from anklet.report.view import Night, span_text
from anklet.report.words import SHORT_NIGHT

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
HEAD = (
    "Night",
    "Start",
    "Leg, label",
    "In bed",
    "PLM/h in bed",
    "PLM",
    "CLM",
    "PI",
    "Remarks",
)
TEXT = ("Leg, label", "Remarks")
REMARKS = {
    "gap": "gap",
    "cut": "cut off",
    "damaged": "damaged",
    "clock": "time unknown",
    "upright": "upright",
    "off_body": "off the body",
}


def order(night: Night) -> tuple[datetime, str]:
    """Sorts by start; nights of an unknown time come first."""
    return night.session.start or LONG_AGO, night.session.session


def section(nights: list[Night]) -> tuple[str, dict[str, Any]]:
    """The overview's HTML and its chart, of nights in order."""
    points = [point for n in nights if (point := _point(n))]
    undated = sum(n.session.night is None for n in nights)
    note = f" {undated} of unknown time in the table only." if undated else ""
    listing = table("All recordings", HEAD, [_row(n) for n in reversed(nights)], TEXT)
    html = f"""<header>
<p class="kicker">Periodic leg movements</p>
<h1>All nights</h1>
</header>
<section class="card">
<h2>PLM per hour in bed, night by night</h2>
<p class="quiet">Filled: at least 4 hours in bed. Open: less, so take the point lightly.{note}
Nights differ by about 40 % in one person; no line joins them, for none was measured between.</p>
{chart("nights", _summary(nights))}
<p class="quiet">{escape(_summary(nights))}</p>
</section>
<section class="card">
<h2>Recordings</h2>
<p class="quiet">The newest stands below in full; anklet report NIGHT shows another one.</p>
{listing}
</section>"""
    return html, figures.nights(points)


def _who(night: Night) -> str:
    s = night.session
    return ", ".join(part for part in (s.leg, s.label) if part) or s.device


def _full(night: Night) -> bool:
    return night.session.in_bed_s >= SHORT_NIGHT


def _point(night: Night) -> figures.Point | None:
    """The night on the chart; None without a date or a rate."""
    s, who = night.session, escape(_who(night))
    if s.night is None or s.plm_per_hour is None:
        return None
    hover = (
        f"<b>{s.night.isoformat()}</b><br>{s.plm_per_hour:.1f} PLM per hour"
        f"<br>{s.in_bed_s / 3600:.1f} h in bed<br>{who}"
    )
    return s.night.isoformat(), s.plm_per_hour, _full(night), who, hover


def _row(night: Night) -> tuple[str, ...]:
    s = night.session
    return (
        s.night.isoformat() if s.night else "time unknown",
        night.clock(0, False) if s.start else "",
        _who(night),
        span_text(s.in_bed_s),
        "" if s.plm_per_hour is None else f"{s.plm_per_hour:.1f}",
        str(s.counts["plm"]),
        str(s.counts["clm"]),
        "" if s.periodicity_index is None else f"{s.periodicity_index:.2f}",
        ", ".join(REMARKS.get(flag, flag) for flag in s.flags),
    )


def _summary(nights: list[Night]) -> str:
    """Median and range of the full nights, for each leg and label."""
    rates: dict[str, list[float]] = {}
    for night in nights:
        if _full(night) and night.session.plm_per_hour is not None:
            rates.setdefault(_who(night), []).append(night.session.plm_per_hour)
    return (
        " ".join(
            f"{who}: median {median(r):.1f} PLM per hour in bed over {len(r)} full recordings"
            f" ({min(r):.1f} to {max(r):.1f})."
            for who, r in rates.items()
        )
        or "No recording has 4 hours in bed."
    )
