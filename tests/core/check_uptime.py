"""Which power-up a session belongs to and when in it it began: on the simulated board."""

import io
import os

import hw
import main
from breadcrumb import Breadcrumb, uptime
from nightfiles import names
from plmcore import record

from kit import Signal, records

DAY = 86400000


def switched_on(folder, ms=0, before=None, seconds=3):
    """A board whose timer began ms ago; after a reset it has what
    `before`, the same board, kept."""
    board = hw.board(io.BytesIO(bytes(Signal().still(seconds).raw)), root=folder)
    board.stall(ms)
    if before:
        board._kept, board._fed = before._kept, before._fed
    return board


def sessions(folder):
    """Of each session: the power-up as its first session's number, ms since it, and its cause."""
    found = []
    for name in names(folder + "/nights"):
        meta = dict(
            (m["key"], m["value"]) for m in records(folder + "/nights/" + name, record.META)
        )
        found.append((int(meta["power"][:5]), int(meta["uptime_ms"]), meta["start"]))
    return found


def near(found, *expected):
    assert len(found) == len(expected), found
    for (power, ms, start), (due_power, due_ms, due_start) in zip(found, expected):
        assert (power, start) == (due_power, due_start), found
        assert 0 <= ms - due_ms < 1000, found


def check_a_soft_reset_leaves_the_power_up_and_its_time(folder):
    board = switched_on(folder, 7000)
    main.run(board)
    main.run(switched_on(folder, 50000, board))
    near(sessions(folder), (1, 7000, "first"), (1, 50000, "host"))


def check_a_power_cut_begins_another_one(folder):
    main.run(switched_on(folder, 7000))
    main.run(switched_on(folder, 8000))
    near(sessions(folder), (1, 7000, "first"), (2, 8000, "power"))


def check_the_watchdogs_reset_takes_eight_seconds_and_the_timer(folder):
    board = switched_on(folder, 7000)
    crumb = Breadcrumb(board)
    crumb.begin()
    crumb.began("00001-00000000")
    at = 7000
    for _ in range(2):
        board.stall(60000)
        board.feed()
        board.stall(5000)  # it hangs; the reset comes 8 s after the feed
        board = switched_on(folder, 2000, board)
        at += 60000 + 8000 + 2000
        assert (uptime(board).power, uptime(board).ms()) == ("00001-00000000", at)
        crumb = Breadcrumb(board)
        assert crumb.cause == "watchdog"
        crumb.begin()
        assert crumb.began("00002-00000000") == "00001-00000000"
        assert crumb.uptime.ms() == at
    main.run(switched_on(folder, 0, board))
    near(sessions(folder), (1, at + 8000, "watchdog"))


def check_another_reset_of_the_chip_is_not_taken_for_a_soft_one(folder):
    board = switched_on(folder, 60000)
    main.run(board)
    main.run(switched_on(folder, 2000, board))  # nobody knows how long the computer took
    near(sessions(folder), (1, 60000, "first"), (2, 2000, "host"))


def check_ticks_that_wrap_do_not(folder):
    wrap = 1 << 30
    board = switched_on(folder, wrap - 1000)
    main.run(board)  # over the wrap
    assert board.ticks_ms() < 5000
    board = switched_on(folder, wrap + 10 * DAY, board)
    main.run(board)
    near(sessions(folder), (1, wrap - 1000, "first"), (1, wrap + 10 * DAY, "host"))
    board = switched_on(folder, 2 * wrap - 5000, board)
    Breadcrumb(board).begin()
    board.stall(10000)
    board.feed()  # ticks_ms is 5000
    assert uptime(switched_on(folder, 300, board)).ms() == 2 * wrap + 5000 + 8000 + 300


def check_before_anything_was_recorded_there_is_no_power_up(folder):
    board = switched_on(folder, 5000)
    assert uptime(board).power is None
    main.run(board)
    assert uptime(board).power.startswith("00001-")
    assert uptime(switched_on(folder, 9000)).power is None


def check_a_note_that_makes_no_sense_claims_nothing(folder):
    board = switched_on(folder, 9000)
    main.run(board)
    for text in ("", "[]", '{"state": "closed", "power": 3, "base": "x", "timer": []}'):
        with open(folder + "/state.json", "w") as file:
            file.write(text)
        assert uptime(switched_on(folder, 20000, board)).power is None


def check_the_wall_clock_moves_nothing_that_is_measured(folder):
    """An hour back, ten years on: whatever is set while it records, the night is the same."""
    raw = bytes(
        Signal(noise_mg=2).still(20).burst(1.5, 100).still(25).burst(1.5, 100).still(20).raw
    )
    found = []
    for clocks in (
        (),
        ((20000, 0, 0), (23000, 5000, 60)),
        ((20778, 79083000, 0), (20778, 0, -300)),
    ):
        path = folder + "/%d" % len(found)
        os.mkdir(path)
        board = hw.board(io.BytesIO(raw), root=path, utc=clocks[0] if clocks else None)
        sleep, left = board.sleep_ms, list(clocks[1:])

        def slept(ms, board=board, sleep=sleep, left=left):
            if left and board.clock.us > 30000000:
                board.set_utc(*left.pop())
            sleep(ms)

        board.sleep_ms = slept
        main.run(board)
        assert not left
        (name,) = names(path + "/nights")
        found.append([r for r in records(path + "/nights/" + name) if r[0] != record.ANCHOR])
    assert found[0] == found[1] == found[2]
    assert len([1 for kind, _ in found[0] if kind == record.LM]) == 2
