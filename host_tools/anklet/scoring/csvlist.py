"""Marks of a CSV with the header `onset,duration` (s) and a column `leg`, `event`, or both.

leg: left, right, l, r, both; event: any label that labels.py knows, a leg movement where it is
empty or there is no such column.
"""

from pathlib import Path

from anklet.errors import BadInput
from anklet.scoring import labels, marks
from anklet.scoring.marks import Marks
from anklet.signal import inputs

MORE = ("leg", "event")


def is_header(line: str) -> bool:
    """Whether this is a CSV that says more than onset and duration."""
    names = [name.strip().lower() for name in line.split(",")]
    return {"onset", "duration"} <= set(names) and any(name in names for name in MORE)


def read(path: Path) -> Marks:
    """Raises BadInput."""
    with inputs.readable(path):
        marks.small(path)
    found = Marks(path)
    for line, onset, duration, cells in inputs.read_spans(path, MORE):
        label, leg = cells.get("event") or labels.LM, cells.get("leg", "")
        if leg and not labels.sides(leg):
            raise BadInput(
                f"{path}: line {line}: the leg {marks.printable(leg)!r} is neither left nor "
                f"right; correct it."
            )
        found.add(onset, duration, f"{label} {leg}".strip())
    return found
