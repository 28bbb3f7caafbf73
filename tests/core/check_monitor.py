"""One session from the FIFO to the night file, on the simulated board and a plain folder."""

import io
import os

import hw
import main
import nightfiles as nights
from plmcore import record

from kit import Signal, monitored, records, run


def path_of(monitor):
    return monitor.log.path


def night(root, raw, **options):
    """A whole session over raw; its records and the model of the sensor."""
    board, monitor = monitored(root, raw, **options)
    assert run(monitor)
    monitor.close(record.BY_HOST)
    return records(path_of(monitor)), board.model


def of(found, kind):
    return [fields for k, fields in found if k == kind]


def interrupted_at(board, ms):
    """The board's sleep_ms, with Ctrl-C so many ms after power-up."""
    sleep = board.sleep_ms

    def interrupted(for_ms):
        if board.clock.us > ms * 1000:
            raise KeyboardInterrupt
        sleep(for_ms)

    return interrupted


def check_a_session_of_26_minutes(folder):
    signal = Signal(noise_mg=2).still(60)
    for _ in range(6):
        signal.burst(1.5, 100).still(23.5)
    breathing = Signal(noise_mg=2).burst(60, 6, 0.25)
    raw = signal.raw + bytes(breathing.raw) * 22 + Signal().still(30).raw
    found, _ = night(folder, raw, utc=(20778, 79083000, 60))
    assert of(found, 0) == []
    meta = dict((m["key"], m["value"]) for m in of(found, record.META))
    assert meta["format"] == "1"
    assert meta["session"].startswith("00001-")
    for key in ("device", "board", "firmware", "leg", "label", "rules", "registers", "odr_hz"):
        assert key in meta
    assert [k for k, _ in found[: len(meta)]] == [record.META] * len(meta)
    (anchor,) = of(found, record.ANCHOR)
    assert (anchor["n"], anchor["ms"], anchor["day"]) == (0, 0, 20778)
    assert abs(anchor["ms_of_day"] - 79083000) < 1000
    # an epoch a minute, and the part of one at the end; every sample is in one
    epochs = of(found, record.EPOCH)
    assert len(epochs) == 26
    assert sum(e["samples"] for e in epochs) == len(raw) // 6
    for number, epoch in enumerate(epochs[:-1]):
        assert 0 <= epoch["n"] - 3000 * (number + 1) < 32
        assert abs(epoch["gx"]) <= 1 and abs(epoch["gy"]) <= 1 and 63 <= epoch["gz"] <= 64
        assert epoch["flags"] | record.EPOCH_STILL == record.EPOCH_STILL
    # a checkpoint every ten minutes, then the end
    counts = of(found, record.COUNTS)
    assert [c["reason"] for c in counts] == [record.CHECKPOINT] * 2 + [record.BY_HOST]
    for c, minutes in zip(counts, (10, 20, 26)):
        assert abs(c["ms"] - 60000 * minutes) < 700
    lms = of(found, record.LM)
    assert [lm["kind"] for lm in lms] == [0] * 6
    assert [lm["flags"] for lm in lms] == [0] * 3 + [record.PLM] * 3
    for k, lm in enumerate(lms):
        assert abs(lm["onset_ms"] - 60000 - 25000 * k) <= 300
        assert abs(lm["duration_ms"] - 1500) <= 300
        assert lm["number"] == k
    (series,) = of(found, record.SERIES)
    assert (series["series"], tuple(series["numbers"])) == (1, (0, 1, 2))
    for c in counts:
        assert (c["lm"], c["clm"], c["plm"], c["series"]) == (6, 6, 6, 1)
        assert (c["gaps"], c["excluded"], c["upright_ms"], c["off_body_ms"]) == (0, 0, 0, 0)
    assert counts[-1]["n"] == len(raw) // 6


def check_what_was_flushed_is_whole_at_any_time(folder):
    _, monitor = monitored(folder, Signal(noise_mg=2).still(400).raw)
    # The first minute at once, then three together: each flush wears the flash.
    for minute, epochs in ((1, 1), (2, 1), (4, 1), (5, 4), (6, 4)):
        run(monitor, minute * 60000 + 1000)
        found = records(path_of(monitor))
        assert of(found, 0) == []
        assert len(of(found, record.EPOCH)) == epochs, minute
    assert not of(found, record.COUNTS)


