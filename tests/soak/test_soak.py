"""A few hours of `make soak`."""

import pytest
from anklet.signal import replay

from tests import soak


@pytest.mark.skipif(replay.micropython() is None, reason="no MicroPython for this computer")
def test_disturbed_nights_equal_undisturbed_ones_but_for_declared_gaps(tmp_path):
    found = soak.run(tmp_path, nights=9, hours=1, signals=2)
    assert found["wrong"] == []
    assert found["cuts"] >= 5
    assert found["faults"] >= 3
    assert found["compared"] > found["movements"] / 2
    low, high = found["heap"]
    assert high - low < 4096
    assert found["unclosed"] == 0
