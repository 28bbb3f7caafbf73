"""The charts, as Plotly figures in plain JSON-able dicts.

Colours are the names of the page's CSS variables, such as "var(--plm)": page.js puts the values
in, so light, dark and paper share one figure. Hover texts hold numbers, our own words and what was
escaped.
"""

from typing import Any

from anklet.report.view import SessionView

Figure = dict[str, Any]

BIN = 2  # width of an IMI bin, s
IMI_END = 100  # s


def figure(data: list[Figure], height: int, xaxis: Figure, yaxis: Figure, **more: Any) -> Figure:
    """A figure in the page's style."""
    axis = {
        "zeroline": False,
        "linecolor": "var(--line)",
        "gridcolor": "var(--line)",
        "tickcolor": "var(--line)",
        "title": {"standoff": 8},
    }
    layout = {
        "height": height,
        "margin": {"l": 46, "r": 8, "t": 8, "b": 46},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "var(--soft)"},
        "hoverlabel": {
            "bgcolor": "var(--card)",
            "bordercolor": "var(--line)",
            "font": {"color": "var(--ink)", "size": 13},
            "align": "left",
        },
        "showlegend": False,
        "bargap": 0,
        "xaxis": axis | xaxis,
        "yaxis": axis | {"fixedrange": True} | yaxis,
        **more,
    }
    return {"data": data, "layout": layout}


def hours(night: SessionView) -> Figure:
    """PLM per hour in bed in each hour of the timeline, as wide as its minutes in bed, which stand
    under it: the area of a bar is its number of PLM."""
    rows = night.hours
    step = max(1, -(-len(rows) // 12))
    shown = list(range(0, len(rows), step))
    bars = {
        "type": "bar",
        "name": "PLM",
        "x": list(range(len(rows))),
        "y": [None if hour.rate is None else round(hour.rate, 1) for hour in rows],
        "width": [0.8 * min(1.0, hour.in_bed_min / 60) for hour in rows],
        "marker": {"color": "var(--plm)"},
        "hovertext": [
            f"<b>{hour.label}</b><br>{hour.rate or 0:.0f} PLM per hour in bed:"
            f" {hour.plm} in {hour.in_bed_min:.0f} min"
            for hour in rows
        ],
        "hoverinfo": "text",
    }
    ticks = [f"{rows[i].label[:-3] or '0'}<br>{rows[i].in_bed_min:.0f}" for i in shown]
    if night.session.start is None:
        ticks = [f"{rows[i].label[:-2]}<br>{rows[i].in_bed_min:.0f}" for i in shown]
    return figure(
        [bars],
        270,
        {
            "tickvals": shown,
            "ticktext": ticks,
            "tickangle": 0,
            "showgrid": False,
            "title": {"text": "hour, and minutes in bed in it", "standoff": 8},
        },
        {"rangemode": "tozero", "title": {"text": "PLM per hour in bed"}, "nticks": 6},
        bargap=0.25,
        margin={"l": 46, "r": 8, "t": 8, "b": 64},
    )


def imis(night: SessionView) -> Figure:
    """Histogram of the IMIs up to 100 s, those inside the rule's band apart from the others."""
    low, high = (night.rules.imi_min, night.rules.imi_max) if night.rules else (0, 0)
    inside, outside = [0] * (IMI_END // BIN), [0] * (IMI_END // BIN)
    for imi in night.imis:
        if imi < IMI_END:
            ours = inside if low <= imi * 1000 <= high else outside
            ours[int(imi // BIN)] += 1
    middles = [BIN * i + BIN / 2 for i in range(IMI_END // BIN)]

    def bars(name: str, values: list[int], marker: Figure) -> Figure:
        return {
            "type": "bar",
            "name": name,
            "x": middles,
            "y": [n or None for n in values],  # no outline where there is none
            "width": BIN * 0.86,
            "marker": marker,
            "hovertext": [
                f"<b>{BIN * i} to {BIN * i + BIN} s</b><br>{n} {name}"
                for i, n in enumerate(values)
            ],
            "hoverinfo": "text",
        }

    hatched = {"shape": "/", "fgcolor": "var(--clm)", "bgcolor": "var(--card)", "size": 5}
    band: Figure = {
        "type": "rect",
        "x0": low / 1000,
        "x1": high / 1000,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "fillcolor": "var(--track)",
        "line": {"width": 0},
        "layer": "below",
    }
    name: Figure = {
        "x": (low + high) / 2000,
        "y": 1,
        "yref": "paper",
        "yanchor": "top",
        "text": f"{low / 1000:g} to {high / 1000:g} s: may form a series",
        "showarrow": False,
        "font": {"size": 12},
    }
    return figure(
        [
            bars("intervals in the band", inside, {"color": "var(--plm)"}),
            bars(
                "intervals outside",
                outside,
                {
                    "color": "var(--clm)",
                    "pattern": hatched,
                    "line": {"width": 1, "color": "var(--clm)"},
                },
            ),
        ],
        270,
        {
            "range": [0, IMI_END],
            "dtick": 10,
            "tickangle": 0,
            "title": {"text": "interval, s"},
            "showgrid": False,
        },
        {
            "rangemode": "tozero",
            "title": {"text": "intervals"},
            "nticks": 6,
            "range": [0, 1.2 * max([*map(sum, zip(inside, outside, strict=True)), 4])],
        },
        barmode="stack",
        shapes=[band] if high else [],
        annotations=[name] if high else [],
        margin={"l": 46, "r": 8, "t": 8, "b": 64},
    )
