"""The page "What this can and cannot tell you", for the web pages and the report."""

from importlib.resources import files

TITLE = "What this can and cannot tell you"


def html() -> str:
    """The text as HTML, without a heading of its own: sections with h2, sources at the end."""
    return files("anklet.report").joinpath("about.html").read_text(encoding="utf-8")
