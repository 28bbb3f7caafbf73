"""Recording allocates nothing: on real MicroPython, with the heap locked."""

from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "upy" / "heap.py"


@pytest.mark.parametrize(("mode", "movements"), [("quiet", 0), ("kicks", 11)])
def test_a_cycle_allocates_nothing(micropython, tmp_path, mode, movements):
    done = micropython(SCRIPT, mode, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    locked, found, plm, grown = map(int, done.stdout.split())
    assert locked > 600  # of 660 cycles, all but those that write onto the flash
    assert found >= movements
    assert plm >= movements
    assert grown == 0  # over 600 cycles, epochs among them


def test_the_lock_notices_a_single_allocation(micropython, tmp_path):
    done = micropython(SCRIPT, "leak", tmp_path)
    assert done.returncode != 0
    assert "heap is locked" in done.stdout + done.stderr
