"""Two scorings of one night compared, their clocks aligned first."""

import json
import math
import random

import edfio
import pytest
from anklet.cli import main
from anklet.errors import BadInput
from anklet.scoring import agree
from anklet.scoring.align import align
from anklet.scoring.bland_altman import bland_altman, ratio

NIGHTS = 30  # of a test of coverage


def night(seed=1, hours=7.5):
    """Onset and duration, s, of a night's movements: series with pauses between them."""
    chance = random.Random(seed)
    found, at = [], 100.0
    while at < hours * 3600:
        found.append((at, chance.uniform(0.6, 4)))
        at += chance.uniform(100, 1500) if chance.random() < 0.05 else chance.gauss(25, 3)
    return found


def heard_by_a_lab(ours, offset=37.0, ppm=50.0, dropped=0.10, added=0.05, seed=2):
    """The same night by another clock, with some missed and some invented, jitter 50 ms."""
    chance = random.Random(seed)
    kept = [
        (onset * (1 + ppm * 1e-6) + offset + chance.gauss(0, 0.05), duration)
        for onset, duration in ours
        if chance.random() >= dropped
    ]
    end = ours[-1][0]
    kept += [(chance.uniform(offset, end), 0.6) for _ in range(round(added * len(kept)))]
    return sorted(kept)


def write(path, movements):
    rows, end = ["onset,duration"], 0.0
    for onset, duration in movements:
        if onset >= end:
            rows.append(f"{onset:.3f},{duration:.3f}")
            end = onset + duration + 0.001
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_shifted_stretched_dropped_and_added_are_found(tmp_path, seed):
    ours = night(seed)
    lab = heard_by_a_lab(ours, seed=seed + 100)
    found = agree.run(write(tmp_path / "ours.csv", ours), write(tmp_path / "lab.csv", lab))
    clock, lms = found["clock"], found["lm"]
    assert abs(clock["offset_s"] - 37) < max(0.05, 3 * clock["offset_se_s"])
    assert abs(clock["drift_ppm"] - 50) < max(2, 3 * clock["drift_se_ppm"])
    assert lms["precision"] == pytest.approx(0.90, abs=0.04)  # the lab dropped 10 % of ours
    assert lms["sensitivity"] == pytest.approx(1 / 1.05, abs=0.02)  # and added 5 %
    assert lms["f1"] == pytest.approx(2 * lms["both"] / (lms["ours"] + lms["reference"]), abs=1e-4)


def test_a_list_agrees_with_itself(tmp_path):
    path = write(tmp_path / "ours.csv", night())
    found = agree.run(path, path)
    assert found["clock"]["offset_s"] == 0
    for name in ("lm", "clm", "plm"):
        assert (found[name]["sensitivity"], found[name]["precision"]) == (1, 1)
    assert found["counts"]["ours"] == found["counts"]["reference"]


def test_another_night_is_refused(tmp_path):
    one = write(tmp_path / "one.csv", night(1))
    other = write(tmp_path / "other.csv", night(7))
    with pytest.raises(BadInput, match="same night"):
        agree.run(one, other)


def test_perfectly_even_movements_give_no_offset(tmp_path):
    """Every interval of 20 s brings them together again: the clock can't be told from that."""
    even = [(100 + 20.0 * i, 1.0) for i in range(200)]
    path = write(tmp_path / "even.csv", even)
    shifted = write(tmp_path / "shifted.csv", [(onset + 60, d) for onset, d in even])
    with pytest.raises(BadInput, match="No clock offset"):
        agree.run(path, shifted)


def test_too_few_movements_are_refused(tmp_path):
    path = write(tmp_path / "few.csv", night()[:5])
    with pytest.raises(BadInput, match="too few movements"):
        agree.run(path, path)


def test_bland_altman_by_hand():
    # Differences 1, 2, 3, 6 of four people: mean 3, SD sqrt(14/3) = 2.160.
    found = bland_altman({"a": [1], "b": [2], "c": [3], "d": [6]})
    assert (found["bias"], found["sd"], found["units"]) == (3, 2.16, "people")
    assert found["limits"] == [
        pytest.approx(3 - 1.96 * 2.1602, abs=1e-3),
        pytest.approx(7.234, abs=1e-3),
    ]
    assert found["bias_ci"][0] == pytest.approx(3 - 3.1824 * 2.1602 / 2, abs=1e-3)


def test_two_nights_have_no_limits_of_agreement():
    assert bland_altman({"": [0, 1]})["limits"] is None


def test_people_are_the_units_and_the_interval_of_the_bias_holds_it():
    """5 people of 6 nights: nights taken one by one hold the bias in two thirds of studies."""
    chance, held = random.Random(1), 0
    for _ in range(400):
        people = {
            str(who): [own + chance.gauss(0, 1) for _ in range(6)]
            for who in range(5)
            for own in [chance.gauss(2, 2)]
        }
        low, high = bland_altman(people)["bias_ci"]
        held += low <= 2 <= high
    assert held / 400 >= 0.92


def test_the_ratio_scale_is_that_of_the_logarithm():
    found = ratio({str(who): [math.log(2)] for who in range(4)})
    assert (found["bias"], found["bias_ci"], found["limits"]) == (2, [2, 2], [2, 2])


