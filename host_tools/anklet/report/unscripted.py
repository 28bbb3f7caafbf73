"""The timeline as SVG: what a page shows where no script runs, and before one has."""

from html import escape

from anklet.night import away
from anklet.report.timeline import KIND_WORDS
from anklet.report.view import SessionView, Span

WIDE, LEFT, ROW = 960, 54, 28  # px
MINUTE = (WIDE - LEFT - 4) / 60


def timeline(night: SessionView) -> str:
    """Every movement of the night in rows of one hour, as report.timeline draws it; colours are
    those of the page."""
    out_of_bed = [*away.upright(night.session), *away.off_body(night.session)]
    gaps = [(ms, ms + lost) for ms, lost, _ in night.gaps]
    drawn = [
        f'<text x="{LEFT - 8}" y="{row * ROW + 18}" text-anchor="end">{escape(hour.label)}</text>'
        for row, hour in enumerate(night.hours)
    ]
    for spans, colour in ((night.recorded, "track"), (out_of_bed, "upright"), (gaps, "gap")):
        drawn += _tracks(night, spans, colour)
    for lm in night.lms:
        row, minute = night.place(lm.onset_ms)
        x, y = round(LEFT + minute * MINUTE, 1), row * ROW + 4
        if lm.plm:
            drawn.append(f'<path d="M{x} {y}v20" stroke="var(--plm)" stroke-width="1.6"/>')
        elif lm.kind == "clm":
            drawn.append(f'<circle cx="{x}" cy="{y + 10}" r="3" fill="none" stroke="var(--clm)"/>')
        elif lm.kind in KIND_WORDS:
            drawn.append(f'<path d="M{x - 2} {y + 17}h4" stroke="var(--other)"/>')
    for minute in range(0, 61, 10):
        x, y = round(LEFT + minute * MINUTE, 1), len(night.hours) * ROW + 16
        drawn.append(f'<text x="{x}" y="{y}" text-anchor="middle">{minute}</text>')
    high = len(night.hours) * ROW + 24
    return (
        f'<svg class="unscripted" viewBox="0 0 {WIDE + 8} {high}" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )


def _tracks(night: SessionView, spans: list[Span], colour: str) -> list[str]:
    return [
        f'<rect x="{LEFT + minute * MINUTE:.1f}" y="{row * ROW + 3}"'
        f' width="{max(minutes * MINUTE, 1):.1f}" height="22" fill="var(--{colour})"/>'
        for row, minute, minutes in night.pieces(spans)
    ]
