"""The emulator's modules are found from each test here, and the host waits as long as it takes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import patient_links

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    with patient_links():
        yield
