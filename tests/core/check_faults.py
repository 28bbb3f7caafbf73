"""The sensor's faults, one by one: each is tried again, logged with its cause, and ends.

Time without data is a gap; what the sensor may do by its datasheet is none.
"""

import os
import struct

from plmcore import record

from kit import G, Signal, monitored, records, run

NO_SENSOR = 1  # of reader.FAULTS
WRONG_SENSOR = 2
BAD_DATA = 7
RATE = 9
CONSTANT = 1
OFF_SCALE = 2


def at(board, second, *doings):
    """Do something to the board at that second after power-up: call each of doings."""
    sleep = board.sleep_ms
    waiting = list(doings)

    def sleep_ms(ms):
        sleep(ms)
        while waiting and board.clock.us >= second * 1000000:
            waiting.pop(0)()

    board.sleep_ms = sleep_ms


def setter(thing, name, value):
    return lambda: setattr(thing, name, value)


def ended(monitor):
    """Gaps (cause, s), faults (code, detail) and the counts of a session that ends now."""
    monitor.close(record.BY_HOST)
    path = monitor.log.path
    assert records(path, 0) == []
    gaps = [(g["cause"], g["lost_ms"] / 1000) for g in records(path, record.GAP)]
    faults = [(f["code"], f["detail"]) for f in records(path, record.FAULT)]
    return gaps, faults, records(path, record.COUNTS)[-1]


def check_a_nack_costs_nothing(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(60).raw)
    for second in (10, 20, 30):
        at(board, second, setter(board.model, "nack_next", 2))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    assert (gaps, faults) == ([], [])
    assert counts["n"] == 3000
    assert [e["retries"] for e in records(monitor.log.path, record.EPOCH)] == [6]


def check_nacks_all_night_change_no_count(folder):
    """A cable that is too long: every 5 s, and in the middle of a drain."""
    signal = Signal(noise_mg=2).still(60)
    for _ in range(20):
        signal.burst(2, 100).still(21)
    for every_s in (0, 9, 5):
        board, monitor = monitored(folder, signal.raw)
        sleep = board.sleep_ms

        last = [0]

        def sleep_ms(ms, board=board, sleep=sleep, every_s=every_s, last=last):
            sleep(ms)
            if every_s and board.clock.us - last[0] > every_s * 1000000:
                last[0] = board.clock.us
                board.model.nack_next = 1

        board.sleep_ms = sleep_ms
        assert run(monitor)
        gaps, faults, counts = ended(monitor)
        assert (gaps, faults, counts["plm"]) == ([], [], 20), every_s
        retries = sum(e["retries"] for e in records(monitor.log.path, record.EPOCH))
        assert retries >= (400 // every_s if every_s else 0)


def check_a_sensor_that_is_deaf_for_longer_is_set_up_again(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(60).raw)
    for second in (10, 20, 30):
        at(board, second, setter(board.model, "nack_next", 4))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    assert len(gaps) == 3
    assert all(cause == record.SENSOR and s < 0.7 for cause, s in gaps), gaps
    assert faults == [(NO_SENSOR, 0)] * 3
    assert abs(counts["ms"] - 60000) < 100


def check_a_stuck_bus(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(60).raw)
    at(board, 20, setter(board.i2c, "stuck", True))
    assert run(monitor)
    gaps, faults, _ = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, s < 0.7, faults) == (record.SENSOR, True, [(NO_SENSOR, 0)])


def check_a_wrong_identity(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(200).raw)
    at(board, 20, setter(board.model, "who_am_i", 0x3F), setter(board.model, "nack_next", 4))
    at(board, 50, setter(board.model, "who_am_i", 0x33))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 30 <= s < 33) == (record.SENSOR, True), s
    assert faults == [(NO_SENSOR, 0), (WRONG_SENSOR, 0)]
    assert counts["gap_ms"] == round(1000 * s)


def check_data_that_never_change(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(600).raw)
    at(board, 100, setter(board.model, "frozen", struct.pack("<3h", 64, -128, G)))
    at(board, 400, setter(board.model, "frozen", None))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 175 <= s < 190) == (record.SENSOR, True), s  # two minutes told that they stay
    assert faults == [(BAD_DATA, CONSTANT)]
    assert abs(counts["ms"] - 600000) < 300


def check_zeros_from_a_counterfeit(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(300).raw)
    board.model.zero_fifo = True
    at(board, 150, setter(board.model, "zero_fifo", False))
    assert run(monitor)
    gaps, faults, _ = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 25 <= s < 40) == (record.SENSOR, True), s
    assert faults == [(BAD_DATA, CONSTANT)]


