"""All nights: for each label its numbers, charts and table. From the database alone.

What a board or a journal says is escaped here and in parts.
"""

import datetime as dt
from collections import deque
from collections.abc import Callable, Sequence
from html import escape
from statistics import median
from typing import Any

from anklet.archive.longterm import Medicine
from anklet.night import grouping, rate
from anklet.report import trendfigures, trendtable, weeks, words
from anklet.report.markup import calendar_key, exactly, terms, trend_key
from anklet.report.strips import Bands, Entries, of_journal, of_medicines, of_trials, part
from anklet.report.svg import draw
from anklet.texts import N_, _, day, decimal, n_

Item = dict[str, Any]

RECENT = (7, 28)  # nights
AT_FIRST = 91  # days that the charts span before a button is pressed
YEAR = 364
RANGES = (
    *((28, N_("4 weeks")), (91, N_("3 months"))),
    *((365, N_("a year")), (0, N_("all nights"))),
)


class Trend:
    """The page's body. items: sessions as Archive.sessions gives them, one at least; entries: the
    journal of a label; bands: its trial periods; medicines: its medicines; link: the address of a
    session's page."""

    def __init__(
        self,
        items: Sequence[Item],
        entries: Callable[[str], Entries],
        bands: Callable[[str], Bands] = lambda label: (),
        link: trendtable.Link | None = None,
        medicines: Callable[[str], Sequence[Medicine]] = lambda label: (),
    ) -> None:
        self._items = items
        self._entries = entries
        self._bands = bands
        self._link = link
        self._medicines = medicines

    def page(self) -> str:
        """HTML: a sheet for each label."""
        html = []
        for i, label in enumerate(sorted({item["label"] for item in self._items})):
            mine = grouping.select(self._items, label=label)
            body = self._label(label, mine, f"-{i}" if i else "")
            html.append(f'<div class="{"new-sheet" if i else "sheet"}">{body}</div>')
        return "\n".join(html)

    def _label(self, label: str, items: list[Item], end: str) -> str:
        nights = grouping.by_night(items)
        entries = self._entries(label)
        series: dict[str, deque[list[int]]] = {}  # of the last nights, by leg
        for night in nights:
            last = series.setdefault(_leg_of(night), deque(maxlen=rate.POOLED_NIGHTS))
            _complete(night, [plm for earlier in last for plm in earlier])
            last.append(night["series_plm"])
        legs: dict[str, list[Item]] = {}
        for night in nights:
            if night["plm_per_hour"] is not None:
                legs.setdefault(night["of"], []).append(night)
        with_what = part(nights, entries)
        undated = grouping.undated(items)
        parts = [_head(label, nights)]
        if legs:
            parts.append(_recent(legs, nights[-1]["night"]))
            parts.append(self._points(label, legs, nights, entries, end, with_what))
            parts.append(_views(legs, nights[-1]["night"], end))
        alone = [_alone(item) for item in undated[-trendtable.ROWS :]]
        hidden = len(items) - len(undated) - sum(len(night["sessions"]) for night in nights)
        parts.append(
            trendtable.folded_table(nights, alone, len(undated), hidden, entries, self._link)
        )
        parts.append(terms(words.trend_terms()))
        return "\n".join(parts)

    def _points(
        self,
        label: str,
        legs: dict[str, list[Item]],
        nights: list[Item],
        entries: Entries,
        end: str,
        with_what: str,
    ) -> str:
        first, last = _spanned(nights)
        begin, newest = nights[0]["night"], nights[-1]["night"]
        strips = [
            *of_trials(self._bands(label), begin),
            *of_medicines(self._medicines(label), begin, newest),
            *of_journal(entries, begin),
        ]
        figure = trendfigures.points(legs, strips, (first, last))
        there = {night["night"] for night in nights}
        days = (dt.date.fromisoformat(nights[-1]["night"]) - _date(nights[0])).days + 1
        summary = n_(
            "PLM per hour in bed by night: {n} night from {first} to {last}.",
            "PLM per hour in bed by night: {n} nights from {first} to {last}.",
            len(there),
            first=day(min(there)),
            last=day(max(there)),
        )
        holes = ""
        if days > len(there):
            holes = n_(
                "{n} night without a recording left its place empty.",
                "{n} nights without a recording left their places empty.",
                days - len(there),
            )
        buttons = "".join(
            f'<button type="button" data-days="{n}" aria-pressed="{str(n == AT_FIRST).lower()}">'
            f"{_(name)}</button>"
            for n, name in RANGES
        )
        said = _(
            "A point is a night, its thin line the 95 % interval of chance within that night."
            " Open: under 4 hours in bed, so take it lightly."
        )
        return f"""<section class="card">
<h2>{_("Night by night")}</h2>
<p class="quiet">{said} {holes}
<span class="mouse scripted">{_("Drag across to zoom, double-click to go back.")}</span></p>
{trend_key(list(legs), with_what)}
<div class="range screen scripted" role="group" aria-label="{_("Nights shown")}"
data-charts="points{end} calendar{end}" data-first="{nights[0]["night"]}"
data-last="{last}">{buttons}</div>
<noscript><p class="quiet">
{_("Without script the charts show the newest three months.")}</p></noscript>
{draw("points" + end, figure, summary)}
</section>"""


