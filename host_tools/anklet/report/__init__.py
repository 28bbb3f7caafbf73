"""The report: one self-contained HTML page of one night, or of all of them.

Nothing on the page asks the network for anything. Data flows one way:

    Session -> view.Night (what is shown) -> figures (Plotly, as JSON), words, page (HTML)
"""

import os
from collections.abc import Sequence
from pathlib import Path

from anklet.errors import BadInput
from anklet.nightfile import Session
from anklet.report.page import html

__all__ = ["html", "write"]


def write(sessions: Sequence[Session], out: Path) -> None:
    """Write the page of these sessions, of any number and order, to the file `out`.

    An existing file is replaced as a whole or not at all. Raises BadInput when there is no
    session, or when `out` can't be written.
    """
    out = Path(out)
    text = html(sessions)
    part = out.with_name(out.name + ".part")
    try:
        if out.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        part.write_text(text, encoding="utf-8")
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        why = error.strerror or error
        raise BadInput(
            f"The report can't be written to {out} ({why}): choose another file with --out."
        ) from error