def check_a_fifo_overrun(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(60).raw)
    at(board, 20, lambda: board.stall(3000))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 2.3 <= s <= 3, faults) == (record.OVERRUN, True, [])
    assert counts["n"] == 3000


def check_saturation_in_a_movement(folder):
    signal = Signal(noise_mg=2).still(60).burst(3, 4000).still(60)
    assert min(struct.unpack("<%dh" % (len(signal.raw) // 2), signal.raw)) == -32768 + 64
    _, monitor = monitored(folder, signal.raw)
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    assert (gaps, faults, counts["excluded"], counts["lm"]) == ([], [], 0, 1)
    (lm,) = records(monitor.log.path, record.LM)
    assert (lm["kind"], lm["peak_mg"] > 1000) == (0, True)


def check_saturation_that_stays(folder):
    off = (0, 0, 32704)  # its output stands at the end of the scale
    signal = Signal(noise_mg=2).still(100).turn(off).still(200).turn((0, 0, G)).still(120)
    _, monitor = monitored(folder, signal.raw)
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 75 <= s < 90) == (record.SENSOR, True), s
    assert faults == [(BAD_DATA, OFF_SCALE)]
    assert counts["clm"] == 0


def check_a_rate_off_by_10_percent(folder):
    for ppm in (-100000, 100000):
        signal = Signal(noise_mg=2).still(60)
        for _ in range(6):
            signal.burst(2, 100).still(28)
        _, monitor = monitored(folder, signal.still(30).raw, odr_error_ppm=ppm)
        assert run(monitor)
        gaps, faults, counts = ended(monitor)
        assert (gaps, faults, counts["plm"]) == ([], [], 6), ppm
        lms = records(monitor.log.path, record.LM)
        for k, lm in enumerate(lms):  # the samples tell seconds of a sensor that runs right
            assert abs(lm["onset_ms"] - (60 + 30 * k) * 1e9 / (1000000 + ppm)) < 500
            assert abs(lm["duration_ms"] - 2e9 / (1000000 + ppm)) < 300


def check_hours_unplugged_are_a_gap_of_hours(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(200).raw)

    def unplug():
        board.model.present = False
        board.model.power_on()

    at(board, 100, unplug)
    at(board, 100 + 5 * 3600, setter(board.model, "present", True))
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    ((cause, s),) = gaps
    assert (cause, 5 * 3600 <= s < 5 * 3600 + 4) == (record.SENSOR, True), s
    assert faults == [(NO_SENSOR, 0)]
    assert counts["gap_ms"] == round(1000 * s)
    samples = sum(e["samples"] for e in records(monitor.log.path, record.EPOCH))
    assert abs(counts["ms"] - counts["gap_ms"] - 20 * samples) < 100


def check_the_fault_is_on_the_flash_while_the_sensor_is_gone(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(100).raw)
    at(board, 30, setter(board.model, "present", False))
    seen = []
    at(board, 50, lambda: seen.extend(records(monitor.log.path, record.FAULT)))
    at(board, 60, setter(board.model, "present", True))
    run(monitor)
    assert [fault["code"] for fault in seen] == [NO_SENSOR]


def check_a_loose_contact_does_not_fill_the_flash(folder):
    board, monitor = monitored(folder, Signal(noise_mg=2).still(1500).raw)
    sleep = board.sleep_ms
    failed = set()

    def sleep_ms(ms):
        sleep(ms)
        second = board.clock.us // 1000000
        if 60 <= second < 1260 and second not in failed:
            failed.add(second)
            board.model.nack_next = 4

    board.sleep_ms = sleep_ms
    assert run(monitor)
    gaps, faults, counts = ended(monitor)
    assert len(faults) <= 21 * 6
    assert 60 < len(gaps) < 21 * 12
    assert abs(counts["ms"] - 1500000) < 1000
    assert os.stat(monitor.log.path)[6] < 1500 + 25 * (24 + 12 * 23 + 6 * 16)


def check_a_rate_that_no_sensor_has_is_a_fault(folder):
    for ppm, detail in ((-140000, 2), (140000, 1), (-110000, None), (110000, None)):
        _, monitor = monitored(folder, Signal(noise_mg=2).still(400).raw, odr_error_ppm=ppm)
        assert run(monitor)
        _, faults, _ = ended(monitor)
        assert faults == ([(RATE, detail)] if detail else []), (ppm, faults)
