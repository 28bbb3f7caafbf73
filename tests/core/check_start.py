"""Why the board started, and what the LED says: on the simulated board."""

import io
import os

import hw
import main
from breadcrumb import Breadcrumb, last
from lamp import Lamp
from nightlog import names
from plmcore import record

from kit import Signal, records


def power_up(folder, before=None, seconds=5, ms=0, utc=None):
    """A board that has been on for ms; it keeps what `before`, the same, kept, or nothing."""
    board = hw.board(io.BytesIO(bytes(Signal().still(seconds).raw)), root=folder, utc=utc)
    board.stall(ms)
    board._kept = 0xDEAD
    if before:
        board._kept, board._fed = before._kept, before._fed
        assert 0 <= board._kept < 1 << 30
    return board


def nights(folder):
    """Of each night: why the board had started, and what is of kind GAP and FAULT."""
    found = []
    for name in names(folder + "/nights"):
        path = folder + "/nights/" + name
        meta = dict((m["key"], m["value"]) for m in records(path, record.META))
        gaps = [(g["cause"], g["lost_ms"]) for g in records(path, record.GAP)]
        found.append((meta["start"], gaps, [f["code"] for f in records(path, record.FAULT)]))
    return found


def check_the_first_start_and_one_after_the_power_was_off(folder):
    for _ in range(2):
        board = power_up(folder)
        main.run(board)
    assert nights(folder) == [("first", [], []), ("power", [], [])]
    assert last(board)["state"] == "closed"
    assert last(board)["start"] == "power"


def check_after_a_computer_the_gap_is_known(folder):
    board = power_up(folder)
    main.run(board)
    board = power_up(folder, board, ms=board.ticks_ms() + 30000)
    main.run(board)
    (_, (start, gaps, faults)) = nights(folder)
    assert (start, faults) == ("host", [])
    ((cause, lost_ms),) = gaps
    assert cause == record.RESTART
    assert 30000 <= lost_ms < 30500
    for path in names(folder + "/nights"):
        (counts,) = records(folder + "/nights/" + path, record.COUNTS)
        assert (counts["gaps"], counts["gap_ms"]) == (0, 0)
        assert abs(counts["ms"] - 5000) < 200  # what lies before a session is no part of it


def check_after_a_computer_that_held_the_board_too_long_the_gap_is_not_known(folder):
    """It is fed for ten minutes; then the watchdog resets it, and its ticks begin anew."""
    for session, (on_ms, held) in enumerate(((100, 600000), (0, 600000), (1 << 29, 600000))):
        path = folder + "/%d" % session
        os.mkdir(path)
        board = power_up(path, ms=on_ms)
        main.run(board)
        board.stall(held)
        board.feed()
        main.run(power_up(path, board, ms=8000))
        assert nights(path)[1] == ("host", [(record.RESTART, 0)], []), on_ms
    # A clock that went on, a DS3231's, knows it.
    board = power_up(folder, utc=(20778, 86390000, 0))
    main.run(board)
    board.stall(600000)
    board.feed()
    main.run(power_up(folder, board, ms=8000, utc=(20779, 620000, 0)))
    (start, ((cause, lost_ms),), faults) = nights(folder)[1]
    assert (start, cause, faults) == ("host", record.RESTART, [])
    assert abs(lost_ms - 633000) < 1000, lost_ms


def check_after_a_hang_the_night_goes_on(folder):
    board = power_up(folder)
    Breadcrumb(board).begin()  # and no end
    board = power_up(folder, board)
    main.run(board)
    assert nights(folder) == [("watchdog", [(record.RESTART, 0)], [6])]


def check_after_a_power_cut_the_night_goes_on(folder):
    board = power_up(folder)
    Breadcrumb(board).begin()
    board = power_up(folder)
    main.run(board)
    assert nights(folder) == [("power", [(record.RESTART, 0)], [])]


def check_a_note_that_was_cut_stops_nothing(folder):
    for text in ("", "{", "[1]", '{"state": "closed", "ticks": "x", "utc": 3}'):
        with open(folder + "/state.json", "w") as file:
            file.write(text)
        board = power_up(folder, utc=(20778, 0, 0))
        board.keep(0x2A5C0002)
        crumb = Breadcrumb(board)
        assert crumb.cause in ("first", "host")
        assert crumb.lost_ms() == 0


class Lit:
    """A board that counts how often its LED goes on, and knows how long it has been on."""

    def __init__(self, mv=None):
        self.on = False
        self.blinks = self.ms = self.lit_ms = 0
        self.mv = mv

    def battery_mv(self):
        return self.mv

    def led(self, on):
        self.blinks += on and not self.on
        self.on = on

    def sleep_ms(self, ms):
        self.ms += ms
        self.lit_ms += ms if self.on else 0

    def feed(self):
        pass


def cycles(board, lamp, number):
    """Blinks in so many cycles."""
    before = board.blinks
    for _ in range(number):
        lamp.wait -= 1
        if lamp.wait < 0:
            lamp.work()
        if lamp.lit:
            lamp.rest()
        board.sleep_ms(500)
    return board.blinks - before


def check_a_fault_blinks_its_number(folder):
    for number in (1, 4):
        board = Lit()
        Lamp(board).fault(number)
        assert (board.blinks, board.on) == (number, False)
        assert board.ms == 500 * number + 1000


def check_it_says_recording_for_five_minutes_and_then_is_dark(folder):
    board = Lit()
    lamp = Lamp(board)
    assert cycles(board, lamp, 600) == 100
    assert board.lit_ms == 0  # on during the work alone
    assert cycles(board, lamp, 10000) == 0


def check_a_low_battery_shows_once_a_minute_all_night(folder):
    board = Lit(3300)
    lamp = Lamp(board)
    cycles(board, lamp, 600)
    board.lit_ms = 0
    assert cycles(board, lamp, 1200) == 10
    assert board.lit_ms == 5000
    board.mv = 3900
    assert cycles(board, lamp, 1200) == 0
