"""A recording of acceleration as night files: cut at noon, each night through the device's chain.

The nights are filed under a device of their own, named by the recording's hash: so nothing takes
them for a board's, and the same recording again gives the same names.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anklet.errors import BadInput
from anklet.night import clock
from anklet.night.rules import rule_set
from anklet.night.session import RECORDINGS
from anklet.signal.inputs import Acceleration, read_acceleration, readable, to_raw
from anklet.signal.replay import record_files

LEAST_S = 600  # a piece before or after noon with less is no night
NOON = dt.time(12)
LINE = 4096  # characters of a header, at most


def is_one(path: Path) -> bool:
    """It holds acceleration, by its ending or its header. Raises BadInput where it can't be
    read."""
    if path.suffix.lower() == ".cwa":
        return True
    with readable(path), open(path, encoding="utf-8-sig") as file:
        names = {name.strip().strip('"').lower() for name in file.readline(LINE).split(",")}
    return names >= {"x", "y", "z"}


@dataclass(frozen=True)
class Made:
    """A night made from a recording. files: by suffix, ".plm" and ".trc"."""

    device: str
    session: str
    start: dt.datetime
    files: dict[str, bytes]


def nights(
    path: str | os.PathLike,
    leg: str,
    label: str = "",
    *,
    start: dt.datetime | None = None,
    rate: float | None = None,
    rules: str = "wasm2016",
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Made]:
    """Each night of the recording.

    start: local time of the first sample; else as the recorder says. rate: see read_acceleration.
    progress: takes the fraction of all nights that is done. Raises BadInput.
    """
    rule_set(rules)
    read = read_acceleration(path, rate)
    begin = start or read.start
    if begin is None:
        raise BadInput(f"{path} does not say when it began: say the date and time.")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    settings = {"leg": leg, "label": label, "rules": rules, "trace": True}
    pieces = list(_cut(read, begin.replace(tzinfo=None)))
    if not pieces:
        raise BadInput(f"{path} holds less than {LEAST_S // 60} minutes: that is no night.")
    for number, (when, piece) in enumerate(pieces):
        files = record_files(
            to_raw(piece),
            settings,
            progress=lambda percent, n=number: progress((n + percent / 100) / len(pieces)),
            device_id=RECORDINGS + digest,
            utc=clock.board_time(when),
        )
        session = f"{number + 1:05d}-{when:%Y%m%d}"
        yield Made(RECORDINGS + digest, session, when, files)
    progress(1.0)


def _cut(read: Acceleration, begin: dt.datetime) -> Iterator[tuple[dt.datetime, Acceleration]]:
    """The recording from noon to noon of the wall's clock, without pieces that are too short."""
    seconds = np.arange(len(read.acc)) / read.rate
    for row, lost_s in read.jumps:
        seconds[row:] += lost_s
    first, noon = 0, dt.datetime.combine(begin.date(), NOON)
    while first < len(seconds):
        if noon > begin + dt.timedelta(seconds=float(seconds[first])):
            last = int(np.searchsorted(seconds, (noon - begin).total_seconds()))
            acc = read.acc[first:last]
            there = np.flatnonzero(~np.isnan(acc).any(axis=1))
            if len(there) >= LEAST_S * read.rate:
                low, high = first + int(there[0]), first + int(there[-1]) + 1
                jumps = tuple((row - low, s) for row, s in read.jumps if low <= row < high)
                when = begin + dt.timedelta(seconds=float(seconds[low]))
                yield when, Acceleration(read.rate, read.acc[low:high], jumps=jumps)
            first = last
        noon += dt.timedelta(days=1)
