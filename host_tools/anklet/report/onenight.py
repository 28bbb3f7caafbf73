"""One night in full: HTML around its figures. What a session or journal says is escaped here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from anklet.night.rate import interval as rate_interval
from anklet.night.session import Session
from anklet.night.watch import Watch
from anklet.report import asleep, figures, view, words
from anklet.report.health import health
from anklet.report.markup import folded, key, table
from anklet.report.svg import draw
from anklet.report.timeline import timeline
from anklet.report.usual import Earlier, number
from anklet.report.view import SessionView, span_text
from anklet.report.words import journal_words
from anklet.texts import _, day, decimal, n_

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

SERIES_SHOWN = 500  # rows of the table; a night has some twenty


def sheets(
    sessions: Sequence[Session],
    noted: Callable[[str, str], Mapping[str, Any]] | None = None,
    before: Callable[[Session], Earlier] | None = None,
    watched: Callable[[Session], Watch | None] | None = None,
) -> tuple[str, str]:
    """Each session in full on a sheet of its own, the newest first: HTML, a title.

    noted: the journal's values of a night (ISO date) and label. before: what the person's earlier
    nights say of it. watched: what a watch does.
    """
    nights = sorted((SessionView(s) for s in sessions), key=_moment, reverse=True)
    html = []
    for i, night in enumerate(nights):
        end = f"-{i}" if i else ""
        date, label = night.session.night, night.session.label
        values = noted(date.isoformat(), label) if noted and date else {}
        known = before(night.session) if before else Earlier()
        watch = watched(night.session) if watched else None
        sheet = _sheet(night, values, known, watch, end)
        html.append(f'<div class="{"new-sheet" if i else "sheet"}">{sheet}</div>')
    title = name_of(nights[0])
    if len(nights) > 1:
        title = n_("{n} night", "{n} nights", len(nights))
    return "\n".join(html), title


def name_of(night: SessionView) -> str:
    """The night by its evening: "Saturday 21 November 2026"."""
    date = night.session.night
    return day(date) if date else _("Night, time unknown")


def _moment(night: SessionView) -> tuple[datetime, str]:
    return night.session.start or LONG_AGO, night.session.session


def _sheet(
    night: SessionView, noted: Mapping[str, Any], before: Earlier, watch: Watch | None, end: str
) -> str:
    return "\n".join(
        [
            _head(night),
            _rate(night, noted, before),
            _problems(night),
            _timeline(night, end),
            _counts(night),
            f'<div class="pair">{_hours(night, end)}{_imis(night, end)}</div>',
            asleep.card(night, watch, end),
            f'<div class="folds">{_series(night)}{health(night)}</div>',
        ]
    )


def _head(night: SessionView) -> str:
    s = night.session
    start = _("start unknown")
    if s.start is not None:
        ends = night.clock(0, False), night.clock(night.length, False)
        start = _("{low} to {high}", low=ends[0], high=ends[1])
        start += f" ({s.start:%Z})" if s.start.tzinfo else ""
    who = [s.label or "", start, _("board {device}", device=s.device)]
    line = " · ".join(escape(str(part)) for part in who if part)
    rules = night.rules.title if night.rules else s.rules
    kicker = _("Periodic leg movements, one night, scored by {rules}", rules=rules)
    return f"""<header>
<p class="kicker">{escape(kicker)}</p>
<h1>{escape(name_of(night))}</h1>
<p class="who">{line}</p>
</header>"""


def _rate(night: SessionView, noted: Mapping[str, Any], before: Earlier) -> str:
    s, count = night.session, night.session.counts
    between = rate_interval(
        count["plm"], [run.movements for run in night.series], s.in_bed_s, before.series
    )
    rate = _("none") if s.plm_per_hour is None else number(s.plm_per_hour)
    chance, why = "", ""
    if between:
        low, high = map(number, between)
        chance = _("({low} to {high})", low=low, high=high)
        if not count["plm"]:
            chance = _("(up to {high})", high=high)
        why = _("In brackets: the least that chance does within such a night (95 % interval).")
    counted = n_(
        "{n} periodic leg movement in {hours:.1f} h in bed, asleep or awake: kicks or twitches"
        " that come back in a steady rhythm.",
        "{n} periodic leg movements in {hours:.1f} h in bed, asleep or awake: kicks or twitches"
        " that come back in a steady rhythm.",
        count["plm"],
        hours=s.in_bed_s / 3600,
    )
    legs = _(words.LEGS.get(s.leg, s.leg))
    return f"""<section class="card" aria-label="{_("The night's rate")}">