def check_ctrl_c_closes_the_night(folder):
    board, monitor = monitored(folder, Signal().still(60).burst(1.5, 100).still(60).raw)
    board.sleep_ms = interrupted_at(board, 65000)
    try:
        main.session(monitor)
    except KeyboardInterrupt:
        monitor.close(record.BY_HOST)
    found = records(path_of(monitor))
    assert of(found, 0) == []
    assert [c["reason"] for c in of(found, record.COUNTS)] == [record.BY_HOST]
    assert [lm["kind"] for lm in of(found, record.LM)] == [0]  # though its class was still open
    assert found[-1][0] == record.COUNTS


def check_only_acknowledged_nights_make_room(folder):
    path = nights.folder(folder)
    for number in range(1, 6):
        for name in ("0000%d-00000000.plm" % number, "0000%d-00000000.plm.ok" % number):
            if name[:5] != "00003" or name.endswith(".plm"):  # the third is not acknowledged
                open(path + "/" + name, "w").close()
    nights.make_room(folder, 0)
    assert len(list(nights.names(path))) == 5
    nights.make_room(folder, 1 << 60)
    assert [name[:5] for name in nights.names(path)] == ["00003", "00005"]


def check_the_next_session_gets_the_next_number(folder):
    for number in (1, 2, 3):
        main.run(hw.board(io.BytesIO(bytes(Signal().still(5).raw)), root=folder))
        there = nights.names(folder + "/nights")
        assert [n[4:10] for n in there] == ["%05d-" % (k + 1) for k in range(number)]


def check_a_strange_file_among_the_nights_stops_nothing(folder):
    os.mkdir(folder + "/nights")
    for name in ("notes.plm", "._00001-aa.plm"):
        with open(folder + "/nights/" + name, "w") as file:
            file.write("mine")
    _, monitor = monitored(folder, Signal().still(1).raw)
    assert monitor.log.session.startswith("00001-")


def check_one_press_is_one_marker(folder):
    board, monitor = monitored(folder, Signal().still(60).raw)
    for pressed, until in ((False, 5000), (True, 9000), (False, 14000), (True, 20000)):
        board.pressed = pressed
        run(monitor, until)
    board.pressed = False
    for until in (30000, 40000):
        run(monitor, until)
        board.press()  # between two looks at it
    run(monitor, 50000)
    monitor.close(record.BY_HOST)
    markers = [marker["ms"] for marker in records(path_of(monitor), record.MARKER)]
    assert len(markers) == 4
    for ms, pressed in zip(markers, (5000, 14000, 30000, 40000)):
        assert abs(ms - pressed) < 700, markers


def check_a_press_while_the_sensor_is_off_is_not_marked_at_another_time(folder):
    board, monitor = monitored(folder, Signal().still(60).raw)
    run(monitor, 5000)
    board.model.nack_next = 50
    board.press()
    run(monitor, 10000)
    monitor.close(record.BY_HOST)
    assert len(records(path_of(monitor), record.GAP)) == 1
    assert records(path_of(monitor), record.MARKER) == []


def check_a_sensor_that_falls_silent_is_set_up_again(folder):
    for nth, at in enumerate((20000, 120000)):  # while the rate is still being measured, and later
        board, monitor = monitored(folder, Signal(noise_mg=2).still(200).raw)
        run(monitor, at)
        board.model.power_on()  # its supply dipped: it answers, and measures nothing
        for _ in range(100):  # half a minute
            monitor.cycle()
        monitor.close(record.BY_HOST)
        (gap,) = records(path_of(monitor), record.GAP)
        assert (gap["cause"], 2000 <= gap["lost_ms"] <= 3500) == (record.SENSOR, True), (nth, gap)


def check_an_unplugged_sensor_is_a_gap(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(200).raw)
    run(monitor, 60000)
    board.model.present = False
    sleep = board.sleep_ms
    back = board.clock.us + 20000000
    seen = []

    def sleep_ms(ms):
        sleep(ms)
        seen.append(board.led_on)
        if board.clock.us >= back and not board.model.present:
            board.model.power_on()  # the supply was gone too
            board.model.present = True

    board.sleep_ms = sleep_ms
    feeds = board.feeds
    run(monitor, 150000)
    assert seen.count(True) > 10  # the LED said so
    assert not board.led_on
    assert board.feeds - feeds > 200
    monitor.close(record.BY_HOST)
    found = records(path_of(monitor))
    (gap,) = of(found, record.GAP)
    assert gap["cause"] == record.SENSOR
    assert 19000 <= gap["lost_ms"] <= 22000
    assert gap["lost"] * 20 == gap["lost_ms"]
    assert [f["code"] for f in of(found, record.FAULT)] == [1]
    epochs = of(found, record.EPOCH)
    assert [e["flags"] & record.EPOCH_GAP for e in epochs] == [0, record.EPOCH_GAP, 0]
    (counts,) = of(found, record.COUNTS)
    assert (counts["gaps"], counts["gap_ms"]) == (1, gap["lost_ms"])
    assert abs(counts["ms"] - monitor.clock.ms) < 200


