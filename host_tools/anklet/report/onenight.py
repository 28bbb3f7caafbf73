"""One night in full: HTML around its figures. What a session or journal says is escaped here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from anklet.night.rate import interval as rate_interval
from anklet.night.session import Session
from anklet.report import figures, words
from anklet.report.parts import chart, exactly, facts, key, table, terms
from anklet.report.timeline import timeline
from anklet.report.view import Night, span_text
from anklet.report.words import journal_words

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

SERIES_SHOWN = 500  # rows of the table; a night has some twenty

# Why the board had started; see firmware/breadcrumb.py.
DETECTORS = {
    "1": "the first: amplitude alone made a turn, and a movement with a rest in it was two",
    "2": "the second: a held leg is one movement, and a turn is known by leaving a plane",
}
STARTS = {
    "power": "the power was cut",
    "watchdog": "the firmware hung and the watchdog restarted it",
    "host": "a computer talked to the board",
    "fault": "the flash was full or failed",
}


def sheets(
    sessions: Sequence[Session], noted: Callable[[str, str], Mapping[str, Any]] | None = None
) -> tuple[str, dict[str, Any], str]:
    """Each session in full on a sheet of its own, the newest first: HTML, its charts, a title.

    noted: the journal's values of a night (ISO date) and label.
    """
    nights = sorted((Night(s) for s in sessions), key=_moment, reverse=True)
    html, charts = [], {}
    for i, night in enumerate(nights):
        end = f"-{i}" if i else ""
        charts["timeline" + end] = timeline(night)
        charts["hours" + end] = figures.hours(night)
        charts["imis" + end] = figures.imis(night)
        date, label = night.session.night, night.session.label
        values = noted(date.isoformat(), label) if noted and date else {}
        html.append(
            f'<div class="{"new-sheet" if i else "sheet"}">{_sheet(night, values, end)}</div>'
        )
    title = name_of(nights[0]) if len(nights) == 1 else f"{len(nights)} nights"
    return "\n".join(html), charts, title


def name_of(night: Night) -> str:
    """The night by its evening: "Saturday 21 November 2026"."""
    date = night.session.night
    return f"{date:%A} {date.day} {date:%B %Y}" if date else "Night, time unknown"


def _moment(night: Night) -> tuple[datetime, str]:
    return night.session.start or LONG_AGO, night.session.session


def _sheet(night: Night, noted: Mapping[str, Any], end: str) -> str:
    return "\n".join(
        [
            _head(night),
            _sums(night, noted),
            _doubts(night),
            _timeline(night, end),
            f'<div class="pair">{_hours(night, end)}{_imis(night, end)}</div>',
            f'<div class="pair">{_series(night)}{_sensor(night)}</div>',
            terms(words.definitions(night)),
        ]
    )


def _head(night: Night) -> str:
    s = night.session
    start = "start unknown"
    if s.start is not None:
        start = f"{night.clock(0, False)} to {night.clock(night.length, False)}"
        start += f" ({s.start:%Z})" if s.start.tzinfo else ""
    who = [f"{s.leg.capitalize()} leg" if s.leg else "", s.label or "", start, f"board {s.device}"]
    line = " · ".join(escape(str(part)) for part in who if part)
    rules = night.rules.title if night.rules else s.rules
    return f"""<header>
<p class="kicker">Periodic leg movements, one night, scored by {escape(rules)}</p>
<h1>{escape(name_of(night))}</h1>
<p class="who">{line}</p>
</header>"""


def _sums(night: Night, noted: Mapping[str, Any]) -> str:
    s, count = night.session, night.session.counts
    hours = f"{s.in_bed_s / 3600:.1f} h in bed"
    rate = "none" if s.plm_per_hour is None else f"{s.plm_per_hour:.1f}"
    index = "none" if s.periodicity_index is None else f"{s.periodicity_index:.2f}"
    rules = night.rules
    low = f"{rules.imi_min / 1000:g}" if rules else "?"
    band = f"{low} to {rules.imi_max / 1000:g} seconds" if rules else "seconds"
    strict = ""
    if rules and rules.short_breaks:
        strict = f"; {count['plm_strict']} by the other reading of short intervals"
    exact = dict(words.definitions(night))
    # The first is the night's main count; the order is that of the question it answers.
    tiles = [
        (
            "PLM",
            str(count["plm"]),
            f"periodic leg movements: CLMs in a series{strict}",
            "PLM, series",
        ),
        (
            "Short IMIs",
            str(count["short_imi"]),
            f"intervals under {low} s: kicks, not a rhythm",
            "Short IMI",
        ),
        ("Series", str(count["series"]), f"runs of 4 or more CLMs, {band} apart", "PLM, series"),
        ("CLM", str(count["clm"]), "candidates: leg movements of 0.5 to 10 s", "CLM, candidate"),
        (
            "LM",
            str(count["lm"]),
            f"all leg movements; {count['excluded']} others (turning over, standing) left out",
            "LM, leg movement",
        ),
        (
            "Periodicity index",
            index,
            "PLM / CLM: 1 if every candidate was in a series",
            "PI, periodicity index",
        ),
    ]
    grid = "".join(
        f"<div{' class=is-plm' if name == 'PLM' else ''}><dt>{name}</dt>"
        f"<dd><b>{value}</b><span>{text}</span>{exactly(name, exact[term])}</dd></div>"
        for name, value, text, term in tiles
    )
    times = [
        ("Recorded", s.recorded_s),
        ("In bed", s.in_bed_s),
        ("Upright", night.seconds("upright")),
        ("Off the body", night.seconds("off_body")),
        ("Lost in gaps", night.seconds("gap")),
    ]
    between = rate_interval(count["plm"], [run.movements for run in night.series], s.in_bed_s)
    chance = ""
    if between and count["plm"]:
        chance = (
            f'<p class="quiet">The least that chance does within such a night: {between[0]:.0f} to'
            f" {between[1]:.0f} per hour (95 % interval).</p>"
        )
    elif between:
        chance = (
            f'<p class="quiet">No series: a rate of up to {between[1]:.1f} per hour could give'
            " such a night by chance.</p>"
        )
    spans = "".join(f"<div><dt>{n}</dt><dd>{span_text(v)}</dd></div>" for n, v in times)
    return f"""<section class="card" aria-label="The night in numbers">
