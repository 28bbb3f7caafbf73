"""Medicines by their days, and ferritin: what is kept, what ends what, and what is refused."""

import datetime as dt
import json

import pytest
from anklet.archive.journal import Journal
from anklet.archive.longterm import LongTerm, Medicine
from anklet.archive.store import Archive
from anklet.archive.verify import verify
from anklet.errors import BadInput

TODAY = dt.date(2026, 11, 24)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "archive")


@pytest.fixture
def kept(journal):
    return LongTerm(journal)


def test_a_medicine_is_still_taken_until_its_last_day_is_said(kept):
    kept.take("bed", " pramipexole ", "0.18 mg", "2026-10-01", today=TODAY)
    (one,) = kept.medicines("bed")
    assert one == Medicine("pramipexole", "0.18 mg", "2026-10-01")
    assert one.when == "since 2026-10-01, still"
    assert [one.at(day) for day in ("2026-09-30", "2026-10-01", "2030-01-01")] == [
        False,
        True,
        True,
    ]
    kept.take("bed", "Pramipexole", "0.18 mg", "2026-10-01", "2026-11-03", today=TODAY)
    (one,) = kept.medicines("bed")
    assert one.when == "2026-10-01 to 2026-11-03" and not one.at("2026-11-04")


def test_another_dose_ends_the_one_before_it(kept):
    kept.take("bed", "pramipexole", "0.18 mg", "2026-10-01", today=TODAY)
    kept.take("bed", "iron", "100 mg", "2026-10-05", today=TODAY)
    kept.take("bed", "Pramipexole", "0.35 mg", "2026-11-01", today=TODAY)
    kept.take("bed", "pramipexole", "0.09 mg", "2026-09-01", "2026-09-10", today=TODAY)
    assert [(one.dose, one.when) for one in kept.medicines("bed")] == [
        ("0.09 mg", "2026-09-01 to 2026-09-10"),
        ("0.18 mg", "2026-10-01 to 2026-10-31"),
        ("100 mg", "since 2026-10-05, still"),
        ("0.35 mg", "since 2026-11-01, still"),
    ]
    kept.untake("bed", "PRAMIPEXOLE", "2026-11-01")
    assert "since 2026-10-01, still" in [one.when for one in kept.medicines("bed")]


def test_blood_tests_stand_by_their_day(kept):
    kept.test("bed", "2026-09-20", "45 ng/mL", today=TODAY)
    kept.test("bed", "2025-03-01", "18,5 \N{MICRO SIGN}g/L", today=TODAY)
    assert kept.ferritin("bed") == [("2025-03-01", 18.5), ("2026-09-20", 45)]
    kept.test("bed", "2026-09-20", "54", today=TODAY)
    kept.test("bed", "2025-03-01", "", today=TODAY)
    assert kept.ferritin("bed") == [("2026-09-20", 54)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("", "1 mg", "2026-10-01", ""), "Say the medicine"),
        (("x" * 61, "1 mg", "2026-10-01", ""), "60 letters"),
        (("iron", " ", "2026-10-01", ""), "Say its dose"),
        (("iron", "1 mg", "", ""), "Say the first day as a date"),
        (("iron", "1 mg", "2026-11-25", ""), "today, 2026-11-24"),
        (("iron", "1 mg", "0026-10-01", ""), "can't be the first day"),
        (("iron", "1 mg", "2026-10-02", "2026-10-01"), "before the first"),
        (("iron", "1 mg", "2026-10-02", "soon"), "the last day"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_is_written(kept, journal, given, says):
    with pytest.raises(BadInput, match=says):
        kept.take("bed", *given, today=TODAY)
    assert not journal.file.exists()


@pytest.mark.parametrize("value", ["0", "45 mg", "45 pmol/L", "many", "20000"])
def test_a_value_of_another_unit_is_refused(kept, journal, value):
    with pytest.raises(BadInput, match="Ferritin has to be a number from 1 to 10000"):
        kept.test("bed", "2026-09-20", value, today=TODAY)
    assert not journal.file.exists()


def test_people_are_kept_apart_and_the_evenings_entries_are_not_touched(kept, journal):
    journal.set("2026-11-21", {"urge": 6}, "anna")
    kept.take("anna", "iron", "100 mg", "2026-10-05", today=TODAY)
    kept.take(None, "levodopa", "50 mg", "2026-10-05", today=TODAY)
    kept.test("ben", "2026-09-20", "45", today=TODAY)
    assert [one.name for one in kept.medicines("anna")] == ["iron", "levodopa"]
    assert [one.name for one in kept.medicines("ben")] == ["levodopa"]
    assert kept.ferritin("anna") == []
    assert journal.entries("anna") == {"2026-11-21": {"urge": 6}}
    assert journal.labels() == {"anna", "ben"}


def test_what_somebody_wrote_into_the_file_is_passed_over(kept, journal):
    kept.take("bed", "iron", "100 mg", "2026-10-05", today=TODAY)
    lines = [
        {"label": "bed", "medicine": "x", "since": "soon", "dose": "1", "until": None},
        {"label": "bed", "medicine": 5, "since": "2026-10-05", "dose": "1", "until": None},
        {"label": ["bed"], "medicine": "x", "since": "2026-10-05", "dose": "1", "until": None},
        {"medicine": "x", "since": "2026-10-05", "dose": "1", "until": None},
        {"label": "bed", "ferritin": "45", "date": "2026-10-05"},
        {"label": "bed", "ferritin": -1, "date": "2026-10-05"},
        {"label": "bed", "ferritin": 45, "date": "2026-13-05"},
    ]
    with journal.file.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    assert [one.name for one in kept.medicines("bed")] == ["iron"]
    assert kept.ferritin("bed") == []


def test_the_lines_are_checked_like_the_others(kept, journal):
    kept.take("bed", "iron", "100 mg", "2026-10-05", today=TODAY)
    kept.test("bed", "2026-09-20", "45", today=TODAY)
    assert not verify(Archive(journal.path)).wrong
    journal.file.write_bytes(journal.file.read_bytes().replace(b"100 mg", b"900 mg"))
    assert verify(Archive(journal.path)).wrong
