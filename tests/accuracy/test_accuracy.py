"""The yardstick of `python -m tests.accuracy`: matching, bounds, rivals, one night through all."""

import numpy as np
import pytest
from anklet import device
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate.hard import Life, make_hard_night
from hypothesis import given
from hypothesis import strategies as st

from accuracy import families, match, night, rivals, sensitivity, table
from accuracy.match import Score

RATE = 50.0


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([], [1.0], []),
        ([1.0], [], []),
        ([10.0], [11.0], [(0, 0)]),
        ([10.0], [11.01], []),
        ([10.0, 20.0], [10.1, 10.2], [(0, 0)]),  # each is used once, and the nearest wins
        ([10.0, 10.8], [10.7, 11.5], [(0, 0), (1, 1)]),  # two pairs rather than one better one
    ],
)
def test_pairs(truth, found, expected):
    assert match.pairs(truth, found, match.WITHIN_S) == expected


onsets = st.lists(st.integers(0, 60), max_size=12).map(lambda x: [v / 4 for v in sorted(x)])


@given(onsets, onsets)
def test_no_pairing_has_more_pairs(truth, found):
    """Walking through both lists in order of time is known to give the most pairs."""
    i = j = most = 0
    while i < len(truth) and j < len(found):
        if abs(truth[i] - found[j]) <= match.WITHIN_S:
            i, j, most = i + 1, j + 1, most + 1
        elif truth[i] < found[j]:
            i += 1
        else:
            j += 1
    got = match.pairs(truth, found, match.WITHIN_S)
    assert len(got) == most
    assert len({a for a, _ in got}) == len({b for _, b in got}) == most
    assert all(abs(truth[a] - found[b]) <= match.WITHIN_S for a, b in got)


def truth_of(*movements):
    listed = [{"onset_s": o, "duration_s": d, "envelope_mg": mg} for o, d, mg in movements]
    counts = {"plm": 2, "clm": len(listed)}
    return {"movements": listed, "counts": counts, "plm_per_hour": 2.0}


def test_score_of_a_night():
    truth = truth_of((100, 2.0, 50), (130, 2.0, 20), (160, 2.0, 20), (190, 3.0, 50))
    got = match.score(truth, [(100.1, 2.5), (130.0, 2.0), (300.0, 1.0)], 1, 3600, least_mg=30)
    assert got.hits == 1  # the small ones are not asked for
    assert got.missed == [190]
    assert got.extra == [300.0]  # nor is a small one that was found
    assert got.onset_errors == [pytest.approx(0.1)]
    assert got.duration_errors == [pytest.approx(0.5)]
    assert got.plm_error == pytest.approx(-0.5)
    assert got.index_error == pytest.approx(1 / 3 - 1 / 2)
    assert match.sensitivity([got]) == match.precision([got]) == match.f1([got]) == 0.5


def test_nothing_found_scores_zero():
    assert match.f1([match.score(truth_of((5, 1.0, 50)), [], 0, 3600)]) == 0


def test_a_bound_holds_up_to_its_limit():
    def outcomes(*errors):
        return [
            families.Outcome(
                "nominal", 1, Score(onset_errors=list(errors)), {}, 0, 0, 1, 1, 0, 0, 0, 0
            )
        ]

    bound = families.Bound("onset", families.quantile("onset_errors", 0.5), most=0.1)
    assert bound.holds(outcomes(-0.1, 0.1))
    assert not bound.holds(outcomes(-0.2, 0.2))
    assert not bound.holds(outcomes())  # nothing found is no success


def test_bouts_have_hysteresis_and_a_dropout():
    level = np.zeros(1000)
    level[100:150] = 0.15  # never over the onset threshold
    level[200:300] = 0.15
    level[220] = 0.25  # over it once
    level[320:340] = 0.15  # 0.4 s later: still the same
    level[400:410] = 0.25  # 1.2 s later: another one
    assert rivals.bouts(level, RATE, 0.2, 0.1, 0.5) == [
        (220 / RATE, 120 / RATE),
        (400 / RATE, 10 / RATE),
    ]
    assert rivals.bouts(np.zeros(10), RATE, 0.2, 0.1, 0.5) == []
    assert rivals.bouts(np.full(10, 0.15), RATE, 0.2, 0.1, 0.5) == []


def shaken(amplitude_g):
    """A minute of rest with 2 s of 3 Hz along the vertical in it, as the FIFO gives it."""
    t = np.arange(3000) / RATE
    acc = np.tile([0.0, 0.0, 1.0], (3000, 1))
    acc[:, 2] += amplitude_g * np.sin(2 * np.pi * 3 * t) * ((t >= 30) & (t < 32))
    return rivals.samples_of(to_raw(Acceleration(RATE, acc)))


