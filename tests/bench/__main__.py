"""`make bench`: what a cycle costs, on the emulated Pico, or on a board that ANKLET_PORT names.

    python -m tests.bench [--minutes 10]

An hour would take ten minutes of real time and more: ten simulated minutes stand for it. The
emulated cycles are about 10 % optimistic (no waits for the flash on instruction fetch).
"""

import argparse
import os
from pathlib import Path

import device_files
from anklet.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import EmulatedPico
from mpremote.transport_serial import SerialTransport

RATE = 50
NAMES = ("samples", "cycles", "bus", "driver", "detector", "asleep", "whole", "longest", "free")


def main(minutes: int) -> None:
    script = (
        Path(__file__)
        .with_name("on_board.py")
        .read_text()
        .replace("MINUTES = 10", f"MINUTES = {minutes}")
    )
    port = os.environ.get("ANKLET_PORT")
    if port:
        print(f"{minutes} minutes on the board on {port}", flush=True)
        begin, end = measured(port, script, minutes * 90)
    else:
        print(f"{minutes} simulated minutes on the emulated Pico", flush=True)
        night = make_night(1, seed=1, plm_per_hour=60)
        raw = to_raw(Acceleration(rate=RATE, acc=night.acc))
        files = device_files.compiled()
        del files["/main.py"]
        with EmulatedPico(raw, files) as pico:
            pico.speed(1)
            begin, end = measured(pico.port, script, minutes * 60, lambda: pico.speed(0))
    table(begin, end, minutes)


def measured(port: str, script: str, timeout: int, go=lambda: None) -> list[dict[str, int]]:
    """The numbers after a minute and at the end."""
    transport = SerialTransport(port, timeout=1)
    try:
        transport.enter_raw_repl(soft_reset=False)
        transport.exec_raw_no_follow(script)
        go()
        out, error = transport.follow(timeout)
    finally:
        transport.close()
    if error:
        raise RuntimeError(error.decode(errors="replace"))
    lines = out.decode().splitlines()
    return [dict(zip(NAMES, map(int, line.split()), strict=True)) for line in lines]


def table(begin: dict[str, int], end: dict[str, int], minutes: int) -> None:
    samples = end["samples"]
    busy = end["whole"] - end["asleep"]
    driver = end["driver"] - end["bus"]
    rest = busy - end["driver"] - end["detector"]
    print(f"\n{'':24}us a sample   of the time")
    for name, us in (
        ("bus", end["bus"]),
        ("driver", driver),
        ("detector", end["detector"]),
        ("log, flash, clock, loop", rest),
        ("together (duty cycle)", busy),
    ):
        print(f"{name:24}{us / samples:11.1f}{100 * us / end['whole']:11.2f} %")
    print(
        f"\n{samples / end['cycles']:.1f} samples a cycle, longest {end['longest'] / 1000:.0f} ms"
    )
    print(f"free heap after a minute {begin['free']} bytes, after {minutes}: {end['free']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cycle figures of the firmware.")
    parser.add_argument("--minutes", type=int, default=10)
    main(parser.parse_args().minutes)
