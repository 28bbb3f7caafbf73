"""The journal's pages: what a tap notes, medicines by their days, blood tests."""

import html
import re

import pytest
from anklet.archive.journal import Journal
from anklet.archive.longterm import LongTerm, Medicine
from anklet.archive.store import Archive
from anklet.web.server import create_app
from nightbytes import add_to, whole

TOKEN = "secret"
NIGHT = "2026-11-21"


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "archive"
    add_to(Archive(path), whole())
    return path


@pytest.fixture
def client(home):
    return create_app(home, TOKEN).test_client()


def get(client, path):
    answer = client.get(f"/{TOKEN}{path}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def post(client, path, **form):
    origin = {"Origin": "http://localhost"}
    answer = client.post(f"/{TOKEN}{path}", data=form, headers=origin, follow_redirects=True)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def chips(page):
    """What each says, what it sends, and whether it is pressed."""
    found = re.findall(r'name="chip" value="([^"]*)" aria-pressed="(\w+)">([^<]*)<', page)
    return {says: (sends, pressed == "true") for sends, pressed, says in found}


def test_what_a_person_notes_most_is_one_tap_with_dose_and_unit(client, home):
    diary = Journal(home)
    for day in range(1, 20):
        values = {"magnesium_mg": 300 if day % 3 else 150, "urge": 5, "route": "oral"}
        diary.set(f"2026-11-{day:02d}", values | {"antidepressant": "sertraline 50 mg"}, "bed")
    diary.set("2026-09-01", {"caffeine_mg": 90}, "bed")
    diary.set(NIGHT, {"iron_mg": 14}, "ben")
    found = chips(get(client, f"/journal?night={NIGHT}&label=bed"))
    assert found == {
        "sertraline 50 mg": ("antidepressant=sertraline 50 mg", False),
        "Magnesium 300 mg": ("magnesium_mg=300", False),
        "Magnesium 150 mg": ("magnesium_mg=150", False),
    }  # the most often first; never how it was, of long ago, or of somebody else
    assert list(found)[:2] == ["sertraline 50 mg", "Magnesium 300 mg"]


def test_a_tap_notes_it_with_all_that_was_filled_in_and_another_takes_it_back(client, home):
    diary = Journal(home)
    diary.set("2026-11-20", {"magnesium_mg": 300}, "bed")
    form = {"night": NIGHT, "label": "bed", "magnesium_mg": "", "was_magnesium_mg": ""}
    page = post(client, "/journal", chip="magnesium_mg=300", urge="4", was_urge="", **form)
    assert diary.entries("bed")[NIGHT] == {"magnesium_mg": 300, "urge": 4}
    assert chips(page)["Magnesium 300 mg"] == ("magnesium_mg=", True)
    form |= {"magnesium_mg": "300", "was_magnesium_mg": "300"}
    post(client, "/journal", chip="magnesium_mg=", **form)
    assert diary.entries("bed")[NIGHT] == {"urge": 4}


def test_a_tap_beside_something_wrong_stays_filled_in(client, home):
    form = {"night": NIGHT, "label": "bed", "magnesium_mg": "", "was_magnesium_mg": ""}
    page = post(client, "/journal", chip="magnesium_mg=300", caffeine_mg="lots", **form)
    assert "Nothing was saved yet" in page and "data-unsaved" in page
    assert 'name="magnesium_mg" value="300"' in page and 'value="lots"' in page
    assert Journal(home).entries() == {}


def test_enter_in_a_field_saves_and_presses_no_tap(client, home):
    """The first button of a form is the one that Enter presses."""
    Journal(home).set("2026-11-20", {"magnesium_mg": 300}, "bed")
    page = get(client, f"/journal?night={NIGHT}&label=bed")
    form = page[page.index('id="entries"') :]
    assert "name=" not in form[form.index("<button") : form.index("</button>")]


def test_a_medicine_is_added_ended_and_taken_off(client, home):
    kept = LongTerm(Journal(home))
    form = {"name": "<b>pramipexole", "dose": "0.18 mg", "since": "2026-10-01"}
    assert "Saved." in post(client, "/journal/medicines", **form)
    assert "since 2026-10-01, still" in get(client, "/journal/medicines")
    assert "Medicines: <b>pramipexole 0.18 mg" in get(client, f"/journal?night={NIGHT}")
    assert "Medicines: " not in get(client, "/journal?night=2026-09-30")
    post(client, "/journal/medicines", until="2026-11-02", **form)
    assert kept.medicines() == [Medicine(**form, until="2026-11-02")]
    post(client, "/journal/medicines/untake", name=form["name"], since="2026-10-01")
    assert kept.medicines() == []


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("medicines", {"name": "iron", "dose": "", "since": "2026-10-01"}, "Say its dose"),
        ("medicines", {"name": "iron", "dose": "1 mg", "since": "2999-10-01"}, "can't be"),
        ("ferritin", {"value": "45 mg", "date": "2026-10-01"}, "Ferritin has to be"),
        ("ferritin", {"value": "", "date": "2026-10-01"}, "Ferritin has to be"),
        ("ferritin", {"value": "45", "date": ""}, "as a date"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form_and_stays_filled_in(client, home, path, form, says):
    page = post(client, f"/journal/{path}", **form)
    assert says in page[page.index('class="wrong"') :] and "data-unsaved" in page
    for value in form.values():
        assert f'value="{value}"' in page
    assert not (home / "journal.jsonl").exists()


def test_a_blood_test_is_added_and_taken_off(client, home):
    assert "2026-09-20: 45 \N{MICRO SIGN}g/L" in post(
        client, "/journal/ferritin", value="45 ng/mL", date="2026-09-20"
    )
    post(client, "/journal/ferritin", back="1", date="2026-09-20")
    assert LongTerm(Journal(home)).ferritin() == []


def test_several_people_have_to_choose(client, home):
    Journal(home).set(NIGHT, {"urge": 1}, "ben")
    Journal(home).set(NIGHT, {"urge": 1}, "anna")
    assert "Whose nights?" in get(client, "/journal/medicines")
    post(client, "/journal/ferritin", value="45", date="2026-09-20", label="ben")
    assert LongTerm(Journal(home)).ferritin("anna") == []
    assert "2026-09-20: 45" in get(client, "/journal/medicines?label=ben")
