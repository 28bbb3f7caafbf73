"""The page for a doctor: what it tells, and that it stays one side."""

import re

import pytest
from anklet.archive.journal import Journal
from anklet.archive.longterm import LongTerm
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import BadInput
from anklet.report import letter
from anklet.texts import day, short_day
from anklet.web.server import create_app
from trialnights import date, file_night

NIGHTS = 40


@pytest.fixture
def home(tmp_path):
    """Forty nights; from the twentieth on a medicine, and a fifth of the movements."""
    path = tmp_path / "archive"
    for n in range(NIGHTS):
        file_night(path, n, 7 * (20 + n % 5) if n < 20 else 7 * (4 + n % 3))
    diary = Journal(path)
    for n in range(20, NIGHTS):
        if n != 30:  # forgotten once
            diary.set(date(n), {"medicine": "<b>pramipexole 0.18 mg"}, "")
    diary.set(date(2), {"magnesium_mg": 300}, "")
    diary.set(date(3), {"magnesium_mg": 0}, "")
    return path


def text(page):
    return " ".join(
        re.sub("<.*?>", " ", re.sub("<style>.*?</style>", "", page, flags=re.S)).split()
    )


def test_it_tells_the_baseline_with_its_interval_and_hours(home):
    seen = text(letter.html(Archive(home)))
    assert (
        f"Left leg, 40 nights from {day(date(0))} to {day(date(39))} with at least 4 hours in bed"
        in seen
    )
    assert re.search(
        r"13 periodic leg movements \(PLM\) per hour in bed \(median; 95 % interval [\d.]+ to",
        seen,
    )
    assert "lowest 4, highest 24" in seen
    assert seen.startswith("For a doctor") and "Name ____" in seen


def test_medicines_stand_with_their_dates_and_a_forgotten_night_ends_none(home):
    page = letter.html(Archive(home))
    assert "&lt;b&gt;pramipexole" in page and "<b>pram" not in page
    seen = text(page)
    assert (
        f"pramipexole 0.18 mg ({short_day(date(20))} to {short_day(date(39))}, noted on 19 nights)"
        in seen
    )
    assert f"Magnesium 300 mg ({short_day(date(2))})" in seen and "Magnesium 0" not in seen


def test_dated_medicines_and_blood_tests_stand_on_it_with_what_changed(home):
    kept = LongTerm(Journal(home))
    kept.take("", "<i>levodopa", "50 mg", date(-60), date(-30))
    kept.take("", "gabapentin", "300 mg", date(20))
    kept.test("", date(-100), "45 ng/mL")
    page = letter.html(Archive(home))
    assert "&lt;i&gt;levodopa" in page
    seen = text(page)
    assert f"levodopa 50 mg ({date(-60)} to {date(-30)})" in seen
    assert f"gabapentin 300 mg (since {date(20)}, still)" in seen
    assert f"Ferritin 45 \N{MICRO SIGN}g/L ({date(-100)})" in seen
    assert (
        f"gabapentin 300 mg, begun {short_day(date(20))}, left leg: median 22 PLM per hour before"
        in seen
    )
    assert (
        f"Magnesium 300 mg ({short_day(date(2))})" in seen
    )  # beside them, what was noted by evening


def test_what_changed_is_described_and_not_tested(home):
    seen = text(letter.html(Archive(home)))
    told = "left leg: median 22 PLM per hour before (20 nights), 5 since (20)."
    told = f"begun {short_day(date(20))}, {told}"
    assert told in seen
    assert "Described, not tested" in seen


def test_limits_stand_on_it_and_nothing_is_fetched(home):
    page = letter.html(Archive(home))
    assert "does not diagnose" in page and "not a PLMS index" in page
    assert not re.search(r"<script|src=|url\(|http", page)


def test_without_a_night_there_is_nothing_to_tell(tmp_path):
    with pytest.raises(BadInput, match="nothing to tell"):
        letter.html(Archive(tmp_path))


def test_the_command_and_the_page(home, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ANKLET_HOME", str(home))
    out = tmp_path / "doctor.html"
    assert main(["report", "--doctor", "--out", str(out)]) == 0
    assert "measured at home" in out.read_text(encoding="utf-8")
    answer = create_app(home, "t").test_client().get("/t/doctor")
    assert "measured at home" in answer.text and "Back to Anklet" in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
