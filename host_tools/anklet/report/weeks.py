"""The nights by weekday and as a calendar, as Plotly figures; see trendfigures.py."""

import datetime as dt
from collections.abc import Sequence
from statistics import median
from typing import Any

from anklet.report.figures import Figure, figure
from anklet.report.trendfigures import COLOURS, SYMBOLS, Legs, noon_before

PAPER = 170  # height of a chart on paper, px: all of them and the words fit one A4 sheet
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _look(i: int) -> tuple[str, str]:
    return SYMBOLS[i % len(SYMBOLS)], COLOURS[i % len(COLOURS)]


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
            "range": [noon_before(shown[0], -6), noon_before(shown[1], 4)],
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
