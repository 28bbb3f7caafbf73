"""The hard plan: its statistics are the published ones, its physics and its truth hold."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from anklet import cli
from anklet.errors import BadInput
from anklet.simulate.hard import NOTHING, Life, make_hard_night
from anklet.simulate.hard import movement as shapes
from anklet.simulate.hard.plan import all_series, amplitude, duration
from anklet.simulate.hard.worn import WEARS
from anklet.simulate.movements import rotated
from scipy.signal import butter, sosfilt


@pytest.fixture(scope="module")
def night():
    return make_hard_night(hours=2, seed=3, life=Life(plm_per_hour=60, apnoea_min=20, held=0.3))


def envelope(acc, rate, window_s):
    """Written apart from the simulator's: a moving average of the band's power."""
    band = sosfilt(butter(2, [0.5, 8], "band", fs=rate, output="sos"), acc, axis=0)
    size = int(window_s * rate)
    return np.sqrt(np.convolve((band**2).sum(axis=1), np.ones(size) / size))[: len(acc)]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_night_and_another_gives_another(night):
    life = Life(plm_per_hour=60, apnoea_min=20, held=0.3)
    again = make_hard_night(hours=2, seed=3, life=life)
    assert np.array_equal(night.acc, again.acc) and night.truth == again.truth
    assert not np.array_equal(night.acc, make_hard_night(hours=2, seed=4, life=life).acc)


def test_intervals_are_distributed_as_measured():
    logs, neighbours, short = [], [], []
    for seed in range(30):
        moves = all_series(np.random.default_rng(seed), Life(plm_per_hour=60), 7 * 3600)
        interval = np.diff([m.onset_s for m in moves])
        short.append(np.mean(interval < 10))
        inside = (interval >= 10) & (interval <= 90)
        log = np.log(interval)
        logs += log[inside].tolist()
        both = np.flatnonzero(inside[1:] & inside[:-1])
        neighbours += zip(log[both], log[both + 1], strict=True)
        assert all(a.end_s + 0.5 < b.onset_s for a, b in pairwise(moves))
    assert np.exp(np.mean(logs)) == pytest.approx(29.9, rel=0.05)
    assert np.std(logs) == pytest.approx(0.41, abs=0.03)
    assert np.corrcoef(np.transpose(neighbours))[0, 1] == pytest.approx(0.39, abs=0.06)
    assert np.mean(short) == pytest.approx(0.10, abs=0.02)


def test_the_rate_declines_through_the_night():
    onsets = [
        m.onset_s
        for seed in range(30)
        for m in all_series(np.random.default_rng(seed), Life(plm_per_hour=30), 7 * 3600)
    ]
    early, late = np.mean(np.array(onsets) < 3.5 * 3600), np.mean(np.array(onsets) > 5 * 3600)
    assert early > 0.53 and late < 2 / 7


def test_durations_and_amplitudes():
    rng = np.random.default_rng(1)
    lengths = np.array([duration(rng) for _ in range(4000)])
    assert np.median(lengths) == pytest.approx(2.6, rel=0.05)
    assert np.mean(lengths > 10) == pytest.approx(0.05, abs=0.015)
    life = Life(median_mg=440, spread=0.5)
    sizes = [amplitude(rng, life, rng.normal()) for _ in range(4000)]
    assert np.median(sizes) == pytest.approx(440, rel=0.05)
    assert np.mean(np.array(sizes) > 1000) == pytest.approx(0.05, abs=0.015)


def test_a_still_hold_is_silent_and_tilted_until_it_ends():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        course = shapes.still(rng, 4.0)
        up = rotated(np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), rng.uniform(0, 6, 1))[0]
        move = shapes.draw_movement(rng, course, 100.0, up, np.array([0.0, 1.0, 0.0]), 0.0)
        acc = move.along(course.path(np.array([0.0, 1.0, 2.0, 3.9, course.knots[-1], 9.0])))
        assert np.abs(acc[[0, -2, -1]]).max() < 1e-9
        tilt = np.degrees(np.arccos((acc[1] + up) @ up / np.linalg.norm(acc[1] + up)))
        assert tilt == pytest.approx(move.tilt_deg(), rel=0.2, abs=0.5)
        # It may sag, slowly; that is nothing that the band passes.
        assert np.abs(acc[3] - acc[1]).max() < 0.11 * np.abs(acc[1]).max() + 1e-3
        assert course.offset_s == 4.0 < course.knots[-1]


@pytest.mark.parametrize("joint", shapes.JOINTS, ids=lambda joint: joint.name)
def test_every_joint_gives_what_rigid_bodies_do(joint):
    """Against positions and attitudes differentiated by number."""
    rng = np.random.default_rng(7)
    axis = shapes.draw_axis(rng, joint, np.array([0.0, 1.0, 0.0]))
    arm = np.array([joint.low, 0.03, 0.02])
    up = np.array([0.1, 0.6, np.sqrt(1 - 0.37)])
    course = shapes.draw_course(rng, 2.0, 0.0)
    move = shapes.LegMovement(course, joint, axis, arm, up, amplitude=0.4)
    step = 1e-3
    t = np.arange(-0.01, 2.2, step)
    theta = 0.4 * course.path(t)[0]
    # In the room's frame, which is the shank's at rest: the joint, the heel's slide, the sensor.
    place = rotated(arm, axis, theta)
    if joint.slides:
        place = place - np.outer(2 * shapes.THIGH_M * np.cos(theta), [1.0, 0.0, 0.0])
    force = np.gradient(np.gradient(place, step, axis=0), step, axis=0) / 9.80665 + up
    seen = np.array(
        [rotated(f, axis, np.array([-a]))[0] for f, a in zip(force, theta, strict=True)]
    )
    error = np.abs(seen - up - move.along(course.path(t)))[5:-5]
    assert np.quantile(error, 0.99) < 0.01  # at a knot the jerk steps


@pytest.mark.slow
def test_the_truth_holds_together(night):
    truth = json.loads(json.dumps(night.truth))
    moves = truth["movements"]
    assert [m["onset_s"] for m in moves] == sorted(m["onset_s"] for m in moves)
    assert truth["counts"]["plm"] == sum(m["plm"] for m in moves)
    assert all(m["offset_s"] == pytest.approx(m["onset_s"] + m["duration_s"]) for m in moves)
    assert all(m["moves_until_s"] >= m["offset_s"] - 1e-3 for m in moves)
    assert {m["course"] for m in moves} == {"lively", "still", "double", "slow"}
    assert np.mean([m["held"] for m in moves]) == pytest.approx(0.3, abs=0.1)
    for m in moves:
        for event in truth["distractors"]:
            first, last = event["onset_s"], event["onset_s"] + event["duration_s"]
            if event["family"] in ("gross", "posture") and (
                first < m["moves_until_s"] and m["onset_s"] < last
            ):
                assert m["buried_by"] in ("gross", "posture") and m["apart_s"] == 0
    answers = [m for m in moves if m["kind"] == "respiratory"]
    assert len(answers) > 20 and all(m["respiratory"] for m in answers)
    assert any(m["respiratory"] for m in moves if m["kind"] != "respiratory")  # by chance
    assert truth["without_respiratory"]["lm"] == sum(not m["respiratory"] for m in moves)
    ends = np.array([e["onset_s"] + e["duration_s"] for e in truth["respiratory_events"]])
    assert all((np.abs(m["onset_s"] - ends - 4) <= 6.001).any() for m in answers)


@pytest.mark.parametrize("wear", WEARS)
def test_a_movement_is_felt_as_the_truth_says_however_the_sensor_is_worn(wear):
    life = replace(NOTHING, isolated_per_hour=20, wear=wear, held=0.3)
    made = make_hard_night(hours=1, seed=6, life=life)
    power = 1000 * envelope(made.acc - made.acc[0], made.rate, 0.5)
    for m in made.truth["movements"]:
        first, last = int(m["onset_s"] * 50), int((m["moves_until_s"] + 1) * 50)
        if m["envelope_mg"] > 30:
            assert power[first:last].max() == pytest.approx(m["envelope_mg"], rel=0.15)


@pytest.mark.slow
def test_both_legs_turn_together_and_overlap():
    life = Life(plm_per_hour=60)
    left, right = (
        make_hard_night(2, seed=5, life=life, leg=leg).truth for leg in ("left", "right")
    )
    assert left["distractors"] == right["distractors"]
    assert [m["onset_s"] for m in left["other_leg"]] == [m["onset_s"] for m in right["movements"]]
    assert np.mean([m["both"] for m in left["movements"]]) == pytest.approx(0.47, abs=0.12)
    assert np.mean([m["both"] for m in right["movements"]]) > 0.6


def test_nothing_is_nothing():
    truth = make_hard_night(hours=1, seed=1, life=NOTHING).truth
    assert truth["movements"] == truth["distractors"] == [] and truth["counts"]["plm"] == 0
    turns = make_hard_night(1, seed=1, life=replace(NOTHING, turns_per_hour=30)).truth
    assert {d["family"] for d in turns["distractors"]} == {"gross"} and not turns["movements"]


def test_a_list_is_worn_movement_by_movement(tmp_path, capsys):
    mine, other = tmp_path / "mine.csv", tmp_path / "other.csv"
    mine.write_text("onset,duration\n3,2\n30,12\n50.5,2.5\n100,0.3\n")
    other.write_text("onset,duration\n3.5,2\n70,2\n")
    out, truth = tmp_path / "night.csv", tmp_path / "truth.json"
    argv = ["simulate", "--lms", str(mine), "--other-leg", str(other)]
    assert cli.main([*argv, "--out", str(out), "--truth", str(truth)]) == 0
    found = json.loads(truth.read_text())
    spans = [(m["onset_s"], m["duration_s"]) for m in found["movements"]]
    assert spans == [(3.0, 2.0), (30.0, 12.0), (50.5, 2.5), (100.0, 0.3)]
    assert [m["both"] for m in found["movements"]] == [True, False, False, False]
    assert out.read_text().count("\n") == 1 + 50 * 180  # whole minutes, one more than the list
    capsys.readouterr()
    assert cli.main(["simulate", "--lms", str(mine), "--family", "plm", "--out", str(out)]) == 2
    assert cli.main(["simulate", "--held", "0.3", "--out", str(out)]) == 2


@pytest.mark.parametrize(
    "wish", [{"held": 2}, {"median_mg": 0}, {"plm_per_hour": -1}, {"wear": "sideways"}]
)
def test_impossible_lives_are_refused_with_a_sentence(wish):
    with pytest.raises(BadInput, match=r"\.$"):
        make_hard_night(hours=0.1, life=Life(**wish))


def test_a_course_runs_forward_from_rest_to_rest():
    rng = np.random.default_rng(2)
    for _ in range(400):
        length = duration(rng)
        course = shapes.draw_course(rng, length, 0.3)
        assert (np.diff(course.knots) > 1e-6).all() and len(course.knots) == len(course.levels)
        assert course.levels[0] == course.levels[-1] == 0 and course.knots[0] == 0
        assert course.offset_s == pytest.approx(length)
        assert course.knots[-1] == pytest.approx(length) or course.name == "still"
        if course.name == "double":
            low = course.levels == 0
            rests = np.diff(course.knots)[low[:-1] & low[1:]]
            assert len(rests) and rests.max() < 0.5  # EMG takes the bursts for one movement
