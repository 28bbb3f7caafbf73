"""Axivity .cwa recordings, read by scikit-digital-health.

Its reader is C and trusts the file, so the structure is checked here first. Format: Open Movement
CWA (AX3/AX6): a header of 1024 bytes beginning with "MD", then blocks of 512 bytes that begin
with "AX" and their length, and whose 256 little-endian words add up to 0.
"""

import sys
import warnings
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from anklet.errors import BadInput

HEADER = 1024
BLOCK = 512
MAGIC = int.from_bytes(b"AX", "little")


def read(path: Path) -> tuple[np.ndarray, np.ndarray, datetime]:
    """Times (n,) in s since the first sample, acceleration (n, 3) in g, and the recorder's time at
    the first sample (no time zone). Raises BadInput for a file that is damaged."""
    _check(path)
    try:
        from skdh.io import ReadCwa  # noqa: PLC0415 - optional, and takes seconds to import
    except ImportError as error:
        raise BadInput(f"{path}: to read .cwa files, run: pip install anklet[cwa]") from error
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the times have no zone: ours have none either
        try:
            data = ReadCwa().predict(file=str(path))
            times, acc = np.asarray(data["time"]), np.asarray(data["accel"])
        except Exception as error:  # whatever it trips over, the file is what is wrong
            raise BadInput(f"{path} can't be read as .cwa: download it again") from error
    if not len(acc) or not np.isfinite(acc).all() or not np.isfinite(times).all():
        raise BadInput(f"{path} holds no usable acceleration: download it again")
    start = datetime.fromtimestamp(float(times[0]), UTC).replace(tzinfo=None)
    return times - times[0], acc, start


def _check(path: Path) -> None:
    data = path.read_bytes()
    if data[:2] != b"MD":
        raise BadInput(f"{path} is no Axivity .cwa file: give a .cwa or CSV file")
    if len(data) < HEADER + BLOCK or len(data) % BLOCK:
        raise BadInput(
            f"{path} is cut off ({len(data)} bytes are no whole blocks): copy it again from "
            "the recorder"
        )
    words = np.frombuffer(data, "<u2", offset=HEADER).reshape(-1, BLOCK // 2)
    good = (words[:, 0] == MAGIC) & (words[:, 1] == BLOCK - 4)
    good &= words.sum(axis=1, dtype=np.uint64) % 65536 == 0
    if not good.all():
        raise BadInput(
            f"{path}: block {int(np.argmin(good)) + 1} is damaged: copy the file again from "
            "the recorder"
        )
