"""Two scorings of one night compared, their clocks aligned first."""

import json
import random

import pytest
from anklet.cli import main
from anklet.errors import BadInput
from anklet.scoring import agree


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
    # Differences 1, 2, 3, 6: mean 3, SD sqrt(14/3) = 2.160.
    found = agree.bland_altman([11, 12, 13, 16], [10, 10, 10, 10])
    assert (found["bias"], found["sd"]) == (3, 2.16)
    assert found["limits"] == [
        pytest.approx(3 - 1.96 * 2.1602, abs=1e-3),
        pytest.approx(7.234, abs=1e-3),
    ]
    assert found["bias_ci"][0] == pytest.approx(3 - 3.1824 * 2.1602 / 2, abs=1e-3)


def test_two_nights_have_no_limits_of_agreement():
    assert agree.bland_altman([1, 2], [1, 1])["limits"] is None


def test_folders_are_compared_night_by_night(tmp_path, capsys):
    for name, seed in (("a", 1), ("b", 3), ("c", 5)):
        for folder, movements in (("ours", night(seed)), ("lab", heard_by_a_lab(night(seed)))):
            (tmp_path / folder).mkdir(exist_ok=True)
            write(tmp_path / folder / f"{name}.csv", movements)
    assert main(["agree", str(tmp_path / "ours"), str(tmp_path / "lab"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["night"] for item in found["nights"]] == ["a", "b", "c"]
    differences = [
        item["counts"]["ours"]["plm"] - item["counts"]["reference"]["plm"]
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