def check_50_unanswered_calls_in_a_row_cost_two_seconds(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(100).raw)
    run(monitor, 30000)
    board.model.nack_next = 50
    run(monitor)
    monitor.close(record.BY_HOST)
    assert board.model.nack_next == 0
    (gap,) = records(path_of(monitor), record.GAP)
    assert gap["cause"] == record.SENSOR
    assert 300 < gap["lost_ms"] < 2500
    (counts,) = records(path_of(monitor), record.COUNTS)
    assert abs(counts["ms"] - 100000) < 100


def check_the_sensor_comes_back_on_another_bus(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(100).raw)
    run(monitor, 30000)
    board.i2c.addr = 0x19
    run(monitor)
    assert monitor.time.n >= 99 * 50
    monitor.close(record.BY_HOST)
    (gap,) = records(path_of(monitor), record.GAP)
    assert gap["lost_ms"] < 1500


def check_ctrl_c_while_the_sensor_is_gone_leaves_the_gap(folder):
    board, monitor = monitored(folder, Signal().still(100).raw)
    run(monitor, 30000)
    board.model.present = False
    board.sleep_ms = interrupted_at(board, 40000)
    try:
        main.session(monitor)
    except KeyboardInterrupt:
        monitor.close(record.BY_HOST)
    found = records(path_of(monitor))
    (gap,) = of(found, record.GAP)
    assert abs(gap["lost_ms"] - 10000) < 1500
    (counts,) = of(found, record.COUNTS)
    assert counts["gap_ms"] == gap["lost_ms"]
    assert abs(counts["ms"] - 40000) < 1500


def check_an_overrun_is_a_gap_as_long_as_it_was(folder):
    for ppm in (0, -50000, 50000):
        for stall in (800, 1500):
            signal = Signal(noise_mg=2).still(120)
            board, monitor = monitored(folder, signal.raw, odr_error_ppm=ppm)
            run(monitor, 60000)
            board.stall(stall)
            run(monitor, 100000)
            monitor.close(record.BY_HOST)
            case = (ppm, stall, board.model.overwritten)
            (gap,) = records(path_of(monitor), record.GAP)
            assert gap["cause"] == record.OVERRUN, case
            assert abs(gap["lost"] - board.model.overwritten) <= 3, case
            (counts,) = records(path_of(monitor), record.COUNTS)
            assert abs(counts["ms"] - monitor.clock.ms) < 100, case


def check_a_full_fifo_is_no_gap(folder):
    for ppm in (0, -50000, 50000):
        board, monitor = monitored(folder, Signal().still(60).raw, odr_error_ppm=ppm)
        run(monitor, 30000)
        while board.model.waiting() < 32:
            board.stall(1)
        run(monitor, 40000)
        monitor.close(record.BY_HOST)
        assert board.model.overwritten == 0
        assert records(path_of(monitor), record.GAP) == [], ppm


def check_a_series_does_not_go_over_a_long_gap(folder):
    signal = Signal(noise_mg=2).still(30)
    for _ in range(6):
        signal.burst(1.5, 100).still(18.5)
    board, monitor = monitored(folder, signal.still(30).raw)
    run(monitor, 80000)  # three kicks
    board.stall(4000)
    run(monitor)
    monitor.close(record.BY_HOST)
    (counts,) = records(path_of(monitor), record.COUNTS)
    assert (counts["clm"], counts["plm"], counts["gaps"]) == (6, 0, 1)


def check_a_movement_at_the_very_beginning_of_a_slow_sensor(folder):
    signal = Signal().still(0.2).burst(1.5, 100).still(40)
    found, _ = night(folder, signal.raw, odr_error_ppm=-100000)
    (lm,) = of(found, record.LM)
    assert lm["onset_ms"] < 700


def check_the_clock_may_wrap(folder):
    before = (1 << 30) - 30000  # ms since the board was switched on
    board, monitor = monitored(folder, Signal(noise_mg=2).still(100).raw, on_for_ms=before)
    assert run(monitor)
    assert board.ticks_ms() < 100000
    monitor.close(record.BY_HOST)
    (counts,) = records(path_of(monitor), record.COUNTS)
    assert counts["gaps"] == 0
    assert abs(counts["ms"] - 100000) < 100