@pytest.mark.parametrize(
    ("name", "too_weak", "strong"),
    [
        ("PAM-RL, 200/100 mg", 0.15, 0.4),
        ("RMS, 100/50 mg", 0.1, 0.2),
        ("Sicbaldi, 15 mg", 0, 0.02),
    ],
)
def test_rivals_find_what_is_over_their_threshold(name, too_weak, strong):
    find = rivals.RIVALS[name]
    assert find(shaken(too_weak), RATE) == []
    ((onset, duration),) = find(shaken(strong), RATE)
    assert onset == pytest.approx(30, abs=0.3)
    assert duration == pytest.approx(2, abs=1.1)  # PAM-RL counts its second of drop-out


def test_rivals_get_ten_bits():
    values = np.unique(shaken(0.4)) * 256
    assert (values == values.round()).all()


def test_rivals_are_scored_by_the_rules():
    kicks = [(30.0 * k, 2.0) for k in range(1, 5)]
    clms, plm = rivals.scored([*kicks, (140.0, 0.3), (150.0, 12.0)])
    assert clms == kicks
    assert plm == 4


def test_a_night_goes_through_all_and_into_the_table():
    outcome = night.run("mattress", 1)
    assert outcome.score.hits == 0
    assert outcome.in_bed_s == pytest.approx(1800, abs=1)
    text, good = table.report({"mattress": [outcome]}, range(101, 102))
    assert "synthetic" in text
    assert good == (outcome.clm <= 2) == ("MISSED" not in text)


def test_a_family_that_misses_is_said_so():
    outcome = night.run("mattress", 1)
    outcome.score.extra = [1.0, 2.0, 3.0]
    text, good = table.report({"mattress": [outcome]}, range(101, 102))
    assert not good
    assert "| ≤ 2 | 3 | **MISSED** |" in text


def kick(onset, mg=50, kind="cluster"):
    return {"onset_s": onset, "duration_s": 1.0, "envelope_mg": mg, "kind": kind}


def test_kicks_are_joined_where_one_movement_covers_both_onsets():
    kicks = {"movements": [kick(10), kick(14), kick(18), kick(22, mg=10), kick(300)]}
    assert match.joined(kicks, [(10.1, 1.0), (14.0, 1.0), (18.0, 1.0)], 16) == (0, 2)
    assert match.joined(kicks, [(10.1, 5.0), (18.0, 1.0)], 16) == (1, 2)
    assert match.joined(kicks, [(10.2, 13.0)], 16) == (2, 2)


def test_what_a_turn_buries_is_not_asked_for_and_few_plms_are_no_great_error():
    truth = {
        "movements": [kick(10), {**kick(40), "buried_by": "gross"}],
        "felt": {"plm": 4, "clm": 1},
        "in_bed_s": 3600.0,
        "felt_plm_per_hour": 4.0,
    }
    got = match.score(truth, [(10.0, 1.0), (40.0, 1.0)], 5, 1800.0, least_mg=16)
    assert (got.hits, got.missed, got.extra) == (1, [], [])
    assert got.plm_error == pytest.approx(0.1)  # one PLM of 10 an hour, in the true hour


def test_constants_are_moved_by_a_fifth_and_by_one_at_least():
    assert [sensitivity.moved(value, 0.2) for value in (16, 3, 1)] == [19, 4, 2]
    assert [sensitivity.moved(value, -0.2) for value in (16, 3, 1)] == [13, 2, 0]
    assert sensitivity.moved(16, 0.0) == 16


@pytest.mark.parametrize(("module", "name"), sensitivity.CONSTANTS)
def test_every_constant_of_the_sensitivity_table_is_there(module, name):
    source = (device.folder("firmware") / "plmcore" / f"{module}.py").read_text("utf-8")
    changed = sensitivity.rewrite(source, name, 12345)
    assert f"\n{name} = const(12345)\n" in changed
    assert len(changed.splitlines()) >= len(source.splitlines()) - 5
    with pytest.raises(KeyError):
        sensitivity.rewrite(source, "NO_SUCH_CONSTANT", 1)


def test_what_a_perfect_device_finds_is_without_fault():
    truth = make_hard_night(2, seed=3, life=Life(plm_per_hour=60, apnoea_min=30)).truth
    felt = [
        (m["onset_s"], m["duration_s"])
        for m in truth["movements"]
        if m["envelope_mg"] >= 16 and m["buried_by"] not in ("gross", "posture", "walking")
    ]
    long_turns = [
        (d["onset_s"], d["duration_s"])
        for d in truth["distractors"]
        if d["family"] in ("gross", "posture", "walking") and d["duration_s"] > 10
    ]
    clms, plm = rivals.scored(sorted(felt + long_turns))
    got = match.score(truth, clms, plm, truth["in_bed_s"], least_mg=16)
    assert plm == truth["felt"]["plm"] > 60 and len(clms) == truth["felt"]["clm"]
    assert match.f1([got]) == 1.0 and got.plm_error == pytest.approx(0, abs=1e-4)
    assert got.index_error == pytest.approx(0)
