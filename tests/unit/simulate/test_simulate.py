"""The night simulator: its truth is consistent, its physics is what it says."""

import csv
import json
from itertools import pairwise

import numpy as np
import pytest
from anklet.errors import BadInput
from anklet.simulate import FAMILIES, NOMINAL, make_night, write_csv, write_truth
from anklet.simulate.movements import ENVELOPE_RATE, draw_movement
from anklet.simulate.plan import MARGIN_S
from anklet.simulate.truth import wasm_flags
from scipy.signal import butter, sosfilt


@pytest.fixture(scope="module")
def night():
    return make_night(hours=4, seed=3)


def envelope(acc, rate, window_s):
    """Written apart from the simulator's: a moving average of the band's power."""
    band = sosfilt(butter(2, [0.5, 8], "band", fs=rate, output="sos"), acc, axis=0)
    size = int(window_s * rate)
    return np.sqrt(np.convolve((band**2).sum(axis=1), np.ones(size) / size))[: len(acc)]


def some_movements(count=60):
    rng = np.random.default_rng(5)
    for _ in range(count):
        up = rng.normal(size=3)
        up /= np.linalg.norm(up)
        wanted, duration = rng.uniform(0.015, 0.35), rng.uniform(0.6, 9.0)
        axis = np.array([0.0, 1.0, 0.0])
        yield wanted, duration, draw_movement(rng, duration, wanted, up, axis)


def test_same_seed_same_bytes(tmp_path):
    for name in "ab":
        made = make_night(hours=0.3, seed=7, families=[*NOMINAL, "lost"])
        write_csv(made, tmp_path / f"{name}.csv")
        write_truth(made, tmp_path / f"{name}.json")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert not np.array_equal(make_night(hours=0.3, seed=8).acc, make_night(hours=0.3).acc)