def _date(night: Item) -> dt.date:
    return dt.date.fromisoformat(night["night"])


def _alone(item: Item) -> Item:
    """A session without a night, as grouping.by_night would give it."""
    night = {**item, "sessions": [(item["device"], item["session"])], "devices": [item["device"]]}
    _complete(night)
    return night


def _leg_of(night: Item) -> str:
    """The name of a night's leg, with the board's where that alone does not tell whose it is."""
    if night["leg"] and night["label"]:
        return _(night["leg"])
    boards = " ".join(device[-6:] for device in night["devices"])
    return f"{_(night['leg'] or N_('board'))} {boards}"


def _complete(night: Item, series_before: Sequence[int] = ()) -> None:
    """Add what the page shows: `interval`, `full`, `of` (its leg's name), `said` (hover text).

    series_before: the PLMs of each series of the leg's last nights.
    """
    night["of"] = _leg_of(night)
    night["full"] = night["in_bed_s"] >= words.SHORT_NIGHT
    plm = night["counts"]["plm"]
    between = rate.interval(plm, night["series_plm"], night["in_bed_s"], series_before)
    night["interval"] = between
    if between:
        night["said"] = _(
            "{rate:.1f} PLM/h ({low:.0f} to {high:.0f}), {hours:.1f} h",
            rate=night["plm_per_hour"],
            low=between[0],
            high=between[1],
            hours=night["in_bed_s"] / 3600,
        )


def _spanned(nights: list[Item]) -> tuple[str, str]:
    """The edges of the axis at first: the newest nights, and half a day around them."""
    last = _date(nights[-1]) + dt.timedelta(days=1)
    first = max(_date(nights[0]), last - dt.timedelta(days=AT_FIRST))
    return (first - dt.timedelta(days=1)).isoformat(), last.isoformat()


def _head(label: str, nights: list[Item]) -> str:
    line = _("No night of a known date yet.")
    if nights:
        legs = ", ".join(dict.fromkeys(night["of"] for night in nights))
        rules = ", ".join(dict.fromkeys(night["rules"] for night in nights))
        first, last = day(nights[0]["night"]), day(nights[-1]["night"])
        dates = len({night["night"] for night in nights})
        line = n_("{n} night", "{n} nights", dates)
        line += ", " + _("{low} to {high}", low=first, high=last)
        line += f" · {legs} · " + _("scored by {rules}", rules=rules)
    return f"""<header>
<p class="kicker">{_("Periodic leg movements, all nights")}</p>
<h1>{escape(label) or _("All nights")}</h1>
<p class="who">{escape(line)}</p>
</header>"""