<div class="sums">
<div>
<p class="rate">{rate}</p>
<p class="rate-name">PLM per hour in bed</p>
<p class="quiet">{count["plm"]} periodic leg movements in {hours}. They are kicks or twitches that
come back in a steady rhythm. Hours in bed are not hours of sleep, and movements that come with
pauses in breathing are among them: the device can't tell.</p>
{chance}{exactly("the rate", exact["PLM per hour in bed"])}
</div>
<dl class="tiles">{grid}</dl>
</div>
<dl class="times">{spans}</dl>
{_noted(noted)}</section>"""


def _noted(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    return f'<p class="noted">In the journal: {escape("; ".join(journal_words(values)))}</p>'


def _doubts(night: Night) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in words.doubts(night))
    return f"""<section class="card">
<h2>What undermines this night</h2>
<ul class="doubts">{items}</ul>
</section>"""


def _timeline(night: Night, end: str) -> str:
    count = night.session.counts
    most = max(night.hours, key=lambda hour: hour.plm)
    summary = (
        f"Timeline in rows of one hour: {count['plm']} PLM in {count['series']} series,"
        f" {count['clm'] - count['plm']} other CLMs, {len(night.gaps)} gaps. Most PLM in the hour"
        f" from {most.label}: {most.plm}. The series table below lists them."
    )
    return f"""<section class="card">
<h2>Every movement of the night</h2>
<p class="quiet">One row is one hour. A dense run of bars is a series.
<span class="mouse">Point at a mark for its time, length and peak. Drag across to zoom,
double-click to go back.</span></p>
{key(bool(night.session.trace))}
{chart("timeline" + end, summary)}
</section>"""


def _hours(night: Night, end: str) -> str:
    rows = [(h.label, str(h.plm), f"{h.in_bed_min:.0f}") for h in night.hours]
    summary = "PLM in each hour: " + ", ".join(f"{h.label} {h.plm}" for h in night.hours)
    listing = table("PLM by hour", ("Hour from", "PLM", "Minutes in bed"), rows)
    return f"""<section class="card">
<h2>PLM per hour through the night</h2>
<p class="quiet">How many fell in each hour; an hour with few minutes in bed can't hold many.</p>
{chart("hours" + end, summary)}
<details class="screen"><summary>As a table</summary>{listing}</details>
</section>"""


def _imis(night: Night, end: str) -> str:
    shown = [imi for imi in night.imis if imi < figures.IMI_END]
    beyond = len(night.imis) - len(shown)
    low, high = (night.rules.imi_min, night.rules.imi_max) if night.rules else (0, 0)
    inside = sum(low <= imi * 1000 <= high for imi in night.imis)
    summary = (
        f"Histogram of {len(night.imis)} intervals between candidate movements: {inside} lie"
        f" inside the band of {low / 1000:g} to {high / 1000:g} s, {beyond} are over 100 s."
    )
    return f"""<section class="card">
<h2>Intervals between movements</h2>
<p class="quiet">IMIs, from one CLM's onset to the next. A hump at 20 to 40 s is a rhythm.
{beyond} of {len(night.imis)} are over 100 s and not drawn.</p>
{chart("imis" + end, summary)}
</section>"""


def _series(night: Night) -> str:
    rows = [
        (
            str(row.number),
            night.clock(row.onset),
            str(row.movements),
            span_text(row.length / 1000),
            f"{row.median_imi:.1f} s",
        )
        for row in night.series[:SERIES_SHOWN]
    ]
    more = len(night.series) - len(rows)
    head = ("Series", "Start", "PLM", "Length", "Median IMI")
    inner = table("The series of this night", head, rows) if rows else "<p>No series.</p>"
    return f"""<section class="card screen">
<h2>Series</h2>
<p class="quiet">Each run of periodic movements; its middle interval shows how fast the rhythm
was.</p>
{inner}{f"<p>And {more} more.</p>" if more > 0 else ""}
</section>"""


def _sensor(night: Night) -> str:
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
    return f"""<section class="card screen">
<h2>Sensor health</h2>
{facts(rows)}
</section>"""


def _before(s: Session) -> str:
    """Whether it goes on with a recording that was interrupted."""
    if not s.restart:
        return "nothing: a recording of its own"
    lost_ms = s.restart["lost_ms"]
    length = span_text(lost_ms / 1000) if lost_ms else "an unknown time"
    why = STARTS.get(s.meta.get("start", ""), "the reason is unknown")
    return f"the session before, after {length} without recording: {why}"
