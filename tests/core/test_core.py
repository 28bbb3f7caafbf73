"""The shared checks, one case for each check and runtime.

A check is a plain function `check_...` in a `check_*.py`; one with a parameter is given an empty
folder. What such a file imports exists on MicroPython too.
"""

import importlib
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
RUNNER = HERE.parent / "upy" / "run.py"
MODULES = sorted(path.stem for path in HERE.glob("check_*.py"))
# Checks of whole nights: make quick does them on the runtime that is quicker at them.
SLOW_ON_CPYTHON = ("away", "start", "still")
SLOW_ON_MICROPYTHON = ("faults", "flash", "monitor", "trace")
pytest.register_assert_rewrite(*MODULES)


def _cases(slow):
    """slow: of these modules the cases are marked so."""
    cases = []
    for module in MODULES:
        for name, check in vars(importlib.import_module(module)).items():
            if name.startswith("check_"):
                case = f"{module[6:]}-{name[6:]}"
                marks = [pytest.mark.slow] if module[6:] in slow else []
                cases.append(pytest.param(module, check, id=case, marks=marks))
    return cases


def _folder(check, tmp_path):
    return [str(tmp_path)] * check.__code__.co_argcount


@pytest.mark.parametrize(("module", "check"), _cases(SLOW_ON_CPYTHON))
def test_on_cpython(module, check, tmp_path):
    check(*_folder(check, tmp_path))


@pytest.mark.parametrize(("module", "check"), _cases(SLOW_ON_MICROPYTHON))
def test_on_micropython(module, check, tmp_path, micropython):
    done = micropython(RUNNER, module, check.__name__, *_folder(check, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
