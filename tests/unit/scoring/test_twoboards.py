"""Both legs of one night from two synced boards' logs, on one clock, combined by the rules."""

import json

import pytest
from anklet.archive.store import Archive
from anklet.board.boardinfo import Info, NightFile
from anklet.cli import main
from anklet.scoring import twoboards
from anklet.scoring.score import run as score
from nightbytes import Builder, add_to
from places import DATA

CASES = [json.loads(line) for line in (DATA / "wasm2016_bilateral.jsonl").read_text().splitlines()]
START = 1_795_298_283_000  # 2026-11-21T22:58:03+01:00
EVENING, MORNING = START - 1_800_000, START + 40_000_000
DEVICES = {"left": "e6614103e7452b2f", "right": "e6614103e7111111"}
POWER_UP = {"left": START - 7_200_000, "right": START - 3_333_333}  # the boards got their power


def ms(seconds):
    return round(seconds * 1000)


def spoke_to(archive, leg, when, sessions=(), drift_ppm=0.0):
    """A computer spoke to the board: its clock and the board's timer at one moment."""
    passed = when - POWER_UP[leg]
    archive.anchor(
        Info(
            *(DEVICES[leg], "sim", "0.1.0", leg, "me"),
            [NightFile(f"{session}.plm", 1, False) for session in sessions],
            *(None, "wasm2016", "1.27.0", None, "", when),
            power="00001-1a2b3c4d",
            up_ms=round(passed * (1 + drift_ppm * 1e-6)),
            error_ms=5,
        )
    )


def file(archive, leg, lms, *, start=START, length_ms=36_000_000, end_counts=None, **meta):
    night = Builder(
        session="00001-1a2b3c4d",
        device=DEVICES[leg],
        leg=leg,
        label="me",
        power="00001-1a2b3c4d",
        uptime_ms=start - POWER_UP[leg],
        **meta,
    )
    for number, (onset, duration) in enumerate(lms):
        night.lm(number, onset, duration)
    data = bytes(night.counts(length_ms, **(end_counts or {})).data)
    return add_to(archive, data)


def both(archive, left, right, **given):
    """Two boards that a computer spoke to before and after the night."""
    for leg, lms in (("left", left), ("right", right)):
        spoke_to(archive, leg, EVENING)
        spoke_to(archive, leg, MORNING, ["00001-1a2b3c4d"])
        file(archive, leg, lms, **given)
    (found,) = twoboards.nights(archive, archive.sessions())
    return found


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path))
    return Archive(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_bilateral_case_from_two_synced_logs(archive, case):
    left, right = (
        [(ms(onset), ms(duration)) for onset, duration in case[leg]] for leg in ("left", "right")
    )
    found = both(archive, left, right)
    shift = ms(found["start"] / 1000) - START
    assert found["aligned"], found
    assert [
        (ms(lm["onset_s"]) + shift, ms(lm["duration_s"]), lm["class"] == "clm", lm["plm"])
        for lm in found["lms"]
    ] == [(ms(c["onset"]), ms(c["duration"]), c["clm"], c["plm"]) for c in case["combined"]]


SERIES = [(100_000 + 20_000 * i, 2_000) for i in range(8)]


def test_two_clocks_that_drift_apart_are_brought_together(archive):
    """50 ppm fast and 50 ppm slow: 3 s apart after eight hours, but for the morning's sync."""
    late = [(28_000_000 + onset, duration) for onset, duration in SERIES]
    for leg, ppm in (("left", 50), ("right", -50)):
        spoke_to(archive, leg, EVENING, drift_ppm=ppm)
        spoke_to(archive, leg, MORNING, ["00001-1a2b3c4d"], drift_ppm=ppm)
        by_board = 1 + ppm * 1e-6
        passed = START - POWER_UP[leg]
        began = POWER_UP[leg] + round(passed * by_board)  # by the board's own timer
        file(archive, leg, [(round(o * by_board), d) for o, d in late], start=began)
    (found,) = twoboards.nights(archive, archive.sessions())
    assert found["aligned"]
    assert found["error_s"] <= 0.1
    # The same movements on both legs are one each: eight PLMs, not sixteen.
    assert found["counts"]["clm"] == found["counts"]["plm"] == 8


def test_without_the_morning_the_legs_stay_apart(archive):
    for leg in DEVICES:
        spoke_to(archive, leg, EVENING)
        file(archive, leg, SERIES)
    (found,) = twoboards.nights(archive, archive.sessions())
    assert not found["aligned"]
    assert "before and after the night" in found["reason"]
    assert "counts" not in found


def test_hours_are_those_of_both_legs(archive):
    """The right board began two hours later: what the left one saw before does not count."""
    for leg, start, lms in (
        ("left", START, SERIES),
        ("right", START + 7_200_000, [(5_000_000, 1_000)]),
    ):
        spoke_to(archive, leg, EVENING)
        spoke_to(archive, leg, MORNING, ["00001-1a2b3c4d"])
        file(archive, leg, lms, start=start, length_ms=36_000_000 - (start - START))
    (found,) = twoboards.nights(archive, archive.sessions())
    assert found["in_bed_s"] == 36_000 - 7_200
    assert found["counts"]["lm"] == 1


def test_a_gap_of_one_leg_ends_the_series(archive):
    left, right = SERIES[:3], SERIES[3:6]
    assert both(archive, left, right)["counts"]["plm"] == 6


def test_two_edf_files_scored_together_give_the_same(archive, tmp_path):
    """The right board began 3.217 s later; the files tell both starts to the millisecond."""
    late = 3_217
    for leg, start, lms in (
        ("left", START, [(o + 10_000, d) for o, d in SERIES[::2]]),
        ("right", START + late, [(o + 10_000 - late, d) for o, d in SERIES[1::2]]),
    ):
        spoke_to(archive, leg, EVENING)
        spoke_to(archive, leg, MORNING, ["00001-1a2b3c4d"])
        file(archive, leg, lms, start=start)
    (found,) = twoboards.nights(archive, archive.sessions())
    out = tmp_path / "edf"
    assert main(["export", "--format", "edf", "--out", str(out)]) == 0
    left, right = (next(out.glob(f"*_{leg}_*.edf")) for leg in ("left", "right"))
    scored = score(left, other_leg=right)
    assert scored["counts"] == found["counts"]
    assert scored["counts"]["plm"] == 8
    assert score(left)["counts"]["plm"] == 4


def test_both_legs_on_the_command_line(archive, capsys):
    both(archive, SERIES[::2], SERIES[1::2])
    capsys.readouterr()
    assert main(["nights", "--both-legs", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["counts"]["plm"] == 8
    assert found["plm"] == {"left": 0, "right": 0}  # the device scored each leg by itself
    assert main(["nights", "--both-legs"]) == 0
    assert "2026-11-21" in capsys.readouterr().out
