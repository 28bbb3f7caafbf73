"""Small pieces of HTML. All texts given to them are plain and are escaped here, but Html."""

from collections.abc import Iterable, Sequence
from html import escape

from anklet.report.trendfigures import WITH_SHAPES, look
from anklet.report.weeks import PALEST
from anklet.texts import N_, _

# The timeline's symbols, drawn by hand so that they print and scale with the text.
_KEY = (
    (
        N_("PLM, in a series"),
        '<path d="M3 1v14M9 1v14M15 1v14" stroke="var(--plm)" stroke-width="2"/>',
    ),
    (
        N_("other CLM"),
        '<circle cx="9" cy="8" r="4" fill="none" stroke="var(--clm)" stroke-width="2"/>',
    ),
    (
        N_("no candidate"),
        '<path d="M6 5l6 6M12 5l-6 6" stroke="var(--other)" stroke-width="1.5"/>',
    ),
    (
        N_("upright or off the body"),
        '<path d="M0 0h18v16h-18z" fill="var(--track)"/><path d="M0 16L12 0M6 16L18 0M-6 16L6 0'
        'M12 16L24 0" stroke="var(--upright)" stroke-width="1.5"/>',
    ),
    (
        N_("gap"),
        '<path d="M5 0h8v16h-8z" fill="var(--track)"/>'
        '<path d="M5 0l8 8M5 8l8 8M13 0l-8 8M13 8l-8 8" stroke="var(--gap)" stroke-width="1.5"/>',
    ),
    (N_("button pressed"), '<path d="M4 4h10l-5 9z" fill="var(--ink)"/>'),
)


class Html(str):
    """What is HTML already."""


def _escaped(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)


_AREA = (
    N_("movement, 4 to 500 mg in steps of equal ratio"),
    '<path d="M0 16V12l3-2 3 4 3-11 3 9 3-3 3 4V16z" fill="var(--trace)"/>',
)


def key(traced: bool = False) -> str:
    """The timeline's legend; traced: with the trace behind it."""
    return _legend((*_KEY, *([_AREA] if traced else [])))


_MEDIAN = (
    '<path d="M0 2h18v12h-18z" fill="var(--track)"/>'
    '<path d="M0 8h18" stroke="var(--other)" stroke-width="2"/>'
)


def trend_key(legs: Sequence[str], with_what: str = "") -> str:
    """The legend of all nights. legs: their names; with_what: in words, what the marked nights
    are with."""
    items = []
    for i, leg in enumerate(legs):
        of = f"{leg}, " if len(legs) > 1 else ""
        shape, colour = look(i)
        if with_what:
            items.append(
                (of + _("without {what}, or not noted", what=with_what), _symbol(shape, "plm"))
            )
            other = WITH_SHAPES[i % len(WITH_SHAPES)]
            items.append((of + _("with {what}", what=with_what), _symbol(other, "clm")))
        else:
            items.append((leg if of else _("a night"), _symbol(shape, colour)))
    return _legend([*items, (_("median of the last 28 dates, and their middle half"), _MEDIAN)])


def _symbol(shape: str, colour: str) -> str:
    return f'<use href="#m-{shape}" x="9" y="8" class="{colour}"/>'


def calendar_key(most: float) -> str:
    """The legend of a calendar. most: PLM per hour of its full colour."""
    square = '<rect class="cell" width="18" height="16" fill-opacity="{}"/>'
    return _legend((("0 PLM/h", square.format(PALEST)), (f"{most:.0f} PLM/h", square.format(1))))


def _legend(items: Iterable[tuple[str, str]]) -> str:
    listed = "".join(
        f'<li><svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">{drawing}</svg>'
        f"{escape(_(name))}</li>"
        for name, drawing in items
    )
    return f'<ul class="key">{listed}</ul>'


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], text: Sequence[str] = ()
) -> str:
    """A table with column headers; each row is headed by its first cell.

    text: the columns that hold words, not numbers.
    """
    kinds = [' class="words"' if name in text else "" for name in head]
    columns = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(head, kinds, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{_escaped(row[0])}</th>'
        + "".join(
            f"<td{kind}>{_escaped(cell)}</td>"
            for cell, kind in zip(row[1:], kinds[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    # A table too wide for a phone scrolls in its own frame, by keyboard too.
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of names and values."""
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table class="facts"><tbody>{body}</tbody></table>'


def folded(title: str, inner: str) -> str:
    """A card that is folded away; inner: HTML."""
    return f"""<section class="card screen">
<details>
<summary>{escape(title)}</summary>
{inner}
</details>
</section>"""


def terms(definitions: Iterable[tuple[str, str]]) -> str:
    """The card with the exact definitions, folded away."""
    items = "".join(f"<dt>{escape(t)}</dt><dd>{escape(text)}</dd>" for t, text in definitions)
    return folded(_("Exactly what each number means"), f'<dl class="terms">{items}</dl>')


def exactly(of: str, definition: str) -> str:
    """The exact definition behind a number, folded away."""
    return (
        f'<details class="exact screen"><summary>{_("exactly")}<span class="unseen">'
        f" {_('what {it} is', it=escape(of))}</span></summary>"
        f"<p>{escape(definition)}</p></details>"
    )
