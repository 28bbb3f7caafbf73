"""A few hours of `make soak`, and of `make many` without its Pico."""

import pytest
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from littlefs import LittleFS

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


@pytest.mark.skipif(replay.micropython() is None, reason="no MicroPython for this computer")
def test_what_a_short_session_flushed_outlives_the_sessions_behind_it(tmp_path):
    night = make_night(1, seed=1, plm_per_hour=60)
    raw, image = tmp_path / "raw", tmp_path / "image"
    raw.write_bytes(to_raw(Acceleration(night.rate, night.acc), night.rate))
    image.write_bytes(LittleFS(block_size=4096, block_count=212, prog_size=256).context.buffer)
    found = soak.short_sessions(1, 50, image, raw)
    assert found["wrong"] == []
    assert found["torn"] >= 3
    assert len(found["due"]) >= 5
    assert found["files"] >= len(found["due"])
