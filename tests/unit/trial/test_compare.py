"""anklet compare: described, never explained."""

import json

import pytest
from anklet.archive.journal import Journal
from anklet.cli import main
from trialnights import date, file_night


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def lived(home):
    """Twelve nights: magnesium on four with half the movements, other notes on four, none on 4."""
    journal = Journal(home)
    for day in range(12):
        file_night(home, day, (70, 140, 140)[day % 3] + day)
        if day % 3 == 0:
            journal.set(date(day), {"magnesium_mg": 300, "urge": 2})
        elif day % 3 == 1:
            journal.set(date(day), {"caffeine_mg": 90, "urge": 6})
    return home


def compare(capsys, *words):
    assert main(["compare", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out) if "--json" in words else " ".join(out.split())


def test_nights_with_and_without(lived, capsys):
    found = compare(capsys, "magnesium_mg", "--json")
    assert (found["with"]["nights"], found["without"]["nights"]) == (4, 4)
    assert found["low"] < -0.5 < found["high"] < 0
    assert found["shows_cause"] is False
    text = compare(capsys, "magnesium_mg")
    assert "can't show cause" in text
    assert "95 % interval from" in text
    assert "4 nights are left out: the journal does not tell" in text
    assert "On 4 of the nights without, other things were noted" in text
    assert "anklet trial plan magnesium_mg=AMOUNT can" in text
    assert "p =" not in text


def test_a_score_is_split_in_the_middle_or_where_one_says(lived, capsys):
    found = compare(capsys, "urge", "--json")
    assert (found["with_means"], found["with"]["nights"]) == ("urge of 5 or more", 4)
    found = compare(capsys, "urge", "--at-least", "2", "--json")
    assert (found["with"]["nights"], found["change"]) == (8, None)
    assert "trial plan" not in compare(capsys, "urge")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "The journal has no 'nonsense'"),
        (["alcohol_g"], "alcohol_g is noted on none of the 12 recorded nights"),
        (["text", "--at-least", "3"], "text is no number"),
    ],
)
def test_what_can_not_be_compared(lived, capsys, words, told):
    assert main(["compare", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_before_and_after_has_no_interval_and_is_called_that(home, capsys):
    journal = Journal(home)
    for day in range(20):
        file_night(home, day, 150 if day < 10 else 60 + day)
        journal.set(date(day), {"magnesium_mg": 300 if day >= 10 else 0})
    found = compare(capsys, "magnesium_mg", "--json")
    assert (found["low"], found["before_and_after"], found["with"]["runs"]) == (None, True, 1)
    assert "a before and after" in compare(capsys, "magnesium_mg")


def test_what_goes_with_it_is_listed_and_keys_are_counted(home, capsys):
    journal = Journal(home)
    for day in range(20):
        file_night(home, day, 100 + day)
        taken = day % 4 < 2
        journal.set(date(day), {"magnesium_mg": 300 * taken, "caffeine_mg": 90 * taken})
    text = compare(capsys, "magnesium_mg")
    assert "caffeine_mg (on 100 % of the nights with, 0 % without)" in text
    assert "This is item 1 that you have compared" in text
    assert "regression to the mean" in text
    assert "item 2" in compare(capsys, "caffeine_mg")
    assert "item 2" in compare(capsys, "caffeine_mg")


def test_runs_of_nights_count_as_one(home, capsys):
    """Nights in a row are alike whatever was taken: 3 runs of each are 6 numbers, not 60."""
    journal = Journal(home)
    for day in range(60):
        run = day // 10
        file_night(home, day, (100, 140, 120, 150, 90, 130)[run] + day % 3)
        journal.set(date(day), {"magnesium_mg": 300 * (run % 2)})
    found = compare(capsys, "magnesium_mg", "--json")
    assert found["with"]["runs"] == found["without"]["runs"] == 3
    assert found["low"] < found["change"] < found["high"]
    assert found["high"] - found["low"] > 0.3
