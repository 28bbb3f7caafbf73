"""The clock from end to end: a board that was never set records; anklet sync; when was that?"""

import datetime as dt
import json
import time

import pytest
import usb
from anklet.archive import anchors
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.signal import replay

pytestmark = pytest.mark.skipif(
    not replay.micropython(), reason="MicroPython has no wheel for this computer"
)
DEVICE = "e6614103e7452b2f"
RECORDED_S = 90
NIGHT = """
import io, main
def night(up_s, before=None, utc=None):
    # On a board whose timer began up_s ago, at utc. before: the same, the power has stayed on.
    raw = bytearray(6 * 50 * {recorded})
    Still().readinto(raw)
    board = hw.board(io.BytesIO(raw), root={root!r}, device_id={device!r}, utc=utc)
    board.stall(up_s * 1000)
    if before:
        board._kept, board._fed = before._kept, before._fed
    main.run(board)
    return board
"""


@pytest.fixture
def record(tmp_path):
    """Plugs in a board that has run `script`, in which night() records."""
    boards = []

    def _record(script):
        folder = tmp_path / f"board{len(boards)}"
        root = str(folder / "flash")
        extra = NIGHT.format(recorded=RECORDED_S, root=root, device=DEVICE) + script
        boards.append(usb.board(usb.script(folder, {}, extra=extra)))
        return boards[-1]

    yield _record
    for board in boards:
        board.close()


@pytest.fixture
def sync(monkeypatch, tmp_path, capfd):
    """Runs anklet sync and anklet nights; what the latter says, and how many seconds before
    the sync each session began."""
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "archive"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()

    def _sync(board):
        assert main(["sync", "--port", board.port, "--json"]) == 0
        capfd.readouterr()
        assert main(["nights", "--json"]) == 0
        found = json.loads(capfd.readouterr().out)
        archive = Archive(tmp_path / "archive")
        starts = [archive.load(item["session"]).start for item in found]
        lines = anchors.read(tmp_path / "archive" / "raw" / DEVICE / "anchors.jsonl").all
        asked = dt.datetime.fromtimestamp(lines[-1].utc_ms / 1000, dt.UTC)
        assert abs(asked.timestamp() - time.time()) < 60
        assert lines[-1].zone == "Europe/Berlin"
        return found, [start and (asked - start).total_seconds() for start in starts]

    yield _sync
    monkeypatch.undo()
    time.tzset()


def test_a_night_without_a_clock_is_dated_to_the_second_by_the_sync(record, sync):
    """In bed two minutes after the power came, and read eight hours later."""
    (item,), (ago,) = sync(record(f"night(120).clock.us = {8 * 3600} * 1000000"))
    assert item["clock"] == "estimated"
    assert ago == pytest.approx(8 * 3600 - 120, abs=0.5)
    assert "clock" not in item["flags"]
    assert item["start"].endswith(("+01:00", "+02:00"))


HANG = """
board.keep(0x2A5C0001)  # as while it records
note = json.load(open(board.root + "/state.json"))
note["state"] = "recording"
json.dump(note, open(board.root + "/state.json", "w"))
board.clock.us = 7000 * 1000000
board.feed()
board.stall(5000)
"""


def test_sessions_of_one_power_up_are_dated_over_a_computer_and_a_hang(record, sync):
    items, ago = sync(
        record(
            f"import json\nboard = night(3600, night(120))\n{HANG}"
            "night(2, board).clock.us = 3000 * 1000000"  # its timer began 8 s after the feed
        )
    )
    assert [item["clock"] for item in items] == ["estimated"] * 3
    now = 7000 + 8 + 3000
    assert ago == pytest.approx([now - 120, now - 3600, 3000 - 2], abs=0.5)


def test_a_power_cut_makes_it_unknown_and_the_order_stays(record, sync, capfd):
    script = "night(120)\nnight(60)\nnight(30).clock.us = 3600 * 1000000"
    items, ago = sync(record(script))
    assert [item["session"][:5] for item in items] == ["00001", "00002", "00003"]
    assert [item["clock"] for item in items] == ["unknown", "unknown", "estimated"]
    assert [item["start"] for item in items[:2]] == [None, None]
    assert ago == [None, None, pytest.approx(3600 - 30, abs=0.5)]
    assert [("clock" in item["flags"]) for item in items] == [True, True, False]
    assert main(["nights"]) == 0
    table = capfd.readouterr().out
    assert table.count("unknown") == 2
    assert table.count("estimated") == 1


def test_a_clock_set_in_the_middle_dates_what_went_before_even_if_the_power_is_cut(
    record, sync, tmp_path, capfd
):
    began_s = int(time.time()) - 12 * 3600
    utc = (began_s // 86400, began_s % 86400 * 1000, 60)
    script = f"night(3600, night(120), {utc})\nnight(30).clock.us = 3600 * 1000000"
    items, ago = sync(record(script))
    assert [item["clock"] for item in items] == ["estimated", "known", "estimated"]
    assert ago == pytest.approx([12 * 3600 - 120, 11 * 3600, 3600 - 30], abs=5)  # this very test
    assert ago[0] - ago[1] == pytest.approx(3600 - 120, abs=0.5)
    archive = Archive(tmp_path / "archive")
    before = archive.sessions()
    assert main(["rebuild"]) == 0
    capfd.readouterr()
    assert archive.sessions() == before
