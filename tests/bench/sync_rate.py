"""Download rate of a night: `anklet sync` against `mpremote fs cp`.

    python -m tests.bench.sync_rate

Both fetch the same 20 kB file from the same board, in turn, several times; the best of each
counts. Opening the port, and asking the board what it holds, is not in it. Rates are bytes per
second of the computer's clock and of the board's own (on the emulated Pico: simulated time). The
emulator has to compute for ours and to wait for mpremote's turns: on a busy computer it slows
ours alone.
"""

import random
import time
from collections.abc import Callable

import device_files
from anklet.board.link import Link
from emulator import EmulatedPico
from mpremote.transport_serial import SerialTransport

NAME = "00001-1a2b3c4d.plm"
DATA = random.Random(7).randbytes(20_000)
ROUNDS = 3


def emulated() -> dict[str, float]:
    """On the emulated Pico: see `rates`; `ratio_board` is in simulated time."""
    files = device_files.compiled() | {f"/nights/000/{NAME}": DATA}
    del files["/main.py"]
    with EmulatedPico(b"", files) as pico:
        pico.speed(1)
        return rates(pico.port, lambda: pico.stats()["simulated_s"])


def rates(port: str, clock: Callable[[], float] = time.monotonic) -> dict[str, float]:
    """Bytes per second: ours, ours_board, mpremote, mpremote_board; and ratio, ratio_board.

    The board has DATA as the night NAME. clock: seconds on the board.
    """
    took: dict[str, list[tuple[float, float]]] = {"ours": [], "mpremote": []}
    for _ in range(ROUNDS):
        took["mpremote"].append(_mpremote(port, clock))
        took["ours"].append(_ours(port, clock))
    found = {}
    for name, times in took.items():
        found[name] = len(DATA) / min(wall for wall, _ in times)
        found[f"{name}_board"] = len(DATA) / min(board for _, board in times)
    found["ratio"] = found["ours"] / found["mpremote"]
    found["ratio_board"] = found["ours_board"] / found["mpremote_board"]
    return found


def _timed(
    fetch: Callable[[], bytes | bytearray], clock: Callable[[], float]
) -> tuple[float, float]:
    wall, board = time.monotonic(), clock()
    data = fetch()
    took = time.monotonic() - wall, clock() - board
    if bytes(data) != DATA:
        raise RuntimeError("what arrived is not what the board has")
    return took


def _ours(port: str, clock: Callable[[], float]) -> tuple[float, float]:
    with Link(port) as link:
        night = next(night for night in link.info().nights if night.name == NAME)
        return _timed(lambda: link.download(night), clock)


def _mpremote(port: str, clock: Callable[[], float]) -> tuple[float, float]:
    """What `mpremote fs cp` does once it is connected."""
    transport = SerialTransport(port, timeout=1)
    try:
        transport.enter_raw_repl(soft_reset=False)
        path = f"/nights/000/{NAME}"
        return _timed(lambda: transport.fs_readfile(path, progress_callback=_ignore), clock)
    finally:
        transport.exit_raw_repl()
        transport.close()


def _ignore(done: int, size: int) -> None:
    """mpremote shows how far it is; here nobody looks."""


if __name__ == "__main__":
    for name, value in emulated().items():
        print(f"{name:16}{value:10.1f}")
