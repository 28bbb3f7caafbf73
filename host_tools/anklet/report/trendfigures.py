"""The charts of many nights, as Plotly figures; see figures.py for colours and hover texts.

`legs` is the nights (as nightly.by_night gives them, with a rate and `interval`, `full` and
`said`, the hover text behind the date) by the name of the leg, escaped.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from anklet.report.figures import Figure, figure

Legs = Mapping[str, Sequence[dict[str, Any]]]

DAY_MS = 86_400_000
ROW = 32  # height of a row of the strip, px
POINTS = 250  # height of the points, px
PAPER = 170  # height of a chart on paper, px: all of them and the words fit one A4 sheet
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "triangle-down", "star")
COLOURS = ("var(--plm)", "var(--clm)", "var(--ink)")
HOVER = "<b>%{DATE}</b><br>%{customdata}<br>NAME<extra></extra>"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Strip:
    """A row under the points: bars from a first to a last night, with a word and a hover text.

    All texts are escaped. trial: a period of a trial, shaded behind the points too.
    """

    name: str
    bars: Sequence[tuple[str, str, str, str]]
    trial: bool = False


def _look(i: int) -> tuple[str, str]:
    return SYMBOLS[i % len(SYMBOLS)], COLOURS[i % len(COLOURS)]


def points(legs: Legs, strips: Sequence[Strip], shown: tuple[str, str]) -> Figure:
    """PLM per hour in bed by night with their intervals: points, never a line.

    shown: the dates that the axis spans at first.
    """
    data = []
    top = 4.0
    for i, (name, nights) in enumerate(legs.items()):
        symbol, colour = _look(i)
        rates = [night["plm_per_hour"] for night in nights]
        full = [night["interval"][1] for night in nights if night["full"]]
        top = max([top, *rates, *full])
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [night["night"] for night in nights],
                "y": [round(rate, 1) for rate in rates],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [
                        round(n["interval"][1] - r, 1) for n, r in zip(nights, rates, strict=True)
                    ],
                    "arrayminus": [
                        round(r - n["interval"][0], 1) for n, r in zip(nights, rates, strict=True)
                    ],
                    "thickness": 1.2,
                    "width": 0,
                    "color": colour,
                },
                # Short, for there may be years of nights.
                "customdata": [night["said"] for night in nights],
                "hovertemplate": HOVER.replace("NAME", name).replace("DATE", "x|%a %Y-%m-%d"),
                "marker": {
                    "symbol": [symbol if n["full"] else symbol + "-open" for n in nights],
                    "size": 9,
                    "color": colour,
                    "line": {"width": 1.6, "color": colour},
                },
            }
        )
    below = ROW * len(strips)
    share = below / (POINTS + below)
    more: Figure = {"shapes": [], "annotations": []}
    for row, strip in enumerate(strips):
        data.append(_bars(strip, row))
        more["annotations"].append(_name(strip.name, row))
        if strip.trial:
            more["shapes"] += [_shade(first, last) for first, last, _, _ in strip.bars]
    if strips:
        more["yaxis2"] = {
            "domain": [0, share - 0.02],
            "range": [len(strips) - 0.45, -0.55],
            "visible": False,
            "fixedrange": True,
        }
    legend = len(legs) > 1
    return figure(
        data,
        POINTS + below + 70 + 24 * legend,
        {
            "type": "date",
            "range": list(shown),
            "anchor": "y2" if strips else "y",
            "showgrid": False,
            "nticks": 6,
            "tickangle": 0,
            "tickformat": "%-d %b\n%Y",
        },
        {
            "range": [0, 1.08 * top],
            "domain": [share, 1],
            "title": {"text": "PLM per hour in bed"},
            "nticks": 6,
        },
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="closest",
        barmode="overlay",
        meta={"paper": 230 + min(ROW * len(strips), 230)},
        uniformtext={"mode": "hide", "minsize": 9},
        margin={"l": 46, "r": 8, "t": 8 + 24 * legend, "b": 50},
        **more,
    )


def _bars(strip: Strip, row: int) -> Figure:
    edge = "var(--plm)" if strip.trial else "var(--other)"
    return {
        "type": "bar",
        "orientation": "h",
        "name": strip.name,
        "showlegend": False,
        "yaxis": "y2",
        "base": [_noon_before(first) for first, _, _, _ in strip.bars],
        "x": [_days(first, last) * DAY_MS for first, last, _, _ in strip.bars],
        "y": [row + 0.2] * len(strip.bars),
        "width": 0.56,
        "text": [text for _, _, text, _ in strip.bars],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"color": "var(--ink)", "size": 10},
        "customdata": [hover for _, _, _, hover in strip.bars],
        "hovertemplate": f"<b>{strip.name}</b><br>%{{customdata}}<extra></extra>",
        "marker": {
            "color": "var(--wash)" if strip.trial else "var(--track)",
            "line": {"width": 1, "color": edge},
        },
    }


def _name(text: str, row: int) -> Figure:
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": row - 0.29,
        "yref": "y2",
        "showarrow": False,
        "font": {"size": 11},
    }


def _shade(first: str, last: str) -> Figure:
    return {
        "type": "rect",
        "x0": _noon_before(first),
        "x1": _noon_before(last, 1),
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "fillcolor": "var(--wash)",
        "line": {"width": 1, "color": "var(--line)", "dash": "dot"},
        "layer": "below",
    }


def _noon_before(night: str, days: int = 0) -> str:
    """The edge of a night's place on the axis: its point stands at 0:00 of its date."""
    edge = dt.datetime.fromisoformat(night) + dt.timedelta(days=days - 0.5)
    return edge.isoformat(" ", "minutes")


