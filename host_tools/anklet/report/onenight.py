"""One night in full: HTML around its figures. What a session or journal says is escaped here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from anklet.night.damage import plural
from anklet.night.rate import interval as rate_interval
from anklet.night.session import Session
from anklet.report import figures, view, words
from anklet.report.health import health
from anklet.report.markup import folded, key, table
from anklet.report.svg import draw
from anklet.report.timeline import timeline
from anklet.report.usual import Earlier, number
from anklet.report.view import SessionView, span_text
from anklet.report.words import journal_words
from anklet.texts import day

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

SERIES_SHOWN = 500  # rows of the table; a night has some twenty


def sheets(
    sessions: Sequence[Session],
    noted: Callable[[str, str], Mapping[str, Any]] | None = None,
    before: Callable[[Session], Earlier] | None = None,
) -> tuple[str, str]:
    """Each session in full on a sheet of its own, the newest first: HTML, a title.

    noted: the journal's values of a night (ISO date) and label. before: what the person's earlier
    nights say of it.
    """
    nights = sorted((SessionView(s) for s in sessions), key=_moment, reverse=True)
    html = []
    for i, night in enumerate(nights):
        end = f"-{i}" if i else ""
        date, label = night.session.night, night.session.label
        values = noted(date.isoformat(), label) if noted and date else {}
        known = before(night.session) if before else Earlier()
        sheet = _sheet(night, values, known, end)
        html.append(f'<div class="{"new-sheet" if i else "sheet"}">{sheet}</div>')
    title = name_of(nights[0]) if len(nights) == 1 else f"{len(nights)} nights"
    return "\n".join(html), title


def name_of(night: SessionView) -> str:
    """The night by its evening: "Saturday 21 November 2026"."""
    date = night.session.night
    return day(date) if date else "Night, time unknown"


def _moment(night: SessionView) -> tuple[datetime, str]:
    return night.session.start or LONG_AGO, night.session.session


def _sheet(night: SessionView, noted: Mapping[str, Any], before: Earlier, end: str) -> str:
    return "\n".join(
        [
            _head(night),
            _rate(night, noted, before),
            _problems(night),
            _timeline(night, end),
            _counts(night),
            f'<div class="pair">{_hours(night, end)}{_imis(night, end)}</div>',
            f'<div class="folds">{_series(night)}{health(night)}</div>',
        ]
    )


def _head(night: SessionView) -> str:
    s = night.session
    start = "start unknown"
    if s.start is not None:
        start = f"{night.clock(0, False)} to {night.clock(night.length, False)}"
        start += f" ({s.start:%Z})" if s.start.tzinfo else ""
    who = [s.label or "", start, f"board {s.device}"]
    line = " · ".join(escape(str(part)) for part in who if part)
    rules = night.rules.title if night.rules else s.rules
    return f"""<header>
<p class="kicker">Periodic leg movements, one night, scored by {escape(rules)}</p>
<h1>{escape(name_of(night))}</h1>
<p class="who">{line}</p>
</header>"""


def _rate(night: SessionView, noted: Mapping[str, Any], before: Earlier) -> str:
    s, count = night.session, night.session.counts
    between = rate_interval(
        count["plm"], [run.movements for run in night.series], s.in_bed_s, before.series
    )
    rate = "none" if s.plm_per_hour is None else number(s.plm_per_hour)
    chance, why = "", ""
    if between:
        low, high = map(number, between)
        chance = f"({low} to {high})" if count["plm"] else f"(up to {high})"
        why = " In brackets: the least that chance does within such a night (95 % interval)."
    legs = f"{s.leg} leg only" if s.leg else "one leg only"
    return f"""<section class="card" aria-label="The night's rate">
