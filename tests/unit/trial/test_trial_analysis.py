"""The trial's analysis: exact under the coin, its interval that of its test."""

import datetime as dt
import itertools
import math

import numpy as np
import pytest
from anklet.errors import BadInput
from anklet.trial import plan as planning
from anklet.trial.analysis import analyse, change, outcome
from anklet.trial.observed import observe
from anklet.trial.plan import SHAPES, WITH, Plan, Shape, schedule
from anklet.trial.power import USUAL_SD, chances, own_sd, prospect, redrawn, simulated
from anklet.trial.words import deviations
from hypothesis import given, settings
from hypothesis import strategies as st

START = dt.date(2026, 1, 5)


def plan(seed=0, **more):
    shape = {"pairs": 6, "nights": 3, "washout": False}
    return planning.draw("magnesium_mg=300", START, seed=seed, **shape | more)


def shifted(trial, values, effect):
    """The same nights, `effect` added on those with."""
    on = {n.date for n in schedule(trial) if trial.arms[n.arm] == WITH}
    return {date: y + effect * (date in on) for date, y in values.items()}


def with_order(trial, order):
    return Plan(**{**vars(trial), "order": order})


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(6, 7))
def test_the_coin_alone_decides_how_often_p_is_small(seed, pairs):
    """Over all orders that could have been drawn for the same nights, p <= x in at most x."""
    trial = plan(pairs=pairs, nights=2)
    values = simulated(trial, np.random.default_rng(seed), 0.0, sd=1.0, likeness=0.7)
    orders = itertools.product(("AB", "BA"), repeat=pairs)
    found = [analyse(with_order(trial, order), values).p for order in orders]
    for p in set(found):
        assert sum(other <= p for other in found) <= p * len(found) + 1e-9
    assert min(found) == 2 / 2**pairs


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 8), st.floats(-2, 2))
def test_the_interval_is_what_the_test_does_not_refuse(seed, pairs, effect):
    trial = plan(seed, pairs=pairs)
    rng = np.random.default_rng(seed)
    values = shifted(trial, simulated(trial, rng, 0.0, missing=0.2), effect)
    found = analyse(trial, values)
    width = found.high - found.low
    assert found.low <= found.effect <= found.high
    for end, inside in ((found.low, 1), (found.high, -1)):
        kept = analyse(trial, shifted(trial, values, -(end + inside * 1e-6 * width)))
        refused = analyse(trial, shifted(trial, values, -(end - inside * 1e-6 * width)))
        assert refused.p <= 0.05 < kept.p
    assert found.level >= 0.95
    assert (found.p <= 0.05) == (not found.low <= 0 <= found.high)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(-2, 2), st.floats(-0.2, 0.2))
def test_an_effect_and_a_drift_are_told_apart(seed, effect, drift):
    """An effect moves the estimate by itself; a level and a straight drift do not."""
    trial = plan(seed)
    values = simulated(trial, np.random.default_rng(seed), 0.0)
    days = {night.date: night.day for night in schedule(trial)}
    moved = {date: y + 3 + drift * days[date] for date, y in values.items()}
    before, after = analyse(trial, values), analyse(trial, shifted(trial, moved, effect))
    assert after.effect == pytest.approx(before.effect + effect, abs=1e-9)
    assert after.low == pytest.approx(before.low + effect, abs=1e-9)


def fitted(trial, values, order):
    """How much of the sum of squares an order's arms explain beyond mean and drift, and the
    effect: by regression of the whitened nights, as in any textbook."""
    nights = [n for n in schedule(with_order(trial, order)) if n.counts and n.date in values]
    days = np.array([n.day for n in nights])
    white = np.linalg.inv(np.linalg.cholesky(0.3 ** abs(days[:, None] - days)))
    y = white @ [values[n.date] for n in nights]
    arm = [trial.arms[n.arm] == WITH for n in nights]
    course = white @ np.column_stack([np.ones(len(days)), days])
    both = np.column_stack([course, white @ arm])
    left = [y - x @ np.linalg.lstsq(x, y, rcond=None)[0] for x in (course, both)]
    return left[0] @ left[0] - left[1] @ left[1], np.linalg.lstsq(both, y, rcond=None)[0][2]


