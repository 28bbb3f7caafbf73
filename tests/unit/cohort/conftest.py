"""What the tests of the cohort share; see people.py."""

import json
import sys
from pathlib import Path

import pytest
from anklet.cli import main

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from people import small


@pytest.fixture
def said(capsys):
    """Runs a command here; its exit code and its JSON."""

    def run(*args):
        code = main([*map(str, args)])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """The manifest, and an undisturbed run of it by one worker."""
    folder = tmp_path_factory.mktemp("cohort")
    plan = small(folder)
    out = folder / "out"
    assert main(["cohort", "run", str(plan), "--out", str(out), "--workers", "1"]) == 9
    return plan, out