<p class="rate">{rate} <span>{chance}</span></p>
<p class="rate-name">{_("PLM per hour in bed, {leg} only", leg=escape(legs))}</p>
<p class="usual">{before.said}</p>
<p class="quiet">{counted} {why}</p>
{_noted(noted)}</section>"""


def _counts(night: SessionView) -> str:
    """All the counts in one line, what each means a click away."""
    s, count, rules = night.session, night.session.counts, night.rules
    index = _("none") if s.periodicity_index is None else decimal(s.periodicity_index, ".2f")
    strict = ""
    if rules and rules.short_breaks:
        strict = _(" ({n} by the other reading of short intervals)", n=count["plm_strict"])
    told = [
        _(
            "<b>{n}</b> PLM{strict} in {series} series",
            **count | {"n": count["plm"], "strict": strict},
        ),
        _("<b>{n}</b> CLM", n=count["clm"]),
        _("<b>{n}</b> LM and {others} others left out", n=count["lm"], others=count["excluded"]),
        _("<b>{n}</b> short IMIs", n=count["short_imi"]),
        _("periodicity index <b>{index}</b>", index=index),
    ]
    still_s = s.in_bed_s - s.in_bed_range_s[0]
    times = [
        (_("in bed {time}"), s.in_bed_s),
        (_("recorded {time}"), s.recorded_s),
        (_("upright {time}"), night.seconds("upright")),
        (_("off the body {time}"), night.seconds("off_body")),
        (_("of the time in bed very still {time}"), still_s),
        (_("lost in gaps {time}"), night.seconds("gap")),
    ]
    spans = " · ".join(
        text.format(time=span_text(v)) for i, (text, v) in enumerate(times) if v or not i
    )
    exact = "".join(
        f"<dt>{escape(t)}</dt><dd>{escape(text)}</dd>" for t, text in words.definitions(night)
    )
    limits = "".join(f"<li>{escape(_(text))}</li>" for text in words.LIMITS)
    return f"""<section class="card" aria-label="{_("The night in numbers")}">
<p class="counts">{" · ".join(told)}</p>
<p class="quiet">{spans}</p>
{_thresholds(s)}<details class="exact screen">
<summary>{_("Exactly what each number means")}</summary>
<dl class="terms">{exact}</dl></details>
<details class="exact screen"><summary>{_("What one night can't tell")}</summary>
<ul class="doubts">{limits}</ul></details>
<p class="quiet print">{escape(" ".join(map(_, words.LIMITS)))}</p>
</section>"""


def _thresholds(s: Session) -> str:
    """PLM per hour as it would be at other thresholds: how robust the night is."""
    if len(s.plm_at) < 3 or not s.in_bed_s:
        return ""
    own = int(s.meta["on_mg"])
    rates = " · ".join(
        _("from {mg} mg", mg=mg)
        + f" <b>{number(plm * 3600 / s.in_bed_s)}</b>"
        + (_(" (the device)") if mg == own else "")
        for mg, plm in s.plm_at.items()
    )
    source = _("the trace") if min(s.plm_at) < own else _("the logged peaks")
    text = _(
        "PLM per hour if only stronger movements counted, or weaker ones too (from {source}):"
        " {rates}. Where these differ much, the night hangs on weak movements.",
        source=source,
        rates=rates,
    )
    return f'<p class="quiet">{text}</p>\n'


def _noted(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    said = _("In the journal: {entries}", entries="; ".join(journal_words(values)))
    return f'<p class="noted">{escape(said)}</p>'


def _problems(night: SessionView) -> str:
    """What is to be known of this very night; nothing where all went well."""
    found = words.problems(night)
    if not found:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in found)
    return f"""<section class="card">
