"""Nights whose time nobody knew, dated by hand."""

import datetime as dt
import json
import time

import pytest
from anklet.archive import dating
from anklet.archive.journal import Journal
from anklet.archive.store import Archive, home
from anklet.board.boardinfo import Info, NightFile
from anklet.cli import main
from anklet.errors import BadInput
from anklet.night.grouping import by_night
from nightbytes import EVENING, META, Builder, add_to

HOUR = 3_600_000
NAMES = [f"{n:05d}-1a2b3c4d" for n in range(1, 6)]


@pytest.fixture(autouse=True)
def _zone(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def night(number, evening=None, hours=8, minute=58):
    """That of the day `evening` behind 2026-11-21, begun at 22:`minute`; None: its time is
    unknown."""
    built = Builder(session=NAMES[number])
    if evening is not None:
        built.anchor(day=EVENING[0] + evening, ms_of_day=21 * HOUR + minute * 60_000)
    return bytes(built.counts(hours * HOUR).data)


def synced(archive, moment, *numbers):
    """A computer found these nights at that moment."""
    utc_ms = round(dt.datetime.fromisoformat(moment).astimezone().timestamp() * 1000)
    nights = [NightFile(f"{NAMES[n]}.plm", 1) for n in numbers]
    values = {"device": META["device"], "nights": nights, "utc_ms": utc_ms, "clock_offset_s": None}
    texts = ("board", "firmware", "leg", "label", "rules", "micropython", "flash", "power")
    info = Info(**dict.fromkeys(texts, ""), **values, free=None, up_ms=0)
    archive.anchor(info)


@pytest.fixture
def archive():
    """A dated night, two that lost their time, synced in the morning behind them."""
    found = Archive(home())
    synced(found, "2026-11-22 08:00", 0)
    add_to(found, night(0, evening=0))
    synced(found, "2026-11-24 08:00", 1, 2)
    add_to(found, night(1))
    add_to(found, night(2))
    return found


def item(archive, number):
    return next(i for i in archive.sessions() if i["session"] == NAMES[number])


def proposed(archive, number):
    found = dating.proposal(archive, item(archive, number))
    return found and f"{found:%Y-%m-%d %H:%M}"


def test_the_proposal_follows_from_order_sync_and_the_usual_hour(archive):
    assert proposed(archive, 1) == "2026-11-22 22:58"
    assert proposed(archive, 2) == "2026-11-23 22:58"


def test_the_proposal_ends_before_the_sync_and_begins_behind_the_night_before(archive):
    synced(archive, "2026-11-25 06:00", 3)
    add_to(archive, night(3, hours=9))
    assert proposed(archive, 3) == "2026-11-24 21:00"
    assert proposed(archive, 2) == "2026-11-23 22:58"


def test_without_a_sync_there_is_no_proposal():
    archive = Archive(home())
    add_to(archive, night(0))
    assert proposed(archive, 0) is None


def test_a_night_dated_by_hand_counts_and_is_marked(archive, capsys):
    assert main(["date", NAMES[1], "2026-11-22", "23:10"]) == 0
    dated = item(archive, 1)
    assert (dated["night"], dated["start"]) == ("2026-11-22", "2026-11-22T23:10:00+01:00")
    assert (dated["clock"], dated["flags"]) == ("estimated", ["by_hand"])
    assert [found["night"] for found in by_night(archive.sessions())] == [
        "2026-11-21",
        "2026-11-22",
    ]
    assert archive.load(NAMES[1]).start == dt.datetime.fromisoformat(dated["start"])
    assert proposed(archive, 2) == "2026-11-23 23:04"  # of the two that are dated
    capsys.readouterr()
    assert main(["nights"]) == 0
    assert "by_hand" in capsys.readouterr().out


def test_a_rebuild_keeps_what_was_said_and_the_raw_files_are_untouched(archive):
    raw = archive.path / "raw" / META["device"] / f"{NAMES[1]}.plm"
    assert main(["date", NAMES[1], "2026-11-22 23:10"]) == 0
    before = archive.sessions()
    archive.db.unlink()
    archive.rebuild()
    assert archive.sessions() == before
    assert raw.read_bytes() == night(1)


def test_it_can_be_corrected_and_taken_back(archive):
    for moment in ("2026-11-22 23:10", "2026-11-22 22:50"):
        assert main(["date", NAMES[1], *moment.split()]) == 0
        assert item(archive, 1)["start"][:16] == moment.replace(" ", "T")
    assert main(["date", NAMES[1], "--undo"]) == 0
    assert (item(archive, 1)["start"], item(archive, 1)["flags"]) == (None, ["clock"])
    assert Journal(archive.path).dates() == {}


@pytest.mark.parametrize(
    "number, given, why",
    [
        (1, ["2026-11-22", "03:00"], "recording the one before it until 2026-11-22 08:00"),
        (1, ["2026-11-24", "03:00"], "was over by 2026-11-24 08:00"),
        (2, ["2036-11-24", "03:00"], "was over by 2026-11-24 08:00"),
        (0, ["2026-11-21", "22:00"], "is known"),
        (1, ["2026-11-32", "22:00"], "is no date and time"),
        (1, ["yesterday"], "is no date and time"),
        (1, ["2026-11-22", "24:61"], "is no date and time"),
        (1, ["0001-01-01", "00:00"], "can't have begun|is no date and time"),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(archive, number, given, why):
    before = archive.sessions()
    with pytest.raises(BadInput, match=why):
        start = dating.when(" ".join(given))
        dating.check(archive, item(archive, number), start)
    assert main(["date", NAMES[number], *given]) == 2
    assert archive.sessions() == before
    assert not Journal(archive.path).file.exists()


def test_a_clock_that_is_known_after_all_wins(archive):
    assert main(["date", NAMES[2], "2026-11-23 22:00"]) == 0
    add_to(archive, night(2, evening=2))
    assert item(archive, 2)["start"] == "2026-11-23T22:58:00+01:00"
    assert (item(archive, 2)["clock"], item(archive, 2)["flags"]) == ("known", [])


def test_the_list_of_those_without_a_time(archive, capsys):
    assert main(["date"]) == 0
    out = capsys.readouterr().out
    assert f"anklet date {NAMES[1]} 2026-11-22 22:58" in out
    assert f"anklet date {NAMES[2]} 2026-11-23 22:58" in out
    assert NAMES[0] not in out
    assert main(["date", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["proposal"][:16] for entry in found] == ["2026-11-22T22:58", "2026-11-23T22:58"]