def _recent(legs: dict[str, list[Item]], last: str) -> str:
    """The medians of the last nights, of each leg."""
    grids = []
    for name, nights in legs.items():
        title = f"<h3>{escape(name)}</h3>" if len(legs) > 1 else ""
        full = [night for night in nights if night["full"]]
        spans = [(_("Last {n} nights", n=days), days) for days in RECENT]
        spans.append((_("All nights"), 0))
        tiles = "".join(_tile(name, full, days, last) for name, days in spans)
        grids.append(f'{title}<dl class="tiles">{tiles}</dl>')
    said = _(
        "Medians of the nights with at least 4 hours in bed. Hours in bed are not hours of sleep:"
        " the device can't tell. One person's nights differ by about 40 %, so one night means"
        " little."
    )
    return f"""<section class="card" aria-label="{_("The nights in numbers")}">
{"".join(grids)}
<p class="quiet under">{said}</p>
</section>"""


def _tile(name: str, full: list[Item], days: int, last: str) -> str:
    rates = [night["plm_per_hour"] for night in full if not days or _ago(night, last) < days]
    value = decimal(median(rates)) if rates else _("none")
    text = n_(
        "PLM per hour in bed, median of {n} nights",
        "PLM per hour in bed, median of {n} nights",
        len(rates),
    )
    if days:
        text = _("PLM per hour in bed, median of {n} of {days} nights", n=len(rates), days=days)
    if between := rate.median_interval(rates):
        text += "; " + _("95 % interval {low:.1f} to {high:.1f}", low=between[0], high=between[1])
    elif rates:
        text += "; " + _(
            "{low:.1f} to {high:.1f}, too few nights for an interval",
            low=min(rates),
            high=max(rates),
        )
    definition = ""
    if days:
        definition = _(
            "The nights of the {n} dates up to {last} that have at least 4 hours in bed; a night"
            " without a recording is left out, not counted as zero.",
            n=days,
            last=day(last),
        )
        definition += " "
    definition += _(
        "The interval of the median lies between two of the nights' own values, chosen by the sign"
        " test so that it holds the true median at least 95 times in 100, whatever the"
        " distribution, if the nights are independent; under 6 nights there is none."
    )
    main = " class=is-plm" if days == RECENT[0] else ""
    return (
        f"<div{main}><dt>{name}</dt><dd><b>{value}</b><span>{escape(text)}</span>"
        f"{exactly(name, definition)}</dd></div>"
    )


def _ago(night: Item, last: str) -> int:
    return (dt.date.fromisoformat(last) - _date(night)).days


def _views(legs: dict[str, list[Item]], last: str, end: str) -> str:
    """Weekdays of the last year, and a calendar for each leg."""
    year = {name: [n for n in nights if _ago(n, last) < YEAR] for name, nights in legs.items()}
    calendars = []
    every = [night for nights in legs.values() for night in nights]
    every.sort(key=lambda night: night["night"])
    for i, (name, nights) in enumerate(legs.items()):
        chart_name = f"calendar{end}" + (f"-leg{i}" if i else "")
        title = f"<h3>{escape(name)}</h3>" if len(legs) > 1 else ""
        text = _(
            "Calendar of PLM per hour in bed, {leg}: a column a week. The table lists them.",
            leg=name,
        )
        figure = weeks.calendar(nights, _spanned(every))
        key = calendar_key(weeks.strongest(nights))
        calendars.append(title + draw(chart_name, figure, text) + key)
    cells = _(
        "A cell is a night, a column a week; the stronger its colour, the more PLM per hour. In"
        " brackets: under 4 hours in bed. No cell: no recording."
    )
    days = _(
        "The nights of the last year by their evening; the bar is the median. Seven medians differ"
        " by chance too."
    )
    summary = _("PLM per hour in bed by weekday, with medians.")
    return f"""<div class="pair">
<section class="card">
<h2>{_("Calendar")}</h2>
<p class="quiet">{cells}</p>
{"".join(calendars)}
</section>
<section class="card">
<h2>{_("Weekdays")}</h2>
<p class="quiet">{days}</p>
{draw("weekdays" + end, weeks.weekdays(year), summary)}
</section>
</div>"""
