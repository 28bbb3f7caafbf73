"""tests/README.md names a test for each thing that was once lost: they are there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROW = re.compile(r"\| ([0-9]+) \|.*\| (`test_.*`) \|")


def test_what_keeps_each_from_coming_back_is_there():
    rows = dict(ROW.findall((TESTS / "README.md").read_text()))
    assert list(rows) == [str(number) for number in range(1, 13)]
    written = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    named = {name for row in rows.values() for name in re.findall(r"`(test_\w+)`", row)}
    assert len(named) >= 24
    assert named <= written
