"""The night log on a flash that fills up, is cut off, or was formatted."""

import io
import os

import flash
import hw
import main
import nightfiles as nights
import nightlog
from plmcore import reader, record
from recovery import Tally, complete, stream

from kit import Numbers, Signal, monitored, records, run

FLASH_FULL = 4  # of reader.FAULTS


def kicks(minutes, seed=1):
    signal = Signal(noise_mg=2, seed=seed).still(20)
    numbers = Numbers(seed)
    while signal.n < minutes * 3000:
        signal.burst(numbers.between(6, 30) / 10, 100).still(numbers.between(4, 30))
    return signal


def put(path, size):
    with open(path, "wb") as file:
        file.write(bytes(size))


def blocks_free(root):
    return nights.free(root) // nights.BLOCK


def check_no_movement_waits_a_minute_for_the_flash(folder):
    for ppm in (0, -100000):
        _, monitor = monitored(folder, kicks(12).raw, odr_error_ppm=ppm)
        size = known = 0
        monitor.log.flush()
        latest = 0
        try:
            while True:
                monitor.cycle()
                if os.stat(monitor.log.path)[6] > size:
                    size = os.stat(monitor.log.path)[6]
                    lms = records(monitor.log.path, record.LM)
                    for lm in lms[known:]:
                        end = lm["onset_ms"] + lm["duration_ms"]
                        latest = max(latest, monitor.clock.ms - end)
                    known = len(lms)
        except KeyboardInterrupt:
            pass
        assert known > 20
        assert 35000 < latest <= 60000, (ppm, latest)


def check_a_cut_night_is_completed_as_its_records_are(folder):
    _, monitor = monitored(folder, kicks(16).raw)
    run(monitor, 900000)
    path = monitor.log.path
    with open(path, "rb") as file:
        before = file.read()
    complete(folder)
    complete(folder)  # the second time there is nothing to do
    with open(path, "rb") as file:
        after = file.read()
    assert after[: len(before)] == before
    (*_, (_, sequence, _), (kind, last_sequence, counts)) = stream(path)
    assert (kind, last_sequence) == (record.COUNTS, sequence + 1)
    assert counts["reason"] == record.RECOVERED
    assert counts["lm"] == len(records(path, record.LM)) > 30
    assert 0 <= 900000 - counts["ms"] < 35000 + 16000 + 1000  # a kick and what waited
    # what the monitor counted up to there, movements that it has not yet written apart
    checkpoint = [c for c in records(path, record.COUNTS) if c["reason"] == record.CHECKPOINT][-1]
    for name in ("clm", "plm", "series", "short_imi", "plm_strict"):
        assert checkpoint[name] <= counts[name] <= checkpoint[name] + 30
    monitor.log.close()


def check_a_whole_night_tallies_to_its_own_counts(folder):
    board, monitor = monitored(folder, kicks(12).raw)
    run(monitor, 300000)
    board.stall(5000)
    run(monitor)
    monitor.close(record.BY_HOST)
    tally = Tally()
    for kind, _, fields in stream(monitor.log.path):
        if kind != record.COUNTS:
            tally.take(kind, fields)
    (*_, last) = records(monitor.log.path, record.COUNTS)
    names = reader.FIELDS[record.COUNTS][2][3:]
    assert tally.counts() == [last[name] for name in names]


def check_a_filed_or_damaged_night_is_left_alone(folder):
    _, monitor = monitored(folder, kicks(4).raw)
    run(monitor)
    monitor.log.close()
    path = monitor.log.path
    size = os.stat(path)[6]
    open(path + ".ok", "w").close()
    complete(folder)
    assert os.stat(path)[6] == size
    os.remove(path + ".ok")
    with open(path, "wb") as file:
        file.write(bytes(range(256)) * 40)
    complete(folder)
    assert os.stat(path)[6] == 256 * 40


def check_a_torn_tail_stays_and_the_counts_follow_it(folder):
    _, monitor = monitored(folder, kicks(4).raw)
    run(monitor)
    monitor.log.close()
    path = monitor.log.path
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[:-7])
    complete(folder)
    found = records(path)
    assert found[-2][0] == 0  # the damage
    assert (found[-1][0], found[-1][1]["reason"]) == (record.COUNTS, record.RECOVERED)


