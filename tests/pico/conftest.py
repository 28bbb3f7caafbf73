"""The emulator's modules are found from each test here, and the host waits as long as it takes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from anklet.board.link import Link

sys.path.insert(0, str(Path(__file__).parent))

from emulator import PATIENCE_S


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Link, "silence_s", PATIENCE_S)
        patch.setattr(Link.__init__, "__defaults__", ("anklet sync", PATIENCE_S))
        yield
