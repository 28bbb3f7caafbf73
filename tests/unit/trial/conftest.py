"""A home for each test of trials, on their first evening."""

import pytest
from trialnights import evening


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("anklet.trial.power.TRIALS", 80)  # the commands say it, all the same
    monkeypatch.setattr("anklet.trial.power.PATTERNS", 4)
    evening(monkeypatch, 0)
    return tmp_path / "home"
