"""An emulated Raspberry Pi Pico with an LIS3DH at the ankle, on a serial port of its own.

As a program it prints `ready PORT` and then takes one command a line on standard input, each
answered by one line (`ok ...` or `error ...`) on standard output:

    speed X         simulated seconds per second; 0: as fast as it goes, skipping idle time
    until N         go at speed 0 until N samples of the source were measured, then stand still
    pass S          go on at speed 0 for S simulated seconds, then stand still
    hold            stand still
    plug 0|1        take the sensor off, put it on (with its registers as after power-up)
    nack N          the sensor ignores the next N times that it is called
    stick N         the sensor holds SDA low for N clocks
    address N       the sensor answers at this address from now on: 24 or 25
    who N           its WHO_AM_I: 51, of another part 63
    zeros 0|1       its FIFO gives nothing but zeros, as a counterfeit's
    button 0|1      release, press
    power           cut the power and put it back at once
    stats           what happened so far, as JSON
    files FOLDER    copy what is on the flash into FOLDER
    quit

Simulated time stands still from the start until the first `speed` or `until`.
"""

import argparse
import contextlib
import json
import os
import pty
import selectors
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "boards" / "sim"))

import picoflash
from i2c_sensor import Sensor
from image import image
from lis3dh_model import LIS3DHModel
from machine import EMULATORS, chosen

DEVICE = bytes.fromhex("e6614103e7452b2f")
BUTTON = 14
SDA = 4
PACE_NS = 1e6
SLICE_NS = 1e9
INT1_NS = 5e6  # how often the pin follows the model, which looks at the time when asked only
WATCH_NS = 20e6
BACKLOG = 1 << 16  # bytes kept for a computer that does not read
PATIENCE_S = 300  # as in patience.py, which play.py and this process do without


class EmulatedPico:
    """The emulator in a process of its own.

        with EmulatedPico(raw, files) as pico:
            pico.until(3000)
            pico.speed(1)
            ...                       # anything that talks to pico.port

    raw: samples of the sensor (see inputs.to_raw), from the moment its FIFO runs. files: what is
    on the board's flash (path -> content). flash_file: keeps the whole flash; wins over `files`
    once it is there. int1: GPIO of the sensor's INT1 pin. uf2: the MicroPython to boot; the one
    of image.py when it is left out. emulator: of machine.EMULATORS; the quickest that is there
    when it is left out.
    """

    def __init__(
        self,
        raw: bytes,
        files: Mapping[str, bytes] | None = None,
        flash_file: Path | None = None,
        int1: int | None = None,
        odr_error_ppm: int = 0,
        addr: int = 0x18,
        uf2: Path | None = None,
        emulator: str | None = None,
    ):
        self._folder = TemporaryDirectory(prefix="pico-")
        folder = Path(self._folder.name)
        (folder / "raw").write_bytes(raw)
        command = [sys.executable, __file__, "--raw", str(folder / "raw")]
        command += ["--odr-error-ppm", str(odr_error_ppm), "--addr", str(addr)]
        if files is not None:
            (folder / "files").write_bytes(picoflash.file_system(files))
            command += ["--files", str(folder / "files")]
        if flash_file is not None:
            command += ["--flash", str(flash_file)]
        if emulator is not None:
            command += ["--emulator", emulator]
        if uf2 is not None:
            command += ["--uf2", str(uf2)]
        if int1 is not None:
            command += ["--int1", str(int1)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # it ends with its standard input: Ctrl-C is not for it
        )
        self.port = self._answer().removeprefix("ready ")

    def __enter__(self) -> "EmulatedPico":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(RuntimeError, BrokenPipeError):  # it may have ended
            self.command("quit")
        self._process.wait(PATIENCE_S)
        self._folder.cleanup()

    def command(self, line: str) -> str:
        """Send one command; its answer without the `ok`."""
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if not answer.startswith("ok"):
            raise RuntimeError(f"{line}: {answer}")
        return answer[3:]

    def speed(self, speed: float) -> None:
        self.command(f"speed {speed}")

    def until(self, sample: int) -> None:
        """Simulate until the sensor has measured so many samples, then stand still."""
        self.command(f"until {sample}")

    def pass_time(self, seconds: float) -> None:
        """Simulate so many seconds as fast as it goes, then go on at the pace of real time."""
        self.command(f"pass {seconds}")
        self.speed(1)

    def deliver(self, data: bytes, port: Any) -> None:
        """Write to the serial port, and wait until all of it has reached the board's USB."""
        due = self.stats()["heard"] + len(data)
        port.write(data)
        end = time.monotonic() + PATIENCE_S
        while self.stats()["heard"] < due:
            assert time.monotonic() < end, "what was written does not arrive"

    def wait(self) -> None:
        """Until somebody ends the process."""
        self._process.wait()

    def stats(self) -> dict[str, Any]:
        return json.loads(self.command("stats"))

    def files(self) -> dict[str, bytes]:
        """What is on the flash now: path -> content."""
        with TemporaryDirectory() as folder:
            self.command(f"files {folder}")
            return {
                "/" + str(path.relative_to(folder)): path.read_bytes()
                for path in Path(folder).rglob("*")
                if path.is_file()
            }

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the emulator ended with {self._process.wait()}")
        return line.rstrip("\n")