<p class="rate">{rate} <span>{chance}</span></p>
<p class="rate-name">PLM per hour in bed, {escape(legs)}</p>
<p class="usual">{before.said}</p>
<p class="quiet">{plural(count["plm"], "periodic leg movement")} in {s.in_bed_s / 3600:.1f} h in
bed, asleep or awake: kicks or twitches that come back in a steady rhythm.{why}</p>
{_noted(noted)}</section>"""


def _counts(night: SessionView) -> str:
    """All the counts in one line, what each means a click away."""
    s, count, rules = night.session, night.session.counts, night.rules
    index = "none" if s.periodicity_index is None else f"{s.periodicity_index:.2f}"
    strict = ""
    if rules and rules.short_breaks:
        strict = f" ({count['plm_strict']} by the other reading of short intervals)"
    told = [
        f"<b>{count['plm']}</b> PLM{strict} in {count['series']} series",
        f"<b>{count['clm']}</b> CLM",
        f"<b>{count['lm']}</b> LM and {count['excluded']} others left out",
        f"<b>{count['short_imi']}</b> short IMIs",
        f"periodicity index <b>{index}</b>",
    ]
    still_s = s.in_bed_s - s.in_bed_range_s[0]
    times = [
        ("in bed", s.in_bed_s),
        ("recorded", s.recorded_s),
        ("upright", night.seconds("upright")),
        ("off the body", night.seconds("off_body")),
        ("of the time in bed very still", still_s),
        ("lost in gaps", night.seconds("gap")),
    ]
    spans = " · ".join(f"{name} {span_text(v)}" for name, v in times if v or name == "in bed")
    exact = "".join(
        f"<dt>{escape(t)}</dt><dd>{escape(text)}</dd>" for t, text in words.definitions(night)
    )
    limits = "".join(f"<li>{escape(text)}</li>" for text in words.LIMITS)
    return f"""<section class="card" aria-label="The night in numbers">
<p class="counts">{" · ".join(told)}</p>
<p class="quiet">{spans}</p>
{_thresholds(s)}<details class="exact screen"><summary>Exactly what each number means</summary>
<dl class="terms">{exact}</dl></details>
<details class="exact screen"><summary>What one night can't tell</summary>
<ul class="doubts">{limits}</ul></details>
<p class="quiet print">{escape(" ".join(words.LIMITS))}</p>
</section>"""


def _thresholds(s: Session) -> str:
    """PLM per hour as it would be at other thresholds: how robust the night is."""
    if len(s.plm_at) < 3 or not s.in_bed_s:
        return ""
    own = int(s.meta["on_mg"])
    rates = " · ".join(
        f"from {mg} mg <b>{number(plm * 3600 / s.in_bed_s)}</b>" + " (the device)" * (mg == own)
        for mg, plm in s.plm_at.items()
    )
    source = "the trace" if min(s.plm_at) < own else "the logged peaks"
    return f"""<p class="quiet">PLM per hour if only stronger movements counted, or weaker ones too
(from {source}): {rates}. Where these differ much, the night hangs on weak movements.</p>
"""


def _noted(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    return f'<p class="noted">In the journal: {escape("; ".join(journal_words(values)))}</p>'


def _problems(night: SessionView) -> str:
    """What is to be known of this very night; nothing where all went well."""
    found = words.problems(night)
    if not found:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in found)
    return f"""<section class="card">
<h2>What undermines this night</h2>
<ul class="doubts">{items}</ul>
</section>"""


def _timeline(night: SessionView, end: str) -> str:
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
<span class="mouse scripted">Point at a mark for its time, length and peak. Drag across to zoom,
double-click to go back.</span></p>
{key(bool(night.session.trace))}
{draw("timeline" + end, timeline(night), summary)}
</section>"""


def _hours(night: SessionView, end: str) -> str:
    rows = [
        (h.label, "" if h.rate is None else f"{h.rate:.0f}", str(h.plm), f"{h.in_bed_min:.0f}")
        for h in night.hours
    ]
    summary = "PLM per hour in bed in each hour: " + ", ".join(
        f"{h.label} {'none' if h.rate is None else round(h.rate)}" for h in night.hours
    )
    listing = table("PLM by hour", ("Hour from", "PLM per hour", "PLM", "Minutes in bed"), rows)
    return f"""<section class="card">
<h2>The rate through the night</h2>
<p class="quiet">PLM per hour in bed, hour by hour. A thin bar is an hour with few minutes in bed;
under {view.LEAST_MIN} minutes there is none.</p>
{draw("hours" + end, figures.hours(night), summary)}
<details class="screen"><summary>As a table</summary>{listing}</details>
</section>"""


def _imis(night: SessionView, end: str) -> str:
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
{draw("imis" + end, figures.imis(night), summary)}
</section>"""


def _series(night: SessionView) -> str:
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
    lead = "Each run of periodic movements; its middle interval shows how fast the rhythm was."
    rest = f"<p>And {more} more.</p>" if more > 0 else ""
    return folded("Series", f'<p class="quiet">{lead}</p>{inner}{rest}')
