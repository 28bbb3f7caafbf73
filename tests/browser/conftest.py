"""One Chromium a file; its tests wait for what has to come as long as it takes."""

from collections.abc import Iterator

import chromium
import pytest
from patience import PATIENCE_S
from playwright.sync_api import Browser, expect

MS = 1000 * PATIENCE_S


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    expect.set_options(timeout=MS)
    yield
    expect.set_options(timeout=None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched
