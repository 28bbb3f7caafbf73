"""The night as files: `t,x,y,z` as CSV, the truth as JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from anklet.simulate.night import Night

CHUNK = 200_000  # rows formatted at once: bounds memory, and makes progress worth showing


def _decimal(ticks: np.ndarray, whole: int) -> tuple[np.ndarray, np.ndarray]:
    """Text of `ticks` / 10000: characters (n, whole + 6) and which of them are kept.

    `whole` is the number of digits before the point. Plain "%.4f" takes 20 times as long.
    """
    size = np.abs(ticks)
    text = np.empty((len(ticks), whole + 6), np.uint8)
    keep = np.ones(text.shape, bool)
    text[:, 0] = ord("-")
    keep[:, 0] = ticks < 0
    text[:, whole + 1] = ord(".")
    for power in range(whole + 4):
        column = whole + 5 - power if power < 4 else whole + 4 - power
        text[:, column] = ord("0") + size // 10**power % 10
        if power > 4:  # the digit before the point always stays
            keep[:, column] = size >= 10**power
    return text, keep


def write_csv(
    night: "Night", path: str | Path, progress: Callable[[float], None] | None = None
) -> None:
    """Write `t,x,y,z`: seconds and g, four decimals. Lost samples are missing rows.

    Raises OSError when the file can't be written.
    """
    delivered = np.flatnonzero(~night.lost)
    with Path(path).open("wb") as file:
        file.write(b"t,x,y,z\n")
        for first in range(0, len(delivered), CHUNK):
            rows = delivered[first : first + CHUNK]
            g = np.rint(night.acc[rows].astype(float) * 10_000).astype(np.int64)
            t = np.rint(rows * (10_000 / night.rate)).astype(np.int64)
            parts = [_decimal(t, 6), *(_decimal(g[:, axis], 2) for axis in range(3))]
            ends = [np.full((len(rows), 1), ord(end), np.uint8) for end in ",,,\n"]
            kept = np.ones((len(rows), 1), bool)
            text = np.hstack(
                [x for part, end in zip(parts, ends, strict=True) for x in (part[0], end)]
            )
            keep = np.hstack([x for part in parts for x in (part[1], kept)])
            file.write(text[keep].tobytes())
            if progress:
                progress(min(1.0, (first + CHUNK) / len(delivered)))


def write_truth(night: "Night", path: str | Path) -> None:
    """Write the truth as JSON. Raises OSError when the file can't be written."""
    Path(path).write_text(json.dumps(night.truth, indent=1) + "\n", encoding="utf-8")
