"""Why the board started, and what the LED says: on the simulated board."""

import io
import os

import crash
import hw
import main
from breadcrumb import Breadcrumb, last
from lamp import Lamp
from nightfiles import names
from plmcore import reader, record

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

    def button(self):
        return False

    def dark(self):
        pass

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


def check_a_fault_is_told_for_five_minutes_and_then_the_night_is_dark(folder):
    board = Lit()
    lamp = Lamp(board)
    while board.ms < 400000:
        lamp.fault(1)
    assert 190 <= board.blinks <= 210
    blinks = board.blinks
    for _ in range(100):
        lamp.fault(2)
    assert board.blinks == blinks
    board.button = lambda: True  # somebody is awake
    lamp.fault(2)
    assert board.blinks == blinks + 2


def check_a_crash_keeps_the_night_and_says_what_it_was(folder):
    """An exception that nobody expected, half a minute into the night."""
    for number, error in enumerate((MemoryError, ValueError)):
        board = power_up(folder, seconds=100, utc=(20778, 0, 60))
        sleep = board.sleep_ms

        errors = [error("of ours")]

        def sleep_ms(ms, board=board, sleep=sleep, errors=errors):
            sleep(ms)
            if board.clock.us > 30000000 and errors:
                raise errors.pop()

        board.sleep_ms = sleep_ms
        try:
            main.run(board)
            raise AssertionError("it was to reset")
        except SystemExit:
            pass
        text = crash.note(board)
        assert text.startswith("crash %d in session %05d-" % (number + 1, 2 * number + 1)), text
        assert error.__name__ in text and "sleep_ms" in text
        (*_, name) = names(folder + "/nights")
        found = records(folder + "/nights/" + name)
        counts = found[-1][1]
        assert counts["reason"] == record.STOPPED
        assert 29000 < counts["ms"] < 31500
        after = power_up(folder, board, ms=board.ticks_ms() + 3000)  # a soft reset
        main.run(after)
        start, gaps, faults = nights(folder)[-1]
        assert (start, faults) == ("crash", [8])
        ((cause, lost_ms),) = gaps
        assert (cause, 3000 <= lost_ms < 10000) == (record.RESTART, True), lost_ms


def check_a_crash_before_the_session_is_told_too(folder):
    board = power_up(folder)

    def nonce():
        raise MemoryError

    board.nonce = nonce
    try:
        main.run(board)
        raise AssertionError("it was to reset")
    except SystemExit:
        pass
    assert "crash 1 in session none" in crash.note(board)
    assert "MemoryError" in crash.note(board)


def check_sessions_of_a_loose_battery_leave_nothing_but_their_number(folder):
    for _ in range(50):
        board = power_up(folder, seconds=100)
        board.sleep_ms = cut_after(board, 5)
        until_cut(board)
        assert list(names(folder + "/nights")) == []
    main.run(power_up(folder))
    (name,) = names(folder + "/nights")
    assert name[4:9] == "00051"


class Cut(BaseException):
    """The power."""


def until_cut(board):
    try:
        main.run(board)
    except Cut:
        return


def cut_after(board, seconds):
    sleep = board.sleep_ms

    def sleep_ms(ms):
        sleep(ms)
        if board.clock.us > seconds * 1000000:
            raise Cut

    return sleep_ms


def check_headers_of_older_firmware_go_at_the_next_start(folder):
    """It wrote one for each time a battery bounced; the night that has a minute stays."""
    main.run(power_up(folder, seconds=70))
    (name,) = names(folder + "/nights")
    with open(folder + "/nights/" + name, "rb") as file:
        night = file.read()
    first_epoch = next(at for at, kind, _, _ in reader.read(night) if kind == record.EPOCH)
    for number, data in ((2, night[:first_epoch]), (3, night[: first_epoch + 25]), (4, b"")):
        with open(folder + "/nights/0000%d-00000000.plm" % number, "wb") as file:
            file.write(data)
    main.run(power_up(folder))
    left = [n[4:9] for n in names(folder + "/nights")]
    assert left == ["00001", "00003", "00005"]


def check_a_day_on_the_table_is_no_part_of_the_night(folder):
    """The night ends after two hours of nobody in bed, the next begins when it is worn again."""
    night = Signal(noise_mg=2).still(120)
    for _ in range(6):
        night.burst(1.5, 100).still(58.5)
    upright = Signal((16384, 0, 0), 2).still(60).raw
    bump = Signal((16384, 0, 0), 2).burst(1, 200).still(59).raw
    raw = bytes(night.raw) + bytes(upright) * 180 + bytes(bump) + bytes(upright) * 60
    raw += bytes(night.raw) + bytes(Signal(noise_mg=2).still(60).raw)
    board = hw.board(io.BytesIO(raw), root=folder)
    main.run(board)
    found = []
    for name in names(folder + "/nights"):
        counts = records(folder + "/nights/" + name, record.COUNTS)[-1]
        found.append((counts["reason"], counts["ms"] // 60000, counts["lm"]))
    (first, second) = found
    assert first[0] == record.ITSELF and 126 <= first[1] <= 131 and first[2] == 6, found
    assert second[0] == record.BY_HOST and second[1] <= 9 and second[2] == 6, found
    assert nights(folder)[1][0] == "worn"


def check_a_session_lasts_a_day_at_most(folder):
    board = hw.board(Endless(), root=folder)
    slept = cut_after(board, 86400 + 400)
    jumped = []

    def sleep_ms(ms):
        slept(ms)
        if not jumped and board.clock.us > 100000000:
            jumped.append(True)
            board.stall(86400000)  # nothing else makes it so late so fast

    board.sleep_ms = sleep_ms
    until_cut(board)
    first, second = names(folder + "/nights")
    (counts,) = records(folder + "/nights/" + first, record.COUNTS)
    assert counts["reason"] == record.ITSELF
    assert 86400000 <= counts["ms"] < 86400000 + 240000
    assert records(folder + "/nights/" + second, record.EPOCH)
    assert nights(folder)[1] == ("worn", [], [])


class Endless:
    """Samples of a leg that lies, with the sensor's noise."""

    def __init__(self):
        self._raw = bytes(Signal(noise_mg=2).still(40).raw)

    def readinto(self, buf):
        size = min(len(buf) // 6 * 6, len(self._raw))
        buf[:size] = self._raw[:size]
        return size
