"""The journal: what is kept, what is refused, and that a change never erases another."""

import datetime as dt
import json

import pytest
from anklet.archive.journal import Journal, label_of, night_of, tonight
from anklet.archive.journalkeys import KEYS, check, parse
from anklet.errors import ArchiveUnwritable, BadInput

NIGHT = "2026-11-21"
TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "archive")


def test_the_latest_value_stands_and_every_change_is_kept(journal):
    journal.set(NIGHT, {"magnesium_mg": 300, "urge": 6})
    journal.set(NIGHT, {"magnesium_mg": 150})
    journal.set(NIGHT, {"urge": None})
    assert journal.entries() == {NIGHT: {"magnesium_mg": 150}}
    assert [line["set"] for line in journal.history(NIGHT)] == [
        {"magnesium_mg": 300, "urge": 6},
        {"magnesium_mg": 150},
        {"urge": None},
    ]
    assert len(journal.file.read_text().splitlines()) == 3


def test_what_changes_nothing_is_not_written(journal):
    journal.set(NIGHT, {"urge": 6})
    assert journal.set(NIGHT, {"urge": 6, "iron_mg": None}) == {}
    assert len(journal.history(NIGHT)) == 1


def test_labels_are_kept_apart(journal):
    journal.set(NIGHT, {"urge": 6}, label="anna")
    journal.set(NIGHT, {"urge": 2}, label="")
    assert journal.entries("anna") == {NIGHT: {"urge": 6}}
    assert journal.entries("") == {NIGHT: {"urge": 2}}
    assert journal.entries("ben") == {}


def test_what_was_noted_before_there_was_a_label_counts_for_it(journal):
    journal.set(NIGHT, {"urge": 6}, label=None)
    assert journal.entries("anna") == {NIGHT: {"urge": 6}}


def test_a_torn_line_loses_itself_alone(journal):
    journal.set(NIGHT, {"urge": 6})
    with journal.file.open("ab") as file:
        file.write(b'{"at": "2026-11-21T20:31:07+00:00", "ni')
    assert journal.entries() == {NIGHT: {"urge": 6}}
    journal.set(NIGHT, {"iron_mg": 14})
    assert journal.entries() == {NIGHT: {"urge": 6, "iron_mg": 14}}


@pytest.mark.parametrize(
    "line",
    [
        '{"at": "x", "night": "2026-11-21", "label": "", "set": {"urge": "<b>"}}',
        '{"at": "x", "night": "2026-11-21", "label": "", "set": {"urge": NaN}}',
        '{"at": "x", "night": "2026-11-21", "label": "", "set": {"later": 1}}',
        '{"at": "x", "night": "../..", "label": "", "set": {"urge": 1}}',
        '{"at": 1, "night": "2026-11-21", "label": [], "set": {"urge": 1}}',
        '{"hide": "all", "why": "x"}',
        "[1]",
        "\udcff",
    ],
)
def test_a_line_that_is_none_of_ours_is_passed_over(journal, line):
    journal.set(NIGHT, {"iron_mg": 14})
    with journal.file.open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    assert journal.entries() == {NIGHT: {"iron_mg": 14}}
    assert journal.hidden() == set()


def test_a_session_is_hidden_with_a_reason_and_shown_again(journal):
    journal.hide("dev", "00001-1a2b3c4d", "the strap was\nloose")
    assert journal.hidden() == {("dev", "00001-1a2b3c4d")}
    assert journal.reasons() == {("dev", "00001-1a2b3c4d"): "the strap was loose"}
    journal.show("dev", "00001-1a2b3c4d")
    assert journal.hidden() == set()
    with pytest.raises(BadInput, match="why"):
        journal.hide("dev", "00001-1a2b3c4d", "  ")


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["magnesium_mg=300", "route=Oral"], {"magnesium_mg": 300, "route": "oral"}),
        (["alcohol_g=12.5"], {"alcohol_g": 12.5}),
        (["urge="], {"urge": None}),
        (["text=a = b"], {"text": "a = b"}),
        (["legs restless from nine, urge=6"], {"text": "legs restless from nine, urge=6"}),
        (["antidepressant=Sertraline 50 mg"], {"antidepressant": "Sertraline 50 mg"}),
    ],
)
def test_what_a_person_types(words, values):
    assert parse(words) == values


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("magnesium=300", "magnesium_mg"),
        ("urge=11", "from 0 to 10"),
        ("urge=-1", "from 0 to 10"),
        ("urge=6.5", "whole number"),
        ("caffeine_mg=nan", "from 0 to 2000 mg"),
        ("caffeine_mg=1e3", "from 0 to 2000 mg"),
        ("route=nose", "food, oral, skin"),
        ("text=" + "x" * 2001, "2000 letters"),
        ("magnesium_mg", "KEY=VALUE"),
        ("=300", "KEY=VALUE"),
    ],
)
def test_what_can_not_be_is_refused_with_what_is_allowed(word, says):
    with pytest.raises(BadInput, match=says) as caught:
        parse([word])
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_refused_value_keeps_the_others_out(journal):
    with pytest.raises(BadInput):
        journal.set(NIGHT, {"iron_mg": 14, "urge": 99})
    assert not journal.path.exists()


def test_bounds_are_inclusive():
    for key, item in KEYS.items():
        if item.kind in ("number", "whole"):
            assert (check(key, item.low), check(key, item.high)) == (item.low, item.high)


def test_a_night_runs_from_noon_to_noon():
    assert tonight(dt.datetime(2026, 11, 22, 11, 59)) == dt.date(2026, 11, 21)
    assert tonight(dt.datetime(2026, 11, 22, 12, 0)) == dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-23", "future"),
        ("2026-02-30", "no night"),
        ("the day before", "no night"),
        ("20261121", "no night"),
        ("2025-11-21", "90 days"),
    ],
)
def test_nights_that_can_not_be(text, says):
    with pytest.raises(BadInput, match=says):
        night_of(text, (), TODAY)


def test_nights_that_can_be():
    assert night_of("2026-11-22", (), TODAY) == "2026-11-22"
    assert night_of("2026-10-01", (), TODAY) == "2026-10-01"  # not synced yet
    assert night_of("2025-11-21", {"2025-11-21"}, TODAY) == "2025-11-21"


def test_whose_journal():
    assert label_of(None, []) is None
    assert label_of(None, ["me", "me"]) == "me"
    assert label_of("ben", ["me", "anna"]) == "ben"
    with pytest.raises(BadInput, match="--label"):
        label_of(None, ["me", "anna"])


def test_a_folder_that_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArchiveUnwritable) as caught:
        Journal(tmp_path / "file" / "archive").set(NIGHT, {"urge": 1})
    assert caught.value.exit_code == 8


def test_a_line_is_json_with_the_time_in_utc(journal):
    journal.set(NIGHT, {"text": 'über "x"'}, label="me")
    (line,) = map(json.loads, journal.file.read_text(encoding="utf-8").splitlines())
    assert dt.datetime.fromisoformat(line.pop("at")).utcoffset() == dt.timedelta(0)
    assert len(line.pop("check")) == 16
    assert line == {"night": NIGHT, "label": "me", "set": {"text": 'über "x"'}}
