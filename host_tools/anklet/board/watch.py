"""`anklet watch`: the movement signal as it comes, to fit the strap by."""

import contextlib
import math
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from anklet import device
from anklet.board.link import Link
from anklet.errors import NotVerified

# The board's watchdog starts it anew ten minutes after it was interrupted.
LONGEST_S = 480
LEAST_MG = 1
MOST_MG = 1000
SECOND_MS = 1000


@dataclass(frozen=True)
class Moment:
    """The signal now: ms since the start, envelope and threshold in mg, gravity in g."""

    ms: int
    envelope: float
    threshold: float
    gravity: tuple[float, float, float]
    moving: bool


@dataclass(frozen=True)
class Movement:
    """A movement that was flagged. kind: see reader.KINDS."""

    onset_s: float
    duration_s: float
    peak_mg: int
    kind: str


def watch(port: str, seconds: int = LONGEST_S, out: TextIO | None = None) -> None:
    """Draw until `seconds` (up to LONGEST_S) are over or Ctrl-C comes; the board then records."""
    screen = out or sys.stdout
    with Link(port, "anklet watch") as link:
        link.need("live")
        code = f"live.run({min(seconds, LONGEST_S)})"
        print(
            "envelope of the movement; | is the threshold. Ctrl-C ends it, recording goes on.",
            file=screen,
            flush=True,
        )
        with contextlib.closing(link.lines(code)) as lines, contextlib.suppress(KeyboardInterrupt):
            draw(heard(lines), screen)


def heard(lines: Iterator[str]) -> Iterator[Moment | Movement | None]:
    """What the board's lines mean (see firmware/live.py); None: the sensor does not answer."""
    device.use()
    from plmcore.reader import KINDS  # noqa: PLC0415 - on the path only now

    for line in lines:
        word, *rest = line.split()
        try:
            given = [int(number) for number in rest]
            if word == "lost":
                yield None
            elif word == "e":
                ms, envelope, threshold, x, y, z, moving = given
                gravity = (x / 1000, y / 1000, z / 1000)
                yield Moment(ms, envelope / 10, threshold / 10, gravity, moving == 1)
            elif word == "m":
                onset, duration, peak, kind = given
                yield Movement(onset / 1000, duration / 1000, peak, KINDS[kind])
        except (ValueError, IndexError) as error:
            raise NotVerified(
                f"The board sent {line[:60]!r}, which makes no sense; run anklet install and "
                f"try again."
            ) from error


def draw(signal: Iterator[Moment | Movement | None], out: TextIO) -> None:
    """One line a second, with the largest envelope in it; on a terminal it is redrawn at once."""
    live = out.isatty()
    second: Moment | None = None  # its largest moment
    lost = False
    for item in signal:
        if item is None:
            if not lost:
                _end_line(out, live, second)
                print("the sensor does not answer: check its wires", file=out, flush=True)
            lost, second = True, None
            continue
        lost = False
        if isinstance(item, Movement):  # stands above the line of the second under way
            text = _movement(item)
            print("\r" + text.ljust(_width()) if live else text, file=out, flush=True)
            continue
        if second and item.ms // SECOND_MS != second.ms // SECOND_MS:
            _end_line(out, live, second)
            second = None
        if second is None or item.envelope >= second.envelope:
            second = item
        if live:
            out.write("\r" + bar(second, _width()))
            out.flush()
    _end_line(out, live, second)


def bar(moment: Moment, width: int) -> str:
    """One line of `width` characters, or somewhat under; mg on a logarithmic scale."""
    x, y, z = moment.gravity
    head = f"{moment.ms // SECOND_MS:5d} s {moment.envelope:6.1f} mg "
    tail = f" {'MOVING' if moment.moving else '      '} g {x:+.2f} {y:+.2f} {z:+.2f}"
    room = width - len(head)
    if room - len(tail) >= 20:
        room -= len(tail)
    else:
        tail = ""
    room = max(room, 10)
    cells = ["#"] * _place(moment.envelope, room)
    cells += [" "] * (room - len(cells))
    cells[min(_place(moment.threshold, room), room - 1)] = "|"
    return head + "".join(cells) + tail


def _place(mg: float, room: int) -> int:
    """How many of `room` cells an amplitude fills."""
    if mg <= LEAST_MG:
        return 0
    share = math.log(mg / LEAST_MG) / math.log(MOST_MG / LEAST_MG)
    return min(room, round(share * room))


def _movement(item: Movement) -> str:
    name = "LM" if item.kind in ("clm", "short", "long") else "no LM"
    return (
        f"{item.onset_s:5.0f} s {item.peak_mg:4d}   mg *** {name} ({item.kind}), "
        f"{item.duration_s:.1f} s"
    )


def _end_line(out: TextIO, live: bool, second: Moment | None) -> None:
    if second:
        out.write("\n" if live else bar(second, _width()) + "\n")
        out.flush()


def _width() -> int:
    return shutil.get_terminal_size().columns - 1
