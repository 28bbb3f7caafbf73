"""What the chart of all nights shows: points, their running median, the rows under them.

`legs` is the nights (as grouping.by_night gives them, with a rate and `interval`, `full` and
`said`, the hover text behind the date) by the name of the leg.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from anklet.night.rate import usual
from anklet.report.figures import upwards
from anklet.report.plot import Axis, Bar, Curve, Figure, Layer, Panel, Point, date_ticks, day_of
from anklet.texts import _, short_day

Legs = Mapping[str, Sequence[dict[str, Any]]]

RUN = 28  # dates of the running median
HEIGHT, PAPER = 240, 180  # of the points, px, on the screen and on paper
ROW, PAPER_ROW, MOST_PAPER = 34, 24, 230  # of a row under them
SHAPES = ("circle", "diamond", "square", "hexagon", "cross", "x")  # of a leg
WITH_SHAPES = ("triangle-up", "triangle-down", "star", "pentagon", "hourglass", "bowtie")
LOOKS = ("plm", "clm", "ink")
HALF = 0.5  # a night's place on the axis is its date, half a day to either side
DASHES = ("", "dashed", "dotted")


@dataclass(frozen=True)
class Strip:
    """A row under the points: bars from a first to a last night, with a word and a hover text.

    trial: a period of a trial, shaded behind the points too.
    """

    name: str
    bars: Sequence[tuple[str, str, str, str]]
    trial: bool = False


def look(i: int) -> tuple[str, str]:
    """Shape and look of the leg of this number."""
    return SHAPES[i % len(SHAPES)], LOOKS[i % len(LOOKS)]


def points(legs: Legs, strips: Sequence[Strip], shown: tuple[str, str]) -> Figure:
    """PLM per hour in bed by night with their intervals: points, never joined; behind them the
    running median. A night that is `with` has a colour and a shape of its own.

    shown: the dates that the axis spans at first.
    """
    every = [night for nights in legs.values() for night in nights]
    full = [night["interval"][1] for night in every if night["full"]]
    y = upwards(max([4.0, *(n["plm_per_hour"] for n in every), *full]), _("PLM per hour in bed"))
    parted = any(night.get("with") for night in every)
    layers = [
        Layer("shade", "shade", [Bar(*_span(first, last), 0, y.high)])
        for strip in strips
        if strip.trial
        for first, last, _text, _said in strip.bars
    ]
    for i, nights in enumerate(legs.values()):
        layers += _running(nights, i, band=len(legs) == 1)
    layers += [
        Layer(name, "points", [_point(night, name, i, parted) for night in nights])
        for i, (name, nights) in enumerate(legs.items())
    ]
    days = [day_of(night["night"]) for night in every]
    first, last = map(day_of, shown)
    x = Axis(
        *(min(first, *days) - 1, max(last, *days) + 1),
        ticks=date_ticks(first, last),
        shown=(first + HALF, last),
        zoom="date",
    )
    panels = [Panel(layers, y, HEIGHT, PAPER)]
    if strips:
        rows = [
            Layer(strip.name, "strip trial" if strip.trial else "strip", list(_bars(strip, row)))
            for row, strip in enumerate(strips)
        ]
        names = [(row - 0.29, strip.name) for row, strip in enumerate(strips)]
        paper = min(PAPER_ROW * len(strips), MOST_PAPER)
        below = Axis(len(strips) - 0.4, -0.6)
        panels.append(Panel(rows, below, ROW * len(strips), paper, names))
    return Figure(panels, x)


def _point(night: dict[str, Any], leg: str, i: int, parted: bool) -> Point:
    shape, colour = look(i)
    if night.get("with"):
        shape, colour = WITH_SHAPES[i % len(WITH_SHAPES)], "clm"
    elif parted:
        colour = "plm"
    hollow = "" if night["full"] else " hollow"
    said = f"{short_day(night['night'])}\n{night['said']}\n{leg}"
    at = (day_of(night["night"]), night["plm_per_hour"])
    return Point(*at, said, shape, colour + hollow, night["interval"])


def _running(nights: Sequence[dict[str, Any]], i: int, band: bool) -> Iterator[Layer]:
    """The median of the full nights of the last RUN dates, as a line, their middle half as a band
    behind it; nothing where there are too few of them. Both break where nights are missing."""
    full = [(day_of(night["night"]), night["plm_per_hour"]) for night in nights if night["full"]]
    lines: list[list[tuple[float, float]]] = []
    lows: list[list[tuple[float, float]]] = []
    highs: list[list[tuple[float, float]]] = []
    first = 0
    for at, (day, _rate) in enumerate(full):
        while day - full[first][0] >= RUN:
            first += 1
        rates = [rate for _day, rate in full[first : at + 1]]
        if ends := usual(rates):
            if not lines or day - lines[-1][-1][0] >= RUN:
                for curve in (lines, lows, highs):
                    curve.append([])
            for curve, value in ((lines, median(rates)), *zip((lows, highs), ends, strict=True)):
                curve[-1].append((day, value))
    if band:
        areas = [[*low, *high[::-1]] for low, high in zip(lows, highs, strict=True)]
        yield Layer("middle half", "track", [Curve(areas)])
    yield Layer("median", f"median {DASHES[i % len(DASHES)]}", [Curve(lines)])


def _bars(strip: Strip, row: int) -> Iterator[Bar]:
    for first, last, text, said in strip.bars:
        yield Bar(*_span(first, last), row + 0.38, row - 0.14, f"{strip.name}\n{said}", text)


def _span(first: str, last: str) -> tuple[float, float]:
    """From the noon before the first night to the one after the last."""
    return day_of(first) - HALF, day_of(last) + HALF
