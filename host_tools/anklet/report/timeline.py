"""The timeline: every movement of a night in rows of one hour."""

from base64 import b64encode
from collections.abc import Iterator
from math import log2, sqrt

from anklet.night import away
from anklet.night.session import LM
from anklet.report.plot import Axis, Bar, Curve, Figure, Layer, Panel, Point
from anklet.report.view import HOUR, SessionView, Span, span_text
from anklet.texts import N_, _

ROW, PAPER_ROW, MOST_PAPER = 34, 20, 200  # height of an hour, and of all of them on paper, px
# A gap of a few seconds would be invisible on a row of an hour.
LEAST_MINUTES = 0.15
TALL, TOP = 0.42, 0.55  # half a row's bar; what is above the first row's middle, in rows
STEP_MS = 200  # of a level of the trace
COARSE = 30  # levels of the trace in one step of what is drawn before zooming: 6 s
FULL = 254  # the greatest height in a row; 0 is a hole

KIND_WORDS = {
    "clm": N_("CLM outside a series"),
    "short": N_("under 0.5 s: no candidate"),
    "long": N_("over 10 s: no candidate"),
    "posture": N_("change of posture"),
    "gross": N_("gross body movement"),
    "upright": N_("leg upright"),
    "off_body": N_("off the body"),
}


def timeline(night: SessionView) -> Figure:
    """Every movement of the session, in rows of one hour; x in minutes of the hour."""

    def since(spans: list[Span], words: str) -> list[tuple[Span, str]]:
        return [(s, _("{what} from {time}", what=words, time=night.clock(s[0]))) for s in spans]

    gaps = [
        (
            (ms, ms + lost),
            _(
                "gap of {length} at {time}: {cause}",
                length=span_text(lost / 1000),
                time=night.clock(ms),
                cause=cause,
            ),
        )
        for ms, lost, cause in night.gaps
    ]
    upright, off_body = away.upright(night.session), away.off_body(night.session)
    still = since(away.still(night.session), _("in bed, or on a table: very still"))
    layers = [
        Layer("recorded", "track", _bars(night, [(span, "") for span in night.recorded], 0)),
        Layer("upright", "upright", _bars(night, since(upright, _("leg upright")))),
        Layer("off body", "off-body", _bars(night, since(off_body, _("off the body")))),
        Layer("gaps", "gap", _bars(night, gaps)),
        Layer("very still", "still", _bars(night, still)),
    ]
    trace = {}
    if night.session.trace:
        heights = [(ms, levels.translate(_heights())) for ms, levels in night.session.trace]
        layers.append(Layer("movement", "movement", [Curve(list(_areas(night, heights)))]))
        trace = {
            "lead": night.lead,
            "rows": len(night.hours),
            "step": STEP_MS,
            "ground": TALL + TOP,
            "tall": 2 * TALL / FULL,
            "pieces": [[ms, b64encode(each).decode()] for ms, each in heights],
        }
    rows = len(night.hours)
    y = Axis(rows - 0.45, -TOP, ticks=[(i, hour.label) for i, hour in enumerate(night.hours)])
    x = Axis(
        *(0, 60, _("minute of the hour")),
        [(at, str(at)) for at in range(0, 61, 10)],
        zoom="number",
        grid=True,
    )
    paper = min(rows * PAPER_ROW, MOST_PAPER)
    return Figure([Panel([*layers, *_classes(night)], y, rows * ROW, paper)], x, trace)


def _bars(
    night: SessionView, spans: list[tuple[Span, str]], least: float = LEAST_MINUTES
) -> list[Bar]:
    """Spans of time, each with its hover text, as bars that lie in their rows."""
    return [
        Bar(minute, minute + max(minutes, least), row + TALL, row - TALL, words)
        for span, words in spans
        for row, minute, minutes in night.pieces([span])
    ]


def _classes(night: SessionView) -> list[Layer]:
    """The classes that the timeline tells apart, each with its place in the row's height."""

    def layer(name: str, look: str, shape: str, lift: float, said: list[tuple[int, str]]) -> Layer:
        places = [(*night.place(ms), text) for ms, text in said]
        return Layer(name, look, [Point(x, row + lift, text) for row, x, text in places], shape)

    def texts(lms: list[LM]) -> list[tuple[int, str]]:
        return [(lm.onset_ms, _hover(night, lm)) for lm in lms]

    plm = [lm for lm in night.lms if lm.plm]
    clm = [lm for lm in night.clms if not lm.plm]
    other = [lm for lm in night.lms if lm.kind != "clm"]
    pressed = [(ms, f"{night.clock(ms)}\n{_('button pressed')}") for ms in night.markers]
    return [
        layer("no candidate", "other", "tick", 0.28, texts(other)),
        layer("PLM", "plm", "bar", 0.0, texts(plm)),
        layer("other CLM", "clm hollow", "ring", 0.0, texts(clm)),
        layer("button", "ink", "button", -0.27, pressed),
    ]


def _hover(night: SessionView, lm: LM) -> str:
    words = _(KIND_WORDS.get(lm.kind, N_("other")))
    if lm.plm:
        words = _("PLM, series {n}", n=lm.series)
    gap = "\n" + _("touches a gap") if lm.touches_gap else ""
    return f"{night.clock(lm.onset_ms)}\n{words}{gap}\n" + _(
        "{seconds:.1f} s, peak {mg} mg", seconds=lm.duration_ms / 1000, mg=lm.peak_mg
    )


def _heights() -> bytes:
    """Of each level of the trace its height in the row, 1 to FULL for 4 to 500 mg in steps of
    equal ratio; 0 where nothing is known."""
    from plmcore.trace import HIGHEST, SAMPLES, power_of  # noqa: PLC0415 - the night has a trace

    out = bytearray(256)
    for level in range(HIGHEST + 1):
        mg = sqrt(power_of(level) / SAMPLES) / 2.048
        out[level] = 1 + round((FULL - 1) * min(1.0, max(0.0, log2(max(mg, 1) / 4) / 7)))
    return bytes(out)


def _areas(
    night: SessionView, heights: list[tuple[int, bytes]]
) -> Iterator[list[tuple[float, float]]]:
    """The trace as areas that stand on the rows' ground: the greatest height of each step."""
    for row in range(len(night.hours)):
        ground = row + TALL
        for ms, each in heights:
            hour = (row * HOUR - night.lead - ms) // STEP_MS  # where the row begins in this piece
            piece: list[tuple[float, float]] = []
            for at in range(hour, hour + HOUR // STEP_MS, COARSE):
                most = max(each[max(0, at) : max(0, at + COARSE)], default=0)
                minute = (at - hour + COARSE / 2) * STEP_MS / 60_000
                if most:
                    piece.append((minute, ground - 2 * TALL * most / FULL))
                if piece and (not most or at + COARSE >= hour + HOUR // STEP_MS):
                    yield [(piece[0][0], ground), *piece, (piece[-1][0], ground)]
                    piece = []
