"""Ways to bend a trial's result, and that none of them works."""

import json

import pytest
from accuracy.trials import ATTACKS, attacked
from anklet.archive.journal import Journal
from anklet.cli import main
from anklet.trial import CLOCK, course
from anklet.trial.plan import schedule
from anklet.trial.seal import Trials
from trialnights import date, evening, file_night

BOARD = "e6614103e7452b2f"
PLAN = ("trial", "plan", "magnesium_mg=300", "--pairs", "6", "--nights", "3", "--no-washout")


@pytest.fixture
def run(home, capsys):
    def run(*words, code=0):
        """What a command printed, or its sentence where it has to fail."""
        assert main(list(words)) == code
        out, err = capsys.readouterr()
        if code:
            assert (out, err.count("\n")) == ("", 1)
            return err
        return json.loads(out) if "--json" in words else " ".join(out.split())

    return run


@pytest.fixture
def slept(home, run, monkeypatch):
    """A trial of something that halves the movements, but for two nights with that spoil it;
    returns those."""

    def slept(until=36, spoilt=False):
        run(*PLAN, "--seed", "5")
        with_ = nights_with(home)
        bad = with_[1:8:6] if spoilt else []
        for day in range(until):
            plm = 150 * (1 + 0.1 * ((day * 37 % 11) - 5) / 5) * (0.5 if day in with_ else 1)
            file_night(home, day, 9000 if day in bad else round(plm))
        evening(monkeypatch, until)
        return bad

    return slept


def take(run, day):
    return run("trial", "tonight", "--night", date(day), "--json")["take"]


def hide(home, day):
    Journal(home).hide(BOARD, f"{day + 1:05d}-00000000", "it was a bad night")


def nights_with(home):
    plan = Trials(home).sealed()[-1]
    return [night.day for night in schedule(plan) if plan.asks(night.arm)]


def test_a_night_hidden_after_a_look_stays_in(home, run, slept):
    bad = slept(spoilt=True)
    before = run("trial", "result", "--json")
    for day in bad:
        hide(home, day)
    after = run("trial", "result", "--json")
    assert after["done"]["hidden_after_a_look"] == [date(day) for day in bad]
    for name in ("p", "change", "low", "high", "says"):
        assert after[name] == before[name]
    assert after["beside"]["without the hidden nights"]["p"] < before["p"]
    assert (before["says"], after["says"]) == ("cannot tell", "cannot tell")


def test_a_night_hidden_before_a_look_needs_both_analyses(home, run, slept):
    for day in slept(spoilt=True):
        hide(home, day)
    text = run("trial", "result")
    assert "do not all agree" in text
    assert "The analysis with every night, hidden or not: " in text
    (given,) = Trials(home).events(Trials(home).sealed()[0].id, course.GIVEN)
    assert (given["p"] <= 0.05, given["says"]) == (True, "cannot tell")


def test_hiding_and_showing_again_does_not_count_as_early(home, run, slept):
    slept()
    hide(home, 1)
    Journal(home).show(BOARD, "00002-00000000")
    run("trial", "result")
    hide(home, 1)
    assert run("trial", "result", "--json")["done"]["hidden_after_a_look"] == [date(1)]


def test_a_night_kept_back_until_the_result_was_seen_has_to_agree_with_it(home, run, slept):
    slept()
    late = nights_with(home)[1:8:6]
    first = run("trial", "result", "--json")
    assert first["says"] == "fewer"
    for day in late:
        file_night(home, day, 9000, hours=8)  # a longer session of the same night
    after = run("trial", "result", "--json")
    assert "with the nights of the first result" in after["beside"]
    assert after["says"] == "cannot tell"


def test_every_look_and_result_is_logged_with_what_was_seen(home, run, slept, monkeypatch):
    slept(until=20)
    early = run("trial", "result", "--json")
    assert (early["low"], early["high"], early["p"], early["pairs"]) == (None, None, None, [])
    with_ = nights_with(home)
    for day in range(20, 36):
        file_night(home, day, 50 if day in with_ else 100)
    evening(monkeypatch, 36)
    run("trial", "result")
    trial = Trials(home).sealed()[0].id
    (look,) = Trials(home).events(trial, course.LOOKED)
    (given,) = Trials(home).events(trial, course.GIVEN)
    assert look["effect"] is not None and look["low"] is None and len(look["values"]) == 20
    assert given["p"] == 2 / 64 and given["says"] == "fewer"


def test_a_trial_given_up_shows_no_interval_either(run, slept):
    slept(until=20)
    run("trial", "stop", "--why", "it looks good")
    found = run("trial", "result", "--json")
    assert (found["low"], found["p"], found["says"]) == (None, None, "cannot tell")


def test_trials_of_the_same_that_were_given_up_are_named(run, slept):
    run(*PLAN, "--seed", "1")
    run("trial", "stop", "--why", "a bad order")
    slept()
    found = run("trial", "result", "--json")
    assert len(found["given_up_before"]) == 1
    assert "was given up (a bad order)" in run("trial", "result")


def test_compare_points_to_a_running_trial_and_a_look_through_it_is_a_look(home, run, slept):
    slept(until=30)
    Journal(home).set(date(0), {"magnesium_mg": 0 if take(run, 0).endswith("=0") else 300})
    Journal(home).set(date(1), {"urge": 4})
    Journal(home).set(date(2), {"urge": 7})
    assert "anklet trial result" in run("compare", "magnesium_mg", code=2)
    told = run("compare", "urge")
    assert "counts as a look" in told
    trial = Trials(home).sealed()[0].id
    (look,) = Trials(home).events(trial, course.LOOKED)
    assert look["how"] == "compare urge"
    hide(home, 3)
    seen = run("trial", "result", "--json")
    assert seen["done"]["hidden_after_a_look"] == [date(3)]


def test_a_seed_is_for_a_simulated_clock_and_stands_in_the_result(run, slept, monkeypatch):
    slept()
    assert "Drawn with seed 5" in run("trial", "result")
    monkeypatch.delenv(CLOCK)
    assert "simulated clock" in run(*PLAN, "--seed", "5", code=2)


def test_a_simulated_clock_does_not_end_a_real_trial(run, monkeypatch):
    monkeypatch.delenv(CLOCK)
    run(*PLAN)
    monkeypatch.setenv(CLOCK, "2099-01-05T21:00")
    assert f"unset {CLOCK}" in run("trial", "result", code=2)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_raises_false_differences(attack):
    """1,000 null trials each are in make accuracy; here as many as show an attack that works:
    the naive analysis of the nights left after hiding two calls a difference in a fifth."""
    called, naive = attacked(attack, trials=40)
    assert called <= 5
    if attack == "two nights hidden":
        assert naive >= 4
