"""Luna's .annot: a file a session, with the labels of annotations.py in Luna's six columns.

Times are seconds from the start of the EDF+ file that `--format edf` writes of the same session;
both have the same name.
"""

from collections.abc import Iterable
from pathlib import Path

from anklet.archive.journal import Journal
from anklet.export import annotations
from anklet.export.edf import file_name
from anklet.night.nightfile import Session

COLUMNS = ("class", "instance", "channel", "start", "stop", "meta")
NONE = "."  # Luna's empty cell


def write(form: str, nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    """See export.write. The journal has no place in it."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for night in nights:
        rows: list[tuple[str, ...]] = [COLUMNS]
        for onset, duration, label in sorted(annotations.of(night)):
            start, stop = (f"{ms / 1000:.3f}" for ms in (onset, onset + duration))
            rows.append((label, NONE, NONE, start, stop, NONE))
        path = out / file_name(night, "annot")
        path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
        written.append(path)
    return written
