"""What leaves the pages is what the commands write; a comparison says what it can't."""

import csv
import io
import json
import zipfile

import pytest
from anklet.archive.journal import Journal
from anklet.cli import main
from anklet.trial.compare import LOG
from anklet.web.server import create_app
from trialnights import date, file_night

TOKEN = "secret"
NIGHTS = 12
DEVICE = "e6614103e7452b2f"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Nights of one person: magnesium on every third, caffeine on the one after it."""
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "home"))
    journal = Journal(tmp_path / "home")
    for day in range(NIGHTS):
        file_night(tmp_path / "home", day, (70, 140, 140)[day % 3] + day)
        if day % 3 < 2:
            journal.set(date(day), ({"magnesium_mg": 300}, {"caffeine_mg": 90})[day % 3])
    return tmp_path / "home"


@pytest.fixture
def client(home):
    return create_app(home, TOKEN).test_client()


def post(client, path, **form):
    return client.post(f"/{TOKEN}{path}", data=form, headers={"Origin": "http://localhost"})


def packed(response):
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.data)) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize("language", ["en", "de"])
def test_export_holds_what_the_command_writes(client, home, tmp_path, language):
    """Whatever the reader's language: a file for a program is the same everywhere."""
    client.get(f"/{TOKEN}/language/{language}")
    out = tmp_path / "out"
    assert main(["export", "--format", "csv", "--out", str(out)]) == 0
    found = packed(post(client, "/export", format="csv"))
    assert found == {f"nights/{path.name}": path.read_bytes() for path in out.iterdir()}
    rows = list(csv.DictReader(found["nights/nights.csv"].decode().splitlines()))
    assert len(rows) == NIGHTS


@pytest.mark.parametrize("form", ["csv", "edf", "json"])
def test_an_export_is_the_same_for_a_german_reader(client, form):
    ours = packed(post(client, "/export", format=form))
    client.get(f"/{TOKEN}/language/de")
    assert b'lang="de"' in client.get(f"/{TOKEN}/about").data
    assert packed(post(client, "/export", format=form)) == ours


def test_each_format_can_be_had(client):
    assert json.loads(packed(post(client, "/export", format="json"))["nights.json"])
    names = packed(post(client, "/export", format="edf"))
    assert len([name for name in names if name.endswith(".edf")]) == NIGHTS


def test_a_hidden_night_is_not_exported(client, home):
    Journal(home).hide(DEVICE, "00003-00000000", "fell off")
    found = packed(post(client, "/export", format="csv"))["nights/nights.csv"].decode()
    assert "00002-00000000" in found
    assert "00003-00000000" not in found


def test_an_unknown_format_is_refused(client):
    assert "Choose a format" in post(client, "/export", format="xls").text


def test_to_compare_takes_a_button_and_is_noted(client, home):
    page = client.get(f"/{TOKEN}/compare").text
    assert 'value="magnesium_mg"' in page
    assert 'value="iron_mg"' not in page
    assert not (home / LOG).exists()
    page = post(client, "/compare", key="magnesium_mg").text
    assert (home / LOG).exists()
    assert "<td>4</td>" in page
    assert "can&#39;t show cause" in page
    assert "An experiment under Try can." in page
    assert "anklet trial" not in page


def test_what_cannot_be_compared_is_said_without_a_command(client):
    page = post(client, "/compare", key="alcohol_g").text
    assert "is noted on none of the 12 recorded nights.</p>" in page
    assert "alcohol_g is" not in page


def test_without_a_journal_there_is_nothing_to_compare_by(tmp_path):
    client = create_app(tmp_path / "other", TOKEN).test_client()
    assert "Nothing is noted" in client.get(f"/{TOKEN}/compare").text
