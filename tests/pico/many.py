"""Many sessions of 3 to 600 s on one flash, the power cut at the end of each: `make many`.

    python tests/pico/many.py [SESSIONS]

Most are short, as of a loose plug. What was flushed has to be there after the next start: the
first minute at once, a later one within CALM_S, since nothing moves. The board has to start in 5 s
however much lies on its flash, to be synced, and to have 100 kB of heap free. 2,000 sessions take
some hours of a processor.
"""

import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import device_files
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.repl import Repl
from anklet.night import nightfile
from emulator import EmulatedPico
from mpremote.transport_serial import SerialTransport

RATE = 50
START_S = 5.0
HEAP = 100_000
CALM_S = 170  # CALM_MS of firmware/monitor.py
EVERY = 50  # sessions between two looks at the whole flash
STILL = bytes((0, 0x40, 0, 0, 0, 0))


def start(pico: EmulatedPico) -> float:
    """Let the board start; seconds from power to the first sample."""
    before = pico.stats()
    pico.until(before["taken"] + 1)
    return pico.stats()["simulated_s"] - before["simulated_s"]


def epochs(pico: EmulatedPico) -> dict[str, int]:
    """Session -> whole minutes on the flash. Raises RuntimeError for a damaged one."""
    found = {}
    for path, data in pico.files().items():
        if path.endswith(".plm"):
            night = nightfile.parse(data)
            if night.damage:
                raise RuntimeError(f"{path} is damaged")
            found[night.session] = len(night.epochs)
    return found


def heap(pico: EmulatedPico) -> int:
    """Bytes free once the firmware was interrupted."""
    pico.speed(1)
    transport = SerialTransport(pico.port, timeout=300)
    transport.enter_raw_repl(soft_reset=False, timeout_overall=300)
    free = transport.exec("import gc; gc.collect(); print(gc.mem_free())")
    transport.close()
    return int(free)


def main(sessions: int) -> int:
    Repl.silence_s = 120  # of a busy computer that emulates
    draw = random.Random(1)
    lengths = [round(3 * 200 ** draw.betavariate(1, 3)) for _ in range(sessions)]
    raw = STILL * (sum(lengths) + 60 * len(lengths)) * RATE
    slowest, due = 0.0, 0
    with TemporaryDirectory() as folder, EmulatedPico(raw, device_files.compiled()) as pico:
        for number, length in enumerate(lengths, 1):
            slowest = max(slowest, start(pico))
            pico.until(pico.stats()["taken"] + length * RATE)
            # Less what lies in the FIFO.
            due += (length > 61) + max(0, (length - 1 - CALM_S) // 60 - 1)
            pico.command("power")
            if number % EVERY == 0 or number == sessions:
                minutes = sum(epochs(pico).values())
                print(
                    f"{number} sessions, start {slowest:.1f} s, {minutes} of {due} min", flush=True
                )
                if minutes < due or slowest > START_S:
                    return 1
        start(pico)
        pico.speed(1)
        on_board = set(epochs(pico))
        archive = Archive(Path(folder))
        synced = set(sync(pico.port, archive)["downloaded"])
        free = heap(pico)
    print(f"{len(on_board)} files, {len(on_board & synced)} of them synced, {free} bytes free")
    return 1 if on_board - synced or free < HEAP else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
