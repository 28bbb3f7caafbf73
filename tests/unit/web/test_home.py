"""The first page, whose nights are shown, and the example that is kept apart."""

import datetime as dt

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.archive.verify import verify
from anklet.night.nightfile import parse
from anklet.simulate import example as made_up
from anklet.trial import plan as planning
from anklet.trial import tonight
from anklet.trial.course import current
from anklet.trial.plan import schedule
from anklet.trial.seal import Trials
from anklet.web import example
from anklet.web.server import create_app
from nightbytes import Builder, add_to, whole

TOKEN = "secret"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def client(home):
    return create_app(home, TOKEN).test_client()


def get(client, path="/", token=TOKEN):
    answer = client.get(f"/{token}{path}", follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def post(client, path, token=TOKEN):
    return client.post(f"/{token}{path}", headers={"Origin": "http://localhost"})


def test_without_a_night_it_walks_to_the_first(client, home):
    page = get(client)
    assert "From the parts to the first night" in page and "Show me an example" in page
    assert not home.exists()


def test_the_newest_night_stands_first_with_its_interval(client, home):
    add_to(Archive(home), whole())
    page = get(client)
    assert "The night of Saturday 21 November 2026" in page
    assert '<p class="rate">4.8 <span>(0 to 133)' in page
    assert "Too few nights" in page
    assert "How was that night?" in page


def test_people_are_chosen_once_and_never_mix(client, home):
    for label, device in (("Ana", "a" * 16), ("Wilhelmine", "b" * 16)):
        add_to(Archive(home), whole(label=label, device=device))
    assert "Whose nights?" in get(client)
    get(client, "/who?label=Ana")
    for path in ("/", "/nights", "/trend"):
        page = get(client, path)
        main = page[page.index("<main") :]
        assert "b" * 16 not in main and "Wilhelmine" not in main, path
    assert 'name="label" value="Ana"' in get(client, "/journal")


def test_a_night_leads_to_its_neighbours_and_its_journal(client, home):
    archive = Archive(home)
    for number, day in enumerate((20776, 20778, 20779)):
        data = Builder(session=f"{number:05d}-0").anchor(day=day).counts(3_600_000).data
        add_to(archive, bytes(data))
    page = get(client, "/night/e6614103e7452b2f/00001-0")
    bar = page[page.index('class="beside"') :].partition("</nav>")[0]
    assert "The night before (2026-11-19)" in bar and "The night after (2026-11-22)" in bar
    assert "journal?night=2026-11-21&amp;label=bed" in bar and "/00001-0/hide" in bar


def test_tonights_task_is_noted_with_one_tap(client, home, monkeypatch):
    monkeypatch.delenv("ANKLET_TRIAL_NOW", raising=False)
    add_to(Archive(home), whole())
    evening = tonight()[0]
    plan = planning.draw("magnesium_mg=300", evening, label="bed", pairs=4, nights=1, seed=1)
    Trials(home).add(plan)
    assert "Done as planned" in get(client)
    assert Journal(home).entries("bed") == {}
    post(client, "/taken")
    asked = plan.asks(schedule(plan)[0].arm)
    assert Journal(home).entries("bed") == {evening.isoformat(): {"magnesium_mg": asked}}
    page = get(client)
    assert "Noted in the journal" in page and "Done as planned" not in page


@pytest.mark.slow
def test_the_example_is_marked_apart_and_removed_as_a_whole(client, home):
    add_to(Archive(home), whole())
    before = {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}
    answer = post(client, "/example")
    assert answer.headers["Location"] == f"/{TOKEN}-example/"
    page = get(client, token=f"{TOKEN}-example")
    assert "these nights are made up" in page and "Your usual:" in page
    assert "these nights are made up" not in get(client)
    assert len(Archive(home).sessions()) == 1
    assert "The board is a simulated one" in get(
        client, _newest(Archive(home / "example")), f"{TOKEN}-example"
    )
    assert post(client, "/boards/sync", f"{TOKEN}-example").status_code == 404
    post(client, "/example/remove")
    after = {p: p.read_bytes() for p in home.rglob("*") if p.is_file()}
    assert after == before


def _newest(archive):
    item = archive.sessions()[-1]
    return f"/night/{item['device']}/{item['session']}"


@pytest.mark.slow
def test_the_example_holds_what_an_archive_holds(tmp_path):
    example.fill(tmp_path / "example")
    archive = Archive(tmp_path / "example")
    items = archive.sessions()
    assert len(items) == example.NIGHTS - 2
    assert not any(item["flags"] for item in items)
    assert verify(archive).wrong == []
    course = current(archive, None)
    assert course.over and course.plan.simulated
    assert course.answer().main.effect < 1


def test_only_an_example_is_removed(tmp_path):
    with pytest.raises(ValueError):
        example.remove(tmp_path)
    assert tmp_path.exists()


@pytest.mark.parametrize("rate", [4, 20, 45])
def test_a_made_up_night_reads_back_as_it_was_counted(rate):
    start = dt.datetime(2026, 11, 21, 22, 50, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    session, data = made_up.night(start, rate, 7)
    night = parse(data, session, made_up.DEVICE)
    assert night.damage == [] and night.start == start and night.board == "sim"
    assert night.counts["plm"] == sum(lm.plm for lm in night.lms)
    assert night.counts["clm"] == sum(lm.kind == "clm" for lm in night.lms)


@pytest.mark.slow
def test_the_pages_of_nights_are_light(client, home):
    example.fill(home / "example")
    own = f"{TOKEN}-example"
    night = get(client, _newest(Archive(home / "example")), own)
    assert len(night.encode()) < 400_000
    assert len(get(client, "/trend", own).encode()) < 1_000_000