def _days(first: str, last: str) -> int:
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days + 1


def weekdays(legs: Legs) -> Figure:
    """The nights by weekday, and the median of each weekday as a bar across."""
    data = []
    for i, (name, nights) in enumerate(legs.items()):
        symbol, colour = _look(i)
        middle = (i + 0.5) / len(legs) - 0.5
        days: list[list[float]] = [[] for _ in WEEKDAYS]
        places = []
        for at, night in enumerate(nights):
            day = dt.date.fromisoformat(night["night"]).weekday()
            days[day].append(night["plm_per_hour"])
            spread = (at * 0.618 % 1 - 0.5) * 0.5 / len(legs)  # so that equal nights lie apart
            places.append(round(day + 0.8 * middle + spread, 3))
        marker = {"symbol": symbol, "size": 6, "color": colour, "opacity": 0.75}
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": places,
                "y": [round(night["plm_per_hour"], 1) for night in nights],
                "hovertext": [f"<b>{night['night']}</b><br>{night['said']}" for night in nights],
                "hoverinfo": "text",
                "marker": marker,
            }
        )
        there = [day for day, rates in enumerate(days) if rates]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "median",
                "x": [round(day + 0.8 * middle, 3) for day in there],
                "y": [round(median(days[day]), 1) for day in there],
                "hovertext": [
                    f"<b>{WEEKDAYS[d]}</b><br>median {median(days[d]):.1f}, {len(days[d])} nights"
                    for d in there
                ],
                "hoverinfo": "text",
                "marker": {
                    "symbol": "line-ew",
                    "size": 13,
                    "line": {"width": 3, "color": "var(--ink)"},
                },
            }
        )
    return figure(
        data,
        250,
        {
            "tickvals": list(range(7)),
            "ticktext": list(WEEKDAYS),
            "range": [-0.6, 6.6],
            "showgrid": False,
            "fixedrange": True,
        },
        {"rangemode": "tozero", "title": {"text": "PLM per hour in bed"}, "nticks": 6},
        hovermode="closest",
        meta={"paper": PAPER},
    )


def calendar(nights: Sequence[dict[str, Any]], shown: tuple[str, str]) -> Figure:
    """A cell a night, a column a week, Monday on top; a night without a recording has no cell.

    A short night's number stands in brackets. nights: of one leg, in order.
    """
    dates = [dt.date.fromisoformat(night["night"]) for night in nights]
    monday = dates[0] - dt.timedelta(days=dates[0].weekday())
    weeks = (dates[-1] - monday).days // 7 + 1
    z: list[list[float | None]] = [[None] * weeks for _ in range(7)]
    text, when = ([[""] * weeks for _ in range(7)] for _ in range(2))
    for date, night in zip(dates, nights, strict=True):
        week, day = divmod((date - monday).days, 7)
        rate = night["plm_per_hour"]
        z[day][week] = round(rate, 1)
        text[day][week] = f"{rate:.0f}" if night["full"] else f"({rate:.0f})"
        when[day][week] = night["night"]
    return figure(
        [
            {
                "type": "heatmap",
                "x": [(monday + dt.timedelta(weeks=week)).isoformat() for week in range(weeks)],
                "y": list(range(7)),
                "z": z,
                "text": text,
                "texttemplate": "%{text}",
                "textfont": {"color": "var(--ink)"},
                "customdata": when,
                "hovertemplate": "<b>%{customdata}</b><br>%{z} PLM/h<extra></extra>",
                "hoverongaps": False,
                "xgap": 2,
                "ygap": 2,
                "zmin": 0,
                "zmax": max(10.0, *(night["plm_per_hour"] for night in nights)),
                "colorscale": [[0, "var(--low)"], [1, "var(--high)"]],
                "colorbar": {"thickness": 10, "outlinewidth": 0, "nticks": 5},
            }
        ],
        250,
        {
            "type": "date",
            "range": [_noon_before(shown[0], -6), _noon_before(shown[1], 4)],
            "showgrid": False,
            "nticks": 6,
            "tickangle": 0,
            "tickformat": "%-d %b\n%Y",
        },
        {
            "tickvals": list(range(7)),
            "ticktext": list(WEEKDAYS),
            "range": [6.5, -0.5],
            "showgrid": False,
        },
        meta={"paper": PAPER},
    )
