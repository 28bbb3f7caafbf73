"""Where the device's own sources are, so that the computer runs them instead of a copy."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve()


def folder(name: str) -> Path:
    """The device's source tree `name` ("firmware" or "boards").

    In a checkout it stands at the top of the repository, in an installed wheel beside this file.
    """
    top = _HERE.parents[2]
    if not (top / "firmware" / "plmcore").is_dir():
        top = _HERE.parent / "_device"
    return top / name


def use() -> None:
    """Put the firmware and the simulated board on sys.path, as on the device."""
    for path in (str(folder("boards") / "sim"), str(folder("firmware"))):
        if path not in sys.path:
            sys.path.insert(0, path)
