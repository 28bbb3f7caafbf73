"""Browser tests wait for what has to come as long as it takes: a computer may be busy."""

from collections.abc import Iterator

import pytest
from patience import PATIENCE_S
from playwright.sync_api import expect

MS = 1000 * PATIENCE_S


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    expect.set_options(timeout=MS)
    yield
    expect.set_options(timeout=None)
