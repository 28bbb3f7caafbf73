"""A trace file: the night's movement at 5 Hz, as the device wrote it beside the night."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from anklet import device
from anklet.night.damage import Damage, Losses
from anklet.night.session import Session

device.use()  # the format is the device's own

from plmcore import reader, record  # noqa: E402
from plmcore import trace as core  # noqa: E402

LAST = 1 << 26  # sample numbers lie below: 12 days, the longest session, and some

# Power of ten samples, by level; a HOLE's is 0.
POWERS = np.array([core.power_of(i) if i <= core.HIGHEST else 0 for i in range(256)], np.int64)
UNIT_PER_MG = 2048 / 1000
NOMINAL_MS = 20  # of a sample
STEP_MS = 200  # of a level that is drawn


@dataclass
class Trace:
    """levels: uint8, of the session's samples 10 k to 10 k + 9; core.HOLE where nothing is known.

    damage: what of the file can't be read.
    """

    session: str
    meta: dict[str, str] = field(default_factory=dict)
    levels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    damage: list[Damage] = field(default_factory=list)

    @property
    def powers(self) -> NDArray[np.int64]:
        """The power of each level's ten samples; 0 where nothing is known."""
        return POWERS[self.levels]

    @property
    def known(self) -> NDArray[np.bool_]:
        return self.levels != core.HOLE


def mg(level: int) -> float:
    """RMS of the samples of a level, in mg."""
    return float(np.sqrt(POWERS[level] / core.SAMPLES)) / UNIT_PER_MG


def parse(data: bytes, session: str = "") -> Trace:
    """Read a trace file. It never fails: what can't be read is in `damage`.

    session: what it was filed under, if that is known; else its header says.
    """
    found = Trace(session)
    losses = Losses()
    blocks: list[tuple[int, bytes]] = []
    records = cast(Iterable[tuple[int, int, int, Any]], reader.read(data, core.MAGIC))
    for offset, kind, sequence, fields in records:
        if "damaged" in fields:
            losses.stretch(offset, fields["damaged"])
            continue
        losses.record(offset, sequence)
        if kind == record.META and "key" in fields:
            found.meta.setdefault(fields["key"], fields["value"])
        elif kind == core.BLOCK and len(fields["raw"]) > core.POSITION:
            first = int.from_bytes(fields["raw"][: core.POSITION], "little")
            levels = fields["raw"][core.POSITION :]
            if first % core.SAMPLES or first + core.SAMPLES * len(levels) > LAST:
                losses.stretch(offset, record.HEAD + data[offset + 1] + record.TAIL)
            else:
                blocks.append((first // core.SAMPLES, levels))
    found.levels = np.full(max((at + len(b) for at, b in blocks), default=0), core.HOLE, np.uint8)
    for at, levels in blocks:
        found.levels[at : at + len(levels)] = np.frombuffer(levels, np.uint8)
    found.levels[found.levels > core.HIGHEST] = core.HOLE
    found.damage = losses.found
    found.session = session or found.meta.get("session", "")
    return found


def times(night: Session, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Time of the session, in ms, of these sample numbers."""
    known, ms = _points(night)
    beyond = np.maximum(0, numbers - known[-1])  # of the last thing that the night tells
    return np.interp(numbers, known, ms) + beyond * _period(known, ms)


def drawn(night: Session, trace: Trace) -> list[tuple[int, bytes]]:
    """The trace on the session's clock: its beginning (ms), and a level for every STEP_MS from
    there; core.HOLE where nothing is known."""
    if not len(trace.levels):
        return []
    at = times(night, np.arange(len(trace.levels)) * core.SAMPLES)
    length = min(int(at[-1]), night.length_ms)
    nearest = np.searchsorted(at, np.arange(0, length, STEP_MS), side="right") - 1
    return [(0, trace.levels[np.maximum(0, nearest)].tobytes())]


def _points(night: Session) -> tuple[list[int], list[int]]:
    """Sample numbers whose time the night tells, ascending, and that time in ms."""
    points = {0: 0, **{e["n"]: e["ms"] for e in night.epochs}}
    points |= {lm.n: lm.onset_ms for lm in night.lms}
    order = sorted(points)
    return order, [points[n] for n in order]


def _period(numbers: list[int], ms: list[int]) -> float:
    return ms[-1] / numbers[-1] if numbers[-1] else NOMINAL_MS
