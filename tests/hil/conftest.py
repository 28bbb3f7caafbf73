"""These tests need a board with a sensor: ANKLET_PORT names its port."""

import os
from collections.abc import Iterator

import pytest
from anklet.board.link import Link


@pytest.fixture(scope="session")
def port() -> str:
    named = os.environ.get("ANKLET_PORT")
    if not named:
        pytest.skip("no board: ANKLET_PORT names no serial port")
    return named


@pytest.fixture
def link(port: str) -> Iterator[Link]:
    with Link(port) as opened:
        yield opened