class Emulator:
    """The emulator's own process: one loop for the processor, the serial port and the commands."""

    def __init__(self, given: argparse.Namespace):
        self._flash_file = given.flash
        if given.flash and given.flash.exists():
            flash = given.flash.read_bytes()
        else:
            flash = picoflash.of_uf2(given.uf2 or image())
            if given.files:
                flash[picoflash.START :] = given.files.read_bytes()
        self._source = open(given.raw, "rb")  # noqa: SIM115 - for as long as the process
        self.model = LIS3DHModel(
            self._source, lambda: int(self.machine.ns) // 1000, given.odr_error_ppm, True
        )
        self.sensor = Sensor(self.model, given.addr)
        self._int1 = given.int1
        self._out = bytearray()
        self.machine = EMULATORS[given.emulator](
            flash, DEVICE, self.sensor, self._out.extend, given.erase_ms, given.program_ms
        )
        self.machine.pin(BUTTON, True)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._heard = 0  # bytes from the computer
        self._speed: float | None = None  # None: stands still
        self._waits_for: Callable[[], bool] | None = None
        self._watch = 0.0  # simulated time of the next look whether that has come
        self._wall = self._sim = 0.0  # where pacing began
        self._spent = 0.0  # seconds of real time spent on simulating
        self._running = True
        self._commands = bytearray()

    def run(self) -> None:
        print("ready", os.ttyname(self._slave), flush=True)
        selector = selectors.DefaultSelector()
        selector.register(self._master, selectors.EVENT_READ, self._from_host)
        selector.register(0, selectors.EVENT_READ, self._from_user)
        while self._running:
            for key, _ in selector.select(self._slack()):
                key.data()
            if self._speed is not None and self._slack() == 0:
                began = time.monotonic()
                self._go_on()
                self._spent += time.monotonic() - began
            self._to_host()
        if self._flash_file:
            self._flash_file.write_bytes(self.machine.flash())
        self.machine.close()

    def _slack(self) -> float:
        """Seconds for which the simulation has nothing to do."""
        if self._speed is None:
            return 0.2 if not self._out else 0.001
        if not self._speed:
            return 0
        wall = time.monotonic()
        ahead = (self.machine.ns - self._sim) * 1e-9 / self._speed - (wall - self._wall)
        if ahead < -0.25:  # too slow a computer: go on from here without hurry
            self._wall, self._sim = wall, self.machine.ns
        return max(0, ahead)

    def _go_on(self) -> None:
        if self._speed:
            passed = (time.monotonic() - self._wall) * 1e9
            end = self._sim + passed * self._speed + PACE_NS
        else:
            end = self.machine.ns + SLICE_NS
        if self._waits_for:
            end = min(end, self._watch)
        if self._int1 is not None:
            end = min(end, self.machine.ns + INT1_NS)
            self.machine.pin(self._int1, bool(self.model.int1()))
        self.machine.run(end)
        if self._waits_for and self.machine.ns >= self._watch:
            self._watch += WATCH_NS
            if self._waits_for():
                self._waits_for = self._speed = None
                print("ok", flush=True)

    def _from_host(self) -> None:
        data = os.read(self._master, 4096)
        self._heard += len(data)
        self.machine.send(data)

    def _to_host(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(self._master, self._out)]
        except BlockingIOError:
            del self._out[:-BACKLOG]

    def _from_user(self) -> None:
        data = os.read(0, 4096)
        if not data:  # whoever started it has gone
            self._running = False
        self._commands += data
        while b"\n" in self._commands:
            line, _, rest = bytes(self._commands).partition(b"\n")
            self._commands[:] = rest
            self._obey(*line.decode().split())

    def _obey(self, name: str = "", *given: str) -> None:
        try:
            answer = getattr(self, f"do_{name}")(*given)
        except (AttributeError, TypeError, ValueError, OSError) as error:
            answer = f"error {error}"
        if answer != "later":
            print(answer or "ok", flush=True)

    def do_speed(self, speed: str) -> None:
        self._speed = float(speed)
        self._wall, self._sim = time.monotonic(), self.machine.ns

    def do_until(self, sample: str) -> str:
        return self._go(lambda: self.model.taken() >= int(sample))

    def do_pass(self, seconds: str) -> str:
        end_ns = self.machine.ns + float(seconds) * 1e9
        return self._go(lambda: self.machine.ns >= end_ns)

    def _go(self, reached: Callable[[], bool]) -> str:
        self._waits_for = reached
        self._speed = 0
        self._watch = self.machine.ns + WATCH_NS
        return "later"

    def do_hold(self) -> None:
        self._speed = None

    def do_plug(self, there: str) -> None:
        if there == "1" and not self.model.present:
            self.model.power_on()
        self.model.present = there == "1"

    def do_nack(self, times: str) -> None:
        self.model.nack_next = int(times)

    def do_stick(self, clocks: str) -> None:
        self.sensor.stuck = int(clocks)
        self.machine.pin(SDA, self.sensor.level())

    def do_address(self, address: str) -> None:
        self.sensor.addr = int(address)

    def do_who(self, number: str) -> None:
        self.model.who_am_i = int(number)

    def do_zeros(self, on: str) -> None:
        self.model.zero_fifo = on == "1"

    def do_button(self, down: str) -> None:
        self.machine.pin(BUTTON, down != "1")

    def do_power(self) -> None:
        self.model.power_on()
        self.machine.power_cycle()

    def do_stats(self) -> str:
        return "ok " + json.dumps(
            {
                "simulated_s": self.machine.ns * 1e-9,
                "real_s": self._spent,
                "taken": self.model.taken(),
                "overwritten": self.model.overwritten,
                "erases": self.machine.erases,
                "heard": self._heard,
                "led": self.machine.led,
            }
        )

    def do_files(self, folder: str) -> None:
        for path, data in picoflash.files(self.machine.flash()).items():
            target = Path(folder + path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def do_quit(self) -> None:
        self._running = False


def _main() -> None:
    parser = argparse.ArgumentParser(description="An emulated Raspberry Pi Pico.")
    parser.add_argument("--raw", type=Path, required=True, help="samples, 6 bytes each")
    parser.add_argument("--files", type=Path, help="image of the file system")
    parser.add_argument("--flash", type=Path, help="keep the whole flash in this file")
    parser.add_argument("--emulator", choices=EMULATORS, default=chosen())
    parser.add_argument("--uf2", type=Path, help="boot this MicroPython")
    parser.add_argument("--int1", type=int, help="GPIO of the sensor's INT1")
    parser.add_argument("--addr", type=int, default=0x18)
    parser.add_argument("--odr-error-ppm", type=int, default=0)
    parser.add_argument("--erase-ms", type=float, default=45)
    parser.add_argument("--program-ms", type=float, default=0.4)
    Emulator(parser.parse_args()).run()


if __name__ == "__main__":
    _main()
