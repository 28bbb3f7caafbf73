"""Trials as pages: nothing is seen before its time, and nothing is drawn twice."""

import re

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.trial.course import GIVEN, current
from anklet.trial.plan import schedule
from anklet.trial.seal import Trials
from anklet.web.server import create_app
from icalendar import Calendar
from trialnights import date, evening, file_night

TOKEN = "secret"
SHORT = {"key": "exercise_min", "amount": "30", "pairs": "6", "nights": "1"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    evening(monkeypatch, 0)
    return tmp_path / "archive"


@pytest.fixture
def client(home):
    return create_app(home, TOKEN).test_client()


def get(client, path="/try"):
    answer = client.get(f"/{TOKEN}{path}", follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def post(client, path, **form):
    answer = client.post(
        f"/{TOKEN}{path}", data=form, headers={"Origin": "http://localhost"}, follow_redirects=True
    )
    assert answer.status_code == 200
    return answer.text


def live(home, monkeypatch, noted=True):
    """Every night of the trial, far fewer movements on those with; then the evening after."""
    course = current(Archive(home), None)
    for night in schedule(course.plan):
        takes = course.plan.asks(night.arm) or 0
        file_night(home, night.day, 60 + night.day if takes else 240 + night.day)
        if noted:
            Journal(home).set(night.date, {course.plan.key: takes}, "")
    evening(monkeypatch, course.plan.length)


def test_what_to_expect_is_told_before_anything_is_sealed(client, home):
    page = post(client, "/try/plan", **SHORT)
    assert "A change of -50 % is found in" in page and "12 nights: 6 pairs" in page
    assert "Seal the plan" in page and 'value="30"' in page
    assert not home.exists()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"key": "magnesium_mg", "amount": "2000"}, "too much to plan"),
        ({"key": "alcohol_g", "amount": "10"}, "only be left out"),
        ({"key": "medicine", "amount": "1"}, "not for a trial"),
        ({**SHORT, "start": date(-3)}, "before its first night"),
        ({**SHORT, "pairs": "x"}, "what is offered"),
        ({"key": "caffeine_mg", "blind": "1"}, "without knowing it"),
    ],
)
def test_what_can_not_be_planned_is_told_beside_the_form(client, home, form, says):
    page = post(client, "/try/plan", seal="1", **form)
    assert says in page[page.index('id="wrong-plan"') :]
    assert not home.exists()


def test_a_sealed_trial_shows_how_far_it_is_and_no_result(client, home, monkeypatch):
    page = post(client, "/try/plan", seal="1", **SHORT)
    assert "0 of 12 nights are over" in page and page.count("<rect") == 12
    live(home, monkeypatch)
    evening(monkeypatch, 5)
    page = get(client)
    assert "5 of 12 nights are over" in page and "Done as planned" not in page  # it is noted
    assert "See the result" not in page
    (plan,) = Trials(home).sealed()
    page = post(client, f"/try/result/{plan.id}")
    assert "fewer" not in page and "5 of 12 nights are over" in page
    assert "is planned already" in post(client, "/try/plan", seal="1", **SHORT)
    assert len(Trials(home).sealed()) == 1


def test_the_evenings_of_a_running_trial_go_to_a_calendar_and_on_paper(client, home, monkeypatch):
    post(client, "/try/plan", seal="1", **SHORT)
    (plan,) = Trials(home).sealed()
    path = f"/try/calendar/{plan.id}"
    assert path in get(client)
    answer = client.get(f"/{TOKEN}{path}?at=20:15")
    assert (
        answer.mimetype == "text/calendar"
        and f'"{plan.id}.ics"' in answer.headers["Content-Disposition"]
    )
    starts = {event.decoded("dtstart") for event in Calendar.from_ical(answer.data).walk("VEVENT")}
    assert f"{plan.start} 20:15:00" in set(map(str, starts))
    assert client.get(f"/{TOKEN}{path}?at=late").status_code == 404
    assert get(client, f"{path}?paper=1").count("\N{BALLOT BOX}") == plan.length
    live(home, monkeypatch)
    assert path not in get(client)
    assert client.get(f"/{TOKEN}{path}").status_code == 404


def test_the_result_is_a_page_with_paired_dots_and_is_logged_once(client, home, monkeypatch):
    post(client, "/try/plan", seal="1", **SHORT)
    live(home, monkeypatch)
    (plan,) = Trials(home).sealed()
    assert "See the result" in get(client)
    assert "See the result" in get(client, f"/try/result/{plan.id}")  # a link looks at nothing
    assert Trials(home).events(plan.id, GIVEN) == []
    page = post(client, f"/try/result/{plan.id}")
    assert "A difference: on nights with exercise" in page
    assert re.search(r'aria-label="6 pairs, without and with: in 6 there were fewer with"', page)
    get(client, f"/try/result/{plan.id}")
    assert len(Trials(home).events(plan.id, GIVEN)) == 1
    assert "Result, to print" in get(client)


def test_nights_not_as_planned_are_asked_about_before_the_result(client, home, monkeypatch):
    post(client, "/try/plan", seal="1", **SHORT)
    live(home, monkeypatch)
    (plan,) = Trials(home).sealed()
    with_ = next(n for n in schedule(plan) if plan.asks(n.arm))
    Journal(home).set(with_.date, {plan.key: 0}, "")
    page = post(client, f"/try/result/{plan.id}")
    assert f"On {with_.date} the journal says otherwise" in page
    assert Trials(home).events(plan.id, GIVEN) == []
    page = post(client, f"/try/result/{plan.id}", as_planned="1")
    assert "Not as planned by the journal: 1" in page


def test_a_blind_trial_asks_for_the_guess_first_and_tells_no_arm(client, home, monkeypatch):
    form = {"key": "magnesium_mg", "amount": "300", "pairs": "4", "nights": "1", "blind": "1"}
    page = post(client, "/try/plan", seal="1", **form)
    (plan,) = Trials(home).sealed()
    main = page[page.index("<main") : page.index("</main>")]
    assert "var(--high)" not in main and re.search(r"[Bb]ottle (A|B)", main)
    sheet = get(client, f"/try/bottles/{plan.id}")
    assert "nobody else" in sheet and "300 mg" in sheet
    live(home, monkeypatch, noted=False)
    assert "which bottle do you think" in get(client)
    assert "which bottle do you think" in post(client, f"/try/result/{plan.id}")
    post(client, "/try/guess", bottle="B")
    assert "See the result" in get(client)


def test_a_trial_is_given_up_with_a_reason(client, home):
    post(client, "/try/plan", seal="1", **SHORT)
    assert "Say why" in post(client, "/try/stop", why=" ")
    page = post(client, "/try/stop", why="a <b>journey")
    assert "given up" in page and "a &lt;b&gt;journey" in page
    assert "Does it change my movements?" in page
