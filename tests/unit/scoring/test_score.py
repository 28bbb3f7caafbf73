"""The scoring cases, directly and from files; both legs; lists that can't be used."""

import json

import pytest
from anklet.errors import BadInput
from anklet.scoring import bilateral, score
from anklet.signal import inputs
from hypothesis import given
from hypothesis import strategies as st
from places import DATA
from plmcore.rules import RULES


def cases(name):
    lines = (DATA / f"{name}.jsonl").read_text().splitlines()
    return [pytest.param(case, id=case["name"]) for case in map(json.loads, lines)]


def ms(lms):
    return [(round(onset * 1000), round(duration * 1000)) for onset, duration in lms]


def write(path, lms):
    path.write_text("onset,duration\n" + "".join(f"{on:.2f},{dur:.2f}\n" for on, dur in lms))
    return path


def check_one_leg(result, case):
    assert [lm["plm"] for lm in result["lms"]] == [bool(flag) for flag in case["plm"]]
    assert ms((lm["onset_s"], lm["duration_s"]) for lm in result["lms"]) == ms(case["lms"])
    short = [i for i, lm in enumerate(result["lms"]) if lm["class"] == "short"]
    assert short == case["lt_0_5_s"]
    if "clm" in case:
        assert [lm["class"] == "clm" for lm in result["lms"]] == [bool(c) for c in case["clm"]]
        assert result["periodicity_index"] == pytest.approx(case["periodicity_index"], abs=1e-4)
    if "series_lengths" in case:
        members = [lm["series"] for lm in result["lms"] if lm["plm"]]
        assert [members.count(n) for n in sorted(set(members))] == case["series_lengths"]


def check_both_legs(result, case):
    assert [
        (*ms([(lm["onset_s"], lm["duration_s"])])[0], lm["class"] == "clm", lm["plm"])
        for lm in result["lms"]
    ] == [
        (*ms([(one["onset"], one["duration"])])[0], one["clm"], one["plm"])
        for one in case["combined"]
    ]
    assert result["periodicity_index"] == pytest.approx(case["periodicity_index"], abs=1e-4)


@pytest.mark.parametrize("case", cases("wasm2016_unilateral"))
def test_wasm_one_leg(case, tmp_path):
    check_one_leg(score.score(ms(case["lms"]), RULES["wasm2016"]), case)
    check_one_leg(score.run(write(tmp_path / "lms.csv", case["lms"])), case)


@pytest.mark.parametrize("case", cases("aasm_unilateral"))
def test_aasm_one_leg(case, tmp_path):
    check_one_leg(score.score(ms(case["lms"]), RULES["aasm3"]), case)
    check_one_leg(score.run(write(tmp_path / "lms.csv", case["lms"]), rules="aasm3"), case)


@pytest.mark.parametrize("case", cases("wasm2016_bilateral"))
def test_wasm_both_legs(case, tmp_path):
    left, right = case["left"], case["right"]
    check_both_legs(score.score_both(ms(left), ms(right), RULES["wasm2016"]), case)
    check_both_legs(
        score.run(write(tmp_path / "left.csv", left), write(tmp_path / "right.csv", right)), case
    )


SECONDS = st.lists(st.integers(0, 60), unique=True).map(sorted)


@given(SECONDS, SECONDS, st.sampled_from([*RULES]))
def test_the_legs_can_be_swapped(left, right, rules):
    one, other = ([(1000 * s, 700) for s in leg] for leg in (left, right))
    assert bilateral.combine(one, other, RULES[rules]) == bilateral.combine(
        other, one, RULES[rules]
    )


def spans(left, right):
    return [
        (c.onset, c.onset + c.duration) for c in bilateral.combine(left, right, RULES["aasm3"])
    ]


def test_aasm_joins_other_leg_under_5_s():
    assert spans([(0, 600)], [(4999, 600)]) == [(0, 5599)]
    assert spans([(0, 600)], [(5000, 600)]) == [(0, 600), (5000, 5600)]


def test_aasm_keeps_one_leg_apart():
    assert spans([(0, 600), (2000, 600)], []) == [(0, 600), (2000, 2600)]


def test_aasm_joins_all_that_lies_between_two_legs():
    assert spans([(0, 600), (2000, 600)], [(3000, 600)]) == [(0, 3600)]


def test_aasm_measures_from_the_combined_onset():
    assert spans([(0, 600), (6000, 600)], [(3000, 600)]) == [(0, 3600), (6000, 6600)]


def test_aasm_drops_what_is_no_lm():
    assert spans([(0, 10001)], [(1000, 499), (4000, 10000)]) == [(4000, 14000)]


def test_what_score_prints(tmp_path):
    kicks = [(10.0 * n, 2.0) for n in range(1, 6)] + [(65.0, 0.3), (70.0, 11.0)]
    result = score.run(write(tmp_path / "lms.csv", kicks))
    assert json.loads(json.dumps(result)) == result
    assert result["schema"] == 1
    assert result["rules"] == "wasm2016"
    assert result["counts"] == {
        "lm": 7,
        "clm": 5,
        "plm": 5,
        "series": 1,
        "short_imi": 0,
        "plm_strict": 5,
        "isolated": 0,
    }
    assert result["periodicity_index"] == 1
    assert result["lms"][0] == {
        "onset_s": 10.0,
        "duration_s": 2.0,
        "class": "clm",
        "plm": True,
        "series": 1,
    }
    assert [lm["class"] for lm in result["lms"][5:]] == ["short", "long"]


def test_no_movement_is_a_result(tmp_path):
    result = score.run(write(tmp_path / "lms.csv", []))
    assert result["lms"] == []
    assert result["periodicity_index"] is None


def test_unknown_rules_list_the_known(tmp_path):
    with pytest.raises(BadInput, match=r"wasm2017.*aasm3 or wasm2016"):
        score.run(write(tmp_path / "lms.csv", []), rules="wasm2017")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0005,2\n", (1001, 2000)),
        ("1.00049999,0.0001\n", (1000, 1)),
        (" 1e1 , +2.5\r\n\r\n", (10000, 2500)),
    ],
)
def test_times_are_whole_milliseconds(text, expected, tmp_path):
    path = tmp_path / "lms.csv"
    path.write_text("\ufeffOnset, Duration\n" + text)
    assert inputs.read_movements(path) == [expected]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("onset\n1\n", "line 1: there is no column duration"),
        ("onset,duration\n1,2\n3\n", "line 3, column duration"),
        ("onset,duration\n1,2\nx,2\n", "line 3, column onset: 'x'"),
        ("onset,duration\n1,nan\n", "line 2, column duration: 'nan'"),
        ("onset,duration\ninf,1\n", "line 2: this is later"),
        ("onset,duration\n1,1e999999999\n", "line 2: this is later"),
        ("onset,duration\n-1,1\n", "line 2: the onset is negative"),
        ("onset,duration\n1,0\n", "line 2: the duration"),
        ("onset,duration\n1,-2\n", "line 2: the duration"),
        ("onset,duration\n2000000,2\n", "line 2: this is later than 12 days"),
        ("onset,duration\n\n9,2\n5,2\n", "line 4: the onset lies before"),
        ("onset,duration\n1,2\n2.999,2\n", "line 3: overlaps"),
        ("onset,duration\n\0\xff\0", "lms.csv"),
    ],
)
def test_lists_that_cant_be_used(text, says, tmp_path):
    path = tmp_path / "lms.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput) as error:
        score.run(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_movements_may_touch(tmp_path):
    assert len(inputs.read_movements(write(tmp_path / "a.csv", [(1, 2), (3, 2)]))) == 2
