"""`make pico`: leaves an emulated Raspberry Pi Pico on a serial port, to try every command on.

    python tests/pico/play.py [--files]

Its flash is empty, as from the shop with MicroPython on it; --files: with the firmware on it. The
sensor lives through a simulated night, in real time. Lines typed here reach the emulator's control
channel (plug 0, button 1, power, nack 50, stick 7, stats, ...); see emulator.py.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import device_files
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import EmulatedPico

HOURS = 3.0
RATE = 50
LINK = Path("ttyPICO")  # where `make` runs

COMMANDS = """\
An emulated Raspberry Pi Pico with {state} is on {port}. In another terminal:

    .venv/bin/anklet install --port {port} --board rpi_pico
    .venv/bin/anklet doctor --port {port}
    .venv/bin/anklet ports --port {port}
    .venv/bin/anklet watch --port {port}
    .venv/bin/anklet sync --port {port}
    .venv/bin/anklet nights

Here: plug 0 and plug 1 (take the sensor off, put it on), button 1 and button 0 (press, release),
power (cut it for a moment), stats. Ctrl-C or quit ends it, and what was on the Pico is gone.
"""


def night() -> bytes:
    """Raw samples with many movements, so that there is something to see soon."""
    made = make_night(HOURS, seed=1, plm_per_hour=60)
    return to_raw(Acceleration(rate=RATE, acc=made.acc))


@contextmanager
def linked(port: str) -> Iterator[Path]:
    """A name that is the same each time."""
    LINK.parent.mkdir(exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(port)
    try:
        yield LINK
    finally:
        if LINK.is_symlink() and str(LINK.readlink()) == port:  # not one that came later
            LINK.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description="An emulated Pico to play with.")
    parser.add_argument("--files", action="store_true", help="with the firmware on it already")
    with_firmware = parser.parse_args().files
    files = device_files.compiled() if with_firmware else {}
    with EmulatedPico(night(), files) as pico, linked(pico.port) as port:
        pico.speed(1)
        state = "Anklet's firmware" if with_firmware else "an empty flash"
        print(COMMANDS.format(state=state, port=port), flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            try:
                print(pico.command(line.strip()) or "ok", flush=True)
            except RuntimeError as error:
                print(error, flush=True)
        else:  # no keyboard: until it is ended from outside
            pico.wait()


if __name__ == "__main__":
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda *_: sys.exit())
    main()
