"""Files from elsewhere: recorded acceleration, and lists of leg movements."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

import numpy as np

from anklet.errors import BadInput
from anklet.signal.resample import resample

SLOWEST, FASTEST = 20.0, 200.0  # Hz
LONGEST_S = (1 << 30) // 1000  # the session's time on the device stays under 2**30 ms: 12 days
MOST_MOVEMENTS = 65535  # the device numbers a session's movements with 16 bits
JUMP_S = 60.0  # of a longer gap only so much stands in memory, sample by sample
GAP_PERIODS = 1.5  # a step in t over this many sampling periods is a gap
COUNTS_PER_G = 16384
SATURATED = 32704  # 511 of the sensor's 10 bits
LOST = -32768
NOT_G = 3.0  # a median magnitude over this can't be a resting leg in g


@dataclass
class Acceleration:
    """Three-axis acceleration at one rate.

    rate: samples per second. acc: float64 (n, 3), x y z in g; a row of NaN is a lost sample.
    start: when the first sample was taken, by the recorder's own clock (no time zone), if known.
    jumps: (row, seconds): at this row, of a gap, so much more time is lost than the rows tell.
    """

    rate: float
    acc: np.ndarray
    start: datetime | None = None
    jumps: tuple[tuple[int, float], ...] = ()


def read_acceleration(path: str | os.PathLike, rate: float | None = None) -> Acceleration:
    """Read an Axivity .cwa file, or a CSV file with the header `t,x,y,z` (seconds, g) or, with
    `rate` (20 to 200 Hz), `x,y,z`. Further columns are ignored; gaps in t become lost samples.

    Raises BadInput with what is wrong and where.
    """
    path = Path(path)
    if rate is not None and not SLOWEST <= rate <= FASTEST:
        raise BadInput(f"the rate of {rate:g} Hz is outside 20 to 200 Hz: resample the recording")
    with readable(path):
        if path.suffix.lower() == ".cwa":
            # Imported here: only this needs it, and it must work without the reader's package.
            from anklet.signal import cwa  # noqa: PLC0415

            times, acc, start = cwa.read(path)
        else:
            times, acc = _read_csv(path, rate)
            start = None
    if float(np.median(np.linalg.norm(acc, axis=1))) > NOT_G:
        _bad(path, "the values are too large for g: divide m/s² by 9.80665 (mg by 1000)")
    if times is None:
        assert rate is not None
        measured, jumps = float(rate), ()
    else:
        measured, acc, jumps = _on_grid(path, times, acc, rate)
    if len(acc) > LONGEST_S * measured:
        _bad(path, "the recording is longer than 12 days: cut it into nights")
    return Acceleration(measured, acc, start, jumps)


def to_raw(acceleration: Acceleration, rate: float = 50) -> bytes:
    """What the simulated sensor lives on: 6 bytes a sample, x y z as little-endian int16 at 16384
    per g, saturated at +-32704, resampled to `rate`. x == -32768 marks a lost sample, and y and z
    then tell, as one little-endian uint32, how many more are lost there."""
    acc = resample(acceleration.acc, acceleration.rate, rate)
    lost = np.isnan(acc).any(axis=1)
    counts = np.clip(np.rint(np.nan_to_num(acc) * COUNTS_PER_G), -SATURATED, SATURATED)
    raw = counts.astype("<i2")
    raw[lost] = LOST, 0, 0
    for row, seconds in acceleration.jumps:
        at = min(round(row / acceleration.rate * rate), len(raw) - 1)
        raw[at, 1:] = np.array([round(seconds * rate)], "<u4").view("<i2")
    return raw.tobytes()


def read_movements(path: str | os.PathLike) -> list[tuple[int, int]]:
    """Read leg movements of one leg: CSV with the header `onset,duration` (seconds).

    Returns (onset, duration) in whole ms, halves rounded up, in order of onset and without
    overlaps. A header alone is a leg that did not move. Raises BadInput with what is wrong and
    where.
    """
    path = Path(path)
    movements: list[tuple[int, int]] = []
    end = 0
    for line, onset, duration, _ in read_spans(path):
        where = f"line {line}"
        if movements and onset < movements[-1][0]:
            _bad(path, f"{where}: the onset lies before the previous one: sort by onset")
        if onset < end:
            _bad(path, f"{where}: overlaps the movement before it: one file a leg, please")
        movements.append((onset, duration))
        end = onset + duration
        if len(movements) > MOST_MOVEMENTS:
            _bad(path, f"there are more than {MOST_MOVEMENTS} movements: give one night a file")
    return movements


def read_spans(
    path: Path, more: tuple[str, ...] = ()
) -> Iterator[tuple[int, int, int, dict[str, str]]]:
    """The lines of a CSV with the header `onset,duration` (seconds), in the file's order: line
    number, onset and duration in whole ms, and the cells of those columns of `more` that it has.

    Raises BadInput.
    """
    with readable(path):
        columns = _header(path, ("onset", "duration"), more)
        for line, row in _rows(path):
            onset, duration = (
                _milliseconds(path, line, row, columns, c) for c in ("onset", "duration")
            )
            where = f"line {line}"
            if onset < 0:
                _bad(path, f"{where}: the onset is negative: count from the recording's start")
            if duration <= 0:
                _bad(path, f"{where}: the duration must be over 0 s: correct or remove the line")
            if onset + duration >= LONGEST_S * 1000:
                _bad(path, f"{where}: this is later than 12 days: give onset and duration in s")
            cells = {
                name: row[columns[name]].strip() if columns[name] < len(row) else ""
                for name in more
                if name in columns
            }
            yield line, onset, duration, cells


def milliseconds(text: str) -> int:
    """A number of seconds as whole ms, halves rounded up, away from binary fractions: 0.0005 s is
    1 ms. Under 0 it is at least -1 s, and nothing is later than 24 days. Raises ValueError."""
    try:
        value = max(min(Decimal(text), Decimal(2 * LONGEST_S)), Decimal(-1))
    except InvalidOperation as error:  # no number, or NaN
        raise ValueError(text) from error
    ms = int((value * 1000).to_integral_value(ROUND_HALF_UP))
    return ms if ms or value <= 0 else 1


def _bad(path: Path, what: str) -> NoReturn:
    raise BadInput(f"{path}: {what}")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the file system and the decoders say into BadInput."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # it can be read only once
        raise BadInput(f"{path} is no file: save what it gives to one and name that")
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the name") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path} is a folder: name a file in it") from error
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}): check the file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is no CSV text file: give a CSV or .cwa file") from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line behind the header that is not blank."""
    with open(path, encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        next(reader, None)
        for row in reader:
            if row:
                yield reader.line_num, row


def _header(path: Path, needed: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, int]:
    """Position of each needed and each present optional column, in the order of the arguments."""
    with open(path, encoding="utf-8-sig") as file:
        found = next(csv.reader(file), None)
    if found is None:
        _bad(path, f"the file is empty: it needs a header line {','.join(optional + needed)}")
    names = [cell.strip().lower() for cell in found]
    for name in needed:
        if name not in names:
            _bad(
                path,
                f"line 1: there is no column {name}: the header line must name "
                f"{','.join(optional + needed)}",
            )
    return {name: names.index(name) for name in optional + needed if name in names}


def _milliseconds(
    path: Path, line: int, row: list[str], columns: dict[str, int], name: str
) -> int:
    text = row[columns[name]].strip() if columns[name] < len(row) else ""
    try:
        return milliseconds(text)
    except ValueError:
        _bad(path, f"line {line}, column {name}: {text!r} is not a number: correct it")


def _read_csv(path: Path, rate: float | None) -> tuple[np.ndarray | None, np.ndarray]:
    """Times (n,) in seconds, or None, and acceleration (n, 3) in g."""
    columns = _header(path, ("x", "y", "z"), ("t",))
    if "t" not in columns and rate is None:
        _bad(path, "there is no column t: say how many samples a second with --rate HZ")
    if next(_rows(path), None) is None:
        _bad(path, "there is no sample below the header line: record again or give another file")
    try:
        data = np.loadtxt(
            path,
            delimiter=",",
            skiprows=1,
            usecols=list(columns.values()),
            comments=None,
            encoding="utf-8",
            ndmin=2,
        )
    except UnicodeDecodeError:
        raise
    except ValueError:
        _blame(path, columns)
    if not np.isfinite(data).all():
        _blame(path, columns)
    if "t" in columns:
        return data[:, 0], data[:, 1:]
    return None, data


def _blame(path: Path, columns: dict[str, int]) -> NoReturn:
    """Name the first cell that is no number. Slow, so only for files known to be bad."""
    for line, row in _rows(path):
        for name, at in columns.items():
            where = f"line {line}, column {name}"
            if at >= len(row) or not row[at].strip():
                _bad(path, f"{where}: there is no value: complete or remove the line")
            try:
                finite = np.isfinite(float(row[at]))
            except ValueError:
                _bad(path, f"{where}: {row[at].strip()!r} is not a number: correct it")
            if not finite:
                _bad(path, f"{where}: {row[at].strip()} is no acceleration: remove the line")
    _bad(path, "the numbers can't be read: write them like -0.981, separated by commas")


def _on_grid(
    path: Path, times: np.ndarray, acc: np.ndarray, rate: float | None
) -> tuple[float, np.ndarray, tuple[tuple[int, float], ...]]:
    """The rate that the times imply, acc with a row of NaN for each lost sample, and the jumps of
    Acceleration."""
    if len(times) < 2:
        _bad(path, "one sample is no recording: give a longer one")
    steps = np.diff(times)
    if not (steps > 0).all():
        row = int(np.argmax(steps <= 0)) + 1
        line = next((n for i, (n, _) in enumerate(_rows(path)) if i == row), 0)
        _bad(path, f"line {line}: t does not increase: sort the lines and remove doubles")
    period = float(np.median(steps))
    period = float(steps[steps <= GAP_PERIODS * period].mean())
    measured = 1 / period
    if not SLOWEST * 0.999 <= measured <= FASTEST * 1.001:
        _bad(
            path,
            f"t implies {measured:.4g} Hz, outside 20 to 200 Hz: t must be in seconds, and the "
            "recording resampled if it is",
        )
    if rate is not None and abs(measured / rate - 1) > 0.1:
        _bad(path, f"t implies {measured:.4g} Hz, not the {rate:g} Hz given: leave --rate out")
    if times[-1] - times[0] > LONGEST_S:
        _bad(path, "t spans more than 12 days: cut the recording into nights")
    ahead = np.ones(len(steps), np.int64)
    gaps = steps > GAP_PERIODS * period
    ahead[gaps] = np.rint(np.minimum(steps[gaps], JUMP_S) / period)
    at = np.concatenate(([0], np.cumsum(ahead)))
    if at[-1] + 1 == len(acc):
        return measured, acc, ()
    grid = np.full((at[-1] + 1, 3), np.nan)
    grid[at] = acc
    long = np.flatnonzero(steps > JUMP_S)
    middles = (at[long] + at[long + 1]) // 2
    return (
        measured,
        grid,
        tuple(zip(middles.tolist(), (steps[long] - JUMP_S).tolist(), strict=True)),
    )
