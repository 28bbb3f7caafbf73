"""What the charts of the nights by weekday and as a calendar show."""

import datetime as dt
from collections.abc import Sequence
from statistics import median
from typing import Any

from anklet.report.figures import upwards
from anklet.report.plot import Axis, Bar, Figure, Layer, Panel, Point, date_ticks, day_of
from anklet.report.trendfigures import Legs, look
from anklet.texts import SHORT_WEEKDAYS, WEEKDAYS, _, decimal, n_, short_day

HEIGHT, PAPER = 190, 150  # px, on the screen and on paper
PALEST = 0.25  # of a calendar's colour, for a night without PLM
LEAST_TOP = 10.0  # PLM per hour of the full colour, at least


def weekdays(legs: Legs) -> Figure:
    """The nights by weekday, and the median of each weekday as a bar across."""
    layers = []
    for i, (name, nights) in enumerate(legs.items()):
        shape, colour = look(i)
        middle = 0.8 * ((i + 0.5) / len(legs) - 0.5)
        days: list[list[float]] = [[] for _day in SHORT_WEEKDAYS]
        marks = []
        for at, night in enumerate(nights):
            rate, day = night["plm_per_hour"], dt.date.fromisoformat(night["night"]).weekday()
            days[day].append(rate)
            spread = (at * 0.618 % 1 - 0.5) * 0.5 / len(legs)  # so that equal nights lie apart
            said = f"{short_day(night['night'])}\n{night['said']}"
            marks.append(Point(day + middle + spread, rate, said))
        medians = [
            Point(
                *(day + middle, median(rates)),
                f"{_(WEEKDAYS[day])}\n"
                + n_(
                    "median {median:.1f}, {n} night",
                    "median {median:.1f}, {n} nights",
                    len(rates),
                    median=median(rates),
                ),
            )
            for day, rates in enumerate(days)
            if rates
        ]
        layers.append(Layer(name, f"small {colour}", marks, shape))
        layers.append(Layer("median", "dash", medians, "dash"))
    most = max((mark.y for layer in layers for mark in layer.marks), default=0)
    x = Axis(-0.6, 6.6, ticks=list(enumerate(map(_, SHORT_WEEKDAYS))))
    return Figure([Panel(layers, upwards(most, _("PLM per hour in bed")), HEIGHT, PAPER)], x)


def strongest(nights: Sequence[dict[str, Any]]) -> float:
    """PLM per hour of a calendar's full colour."""
    return max(LEAST_TOP, *(night["plm_per_hour"] for night in nights))


def calendar(nights: Sequence[dict[str, Any]], shown: tuple[str, str]) -> Figure:
    """A cell a night, a column a week, Monday on top; a night without a recording has no cell.

    A short night's number stands in brackets. nights: of one leg, in order; shown: the dates that
    are seen at first, with the whole of their weeks.
    """
    most = strongest(nights)
    cells = []
    for night in nights:
        date, rate = dt.date.fromisoformat(night["night"]), night["plm_per_hour"]
        at, day = monday(day_of(date)), date.weekday()
        text = f"{rate:.0f}" if night["full"] else f"({rate:.0f})"
        said = f"{short_day(date)}\n{decimal(rate)} PLM/h"
        strength = PALEST + (1 - PALEST) * rate / most
        cells.append(Bar(at, at + 7, day + 0.5, day - 0.5, said, text, strength))
    first, last = (day_of(date) for date in shown)
    begin, end = monday(first + 1), monday(last - 1) + 7
    x = Axis(
        *(min(begin, *(cell.x for cell in cells)), max(end, *(cell.to for cell in cells))),
        ticks=date_ticks(begin, end),
        shown=(begin, end),
        zoom="date",
        snap=7,
    )
    y = Axis(6.5, -0.5, ticks=list(enumerate(map(_, SHORT_WEEKDAYS))))
    return Figure([Panel([Layer("nights", "cell", cells)], y, HEIGHT, PAPER)], x)


def monday(day: int) -> int:
    """The Monday of this day's week."""
    return day - (day - 4) % 7  # 1970-01-05 was one
