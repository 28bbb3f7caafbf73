"""What a board says it is and holds, checked before anything is done with it."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anklet.night.clock import LONGEST_UP, POWER

LARGEST = 4 << 20  # bytes of a night file; the Pico's whole flash is 2 MiB
ALL_NIGHTS = 32 << 20  # bytes; the largest flash of any board is 16 MiB
MOST_NIGHTS = 20_000  # files: ten thousand sessions, more than such a flash has blocks for
NIGHT = re.compile(r"[0-9]{5}-[0-9a-f]{8}\.plm")
SHELF = re.compile(r"[0-9]{3}|")
MOST_SHELVES = 1001
MOST_ON_SHELF = 200  # lines: a hundred sessions, each a night and a trace
TRACE = re.compile(r"[0-9]{5}-[0-9a-f]{8}\.trc")
DEVICE = re.compile(r"[0-9A-Za-z_-]{1,64}")
LONGEST_TEXT = 200
LARGEST_FLASH = 64 << 20  # bytes
MOST = 1 << 53  # a float holds it exactly


@dataclass(frozen=True)
class NightFile:
    """A night file on the board, or a trace, which is never acked."""

    name: str
    size: int
    acked: bool = False

    @property
    def session(self) -> str:
        return self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Info:
    """What the board says it is. clock_offset_s: board minus computer; None: it has no time.

    At utc_ms (since 1970, by the computer's clock) it was up_ms in the board's power-up, whose
    name is "" when nothing was recorded in it; either may be error_ms off. traces: see
    firmware/tracelog.py; older firmware has none.
    """

    device: str
    board: str
    firmware: str
    leg: str
    label: str
    nights: list[NightFile]
    clock_offset_s: float | None
    rules: str
    micropython: str
    free: int | None  # bytes of flash
    flash: str  # its id; "" before the first night
    utc_ms: int
    power: str
    up_ms: int
    error_ms: int = 0
    traces: list[NightFile] = field(default_factory=list)
    crash: bool = False  # the firmware has left a note of one


def read_json(answer: str) -> Any:
    """JSON as the standard has it: no NaN. Raises ValueError, RecursionError."""
    return json.loads(answer, parse_constant=_refuse)


def read_shelves(given: Any) -> list[str]:
    """The names of the shelves (see firmware/nightfiles.py) in what hostlink.info() printed.
    Raises as read_info."""
    shelves = [_matching(SHELF, shelf) for shelf in given["shelves"]]
    if len(set(shelves)) < len(shelves) or len(shelves) > MOST_SHELVES:
        raise ValueError("a shelf twice, or too many")
    return shelves


def read_shelf(lines: Iterable[Any]) -> list[NightFile]:
    """The nights and traces that hostlink.shelf() printed, a line each. Raises as read_info."""
    return [_trace(*line) if len(line) == 2 else _night(*line) for line in lines]


def read_info(given: Any, now: float, files: Sequence[NightFile] = ()) -> Info:
    """What hostlink.info() printed; now: the computer's time then, seconds since 1970. files: what
    its shelves hold. Raises ValueError, LookupError, TypeError or ArithmeticError for what can't
    be."""
    if len({file.name for file in files}) < len(files) or len(files) > MOST_NIGHTS:
        raise ValueError("a night twice, or too many")
    if sum(file.size for file in files) > ALL_NIGHTS:
        raise ValueError("no board holds that much")
    nights = [file for file in files if NIGHT.fullmatch(file.name)]
    traces = [file for file in files if TRACE.fullmatch(file.name)]
    offset = None
    if given["utc"] is not None:
        day, ms_of_day, _ = given["utc"]
        moment = whole(day, 1 << 31) * 86_400 + whole(ms_of_day, 86_400_000) / 1000
        offset = round(moment - now, 2)
    power, up_ms = given.get("at") or ("", 0)
    return Info(
        device=_matching(DEVICE, given["device"]),
        board=text(given["board"]),
        firmware=text(given["firmware"]),
        leg=text(given["leg"]),
        label=text(given["label"]),
        nights=sorted(nights, key=lambda night: night.name),
        clock_offset_s=offset,
        rules=text(given.get("rules", "")),
        micropython=text(given.get("micropython", "")),
        free=None if given.get("free") is None else whole(given["free"], MOST),
        flash=text(given.get("flash", "")),
        utc_ms=round(now * 1000),
        power=_matching(POWER, power) if power else "",
        up_ms=whole(up_ms, LONGEST_UP),
        traces=sorted(traces, key=lambda trace: trace.name),
        crash=given.get("crash") is True,
    )


def _night(name: Any, size: Any, acked: Any) -> NightFile:
    return NightFile(_matching(NIGHT, name), whole(size, LARGEST), acked is True)


def _trace(name: Any, size: Any) -> NightFile:
    return NightFile(_matching(TRACE, name), whole(size, LARGEST))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} in JSON")


def harmless(value: Any) -> Any:
    """JSON whose texts steer no terminal and whose numbers a float can hold. Raises ValueError."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(name): harmless(item) for name, item in value.items()}
    if isinstance(value, list):
        return [harmless(item) for item in value]
    if isinstance(value, int | float) and not abs(value) <= MOST:
        raise ValueError("no such number")
    return value


def whole(value: Any, most: int) -> int:
    """A number from 0 to `most`. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("no such number")
    return value


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not pattern.fullmatch(text(value)):
        raise ValueError("no name")
    return value


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Text without what could steer a terminal. Raises ValueError."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("no text")
    return printable(value).replace("\n", "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """Text without what could steer a terminal; its lines stay."""
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