@pytest.mark.parametrize("seed", range(4))
def test_estimate_and_p_are_those_of_a_regression_for_every_order(seed):
    trial = plan(seed, washout=seed == 3)
    values = simulated(trial, np.random.default_rng(seed), -0.3, missing=0.2)
    found = analyse(trial, values)
    explained, effect = fitted(trial, values, trial.order)
    orders = itertools.product(("AB", "BA"), repeat=6)
    as_far = sum(fitted(trial, values, order)[0] >= explained - 1e-9 for order in orders)
    assert found.effect == pytest.approx(effect)
    assert (found.as_far, found.p) == (as_far, as_far / 64)


@pytest.mark.parametrize("pairs", [4, 5])
def test_four_or_five_pairs_give_no_p(pairs):
    trial = plan(pairs=pairs)
    found = analyse(trial, simulated(trial, np.random.default_rng(1), -0.9, missing=0))
    assert found.p is None
    assert found.smallest_p == 2 / 2**pairs > 0.05
    assert found.level == 1 - 2 / 2**pairs
    assert change(found.high) < -0.5


def test_a_pair_without_nights_takes_its_coin_with_it():
    trial = plan(pairs=6)
    values = simulated(trial, np.random.default_rng(1), -0.5, missing=0)
    for night in schedule(trial):
        if night.pair == 2:
            del values[night.date]
    found = analyse(trial, values)
    assert (found.used, found.orders, found.p, found.smallest_p) == (5, 32, None, 2 / 32)


@pytest.mark.parametrize("there", [0, 6])
def test_fewer_than_two_pairs_say_nothing(there):
    trial = plan()
    values = dict(list(simulated(trial, np.random.default_rng(1), 0, missing=0).items())[:there])
    found = analyse(trial, values)
    assert (found.effect, found.low, found.p) == (None, None, None)


def test_washout_leaves_out_the_first_night_of_each_block():
    trial = plan(washout=True)
    values = simulated(trial, np.random.default_rng(1), 0.0, missing=0)
    wild = {n.date: 99.0 if not n.counts else values[n.date] for n in schedule(trial)}
    assert sum(not n.counts for n in schedule(trial)) == 12
    assert analyse(trial, wild) == analyse(trial, values)


def test_a_night_without_movements_counts():
    assert outcome(0, 7200) == math.log(0.25)
    assert outcome(49, 3600) == pytest.approx(math.log(49.5))


def test_operating_characteristics_in_small():
    """The large version is in make accuracy."""
    rng, called, covered, found = np.random.default_rng(7), 0, 0, 0
    for _ in range(200):
        trial = redrawn(plan(), rng)
        null = analyse(trial, simulated(trial, rng, 0.0))
        called += null.p is not None and null.p <= 0.05
        half = analyse(trial, simulated(trial, rng, -0.5))
        found += half.p is not None and half.p <= 0.05
        covered += half.low <= math.log(0.5) <= half.high
    assert called <= 12
    assert found >= 155
    assert covered >= 186


def power(shape, change, sd):
    return prospect(plan(), shape, sd, 27).power[change]


@pytest.mark.slow
def test_power_is_at_the_persons_own_variation():
    assert power(Shape(6, 3), -0.5, 0.2) > 0.95
    assert power(Shape(6, 3), -0.5, 1.0) < 0.5
    assert power(Shape(5, 3), -0.5, 0.01) == 0.0


