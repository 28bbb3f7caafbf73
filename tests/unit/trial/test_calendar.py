"""A trial's evenings for a calendar and on paper: what to take, nothing that is to stay hidden."""

import datetime as dt
import re

import pytest
from anklet.cli import main
from anklet.trial.plan import WITH, schedule
from anklet.trial.seal import Trials
from icalendar import Calendar
from trialnights import date, evening, file_night

SHAPE = ("--pairs", "4", "--nights", "2", "--no-washout")


def planned(home, *argv):
    assert main(["trial", "plan", *argv, *SHAPE]) == 0
    (plan,) = Trials(home).sealed()
    return plan


def events(path):
    """The events of a calendar file, by the date of their evening."""
    raw = path.read_bytes()
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    found = Calendar.from_ical(raw).walk("VEVENT")
    return {event.decoded("dtstart"): event for event in found}


def test_each_evening_says_what_to_take_and_reminds_at_its_hour(home, tmp_path, capsys):
    plan = planned(home, "magnesium_mg=300")
    out = tmp_path / "plan.ics"
    assert main(["trial", "calendar", "--at", "20:30", "--out", str(out)]) == 0
    found = events(out)
    assert len(found) == plan.length + 1 == len({str(e["uid"]) for e in found.values()})
    for night in schedule(plan):
        event = found[dt.datetime.fromisoformat(f"{night.date}T20:30")]  # in no zone: where one is
        takes = "magnesium, 300 mg" if plan.arms[night.arm] == WITH else "no magnesium"
        assert str(event["summary"]) == f"Anklet: {takes}"
        (alarm,) = event.walk("VALARM")
        assert alarm.decoded("trigger") == dt.timedelta(0) and alarm["action"] == "DISPLAY"
        assert event["class"] == "PRIVATE"


def test_made_again_it_replaces_what_the_calendar_has(home, tmp_path):
    planned(home, "magnesium_mg=300")
    made = []
    for name in ("a.ics", "b.ics"):
        assert main(["trial", "calendar", "--out", str(tmp_path / name)]) == 0
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_no_result_is_in_it(home, tmp_path, monkeypatch):
    """It is the same whatever the nights were."""
    planned(home, "magnesium_mg=300")
    assert main(["trial", "calendar", "--out", str(tmp_path / "a.ics")]) == 0
    assert main(["trial", "calendar", "--paper", str(tmp_path / "a.html")]) == 0
    for day in range(6):
        file_night(home, day, 40 * day)
    evening(monkeypatch, 6)
    assert main(["trial", "calendar", "--out", str(tmp_path / "b.ics")]) == 0
    assert main(["trial", "calendar", "--paper", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "a.ics").read_bytes() == (tmp_path / "b.ics").read_bytes()
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_of_a_blind_trial_it_names_the_bottle_alone(home, tmp_path):
    """With the bottles exchanged behind the person's back both would be the same, so they tell
    nothing of what is in them."""
    plan = planned(home, "magnesium_mg=300", "--blind")
    ics, paper = tmp_path / "plan.ics", tmp_path / "plan.html"
    assert main(["trial", "calendar", "--out", str(ics)]) == 0
    assert main(["trial", "calendar", "--paper", str(paper)]) == 0
    found = events(ics)
    for night in schedule(plan):
        event = found[dt.datetime.fromisoformat(f"{night.date}T21:00")]
        assert str(event["summary"]) == f"Anklet: bottle {night.arm}"
    text = ics.read_text()
    assert not re.search("with|300|mg|none", text.replace(plan.id, ""))
    boxes = re.findall("\N{BALLOT BOX} ([^<]*)<", paper.read_text())
    assert boxes == [night.arm for night in schedule(plan)]


def test_on_paper_each_night_is_a_box_under_its_weekday(home, tmp_path):
    plan = planned(home, "caffeine_mg=none", "--start", date(2))  # a Wednesday
    out = tmp_path / "plan.html"
    assert main(["trial", "calendar", "--paper", str(out)]) == 0
    rows = re.findall(r"<tr>(<td.*?)</tr>", out.read_text())
    first = re.findall(r"<td.*?</td>", rows[0])
    assert ["none" in cell.split(">")[0] for cell in first] == [True, True, *[False] * 5]
    assert "7 Jan" in first[2]
    boxes = re.findall("\N{BALLOT BOX} ([^<]*)<", out.read_text())
    takes = ["none" if plan.arms[n.arm] == WITH else "as usual" for n in schedule(plan)]
    assert boxes == takes


@pytest.mark.parametrize("at", ["25:00", "nine", "21"])
def test_a_time_that_is_none_is_refused(home, tmp_path, capsys, at):
    planned(home, "magnesium_mg=300")
    assert main(["trial", "calendar", "--at", at, "--out", str(tmp_path / "x.ics")]) == 2
    assert "as in 21:00" in capsys.readouterr().err
    assert not (tmp_path / "x.ics").exists()


def test_a_trial_that_is_over_or_given_up_has_no_evening_left(home, tmp_path, monkeypatch, capsys):
    plan = planned(home, "magnesium_mg=300")
    evening(monkeypatch, plan.length)
    assert main(["trial", "calendar", "--out", str(tmp_path / "x.ics")]) == 2
    evening(monkeypatch, 3)
    assert main(["trial", "stop", "--why", "a journey"]) == 0
    assert main(["trial", "calendar", "--out", str(tmp_path / "x.ics")]) == 2
    assert "given up" in capsys.readouterr().err
    assert not (tmp_path / "x.ics").exists()