def check_a_night_without_a_header_goes(folder):
    path = nights.folder(folder)
    put(path + "/00001-00000000.plm", 0)
    complete(folder)
    assert list(nights.names(path)) == []


def check_the_flash_has_an_id_until_it_is_formatted(folder):
    ids = []
    os.mkdir(folder + "/new")
    for root in (folder, folder, folder + "/new"):
        board = hw.board(io.BytesIO(bytes(Signal().still(5).raw)), root=root, device_id=root)
        main.run(board)
        (*_, name) = nights.names(root + "/nights")
        meta = records(root + "/nights/" + name, record.META)
        ids += [m["value"] for m in meta if m["key"] == "flash"]
        assert nights.mark(root) == ids[-1]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 8


def check_filed_nights_go_in_the_middle_of_a_session(folder):
    if not flash.mount("/full", 64):
        return  # CPython has no littlefs
    path = nights.folder("/full")
    _, monitor = monitored("/full", kicks(13).raw)
    run(monitor, 30000)
    for number in range(0, 3):  # numbers before that of the session
        put(path + "/0000%d-0000000a.plm" % number, 60000)
        if number != 1:
            put(path + "/0000%d-0000000a.plm.ok" % number, 64)
    os.rename(path + "/00002-0000000a.plm", path + "/00000-0000000b.plm")
    os.rename(path + "/00002-0000000a.plm.ok", path + "/00000-0000000b.plm.ok")
    assert blocks_free("/full") < nightlog.WATCHED
    run(monitor)
    monitor.close(record.BY_HOST)
    assert records(monitor.log.path, record.FAULT) == []
    assert list(nights.names(path))[-2][:6] == "00001-"  # a computer has not verified it
    assert len(list(nights.names(path))) == 3  # and one filed night was enough
    assert blocks_free("/full") >= nightlog.WATCHED


class Filling:
    """Takes a board's flash away, step by step, and counts its blinks after the last one."""

    def __init__(self, board, steps):
        """steps: [(second, blocks to leave), ...]"""
        self.blinks = 0
        self._board = board
        self._steps = list(steps)
        self._sleep = board.sleep_ms
        board.sleep_ms = self.sleep_ms
        board.led = self.led

    def sleep_ms(self, ms):
        self._sleep(ms)
        if self._steps and self._board.clock.us > self._steps[0][0] * 1000000:
            _, left = self._steps.pop(0)
            root = self._board.root
            put(root + "/ballast%d" % left, (blocks_free(root) - left) * 4096 - 200)

    def led(self, on):
        self.blinks += on and not self._steps


def check_a_full_flash_keeps_counts_to_the_last_block(folder):
    raw = bytes(kicks(25).raw)
    for spare in (0, 2000):  # the last word falls anywhere in a block
        root = "/full%d" % spare
        if not flash.mount(root, 40):
            return  # CPython has no littlefs
        path = nights.folder(root)
        put(root + "/spare", spare)
        board = hw.board(io.BytesIO(raw), root=root)
        filling = Filling(board, [(60, 7), (700, 4), (1290, 2)])
        main.run(board)
        (name,) = nights.names(path)  # it stays, and nothing more is begun
        found = records(path + "/" + name)
        kinds = [kind for kind, _ in found]
        assert 0 not in kinds
        faults = [f for kind, f in found if kind == record.FAULT]
        assert [(f["code"], f["detail"]) for f in faults] == [(FLASH_FULL, n) for n in (1, 2, 3)]
        at = [k for k, kind in enumerate(kinds) if kind == record.FAULT]
        assert record.EPOCH not in kinds[at[0] :] and record.LM in kinds[at[0] : at[1]]
        assert record.LM not in kinds[at[1] :] and record.COUNTS in kinds[at[1] : at[2]]
        assert kinds[at[2] :] == [record.FAULT, record.COUNTS]
        counts = found[-1][1]
        assert counts["reason"] == record.STOPPED
        assert filling.blinks > 20  # the LED says so, again and again
        # the same as with a flash that never fills up
        _, monitor = monitored(folder, raw)
        run(monitor, counts["ms"] - 100)
        monitor.close(record.BY_HOST)
        same = records(monitor.log.path, record.COUNTS)[-1]
        assert abs(same["lm"] - counts["lm"]) <= 1 and counts["lm"] > 40
