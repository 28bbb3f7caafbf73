"""An emulated RP2040 that runs an unmodified MicroPython, and which emulator does it.

Two can: rp2040js, in Node, where `make setup` found it, and rp2040py, slower and pure Python. Both
mirror one design, so that they agree proves less than it seems. ANKLET_EMULATOR=rp2040py or
rp2040js chooses. Neither models the second core, the ADC, `machine.freq`, power, or waits for the
flash on instruction fetch. Cycle counts are about 10 % optimistic.
"""

import os
from collections.abc import Callable
from typing import Protocol

import machine_js
from machine_js import MachineJs
from machine_py import MachinePy


class Machine(Protocol):
    """ns: simulated time. erases: of 4 KiB of flash. led: whether GPIO 25 is high."""

    @property
    def ns(self) -> float: ...
    @property
    def erases(self) -> int: ...
    @property
    def led(self) -> bool: ...

    def run(self, until_ns: float) -> None:
        """Execute until this simulated time, and for some milliseconds of real time at most."""
        ...

    def send(self, data: bytes) -> None:
        """Bytes to MicroPython's serial port."""
        ...

    def pin(self, number: int, level: bool) -> None:
        """The level that the outside gives a pin."""
        ...

    def power_cycle(self) -> None:
        """What is in RAM is gone, what is in flash stays."""
        ...

    def flash(self) -> bytes: ...

    def close(self) -> None: ...


EMULATORS: dict[str, Callable[..., Machine]] = {"rp2040js": MachineJs, "rp2040py": MachinePy}


def chosen() -> str:
    """The emulator's name."""
    found = "rp2040js" if machine_js.there() else "rp2040py"
    return os.environ.get("ANKLET_EMULATOR") or found
