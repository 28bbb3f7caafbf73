"""The timeline: every movement of a night in rows of one hour, as a Plotly figure."""

from base64 import b64encode

from anklet.night import away
from anklet.night.session import LM
from anklet.report.figures import Figure, figure
from anklet.report.view import SessionView, Span, span_text

ROW = 34  # height of an hour on the timeline, px
# A gap of a few seconds would be invisible on a row of an hour.
LEAST_MINUTES = 0.15

KIND_WORDS = {
    "clm": "CLM outside a series",
    "short": "under 0.5 s: no candidate",
    "long": "over 10 s: no candidate",
    "posture": "change of posture",
    "gross": "gross body movement",
    "upright": "leg upright",
    "off_body": "off the body",
}


def timeline(night: SessionView) -> Figure:
    """Every movement of the session, in rows of one hour; x in minutes of the hour."""

    def since(spans: list[Span], words: str) -> list[tuple[Span, str]]:
        return [(s, f"{words} from {night.clock(s[0])}") for s in spans]

    gaps = [
        ((ms, ms + lost), f"gap of {span_text(lost / 1000)} at {night.clock(ms)}: {cause}")
        for ms, lost, cause in night.gaps
    ]
    upright, off_body = away.upright(night.session), away.off_body(night.session)
    still = away.still(night.session)
    data = [
        _track(night, "recorded", [(span, "") for span in night.recorded], "var(--track)"),
        _track(night, "upright", since(upright, "leg upright"), "var(--upright)", "/"),
        _track(night, "off body", since(off_body, "off the body"), "var(--upright)", "-"),
        _track(night, "gaps", gaps, "var(--gap)", "x"),
    ]
    if still:
        words = "in bed, or on a table: very still"
        data.append(_track(night, "very still", since(still, words), "var(--upright)", "."))
    traced = {}
    if night.session.trace:
        # page.js fills it in, as finely as the screen shows it.
        traced = {"trace": _trace(night, len(data))}
        data.append(_area())
    data += [_dots(night, *each) for each in _classes(night)]
    rows = len(night.hours)
    drawn = figure(
        data,
        rows * ROW + 60,
        {
            "range": [0, 60],
            **({"nticks": 8} if traced else {"dtick": 10}),
            "tickangle": 0,
            "title": {"text": "minute of the hour", "standoff": 6},
        },
        {
            "range": [rows - 0.45, -0.55],
            "tickvals": list(range(rows)),
            "ticktext": [hour.label for hour in night.hours],
            "showgrid": False,
            "showline": False,
            "fixedrange": not traced,  # zooming in on one movement needs height, too
        },
        barmode="overlay",
        hovermode="closest",
    )
    return drawn | traced


def _trace(night: SessionView, index: int) -> Figure:
    """For page.js: the trace's levels, and the number of the Plotly trace that shows them."""
    return {
        "index": index,
        "lead": night.lead,
        "rows": len(night.hours),
        "pieces": [[ms, b64encode(levels).decode()] for ms, levels in night.session.trace],
    }


def _area() -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "movement",
        "x": [],
        "y": [],
        "fill": "toself",
        "fillcolor": "var(--trace)",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _track(
    night: SessionView, name: str, spans: list[tuple[Span, str]], colour: str, pattern: str = ""
) -> Figure:
    """Spans of time, each with its hover text, as bars that lie in their rows."""
    pieces = [(*piece, words) for span, words in spans for piece in night.pieces([span])]
    least = LEAST_MINUTES if pattern else 0
    marker: Figure = {"color": colour, "line": {"width": 0}}
    if pattern:
        marker["pattern"] = {
            "shape": pattern,
            "fgcolor": colour,
            "bgcolor": "var(--track)",
            "size": 6,
            "solidity": 0.35,
        }
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [row for row, _, _, _ in pieces],
        "base": [round(minute, 4) for _, minute, _, _ in pieces],
        "x": [round(max(minutes, least), 4) for _, _, minutes, _ in pieces],
        "width": 0.84,
        "marker": marker,
        "hovertext": [words for _, _, _, words in pieces],
        "hoverinfo": "text" if pattern else "skip",
    }


def _classes(night: SessionView) -> list[tuple[str, float, Figure, list[tuple[int, str]]]]:
    """The classes that the timeline tells apart: name, height in the row, symbol, points."""

    def texts(lms: list[LM]) -> list[tuple[int, str]]:
        return [(lm.onset_ms, _hover(night, lm)) for lm in lms]

    plm = [lm for lm in night.lms if lm.plm]
    clm = [lm for lm in night.clms if not lm.plm]
    other = [lm for lm in night.lms if lm.kind != "clm"]
    pressed = [(ms, f"<b>{night.clock(ms)}</b><br>button pressed") for ms in night.markers]
    return [
        ("no candidate", 0.28, _symbol("x-thin", 5, "var(--other)", 1), texts(other)),
        ("PLM", 0.0, _symbol("line-ns", 12, "var(--plm)", 1.6), texts(plm)),
        ("other CLM", 0.0, _symbol("circle-open", 7, "var(--clm)", 1.6), texts(clm)),
        ("button", -0.27, _symbol("triangle-down", 9, "var(--ink)", 0), pressed),
    ]


def _symbol(symbol: str, size: int, colour: str, width: float) -> Figure:
    return {
        "symbol": symbol,
        "size": size,
        "color": colour,
        "opacity": 1,
        "line": {"width": width, "color": colour},
    }


def _dots(
    night: SessionView, name: str, lift: float, marker: Figure, points: list[tuple[int, str]]
) -> Figure:
    places = [night.place(ms) for ms, _ in points]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [round(minute, 4) for _, minute in places],
        "y": [row + lift for row, _ in places],
        "marker": marker,
        "hovertext": [text for _, text in points],
        "hoverinfo": "text",
    }


def _hover(night: SessionView, lm: LM) -> str:
    words = f"PLM, series {lm.series}" if lm.plm else KIND_WORDS.get(lm.kind, "other")
    gap = "<br>touches a gap" if lm.touches_gap else ""
    return (
        f"<b>{night.clock(lm.onset_ms)}</b><br>{words}{gap}"
        f"<br>{lm.duration_ms / 1000:.1f} s, peak {lm.peak_mg} mg"
    )