<h2>{_("What undermines this night")}</h2>
<ul class="doubts">{items}</ul>
</section>"""


def _timeline(night: SessionView, end: str) -> str:
    count = night.session.counts
    most = max(night.hours, key=lambda hour: hour.plm)
    summary = _(
        "Timeline in rows of one hour: {plm} PLM in {series} series, {others} other CLMs, {gaps}"
        " gaps. Most PLM in the hour from {hour}: {most}. The series table below lists them.",
        plm=count["plm"],
        series=count["series"],
        others=count["clm"] - count["plm"],
        gaps=len(night.gaps),
        hour=most.label,
        most=most.plm,
    )
    return f"""<section class="card">
<h2>{_("Every movement of the night")}</h2>
<p class="quiet">{_("One row is one hour. A dense run of bars is a series.")}
<span class="mouse scripted">{_("Point at a mark for its time, length and peak.")}
{_("Drag across to zoom, double-click to go back.")}</span></p>
{key(bool(night.session.trace))}
{draw("timeline" + end, timeline(night), summary)}
</section>"""


def _hours(night: SessionView, end: str) -> str:
    rows = [
        (h.label, "" if h.rate is None else f"{h.rate:.0f}", str(h.plm), f"{h.in_bed_min:.0f}")
        for h in night.hours
    ]
    summary = (
        _("PLM per hour in bed in each hour:")
        + " "
        + ", ".join(
            f"{h.label} {_('none') if h.rate is None else round(h.rate)}" for h in night.hours
        )
    )
    head = (_("Hour from"), _("PLM per hour"), _("PLM"), _("Minutes in bed"))
    listing = table(_("PLM by hour"), head, rows)
    said = _(
        "PLM per hour in bed, hour by hour. A thin bar is an hour with few minutes in bed; under"
        " {n} minutes there is none.",
        n=view.LEAST_MIN,
    )
    return f"""<section class="card">
<h2>{_("The rate through the night")}</h2>
<p class="quiet">{said}</p>
{draw("hours" + end, figures.hours(night), summary)}
<details class="screen"><summary>{_("As a table")}</summary>{listing}</details>
</section>"""


def _imis(night: SessionView, end: str) -> str:
    shown = [imi for imi in night.imis if imi < figures.IMI_END]
    beyond = len(night.imis) - len(shown)
    low, high = (night.rules.imi_min, night.rules.imi_max) if night.rules else (0, 0)
    inside = sum(low <= imi * 1000 <= high for imi in night.imis)
    summary = _(
        "Histogram of {n} intervals between candidate movements: {inside} lie inside the band of"
        " {low:g} to {high:g} s, {beyond} are over 100 s.",
        n=len(night.imis),
        inside=inside,
        low=low / 1000,
        high=high / 1000,
        beyond=beyond,
    )
    said = _(
        "IMIs, from one CLM's onset to the next. A hump at 20 to 40 s is a rhythm. {beyond} of {n}"
        " are over 100 s and not drawn.",
        beyond=beyond,
        n=len(night.imis),
    )
    return f"""<section class="card">
<h2>{_("Intervals between movements")}</h2>
<p class="quiet">{said}</p>
{draw("imis" + end, figures.imis(night), summary)}
</section>"""


def _series(night: SessionView) -> str:
    rows = [
        (
            str(row.number),
            night.clock(row.onset),
            str(row.movements),
            span_text(row.length / 1000),
            _("{seconds:.1f} s", seconds=row.median_imi),
        )
        for row in night.series[:SERIES_SHOWN]
    ]
    more = len(night.series) - len(rows)
    head = (_("Series"), _("Start"), _("PLM"), _("Length"), _("Median IMI"))
    inner = f"<p>{_('No series.')}</p>"
    if rows:
        inner = table(_("The series of this night"), head, rows)
    lead = _("Each run of periodic movements; its middle interval shows how fast the rhythm was.")
    rest = f"<p>{_('And {n} more.', n=more)}</p>" if more > 0 else ""
    return folded(_("Series"), f'<p class="quiet">{lead}</p>{inner}{rest}')
