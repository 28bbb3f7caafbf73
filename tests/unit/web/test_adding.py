"""Files from elsewhere, by the pages and the command: a watch's beside the nights, recordings as
nights of their own."""

import datetime as dt
import json
import re
import shutil

import pytest
from anklet.archive.bundle import backup, restore
from anklet.archive.store import Archive
from anklet.archive.verify import verify
from anklet.archive.watchfiles import WatchFiles
from anklet.cli import main
from anklet.errors import BadInput
from anklet.night.grouping import by_night
from anklet.report.lately import lately
from anklet.signal import recording
from anklet.simulate import make_night, write_csv
from anklet.web import adding
from anklet.web.jobs import Jobs
from anklet.web.server import create_app
from nightbytes import add_to, whole

TOKEN = "secret"
DEVICE, SESSION = "e6614103e7452b2f", "00001-1a2b3c4d"
# The night of nightbytes: from 22:58:03 for an hour, PLMs from 23:00 on; asleep until 23:00:50.
SLEEP = "start,end\n2026-11-21T22:30:00+01:00,2026-11-21T23:00:50+01:00\n"
PULSE = "Time,Pulse Rate,SpO2\n" + "".join(
    f"2026-11-21 23:{minute:02d}:00,{60 + minute % 5},{96 - minute % 3}\n" for minute in range(50)
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "archive"
    monkeypatch.setenv("ANKLET_HOME", str(path))
    monkeypatch.setattr(adding, "folders", lambda: [tmp_path / "Downloads", tmp_path / "none"])
    (tmp_path / "Downloads").mkdir()
    add_to(Archive(path), whole())
    return path


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.wait()


@pytest.fixture
def client(home, jobs):
    return create_app(home, TOKEN, jobs).test_client()


@pytest.fixture(scope="module")
def acceleration(tmp_path_factory):
    """Half an hour of it, at 50 Hz."""
    path = tmp_path_factory.mktemp("acceleration") / "wrist.csv"
    write_csv(make_night(hours=0.5, rate=50.0, seed=1, plm_per_hour=60), path)
    return path


def post(client, path, **form):
    return client.post(f"/{TOKEN}{path}", data=form, headers={"Origin": "http://localhost"})


def download(tmp_path, name, text):
    file = tmp_path / "Downloads" / name
    file.write_text(text)
    return file


def night_page(client):
    return client.get(f"/{TOKEN}/night/{DEVICE}/{SESSION}").text


def test_a_watchs_sleep_gives_a_second_rate_that_names_its_hours(client, tmp_path):
    file = download(tmp_path, "sleep.csv", SLEEP)
    assert "What your watch says" not in night_page(client)
    assert "sleep.csv" in client.get(f"/{TOKEN}/add").text
    page = post(client, "/add", file=file).text
    assert re.search(r'<select id="time".*?<option selected>start<', page, re.DOTALL)
    done = post(client, "/add/watch", file=file, time="start", end="end")
    assert done.status_code == 303
    page = client.get(done.location).text
    assert "Kept." in page and f"/night/{DEVICE}/{SESSION}" in page
    # Three of the four PLMs begin by 23:00:50, in 2 min 47 s: too little for a rate.
    assert "It calls too little of this recording sleep" in night_page(client)
    longer = download(tmp_path, "more.csv", SLEEP.replace("23:00:50", "23:28:03"))
    post(client, "/add/watch", file=longer, time="start", end="end")
    assert (
        "8 PLM per hour asleep, as your watch says: 4 of the 4 PLM, in 0.5 h that it calls"
        in night_page(client)
    )


def test_strips_of_heart_rate_and_spo2(client, home, tmp_path):
    before = len(night_page(client))
    file = download(tmp_path, "o2.csv", PULSE)
    post(client, "/add/watch", file=file, time="Time", heart="Pulse Rate", spo2="SpO2")
    page = night_page(client)
    assert 'id="watch"' in page and "heart rate, beats a minute" in page
    assert "It says nothing of sleep" in page
    assert len(page) - before < 12_000


def test_another_persons_watch_is_not_shown(client, home):
    WatchFiles(home).add(PULSE.encode(), "o2.csv", "somebody else")
    assert "What your watch says" not in night_page(client)
    WatchFiles(home).add(PULSE.encode(), "o2.csv", "bed")
    assert "What your watch says" in night_page(client)


def test_what_is_wrong_stands_beside_and_nothing_is_kept(client, home, tmp_path):
    file = download(tmp_path, "odd.csv", "Wann,Was\n2026-11-21 23:10,61\n")
    page = post(client, "/add/watch", file=file).text
    assert "The columns are Wann, Was; what is understood is a time" in page
    assert "<option>Wann</option>" in page
    for name in ("", "/nowhere/x.csv", str(tmp_path)):
        page = post(client, "/add", other=name).text
        assert 'id="wrong-file"' in page and 'aria-describedby="wrong-file"' in page
    assert not (home / "watch").exists()


def test_a_watchs_file_is_kept_as_it_was_verified_and_backed_up(home, tmp_path):
    watches = WatchFiles(home)
    watches.add(SLEEP.encode(), "sleep.csv", "bed")
    watches.add(SLEEP.encode(), "sleep.csv", "bed", {"time": "start", "end": "end"})
    (line,) = watches.listed()
    kept = home / "watch" / line["file"]
    assert kept.read_bytes() == SLEEP.encode()
    assert verify(Archive(home)).wrong == []
    backup(Archive(home), tmp_path / "b.zip")
    restore(tmp_path / "b.zip", tmp_path / "new")
    there = tmp_path / "new" / "watch"
    assert {p.name: p.read_bytes() for p in there.iterdir()} == {
        p.name: p.read_bytes() for p in (home / "watch").iterdir()
    }
    kept.write_bytes(SLEEP.replace("22", "23").encode())
    assert [what for what, _ in verify(Archive(home)).wrong] == [f"{kept} is not what was filed."]
    kept.unlink()
    assert [what for what, _ in verify(Archive(home)).wrong] == [f"{kept} is not there."]
    log = home / "watch" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"sleep.csv", b"other.csv", 1))
    assert any(str(log) in what for what, _ in verify(Archive(home)).wrong)


