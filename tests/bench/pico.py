"""The firmware's cycles and the usual way, measured on an emulated or a real Pico."""

from dataclasses import dataclass
from pathlib import Path

import device_files
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import EmulatedPico
from mpremote.transport_serial import SerialTransport

RATE = 50
HERE = Path(__file__).parent
BIT_US = 1e6 / 400_000


@dataclass
class Found:
    """us unless named otherwise; of a cycle: busy, typical, longest, bus_400k; of a sample:
    outside, bus, driver, detector, usual (outside the bus). duty, flash: parts of the time."""

    cycles: int
    batch: float
    busy: float
    typical: int
    longest: int
    bus_400k: float
    outside: float
    bus: float
    driver: float
    detector: float
    usual: float
    duty: float
    usual_duty: float
    flash: float
    allocated: int
    free_begin: int
    free_end: int


def measure(minutes: int, port: str | None = None) -> Found:
    """Run both scripts: on the board at `port`, else on an emulated Pico each."""
    script = (HERE / "on_board.py").read_text()
    ours = _lines(script.replace("MINUTES = 10", f"MINUTES = {minutes}"), port, minutes * 90 + 300)
    rival = _lines((HERE / "usual_way.py").read_text(), port, 300)
    ((_, samples, cycles, busy, typical, longest, flash, whole),) = _of("ours", ours)
    ((_, parted, bus, driver, detector),) = _of("parts", ours)
    ((_, nap),) = _of("nap", ours)
    heap = _of("heap", ours)
    ((_, usual_samples, usual, usual_bus),) = _of("usual", rival)
    batch = samples / cycles
    return Found(
        cycles=cycles,
        batch=batch,
        busy=busy / cycles,
        typical=typical,
        longest=longest,
        bus_400k=wire_bits(batch) * BIT_US,
        outside=busy / samples - bus / parted,
        bus=bus / parted,
        driver=(driver - bus) / parted,
        detector=detector / parted,
        usual=(usual - usual_bus) / usual_samples,
        duty=(busy + flash + nap * cycles) / whole,
        usual_duty=usual / usual_samples * RATE / 1e6,
        flash=flash / whole,
        allocated=sum(max(0, line[3]) for line in heap),
        free_begin=heap[0][2],
        free_end=heap[-1][2],
    )


def wire_bits(samples: float) -> float:
    """Bits on the wire of a drain by I2C: FIFO_SRC, then the samples in one burst. Start, address,
    register, repeated start, address and stop are 30 of each; a byte is 9."""
    return 30 + 9 + 30 + 9 * 6 * samples


def _of(word: str, lines: list[list]) -> list[list]:
    return [line for line in lines if line[0] == word]


def _lines(script: str, port: str | None, timeout: int) -> list[list]:
    if port:
        return _run(port, script, timeout)
    night = make_night(1.5, seed=1, plm_per_hour=60)
    raw = to_raw(Acceleration(rate=RATE, acc=night.acc))
    files = device_files.compiled()
    del files["/main.py"]
    with EmulatedPico(raw, files) as pico:
        pico.speed(1)
        return _run(pico.port, script, timeout, lambda: pico.speed(0))


def _run(port: str, script: str, timeout: int, go=lambda: None) -> list[list]:
    transport = SerialTransport(port, timeout=60)  # a busy computer
    try:
        transport.enter_raw_repl(soft_reset=False)
        transport.exec_raw_no_follow(script)
        go()
        out, error = transport.follow(timeout)
    finally:
        transport.close()
    if error:
        raise RuntimeError(error.decode(errors="replace"))
    lines = [line.split() for line in out.decode().splitlines()]
    return [[word, *map(int, numbers)] for word, *numbers in lines]
