"""Draws a chart as SVG that needs no script and fits any width.

All places are in per cent of the plot, so a chart is as wide as the page and as high as screen or
paper want it, while text and symbols keep their size. The marks lie in an inner <svg> of class
"data": whoever gives that another x and width has zoomed, as page.js does. A mark's <title> is the
browser's own hover text. Texts are escaped here.
"""

import json
from collections.abc import Iterable, Iterator
from html import escape

from anklet.report.plot import Axis, Bar, Curve, Figure, Layer, Panel, Point

GLYPH, MARGIN = 6, 3  # px: a character in a bar, what is beside the text; page.js has them too
NARROW = 400  # px of a plot, for what fits before page.js has measured it

# What a Point's shape names; 0, 0 is its place.
SHAPES = {
    "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "diamond": "M0-5.5L5.5 0 0 5.5-5.5 0z",
    "square": "M-4-4h8v8h-8z",
    "hexagon": "M-4.5 0L-2.2-4h4.4L4.5 0 2.2 4h-4.4z",
    "cross": "M-5-1.6h3.4V-5h3.2v3.4H5v3.2H1.6V5h-3.2V1.6H-5z",
    "x": "M-4.5-2.5l2-2L0-2l2.5-2.5 2 2L2 0l2.5 2.5-2 2L0 2l-2.5 2.5-2-2L-2 0z",
    "triangle-up": "M0-5l5 8.5H-5z",
    "triangle-down": "M0 5l5-8.5H-5z",
    "star": "M0-6l1.5 4h4.2L2.3.8 3.6 5 0 2.5-3.6 5-2.3.8-5.7-2h4.2z",
    "pentagon": "M0-5l4.8 3.5L3 4h-6l-1.8-5.5z",
    "hourglass": "M-4-4.5h8l-8 9h8z",
    "bowtie": "M-4.5-4l9 8v-8l-9 8z",
    "bar": "M0-8.4V8.4",
    "dash": "M-9 0H9",
    "ring": "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "tick": "M-2.5-2.5l5 5M2.5-2.5l-5 5",
    "button": "M-5-4H5L0 4.5z",
}

# Looks that are patterns: strokes on an 8 px square of the track.
PATTERNS = {
    "upright": "M-2 2l4-4M0 8l8-8M6 10l4-4",
    "off-body": "M0 4h8",
    "still": "M3.5 4h1",
    "gap": "M0 0l8 8M8 0l-8 8",
    "outside": "M-2 2l4-4M0 8l8-8M6 10l4-4",
}


def symbols() -> str:
    """What the charts of a page share: their shapes and patterns."""
    shapes = "".join(f'<path id="m-{name}" d="{path}"/>' for name, path in SHAPES.items())
    patterns = "".join(
        f'<pattern id="of-{name}" class="{name}" width="8" height="8"'
        f' patternUnits="userSpaceOnUse"><path class="ground" d="M0 0h8v8H0z"/><path d="{path}"/>'
        "</pattern>"
        for name, path in PATTERNS.items()
    )
    return f'<svg class="unseen" aria-hidden="true"><defs>{shapes}{patterns}</defs></svg>'


def draw(name: str, figure: Figure, summary: str) -> str:
    """The chart of this id. summary: what is read out in its stead."""
    x = figure.x
    begin, end = x.shown or (x.low, x.high)
    told: dict[str, float | str] = {"low": x.low, "high": x.high, "from": begin, "to": end}
    if x.zoom:
        told |= {"zoom": x.zoom, "snap": x.snap}
    data = "".join(
        f' data-{key}="{value if isinstance(value, str) else short(value)}"'
        for key, value in told.items()
    )
    plots = "".join(_plot(panel, x, panel is figure.panels[-1]) for panel in figure.panels)
    # "<" can't stand in a script, else a text could end it.
    trace = json.dumps(figure.trace, separators=(",", ":")).replace("<", "\\u003c")
    script = f'<script type="application/json">{trace}</script>' if figure.trace else ""
    return (
        f'<figure><div class="chart" id="{name}" role="img" aria-label="{escape(summary)}"{data}>'
        f"{plots}</div>{script}</figure>"
    )


