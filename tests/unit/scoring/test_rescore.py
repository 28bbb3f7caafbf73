"""A night scored again from its trace, against what the firmware makes of the full signal."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import BadInput
from anklet.night import as_json, nightfile, trace
from anklet.scoring import rescore
from anklet.signal import inputs, replay
from anklet.simulate import make_night
from plmcore import reader, record
from plmcore import trace as core
from plmcore.detector import deci_mg

MG = (16, 45)


@pytest.fixture(scope="module")
def raw():
    night = make_night(hours=1.5, seed=5, plm_per_hour=60)
    night.acc[5000:5015] = np.nan  # 0.3 s
    night.acc[100_000:101_500] = np.nan  # half a minute
    return inputs.to_raw(inputs.Acceleration(night.rate, night.acc), 50)


@pytest.fixture(scope="module")
def files(raw):
    return replay.record_files(raw, {"label": "me"})


@pytest.fixture(scope="module")
def night(files):
    return nightfile.parse(files[".plm"])


@pytest.fixture(scope="module")
def traced(files):
    return trace.parse(files[".trc"])


def clms(lms):
    return [(lm["onset_s"], lm["duration_s"]) for lm in lms if lm["class"] == "clm"]


@pytest.mark.slow
@pytest.mark.parametrize("mg", MG)
def test_it_counts_as_the_full_signal_does_at_that_threshold(raw, night, traced, mg):
    full = as_json.result(nightfile.parse(replay.record_raw(raw, {"on_mg": mg})))
    found = rescore.run(night, traced, mg)
    assert full["counts"]["plm"] > 20
    assert abs(found["counts"]["plm"] / full["counts"]["plm"] - 1) <= 0.05
    assert abs(found["counts"]["clm"] - full["counts"]["clm"]) <= 2
    ours, theirs = clms(found["lms"]), clms(full["lms"])
    near = [min(abs(onset - other) for other, _ in theirs) for onset, _ in ours]
    assert np.percentile(near, 90) <= 0.2  # a sample of the trace


@pytest.mark.slow
def test_another_threshold_gives_another_count(night, traced):
    counts = [rescore.run(night, traced, mg)["counts"]["clm"] for mg in (16, 45, 150)]
    assert counts[0] > counts[1] > counts[2]


@pytest.mark.slow
def test_a_lower_offset_threshold_makes_movements_longer(night, traced):
    longer, shorter = (rescore.run(night, traced, 16, off)["lms"] for off in (3, 14))
    assert sum(lm["duration_s"] for lm in longer) > sum(lm["duration_s"] for lm in shorter)


@pytest.mark.slow
def test_what_the_device_excluded_stays_excluded(night, traced):
    found = rescore.run(night, traced)
    excluded = [lm for lm in night.lms if lm.kind in reader.KINDS[record.POSTURE :]]
    assert len(excluded) > 5
    for lm in found["lms"]:
        begin, end = lm["onset_s"] * 1000, (lm["onset_s"] + lm["duration_s"]) * 1000
        kinds = {
            e.kind for e in excluded if e.onset_ms < end and e.onset_ms + e.duration_ms > begin
        }
        if kinds:
            assert lm["class"] in kinds
    assert found["counts"]["excluded"] >= len(excluded) - 2


def test_what_is_upright_and_off_the_body_is_off_the_body(night, traced):
    """In whichever order the minutes come: nights of the first detector have such."""
    upright, off_body = record.EPOCH_UPRIGHT, record.EPOCH_OFF_BODY
    for flags in ((upright, off_body), (off_body, upright)):
        marked = [
            {**epoch, "flags": flags[at % 2], "ms": 15_000 * (at + 1)}
            for at, epoch in enumerate(night.epochs)
        ]
        bare = replace(night, epochs=marked, lms=[])
        found = rescore.run(bare, traced)["lms"]
        ends = [round(1000 * (lm["onset_s"] + lm["duration_s"])) for lm in found]
        across = [
            lm["class"]
            for lm, end in zip(found, ends, strict=True)
            if lm["onset_s"] // 15 != end // 15_000 and end < marked[-1]["ms"]
        ]
        assert across and set(across) == {reader.KINDS[record.OFF_BODY]}


def test_the_devices_thresholds_and_rules_are_the_default(night, traced):
    found = rescore.run(night, traced)
    assert (found["onset_mg"], found["rules"], found["source"]) == (16, "wasm2016", "trace")
    assert found["device_counts"]["plm"] == night.counts["plm"]
    assert rescore.run(night, traced, rules="aasm3")["rules"] == "aasm3"


def test_the_gaps_are_the_nights(night, traced):
    lost = sum(gap["lost"] for gap in night.gaps)
    assert lost > 1400
    holes = np.count_nonzero(~traced.known[: night.epochs[-1]["n"] // core.SAMPLES])
    assert abs(holes * core.SAMPLES - lost) <= 2 * core.SAMPLES * len(night.gaps)


@pytest.mark.parametrize(("on", "off"), [(2, None), (900, None), (20, 30), (20, -1)])
def test_thresholds_that_make_no_sense_are_refused(night, traced, on, off):
    with pytest.raises(BadInput):
        rescore.run(night, traced, on, off)


def test_a_trace_of_nothing_has_no_movements(night):
    assert rescore.run(night, trace.parse(b""))["counts"]["lm"] == 0


def test_levels_in_mg():
    assert trace.mg(0) == 0
    level = next(i for i in range(256) if core.power_of(i) >= 25_000)  # 50 units RMS
    assert trace.mg(level) == pytest.approx(50 / 2.048, rel=0.07)
    assert deci_mg(core.power_of(level) * 5 // 2) == pytest.approx(10 * trace.mg(level), rel=0.02)


def test_the_command(tmp_path, monkeypatch, capsys, files, night):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path))
    archive = Archive(tmp_path)
    sha256 = hashlib.sha256(files[".plm"]).hexdigest()
    archive.add(files[".plm"], sha256)
    command = ["rescore", night.session, "--onset-mg", "25"]
    assert main(command) == 2
    assert "no trace" in capsys.readouterr().err
    sha256 = hashlib.sha256(files[".trc"]).hexdigest()
    archive.add_trace(files[".trc"], sha256, night.session, night.device)
    assert main([*command, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["sessions"]
    assert (found["onset_mg"], found["counts"]["plm"] > 20) == (25, True)
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "trace at 5 Hz" in out
    assert f"{night.counts['plm']}\n" in out