def test_csv_holds_the_delivered_samples(tmp_path):
    made = make_night(hours=0.5, seed=2, families=["gross", "lost"])
    write_csv(made, tmp_path / "night.csv")
    with (tmp_path / "night.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["t", "x", "y", "z"]
    kept = np.flatnonzero(~made.lost)
    assert made.lost.sum() > 0 and len(rows) == len(kept) + 1
    values = np.array(rows[1:], float)
    assert np.abs(values[:, 0] - kept / made.rate).max() < 1e-6
    assert np.abs(values[:, 1:] - made.acc[kept]).max() < 0.51e-4
    assert all(len(field.partition(".")[2]) == 4 for row in rows[1:50] for field in row)


def test_truth_is_plain_json_and_in_order(night):
    truth = json.loads(json.dumps(night.truth))
    onsets = [m["onset_s"] for m in truth["movements"]]
    assert onsets == sorted(onsets)
    assert truth["counts"]["plm"] == sum(m["plm"] for m in truth["movements"])
    assert truth["in_bed_s"] + truth["upright_s"] + truth["off_body_s"] == pytest.approx(14400)


def test_plm_flags_agree_with_what_was_planned(night):
    moves = night.truth["movements"]
    assert {m["kind"] for m in moves} == {"plm", "isolated", "cluster"}
    assert all(m["plm"] == (m["kind"] == "plm") for m in moves)
    for before, after in pairwise(moves):
        gap = after["onset_s"] - before["onset_s"]
        assert before["duration_s"] < gap
        if before["kind"] == after["kind"] == "plm":
            assert 10.4 < gap < 85.1 or gap > 90
        elif before["kind"] == after["kind"] == "cluster":
            assert 1 < gap <= 8.001 or gap > 90
        else:
            assert gap > 90


@pytest.mark.parametrize(
    ("onsets", "plm"),
    [
        ([0, 10_000, 20_000, 30_000], 4),
        ([0, 9_999, 20_000, 30_000], 0),
        ([0, 90_000, 180_000, 270_000], 4),
        ([0, 90_001, 180_001, 270_001], 0),
        ([0, 20_000, 40_000, 60_000, 65_000, 85_000, 105_000, 125_000], 8),
    ],
)
def test_the_rule_for_the_truth_holds_its_bounds(onsets, plm):
    flags, _ = wasm_flags([(onset, 2000) for onset in onsets])
    assert sum(flags) == plm


def test_a_movement_over_ten_seconds_ends_the_series():
    times = [(0, 500), (20_000, 10_000), (40_000, 10_001), (60_000, 500), (80_000, 500)]
    assert wasm_flags(times) == ([False] * 5, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_number_of_plms_is_the_one_asked_for(seed):
    truth = make_night(hours=4, seed=seed, rate=20, plm_per_hour=30).truth
    assert truth["counts"]["plm"] == pytest.approx(120, rel=0.05)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_runs_alone(family):
    made = make_night(hours=1.0, rate=25, seed=4, families=[family])
    assert made.acc.shape == (90_000, 3) and made.acc.dtype == np.float32
    assert np.isfinite(made.acc).all() and np.abs(made.acc).max() < 6
    kinds = {m["kind"] for m in made.truth["movements"]}
    expected = {"small": "plm", "quiet": "isolated", "clusters": "cluster"}.get(family, family)
    assert kinds == ({expected} if expected in ("plm", "isolated", "cluster") else set())
    happened = {d["family"] for d in made.truth["distractors"]}
    timed = {"mattress", "posture", "gross", "walking", "tremor", "table", "still", "strap"}
    assert happened == {family} & timed
    assert made.lost.any() == (family == "lost")


def test_the_clean_envelope_is_the_one_asked_for():
    for wanted, duration, movement in some_movements():
        acc = movement.acceleration(np.arange(0, duration + 1, 1 / ENVELOPE_RATE))
        assert envelope(acc, ENVELOPE_RATE, 0.5).max() == pytest.approx(wanted, rel=0.02)


def test_a_movement_starts_and_ends_at_rest_and_is_never_silent_inside():
    for _, duration, movement in some_movements():
        ends = movement.acceleration(np.array([0.0, duration, duration + 1]))
        assert np.abs(ends).max() < 1e-9
        t = np.arange(0, duration, 1 / ENVELOPE_RATE)
        short = envelope(movement.acceleration(t), ENVELOPE_RATE, 0.2)
        quiet = "".join("q" if v < 0.249 * short.max() else "L" for v in short)
        assert "q" * int(0.5 * ENVELOPE_RATE + 1) not in quiet


def test_a_movement_is_felt_where_the_truth_has_it():
    made = make_night(hours=1, seed=6, families=["isolated"])
    power = envelope(made.acc - made.acc[0], made.rate, 0.2)
    power[:500] = 0
    loud = np.zeros(len(power), bool)
    for m in made.truth["movements"]:
        first, last = m["onset_s"], m["onset_s"] + m["duration_s"] + 2
        inside = slice(int(first * made.rate), int(last * made.rate))
        loud[inside] = True
        assert power[inside].max() > 0.9 * m["envelope_mg"] / 1000
    assert power[~loud].max() < 0.004


def test_distractors_keep_their_distance(night):
    truth = night.truth
    lms = [(m["onset_s"], m["onset_s"] + m["duration_s"]) for m in truth["movements"]]
    assert {d["family"] for d in truth["distractors"]} == {
        "mattress", "posture", "gross", "walking", "tremor",
    }  # fmt: skip
    for d in truth["distractors"]:
        first, last = d["onset_s"], d["onset_s"] + d["duration_s"]
        assert all(last + MARGIN_S - 0.01 < a or b < first - MARGIN_S + 0.01 for a, b in lms)


def test_posture_changes_tilt_by_what_the_truth_says():
    made = make_night(hours=2, seed=5, families=["posture"])
    changes = made.truth["distractors"]
    assert len(changes) == 80

    def mean(first, last):
        return made.acc[int(first * made.rate) : int(last * made.rate)].mean(axis=0)

    spread = [mean(d["onset_s"] - 5, d["onset_s"]) for d in changes]
    middle = (np.max(spread, axis=0) + np.min(spread, axis=0)) / 2
    assert np.abs(middle).max() < 0.5
    # the zero-g offset (up to 30 mg an axis) bends angles by a few degrees
    for d, before in zip(changes, spread, strict=True):
        end = d["onset_s"] + d["duration_s"]
        after = mean(end, end + 5)
        cos = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
        assert np.degrees(np.arccos(cos)) == pytest.approx(d["tilt_deg"], abs=7)
        assert 20 <= d["tilt_deg"] <= 120 and 0.5 <= d["duration_s"] <= 3


def test_the_shank_is_level_in_bed_and_upright_when_walking():
    made = make_night(hours=1, seed=5, families=["walking"])
    walks = made.truth["distractors"]
    assert len(walks) == 10 and made.truth["upright_s"] == pytest.approx(1200)
    up = np.zeros(len(made.acc), bool)
    for d in walks:
        first, last = d["onset_s"] + 3, d["onset_s"] + d["duration_s"] - 3
        part = made.acc[int(first * made.rate) : int(last * made.rate)]
        assert part[:, 0].mean() > np.cos(np.radians(25)) - 0.1
        up[int((first - 4) * made.rate) : int((last + 4) * made.rate)] = True
    assert np.abs(made.acc[~up, 0]).max() < np.sin(np.radians(40)) + 0.04


def test_a_loose_strap_and_lost_samples_change_nothing_else():
    plain = make_night(hours=1, seed=9)
    worse = make_night(hours=1, seed=9, families=[*NOMINAL, "strap", "lost"])
    half = len(plain.acc) // 2
    assert np.array_equal(plain.acc[:half], worse.acc[:half])
    onsets = [m["onset_s"] for m in plain.truth["movements"]]
    assert onsets == [m["onset_s"] for m in worse.truth["movements"]]
    lost = [gap["duration_s"] for gap in worse.truth["lost"]]
    assert max(lost) == pytest.approx(90) and sorted(lost)[-2] < 2
    assert sum(lost) - 90 == pytest.approx(72, rel=0.1)


def test_off_the_body_there_is_only_noise():
    made = make_night(hours=3, seed=2, families=["table"])
    (table,) = made.truth["distractors"]
    assert made.truth["off_body_s"] == pytest.approx(table["duration_s"]) == 5400
    first = int((table["onset_s"] + 1) * made.rate)
    part = made.acc[first : first + int(5390 * made.rate)]
    assert part.std(axis=0, dtype=float).max() < 0.0013


@pytest.mark.parametrize(
    "wish",
    [
        {"families": ["snoring"]},
        {"hours": 0},
        {"rate": 300},
        {"plm_per_hour": -1},
        {"plm_per_hour": 200},
        {"leg": "middle"},
        {"seed": -1},
    ],
)
def test_impossible_wishes_are_refused_with_a_sentence(wish):
    with pytest.raises(BadInput, match=r"\.$"):
        make_night(**{"hours": 1, **wish})