def short(value: float) -> str:
    """A number in few characters: three places at most."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _plot(panel: Panel, x: Axis, lowest: bool) -> str:
    begin, end = x.shown or (x.low, x.high)
    part = (end - begin) / (x.high - x.low)
    layers = "".join(
        f'<g class="{layer.look}">{"".join(_marks(layer, x, panel.y, part))}</g>'
        for layer in panel.layers
    )
    names = "".join(
        f'<text class="row" x="2" y="{_down(y, panel.y)}">{escape(name)}</text>'
        for y, name in panel.names
    )
    lines = max((label.count("\n") + 1 for _, label in x.ticks), default=0)
    below = 0.6 + lowest * (1.2 * lines + 1.6 * bool(x.title))
    title = f'<text class="of-x" x="50%" y="100%" dy="{below:.1f}em">{escape(x.title)}</text>'
    return (
        f'<svg class="plot" style="--tall:{panel.height}px;--paper:{panel.paper}px;'
        f'--above:{3 if panel.y.title else 0.6}em;--below:{below + 0.6 * lowest:.1f}em">'
        f"{_y_ticks(panel.y)}{_x_ticks(x, begin, end, lowest)}"
        f"{title if lowest and x.title else ''}"
        f'<svg{_class("view" if x.zoom else "")}><svg class="data"'
        f' x="{short(-100 * (begin - x.low) / (end - begin))}%" width="{short(100 / part)}%">'
        f"{layers}</svg></svg>{names}</svg>"
    )


def _y_ticks(y: Axis) -> str:
    places = [(_down(value, y), label) for value, label in y.ticks]
    lines = "".join(f'<line x2="100%" y1="{at}" y2="{at}"/>' for at, _ in places if y.grid)
    labels = "".join(
        f'<text x="3.5em" y="{at}" dy=".35em">{escape(label)}</text>' for at, label in places
    )
    title = f'<text class="of-y" x="-4em" y="-1em">{escape(y.title)}</text>' if y.title else ""
    rows = f'<svg class="rows" x="-4em" width="4em"><svg>{labels}</svg></svg>'
    return f'<g class="grid">{lines}</g>{title}{rows}'


def _x_ticks(x: Axis, begin: float, end: float, labelled: bool) -> str:
    drawn = []
    for value, label in x.ticks:
        at = f"{short(100 * (value - begin) / (end - begin))}%"
        if x.grid:
            drawn.append(f'<line x1="{at}" x2="{at}" y2="100%"/>')
        if labelled:
            drawn += [
                f'<text x="{at}" y="100%" dy="{1.4 + 1.2 * i:.1f}em">{escape(line)}</text>'
                for i, line in enumerate(label.split("\n"))
            ]
    return f'<g class="ticks{" labelled" * labelled}{" grid" * x.grid}">{"".join(drawn)}</g>'


def _marks(layer: Layer, x: Axis, y: Axis, part: float) -> Iterator[str]:
    """part: of the x axis, that is seen at first."""
    for mark in layer.marks:
        if isinstance(mark, Point) and mark.ends:  # behind all the points
            at, (low, high) = _along(mark.x, x), mark.ends
            yield f'<line x1="{at}" x2="{at}" y1="{_down(low, y)}" y2="{_down(high, y)}"/>'
    for mark in layer.marks:
        match mark:
            case Point():
                yield (
                    f'<use href="#m-{mark.shape or layer.shape}" x="{_along(mark.x, x)}"'
                    f' y="{_down(mark.y, y)}"{_class(mark.look)}>{_title(mark.title)}</use>'
                )
            case Bar():
                yield from _bar(mark, x, y, part)
            case Curve():
                yield _curve(mark, x, y)


def _bar(bar: Bar, x: Axis, y: Axis, part: float) -> Iterator[str]:
    width = (bar.to - bar.x) / (x.high - x.low)
    high = abs((bar.top - bar.y) / (y.high - y.low))
    full = "" if bar.strength is None else f' fill-opacity="{bar.strength:.2f}"'
    yield (
        f'<rect x="{_along(bar.x, x)}" y="{_down(bar.top, y)}" width="{short(100 * width)}%"'
        f' height="{short(100 * high)}%"{full}>{_title(bar.title)}</rect>'
    )
    if bar.text:
        fits = GLYPH * len(bar.text) + MARGIN <= NARROW * width / part
        hidden = "" if fits else ' display="none"'
        yield (
            f'<text x="{_along((bar.x + bar.to) / 2, x)}" y="{_down((bar.y + bar.top) / 2, y)}"'
            f"{hidden}>{escape(bar.text)}</text>"
        )


def _curve(curve: Curve, x: Axis, y: Axis) -> str:
    """In the axes' own units, stretched to the plot."""
    up = 1 if y.high > y.low else -1

    def line(places: Iterable[tuple[float, float]]) -> str:
        return "L".join(f"{short(at - x.low)} {short(up * (y.high - v))}" for at, v in places)

    path = "".join(f"M{line(piece)}" for piece in curve.pieces)
    box = f"0 0 {short(x.high - x.low)} {short(abs(y.high - y.low))}"
    return f'<svg viewBox="{box}" preserveAspectRatio="none"><path d="{path}"/></svg>'


def _along(value: float, x: Axis) -> str:
    return f"{short(100 * (value - x.low) / (x.high - x.low))}%"


def _down(value: float, y: Axis) -> str:
    return f"{short(100 * (y.high - value) / (y.high - y.low))}%"


def _class(look: str) -> str:
    return f' class="{look}"' if look else ""


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