@pytest.mark.slow
def test_intervals_hold_the_truth_when_much_is_missing():
    """Jitter 0.3 s, 40 % missing, 15 % extra: offset, drift and the three shares."""
    held = dict.fromkeys(("offset", "drift", "sensitivity_ci", "precision_ci", "f1_ci"), 0)
    for seed in range(NIGHTS):
        ours = [onset for onset, _ in night(seed)]
        chance = random.Random(seed + 1000)
        lab = [o * 1.00005 + 37 + chance.gauss(0, 0.3) for o in ours if chance.random() >= 0.4]
        lab += [chance.uniform(37, ours[-1]) for _ in range(round(0.15 * len(lab)))]
        lab.sort()
        clocks = align(ours, lab)
        held["offset"] += clocks.offset_ci[0] <= 37 <= clocks.offset_ci[1]
        held["drift"] += clocks.drift_ci[0] <= 50 <= clocks.drift_ci[1]
        found = agree.compared([clocks.there(onset) for onset in ours], lab, 1.0)
        for name, truth in (
            ("sensitivity_ci", 1 / 1.15),
            ("precision_ci", 0.6),
            ("f1_ci", 1.2 / 1.69),
        ):
            held[name] += found[name][0] <= truth <= found[name][1]
    assert min(held.values()) >= 0.85 * NIGHTS, held


def test_a_sparse_night_does_not_claim_that_its_clock_is_off(tmp_path):
    """Twelve movements with a jitter of half a second: no drift is known from them."""
    chance = random.Random(4)
    ours = [(200.0 + 130 * i + chance.uniform(0, 60), 1.0) for i in range(12)]
    lab = [(onset + 5 + chance.gauss(0, 0.4), 1.0) for onset, _ in ours]
    found = agree.run(write(tmp_path / "a.csv", ours), write(tmp_path / "b.csv", sorted(lab)))
    assert abs(found["clock"]["drift_ppm"]) < 100
    assert found["clock"]["drift_ci_ppm"][0] < 0 < found["clock"]["drift_ci_ppm"][1]


def test_one_leg_against_a_reference_of_two(tmp_path):
    left, right = night(1), night(9)
    marks = [
        edfio.EdfAnnotation(onset, duration, f"LM:{side}")
        for side, movements in (("left", left), ("right", right))
        for onset, duration in movements
    ]
    reference = tmp_path / "lab.edf"
    edfio.Edf([], annotations=marks).write(reference)
    ours = write(tmp_path / "ours.csv", left)
    with pytest.raises(BadInput, match="--leg left"):
        agree.run(ours, reference)
    found = agree.run(ours, reference, leg="left")
    assert (found["lm"]["sensitivity"], found["lm"]["precision"]) == (1, 1)


def test_only_the_common_span_counts(tmp_path):
    """The lab's recorder ran for the middle three hours of ours: what it did not record it did not
    miss."""
    ours = night()
    lab = [(onset, d) for onset, d in ours if 2 * 3600 < onset < 5 * 3600]
    found = agree.run(write(tmp_path / "ours.csv", ours), write(tmp_path / "lab.csv", lab))
    assert (found["lm"]["sensitivity"], found["lm"]["precision"]) == (1, 1)
    assert 2.5 < found["common"]["hours"] < 3.1
    assert found["common"]["ours"]["lm"] == found["common"]["reference"]["lm"] == len(lab)


@pytest.mark.slow
def test_a_bad_night_is_left_out_and_named_and_folders_are_people(tmp_path, capsys):
    for who, seed in (("ana/1", 1), ("ana/2", 3), ("ben/1", 5), ("cem/1", 7), ("cem/bad", 9)):
        for folder in ("ours", "lab"):
            path = tmp_path / folder / f"{who}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            movements = night(seed) if folder == "ours" else heard_by_a_lab(night(seed))
            write(path, movements[:3] if who == "cem/bad" else movements)
    assert main(["agree", str(tmp_path / "ours"), str(tmp_path / "lab"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["night"] for item in found["left_out"]] == ["cem/bad"]
    assert "too few movements" in found["left_out"][0]["why"]
    limits = found["bland_altman"]["plm"]
    assert (limits["nights"], limits["groups"], limits["units"]) == (4, 3, "people")
    assert main(["agree", str(tmp_path / "ours"), str(tmp_path / "lab")]) == 0
    assert "left out: cem/bad: There are too few movements" in capsys.readouterr().out


@pytest.mark.slow
def test_folders_are_compared_night_by_night(tmp_path, capsys):
    for name, seed in (("a", 1), ("b", 3), ("c", 5)):
        for folder, movements in (("ours", night(seed)), ("lab", heard_by_a_lab(night(seed)))):
            (tmp_path / folder).mkdir(exist_ok=True)
            write(tmp_path / folder / f"{name}.csv", movements)
    assert main(["agree", str(tmp_path / "ours"), str(tmp_path / "lab"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["night"] for item in found["nights"]] == ["a", "b", "c"]
    differences = [
        (item["common"]["ours"]["plm"] - item["common"]["reference"]["plm"])
        / item["common"]["hours"]
        for item in found["nights"]
    ]
    assert found["bland_altman"]["plm"]["bias"] == pytest.approx(sum(differences) / 3, abs=1e-3)
    assert main(["agree", str(tmp_path / "ours"), str(tmp_path / "lab")]) == 0
    assert "limits of agreement" in capsys.readouterr().out


@pytest.mark.parametrize("tolerance", ["0", "9"])
def test_a_tolerance_out_of_range(tmp_path, capsys, tolerance):
    path = write(tmp_path / "ours.csv", night())
    assert main(["agree", str(path), str(path), "--tolerance", tolerance]) == 2
    assert "0.1 to 5 s" in capsys.readouterr().err
