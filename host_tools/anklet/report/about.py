"""The page "What this can and cannot tell you", for the web pages and the report."""

import re
from collections.abc import Iterator
from importlib.resources import files

from anklet.texts import N_, _

TITLE = N_("What this can and cannot tell you")
# Paragraphs, points and headings are a text each, with the marks within them.
_PIECE = re.compile(r"(?s)<(p|li|h2|h3)>(.*?)</\1>")


def html() -> str:
    """The text as HTML, without a heading of its own: sections with h2, sources at the end."""
    return _PIECE.sub(
        lambda found: f"<{found[1]}>{_(_on_one_line(found[2]))}</{found[1]}>", _source()
    )


def pieces() -> Iterator[str]:
    """The texts that the page is made of."""
    return (_on_one_line(found[2]) for found in _PIECE.finditer(_source()))


def _source() -> str:
    return files("anklet.report").joinpath("about.html").read_text(encoding="utf-8")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
