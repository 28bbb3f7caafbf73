"""End to end on a real board, its sensor lying still on a table. Its nights stay on it.

ANKLET_PORT=/dev/ttyACM0 python -m pytest tests/hil
"""

import json
import time

import pytest
from anklet import cli
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.night.session import Session

RECORD_S = 75  # an epoch and the flush after it


@pytest.fixture(scope="module")
def nights(port: str, tmp_path_factory: pytest.TempPathFactory) -> list[Session]:
    """Installs, records for a minute, and syncs twice; what was recorded in between."""
    archive = Archive(tmp_path_factory.mktemp("archive"))
    assert cli.main(["install", "--port", port]) == 0
    time.sleep(5)
    sync(port, archive)
    time.sleep(RECORD_S)
    downloaded = sync(port, archive)["downloaded"]
    assert sync(port, archive)["already"] >= len(downloaded)
    return [archive.load(session) for session in downloaded]


def test_installing_again_changes_nothing(port, nights, capsys):
    assert cli.main(["install", "--port", port, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == []


def test_doctor_finds_nothing(port, nights):
    assert cli.main(["doctor", "--port", port]) == 0


def test_a_minute_is_recorded_without_a_loss(nights):
    (night,) = nights
    assert (night.gaps, night.faults, night.damage) == ([], [], [])
    assert night.recorded_s > RECORD_S - 15
    assert night.counts["lm"] == 0  # on a table
    assert night.clock == "known"


def test_it_goes_on_with_the_session_before(nights):
    (night,) = nights
    assert night.meta["start"] == "host"
    assert night.restart is not None
    assert 0 < night.restart["lost_ms"] < 60000


def test_the_flash_keeps_what_the_archive_has(link, nights):
    held = {night.session for night in link.info().nights}
    assert {night.session for night in nights} <= held
