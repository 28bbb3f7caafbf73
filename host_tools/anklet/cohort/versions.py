"""What the numbers depend on: versions of this computer, and a hash of our own sources."""

import functools
import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path

import anklet
from anklet import device

PACKAGES = ("numpy", "scipy", "pyarrow", "edfio", "scikit-digital-health")
ROOMS = ("archive", "night", "signal", "scoring", "cohort")


@functools.cache
def versions() -> str:
    """JSON, the same text on every computer that gives the same numbers."""
    found = {"anklet": _of("anklet"), "code": _code()}
    found |= {"python": ".".join(platform.python_version_tuple()[:2])}
    return json.dumps(found | {name: _of(name) for name in PACKAGES})


def _of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _code() -> str:
    """A hash of the device's sources and of ours that score: a version number does not tell two
    checkouts apart."""
    digest = hashlib.sha256()
    ours = Path(anklet.__file__).parent
    tops = [device.folder("firmware"), device.folder("boards"), *(ours / room for room in ROOMS)]
    for top in tops:
        for file in sorted(top.rglob("*.py")):
            digest.update(f"{top.name}/{file.relative_to(top).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
