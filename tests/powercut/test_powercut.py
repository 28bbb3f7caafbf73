"""A sample of `make powercut`."""

import pytest
from anklet.signal import replay

from tests import powercut


@pytest.mark.skipif(replay.micropython() is None, reason="no MicroPython for this computer")
def test_whatever_was_flushed_survives_a_power_cut_and_the_night_is_completed():
    found = powercut.run(every=4, starts=5)
    assert found["failed"] == []
    assert found["cuts"] >= 140
    assert found["torn"] >= 90
    assert found["mounts_failed"] == 0
    assert found["nights_completed"] >= 50
    assert found["starts"] >= 25


@pytest.mark.skipif(replay.micropython() is None, reason="no MicroPython for this computer")
def test_what_was_flushed_outlives_a_block_that_wears_out():
    found = powercut.worn(every=40)
    assert found["failed"] == []
    assert found["lives"] >= 9
    assert found["nights"] >= 12