def test_at_36_nights_many_short_blocks_find_more_and_survive_a_lost_week():
    many, few = (prospect(plan(), shape, USUAL_SD, 27) for shape in (SHAPES[0], Shape(6, 3)))
    assert (many.length, few.length) == (36, 36)
    assert (many.power[-0.5] > 0.95, few.power[-0.5] < 0.9) == (True, True)
    assert many.power[-0.3] > 0.5 > few.power[-0.3]
    assert (many.lost > 0.9, few.lost < 0.6) == (True, True)


def test_an_effect_that_fades_reads_smaller_and_a_washout_helps():
    plain, washed = (
        prospect(plan(), Shape(8, 3, washout), USUAL_SD, 27).faded for washout in (False, True)
    )
    assert -0.42 < plain < -0.38  # two nights' fading on blocks of three
    assert -0.5 < washed < plain


def items(plms):
    return [
        {"night": f"2025-12-{day:02d}", "label": "", "leg": "left", "rules": "wasm2016"}
        | {"device": "d", "session": f"{day}", "start": f"2025-12-{day:02d}T22:00:00+00:00"}
        | {"clock": "known", "recorded_s": 25200, "in_bed_s": 25200, "flags": [], "series_plm": []}
        | {"counts": {"lm": plm, "clm": plm, "plm": plm}}
        for day, plm in enumerate(plms, 1)
    ]


@pytest.mark.slow
def test_the_spread_of_few_nights_is_drawn_towards_the_published_one():
    wild = (20, 900, 30, 600, 10, 1000, 50, 700)
    told = chances(plan(), items(wild), START)
    own = np.std([outcome(plm, 25200) for plm in wild], ddof=1)
    assert told.nights == 8
    assert USUAL_SD < told.sd < 0.75 * own
    few = chances(plan(), items(wild[:3]), START)
    assert (few.nights, few.sd) == (0, USUAL_SD)
    many = np.random.default_rng(1).normal(0, 1.0, 40)
    assert own_sd(many)[0] == pytest.approx(np.std(many, ddof=1))


def test_power_is_told_as_a_range_and_other_plans_are_offered():
    told = chances(plan(), [], START)
    low, high = told.mine.between[-0.5]
    assert high - low > 0.35
    assert low <= told.mine.power[-0.5] <= high
    assert [each.shape for each in told.others] == list(SHAPES)


def test_the_coin_is_fair_and_blocks_follow_each_other():
    orders = [plan(seed).order for seed in range(400)]
    share = sum(order.count("AB") for order in orders) / 2400
    assert 0.46 < share < 0.54
    nights = schedule(plan(nights=2))
    assert [n.date for n in nights] == sorted({n.date for n in nights})
    assert len(nights) == 24
    for pair in range(6):
        arms = [n.arm for n in nights if n.pair == pair]
        assert arms in (["A", "A", "B", "B"], ["B", "B", "A", "A"])


def test_the_bottles_of_a_blind_trial_are_drawn_too():
    assert {plan(seed, blind=True).arms["A"] for seed in range(20)} == {"with", "without"}
    assert {plan(seed).arms["A"] for seed in range(20)} == {"with"}


@pytest.mark.parametrize(
    "more",
    [{"pairs": 3}, {"pairs": 13}, {"nights": 0}, {"nights": 1, "washout": True}, {"min_hours": 0}],
)
def test_plans_that_can_not_be(more):
    with pytest.raises(BadInput):
        plan(**more)


def test_nights_of_two_detectors_are_told_apart():
    trial = plan()
    dates = [night.date for night in schedule(trial)]
    seen = [item | {"night": date} for item, date in zip(items([40] * 4), dates, strict=False)]
    tonight = dt.date.fromisoformat(dates[-1])
    assert observe(trial, seen, {}, tonight).detectors == {}
    updated = [*seen[:2], *(item | {"detector": 2} for item in seen[2:])]
    told = observe(trial, updated, {}, tonight)
    assert told.detectors == {1: dates[:2], 2: dates[2:4]}
    assert any("two detectors" in sentence for sentence in deviations(trial, told))
