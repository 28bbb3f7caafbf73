"""What the journal and the trials say of each night: the rows under the chart, and its marks.

Its texts are plain; svg.py escapes them.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anklet.archive.journal import KEYS
from anklet.archive.longterm import Medicine
from anklet.report import words
from anklet.report.trendfigures import Strip
from anklet.texts import _, short_day, within

Entries = Mapping[str, Mapping[str, Any]]  # night -> key -> value
Bands = Sequence[tuple[str, str, str]]  # first night, last night, what it was

MOST_BARS = 13_000  # of the journal; more would make the page of ten years too large to send
# These say how magnesium was taken; they stand beside it.
LEAST_PARTED = 3  # nights with, and as many without, to tell the two apart on the chart
MEDICINES = ("antidepressant", "medicine")  # named on their bars, once, with the first night
ASIDE = ("magnesium_form", "route")


def of_trials(bands: Bands, first: str) -> list[Strip]:
    """A row for the periods of trials, if there are any: on the bar the amount or the bottle, the
    rest in its hover text."""
    bars = [
        (begin, end, _amount(text), f"{text}\n{_span(begin, end)}")
        for begin, end, text in bands
        if end >= first
    ]
    return [Strip(_("Trial"), bars, trial=True)] if bars else []


def _amount(text: str) -> str:
    """What fits a bar of two nights: "300" of "planned: magnesium_mg=300", "A" of "bottle A"."""
    last = text.rpartition("=")[2].rpartition(": ")[2]
    return last.removeprefix(_("bottle {arm}", arm=""))


def of_medicines(medicines: Sequence[Medicine], first: str, last: str) -> Iterator[Strip]:
    """A row for each medicine taken between these nights, by its dates: on the bar the dose, and
    since when."""
    rows: dict[str, list[tuple[str, str, str, str]]] = {}
    for one in medicines:
        begin, end = max(one.since, first), min(one.until or last, last)
        if begin <= end:
            text = f"{one.dose}, from {one.since}"
            told = f"{one.dose}\n{one.when}"
            rows.setdefault(one.name.lower(), []).append((begin, end, text, told))
    names = {one.name.lower(): one.name for one in medicines}
    for name, bars in rows.items():
        yield Strip(short(names[name]), bars)


def of_journal(entries: Entries, first: str) -> Iterator[Strip]:
    """A row for each item of the journal that has entries from the night `first` on, equal
    neighbours joined to a band."""
    for name, key in KEYS.items():
        if name in ASIDE:
            continue
        bars: list[tuple[str, str, str, str]] = []
        before = ""
        for night, values in entries.items():
            if name not in values or night < first:
                continue
            aside = ASIDE if name == "magnesium_mg" else ()
            said = "; ".join(
                words.journal_words({k: values[k] for k in (name, *aside) if k in values})
            )
            text = str(values[name]) if key.kind in ("number", "whole") else _("noted")
            medicine = short(str(values[name])) if name in MEDICINES else ""
            begin = night
            if bars and said == before and bars[-1][1] == _before(night):
                begin = bars.pop()[0]
            before = said
            if medicine:
                text = _("{medicine} (from {night})", medicine=medicine, night=short_day(begin))
            when = short_day(night) if begin == night else _span(begin, night)
            told = when if text == said else f"{when}\n{short(said)}"
            bars.append((begin, night, text, told))
        if bars:
            newest = bars[-MOST_BARS // len(KEYS) :]
            yield Strip(f"{_(key.label)}{', ' + key.unit if key.unit else ''}", newest)


def part(nights: Sequence[dict[str, Any]], entries: Entries) -> str:
    """Mark the nights that are `with` what parts them best, by the journal; its name.

    That is the item with an amount that most nights have on the smaller side, LEAST_PARTED at
    least; empty, and nothing is marked, where there is none.
    """
    best, name = LEAST_PARTED - 1, ""
    marked: set[str] = set()
    dates = {night["night"] for night in nights}
    for key, item in KEYS.items():
        if item.kind != "number":
            continue
        taken = {date for date in dates if float(entries.get(date, {}).get(key, 0)) > 0}
        if min(len(taken), len(dates) - len(taken)) > best:
            best, name, marked = min(len(taken), len(dates) - len(taken)), _(item.label), taken
    for night in nights:
        night["with"] = night["night"] in marked
    return within(name)


def _span(first: str, last: str) -> str:
    return _("{low} to {high}", low=short_day(first), high=short_day(last))


def short(text: str) -> str:
    """Cut to what fits a hover text or a cell."""
    return text if len(text) <= 80 else text[:79] + "…"


def _before(night: str) -> str:
    return (dt.date.fromisoformat(night) - dt.timedelta(days=1)).isoformat()