def test_the_command_adds_a_watchs_file(home, tmp_path, capsys):
    file = download(tmp_path, "o2.csv", PULSE.replace("Time", "Wann"))
    assert main(["add", str(file)]) == 2
    assert "The columns are Wann, Pulse Rate, SpO2" in capsys.readouterr().err
    assert main(["add", str(file), "--column", "time=Wann", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["heart"] == said["spo2"] == 50 and said["asleep_h"] == 0
    assert WatchFiles(home).listed()[0]["label"] == "bed"


@pytest.mark.slow
def test_a_recording_becomes_a_night_of_its_own(client, jobs, home, acceleration, capsys):
    done = post(client, "/add", file=acceleration)
    assert "Make nights of it" in done.text
    page = post(client, "/add/recording", file=acceleration).text
    assert "Choose the leg" in page and 'id="wrong-start"' in page
    form = {"file": acceleration, "leg": "left", "day": "2026-11-21", "time": "23:00"}
    assert post(client, "/add/recording", **form).status_code == 303
    jobs.wait()
    assert "1 night was made from the recording" in client.get(f"/{TOKEN}/jobs/1").text
    assert main(["add", str(acceleration), "--leg", "left", "--start", "2026-11-21 23:00"]) == 0
    assert "made from a recording" in capsys.readouterr().out

    items = Archive(home).sessions()
    assert len(items) == 2  # the same recording again changes nothing
    (made,) = (item for item in items if "recording" in item["flags"])
    assert (made["night"], made["leg"], made["label"]) == ("2026-11-21", "left", "bed")
    assert made["device"].startswith("rec-") and made["counts"]["plm"] > 3
    # The board's night of the same evening and leg stays alone, in all that counts nights.
    (night,) = by_night(items)
    assert night["sessions"] == [(DEVICE, SESSION)]
    assert lately(Archive(home), "bed").last[0].night["sessions"] == [(DEVICE, SESSION)]
    (alone,) = by_night(items, recordings=True)
    assert alone["sessions"] == [(made["device"], made["session"])]
    page = client.get(f"/{TOKEN}/nights").text
    assert page.count("Made from recordings</h2>") == 1
    page = client.get(f"/{TOKEN}/night/{made['device']}/{made['session']}").text
    assert "No board made this night" in page
    assert "No board made this night" not in night_page(client)
    assert main(["report", "--out", str(home / "all.html")]) == 0
    assert made["session"] not in (home / "all.html").read_text()
    assert verify(Archive(home)).wrong == []


def test_a_recording_is_cut_at_noon(acceleration, tmp_path):
    found = list(recording.nights(acceleration, "left", start=dt.datetime(2026, 11, 22, 11, 45)))
    assert [(night.session, f"{night.start:%d %H:%M}") for night in found] == [
        ("00001-20261122", "22 11:45"),
        ("00002-20261122", "22 12:00"),
    ]
    assert found[0].files[".plm"] != found[1].files[".plm"]
    with pytest.raises(BadInput, match="does not say when it began"):
        list(recording.nights(acceleration, "left"))
    short = tmp_path / "short.csv"
    with open(acceleration) as whole_file, open(short, "w") as part:
        part.writelines(line for line, _ in zip(whole_file, range(20_000), strict=False))
    with pytest.raises(BadInput, match="less than 10 minutes"):
        list(recording.nights(short, "left", start=dt.datetime(2026, 11, 21, 23)))


def test_an_archive_without_any_night_takes_a_file(tmp_path, monkeypatch, home):
    shutil.rmtree(home)
    file = download(tmp_path, "sleep.csv", SLEEP)
    client = create_app(home, TOKEN).test_client()
    done = post(client, "/add/watch", file=file, time="start", end="end")
    assert "no night of that time yet" in client.get(done.location).text
