"""What a chart shows, as data; svg.py draws it.

Places are in the units of the axes, dates in days since 1970. Texts are plain. A look is a CSS
class of page.css, so light, dark and paper share one drawing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any

from anklet.texts import day_and_month, decimal

EPOCH = dt.date(1970, 1, 1)
MOST_NUMBERS, MOST_DATES = 6, 5  # ticks of an axis
LESS = 1 - 1e-9  # that a division may leave
DAYS = (1, 2, 7, 14)  # between two ticks
MONTHS = (1, 2, 3, 6, 12, 24, 36, 60)

Ticks = Sequence[tuple[float, str]]  # place, label: one or two lines


@dataclass(frozen=True)
class Axis:
    """low, high: its ends; low > high where it runs downwards. shown: the part that is seen at
    first. zoom: "number" or "date", how page.js labels a part of it; empty where it can't. snap:
    units, from low on, that zooming by a button cuts between. grid: lines at the ticks."""

    low: float
    high: float
    title: str = ""
    ticks: Ticks = ()
    shown: tuple[float, float] | None = None
    zoom: str = ""
    snap: float = 0
    grid: bool = False


@dataclass(frozen=True)
class Point:
    """A symbol (see page.py) at a place; ends: the interval behind it."""

    x: float
    y: float
    title: str = ""
    shape: str = ""
    look: str = ""
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bar:
    """A rectangle from x to `to` and from y to `top`; strength: how full its colour is, 0 to 1;
    text: stands in it where it fits."""

    x: float
    to: float
    y: float
    top: float
    title: str = ""
    text: str = ""
    strength: float | None = None


@dataclass(frozen=True)
class Curve:
    """Lines through places, each piece for itself; an area is a line that comes back."""

    pieces: Sequence[Sequence[tuple[float, float]]]


@dataclass(frozen=True)
class Layer:
    """Marks of one kind. shape, look: of those that have none of their own."""

    name: str
    look: str
    marks: Sequence[Point | Bar | Curve] = ()
    shape: str = ""


@dataclass(frozen=True)
class Panel:
    """One plot of a chart. height, paper: px on the screen and on an A4 page. names: y and a text
    that stands there at the left, however far the chart is zoomed."""

    layers: Sequence[Layer]
    y: Axis
    height: int
    paper: int
    names: Ticks = ()


@dataclass(frozen=True)
class Figure:
    """Panels above each other over one x axis. trace: for page.js, what it draws the layer
    "movement" of, finer when zoomed."""

    panels: Sequence[Panel]
    x: Axis
    trace: dict[str, Any] = field(default_factory=dict)

    def layer(self, name: str) -> Layer:
        """The layer of this name. Raises KeyError."""
        for panel in self.panels:
            for layer in panel.layers:
                if layer.name == name:
                    return layer
        raise KeyError(name)


def day_of(date: dt.date | str) -> int:
    """A date, or its ISO form, as a place on an axis of dates."""
    date = dt.date.fromisoformat(date) if isinstance(date, str) else date
    return (date - EPOCH).days


def number_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round numbers between low and high, at most MOST_NUMBERS steps."""
    least = (high - low) / MOST_NUMBERS
    power = 10.0 ** floor(log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor > least * LESS)
    numbers = range(ceil(low / step), floor(high / step / LESS) + 1)
    return [(round(n * step, 6), decimal(n * step, "g")) for n in numbers]


def date_ticks(first: float, last: float) -> list[tuple[float, str]]:
    """Mondays or firsts of months between these days, the year under the first and where it
    changes; page.js does the same for the part that is zoomed to."""
    places: list[int] = []
    for step in DAYS:
        monday = 4 + -(-(first - 4) // step) * step  # 1970-01-05 was one
        places = [int(monday + n * step) for n in range(int((last - monday) // step) + 1)]
        if len(places) <= MOST_DATES:
            break
    begin = EPOCH + dt.timedelta(days=first)
    for step in MONTHS:
        if len(places) <= MOST_DATES:
            break
        months = range(begin.year * 12 // step * step, 9999 * 12, step)
        places = []
        for month in months:
            place = day_of(dt.date(month // 12, month % 12 + 1, 1))
            if place > last:
                break
            if place >= first:
                places.append(place)
    ticks, year = [], 0
    for place in places:
        date = EPOCH + dt.timedelta(days=place)
        label = day_and_month(date) + (f"\n{date.year}" if date.year != year else "")
        year = date.year
        ticks.append((place, label))
    return ticks
