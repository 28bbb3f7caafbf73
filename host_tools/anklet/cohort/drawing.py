"""Rows of spans on one axis, as SVG without script: quantiles of groups, effects of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 720, 170, 16
ROW, FOOT = 26, 34


@dataclass(frozen=True)
class Span:
    """A row: a line from low to high, a mark at middle; box: its first and third quarter, if it
    has any. strong: what the others come to."""

    name: str
    low: float
    middle: float
    high: float
    box: tuple[float, float] | None = None
    strong: bool = False


def spans(
    rows: Sequence[Span],
    ticks: Sequence[tuple[float, str]],
    axis: str,
    summary: str,
    line: float | None = None,
) -> str:
    """The figure. ticks: place and text, ascending; they span the axis, and what lies beyond is
    drawn at its end. axis: what it shows; summary: what is read out; line: a place to mark."""
    first, last = ticks[0][0], ticks[-1][0]
    height = ROW * len(rows)

    def x(value: float) -> float:
        share = (min(max(value, first), last) - first) / ((last - first) or 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    parts = []
    for place, text in ticks:
        parts.append(
            f'<path d="M{x(place)} 0V{height}" stroke="var(--line)"/>'
            f'<text x="{x(place)}" y="{height + 14}" text-anchor="middle">{escape(text)}</text>'
        )
    if line is not None:
        parts.append(f'<path d="M{x(line)} 0V{height}" stroke="var(--ink)"/>')
    for at, row in enumerate(rows):
        y = ROW * at + ROW / 2
        colour = "var(--plm)" if row.strong or row.box else "var(--soft)"
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(row.name)}</text>'
            f'<path d="M{x(row.low)} {y}H{x(row.high)}" stroke="{colour}" stroke-width="2"/>'
        )
        if row.box:
            q1, q3 = map(x, row.box)
            parts.append(
                f'<rect x="{q1}" y="{y - 7}" width="{round(max(1, q3 - q1), 1)}" height="14" '
                f'fill="var(--card)" stroke="{colour}" stroke-width="2"/>'
            )
        size = 6 if row.strong else 4
        middle = x(row.middle)
        parts.append(
            f'<path d="M{middle - size} {y}l{size} {-size}l{size} {size}l{-size} {size}z" '
            f'fill="{colour}"/>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height + 30}" text-anchor="middle">'
        f"{escape(axis)}</text>"
    )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {height + FOOT}" width="100%" role="img" '
        f'aria-label="{escape(summary)}" font-size="12" fill="var(--ink)">{"".join(parts)}</svg>'
        "</figure>"
    )


def even(top: float) -> list[tuple[float, str]]:
    """Ticks from 0 to just beyond `top`."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if top / s <= 8)
    return [(float(i * step), f"{i * step}") for i in range(int(top // step) + 2)]
