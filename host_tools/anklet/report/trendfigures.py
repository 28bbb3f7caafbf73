"""The charts of many nights, as Plotly figures; see figures.py for colours and hover texts.

`legs` is the nights (as grouping.by_night gives them, with a rate and `interval`, `full` and
`said`, the hover text behind the date) by the name of the leg, escaped.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from anklet.night.rate import usual
from anklet.report.figures import Figure, figure

Legs = Mapping[str, Sequence[dict[str, Any]]]

RUN = 28  # dates of the running median
DAY_MS = 86_400_000
ROW = 32  # height of a row of the strip, px
POINTS = 250  # height of the points, px
SYMBOLS = ("circle", "diamond", "square", "hexagon", "cross", "x")  # of a leg
WITH_SYMBOLS = ("triangle-up", "triangle-down", "star", "pentagon", "hourglass", "bowtie")
COLOURS = ("var(--plm)", "var(--clm)", "var(--ink)")
HOVER = "<b>%{DATE}</b><br>%{customdata}<br>NAME<extra></extra>"


@dataclass(frozen=True)
class Strip:
    """A row under the points: bars from a first to a last night, with a word and a hover text.

    All texts are escaped. trial: a period of a trial, shaded behind the points too.
    """

    name: str
    bars: Sequence[tuple[str, str, str, str]]
    trial: bool = False


def points(legs: Legs, strips: Sequence[Strip], shown: tuple[str, str]) -> Figure:
    """PLM per hour in bed by night with their intervals: points, never joined; behind them the
    running median. A night that is `with` has a colour and a shape of its own.

    shown: the dates that the axis spans at first.
    """
    data = []
    top = 4.0
    parted = any(night.get("with") for nights in legs.values() for night in nights)
    for i, nights in enumerate(legs.values()):
        data += _running(nights, i, band=len(legs) == 1)
    for i, (name, nights) in enumerate(legs.items()):
        colour = COLOURS[0 if parted else i % len(COLOURS)]
        looks = [
            (WITH_SYMBOLS[i % len(WITH_SYMBOLS)], "var(--clm)")
            if n.get("with")
            else (SYMBOLS[i % len(SYMBOLS)], colour)
            for n in nights
        ]
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
                    "color": "var(--trace)",
                },
                # Short, for there may be years of nights.
                "customdata": [night["said"] for night in nights],
                "hovertemplate": HOVER.replace("NAME", name).replace("DATE", "x|%a %Y-%m-%d"),
                "marker": {
                    "symbol": [
                        symbol if n["full"] else symbol + "-open"
                        for n, (symbol, _) in zip(nights, looks, strict=True)
                    ],
                    "size": 9,
                    "color": [colour for _, colour in looks],
                    "line": {"width": 1.6, "color": [colour for _, colour in looks]},
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


def _running(nights: Sequence[dict[str, Any]], i: int, band: bool) -> list[Figure]:
    """The median of the full nights of the last RUN dates, as a line, and their middle half as a
    band behind it; nothing where there are too few of them."""
    full = [(dt.date.fromisoformat(n["night"]), n["plm_per_hour"]) for n in nights if n["full"]]
    x: list[str] = []
    rows: list[tuple[float | None, ...]] = []  # low, high, median
    first = 0
    for at, (date, _) in enumerate(full):
        while (date - full[first][0]).days >= RUN:
            first += 1
        rates = [rate for _, rate in full[first : at + 1]]
        if ends := usual(rates):
            if x and (date - dt.date.fromisoformat(x[-1])).days >= RUN:
                x.append(date.isoformat())  # the line is broken there
                rows.append((None, None, None))
            x.append(date.isoformat())
            rows.append(tuple(round(value, 1) for value in (*ends, median(rates))))
    if not x:
        return []
    low, high, middle = zip(*rows, strict=True)
    line = {"type": "scatter", "mode": "lines", "x": x, "hoverinfo": "skip", "showlegend": False}
    edge = {"width": 0}
    ends = [
        line | {"name": "low", "y": low, "line": edge},
        line
        | {
            "name": "high",
            "y": high,
            "line": edge,
            "fill": "tonexty",
            "fillcolor": "var(--track)",
        },
    ]
    dash = ("solid", "dash", "dot")[i % 3]
    ink = {"width": 2, "color": "var(--other)", "dash": dash}
    return [*(ends if band else []), line | {"name": "median", "y": middle, "line": ink}]


def _bars(strip: Strip, row: int) -> Figure:
    edge = "var(--plm)" if strip.trial else "var(--other)"
    return {
        "type": "bar",
        "orientation": "h",
        "name": strip.name,
        "showlegend": False,
        "yaxis": "y2",
        "base": [noon_before(first) for first, _, _, _ in strip.bars],
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
        "x0": noon_before(first),
        "x1": noon_before(last, 1),
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "fillcolor": "var(--wash)",
        "line": {"width": 1, "color": "var(--line)", "dash": "dot"},
        "layer": "below",
    }


def noon_before(night: str, days: int = 0) -> str:
    """The edge of a night's place on the axis: its point stands at 0:00 of its date."""
    edge = dt.datetime.fromisoformat(night) + dt.timedelta(days=days - 0.5)
    return edge.isoformat(" ", "minutes")


def _days(first: str, last: str) -> int:
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days + 1
