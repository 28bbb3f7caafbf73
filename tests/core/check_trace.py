"""The trace: levels, holes, blocks; its file, which makes room for the nights."""

import os
from array import array

import flash
import nightfiles as nights
import tracelog
from plmcore import kernel, reader, record, trace
from plmcore.trace import HIGHEST, HOLE, LEVELS, SAMPLES, Trace

from kit import Numbers, Signal, monitored, records, run

MOST = 3 * 2047 * 2047  # power of a sample


def feed(out, powers, n=0):
    """Put powers in, in batches of all sizes."""
    power = kernel.new_power()
    numbers = Numbers(7)
    at = 0
    while at < len(powers):
        batch = powers[at : at + numbers.between(1, kernel.BATCH)]
        power[kernel.LONG : kernel.LONG + len(batch)] = array("i", batch)
        out.add(power, len(batch), n + at)
        at += len(batch)
    return n + len(powers)


def blocks(data):
    """(first sample, levels) of each block."""
    found = [(f["raw"], at) for at, k, _, f in reader.read(data, trace.MAGIC) if k == trace.BLOCK]
    return [(int.from_bytes(raw[:4], "little"), list(raw[4:])) for raw, _ in found]


def written(out):
    data = bytes(out.buf[: out.waiting])
    out.written()
    return data


def finished(out):
    out.finish()
    return written(out)


def check_each_level_holds_its_power_within_six_percent_of_amplitude():
    last = -1
    for level in range(HIGHEST + 1):
        power = trace.power_of(level)
        out = Trace()
        # The same power again, spread over ten samples
        feed(out, [power // SAMPLES + (i < power % SAMPLES) for i in range(SAMPLES)])
        ((first, levels),) = blocks(finished(out))
        assert (first, levels) == (0, [level])
        if level > 16:
            assert last < power <= last * 9 // 8 + 1, level  # 6 % of its square root
        last = power


def check_the_greatest_power_fits():
    out = Trace()
    feed(out, [MOST] * SAMPLES)
    assert blocks(finished(out)) == [(0, [HIGHEST])]
    feed(out, [MOST] * SAMPLES, SAMPLES)
    assert SAMPLES * MOST < 1 << 27


def check_blocks_follow_each_other_without_a_seam():
    out, data, n = Trace(), b"", 0
    numbers = Numbers(3)
    powers = [numbers.below(5000) for _ in range(SAMPLES * (LEVELS * 25 + 7))]
    while n < len(powers):
        n = feed(out, powers[n : n + 999], n)
        if out.nearly_full:
            data += written(out)
    data += finished(out)
    found = blocks(data)
    assert [first for first, _ in found] == [LEVELS * SAMPLES * i for i in range(26)]
    levels = [level for _, levels in found for level in levels]
    assert len(levels) == len(powers) // SAMPLES
    for i, level in enumerate(levels):
        power = sum(powers[SAMPLES * i : SAMPLES * (i + 1)])
        assert abs(trace.power_of(level) - power) <= power // 8
    assert not [r for r in reader.read(data, trace.MAGIC) if r[1] == 0]


def check_lost_samples_are_holes_and_no_zeros():
    out = Trace()
    n = feed(out, [100] * 35)  # the level under way has five of its samples
    n = feed(out, [100] * 32, n + 24)  # 59..90
    n = feed(out, [100] * 29, n)  # ..120
    assert n == 120
    ((first, levels),) = blocks(finished(out))
    level = levels[0]
    assert (first, levels) == (0, [level] * 3 + [HOLE] * 3 + [level] * 6)


def check_a_loss_within_a_level_makes_it_a_hole():
    out = Trace()
    n = feed(out, [100] * 12)
    n = feed(out, [100] * 15, n + 3)
    ((_, (a, b, c)),) = blocks(finished(out))
    assert (a, b, c) == (a, HOLE, a)


def check_a_long_loss_takes_no_space():
    out = Trace()
    n = feed(out, [100] * 100)
    n = feed(out, [100] * 100, n + 3600 * 50 + 4)
    data = finished(out)
    (a, b), (c, d) = blocks(data)
    assert (a, len(b), c, len(d)) == (0, 10, 180100, 10)
    assert d[0] == HOLE
    assert HOLE not in d[1:] + b
    assert len(data) < 60


def check_a_loss_up_to_the_blocks_end_fills_it():
    out = Trace()
    feed(out, [100] * 100)
    feed(out, [100] * 100, LEVELS * SAMPLES)
    (a, b), (c, d) = blocks(finished(out))
    assert (a, b[10:]) == (0, [HOLE] * (LEVELS - 10))
    assert (c, len(d)) == (LEVELS * SAMPLES, 10)


def check_who_writes_late_loses_the_newest_blocks_and_nothing_else():
    out = Trace()
    n = feed(out, [100] * (SAMPLES * LEVELS * 20))
    assert out.waiting <= len(out.buf) - trace.RECORD
    data = written(out)
    feed(out, [100] * 50, n)
    data += finished(out)
    firsts = [first // SAMPLES // LEVELS for first, _ in blocks(data)]
    assert firsts == list(range(10)) + [20]


def check_the_monitor_writes_what_its_detector_saw(folder):
    signal = Signal(noise_mg=2).still(400).burst(2, 100).still(400)
    board, monitor = monitored(folder, signal.raw)
    run(monitor, 500000)
    board.stall(30000)
    run(monitor)
    path = monitor.log.path[:-4] + ".trc"
    early = os.stat(path)[6]
    assert early > 1500  # long before the end
    monitor.close(record.BY_HOST)
    with open(path, "rb") as file:
        data = file.read()
    meta = [f for _, k, _, f in reader.read(data, trace.MAGIC) if k == record.META]
    assert {"key": "session", "value": monitor.log.session} in meta
    levels = [level for _, levels in blocks(data) for level in levels]
    assert abs(len(levels) - monitor.time.n // SAMPLES) <= 1
    (gap,) = records(monitor.log.path, record.GAP)
    holes = [i for i, level in enumerate(levels) if level == HOLE]
    assert abs(holes[0] * SAMPLES - gap["n"]) <= SAMPLES
    assert abs(len(holes) * SAMPLES - gap["lost"]) <= 2 * SAMPLES
    loud = [i for i, level in enumerate(levels) if level != HOLE and trace.power_of(level) > 9000]
    (lm,) = records(monitor.log.path, record.LM)
    assert abs(loud[0] * SAMPLES - lm["n"]) <= 2 * SAMPLES
    assert abs((loud[-1] - loud[0]) * SAMPLES * 20 - lm["duration_ms"]) <= 600


def check_without_the_setting_there_is_none(folder):
    with open(folder + "/settings.json", "w") as file:
        file.write('{"trace": false}')
    _, monitor = monitored(folder, Signal().still(5).raw)
    run(monitor)
    monitor.close(record.BY_HOST)
    assert list(nights.names(folder + "/nights", nights.TRACES)) == []


def put(path, name, size):
    with open(path + "/" + name, "wb") as file:
        file.write(bytes(size))


def full(root, blocks, left, traces=0, acked=0):
    """A flash with so many blocks left, with traces of 5 blocks and filed nights of 2."""
    if not flash.mount(root, blocks):
        return None  # CPython has no littlefs
    path = nights.folder(root)
    for i in range(max(traces, acked) + 1):
        put(path, "%05d-00000000.plm" % i, 8000)
        if i < acked:
            put(path, "%05d-00000000.plm.ok" % i, 64)
        if i < traces:
            put(path, "%05d-00000000.trc" % i, 20000)
    put(root, "rest", nights.free(root) - left * nights.BLOCK)
    return path


def check_a_new_trace_takes_the_place_of_the_oldest_and_of_filed_nights(folder):
    path = full("/ring", 200, 10, traces=6, acked=4)
    if not path:
        return
    nights.make_room("/ring", 26 * nights.BLOCK)  # three old traces are not quite enough
    assert [n[:5] for n in nights.names(path, nights.TRACES)] == ["00003", "00004", "00005"]
    assert [n[:5] for n in nights.names(path)] == [
        "00001",
        "00002",
        "00003",
        "00004",
        "00005",
        "00006",
    ]
    nights.make_room("/ring", 1 << 29)
    assert list(nights.names(path, nights.TRACES)) == []
    assert [n[:5] for n in nights.names(path)] == ["00004", "00005", "00006"]  # never filed


def check_in_a_session_traces_go_before_any_night(folder):
    path = full("/short", 120, 32, traces=2, acked=3)
    if not path:
        return
    _, monitor = monitored("/short", Signal(noise_mg=2).still(1300).raw)
    run(monitor, 600000)
    assert next(nights.names(path, nights.TRACES))[:5] == "00001"
    put("/short", "more", nights.free("/short") - 10 * nights.BLOCK)
    run(monitor)
    monitor.close(record.BY_HOST)
    assert list(nights.names(path, nights.TRACES)) == []
    there = [n.split("/")[-1][:5] for n in nights.names(path)]
    assert there[-4:] == ["00001", "00002", "00003", "00004"]
    (*_, counts) = records(monitor.log.path, record.COUNTS)
    assert counts["reason"] == record.BY_HOST
    assert not records(monitor.log.path, record.FAULT)


def check_without_room_there_is_no_trace_and_the_night_is_whole(folder):
    path = full("/none", 100, tracelog.RESERVE - 2)
    if not path:
        return
    _, monitor = monitored("/none", Signal(noise_mg=2).still(1000).raw)
    run(monitor)
    monitor.close(record.BY_HOST)
    assert list(nights.names(path, nights.TRACES)) == []
    assert len(records(monitor.log.path, record.EPOCH)) == 17


def check_a_trace_that_cannot_be_written_stops_nothing(folder):
    _, monitor = monitored(folder, Signal(noise_mg=2).still(1000).raw)

    def fails(*_):
        raise OSError(5)

    tracelog.open = fails
    try:
        run(monitor)
        monitor.close(record.BY_HOST)
    finally:
        del tracelog.open
    (*_, counts) = records(monitor.log.path, record.COUNTS)
    assert counts["reason"] == record.BY_HOST
    assert len(records(monitor.log.path, record.EPOCH)) == 17


def check_the_night_and_its_trace_are_never_written_in_one_cycle(folder):
    signal = Signal(noise_mg=2).still(20)
    for _ in range(40):
        signal.burst(1, 100).still(29)
    _, monitor = monitored(folder, signal.raw)
    writes = []
    of_night, of_trace = monitor.log._write, monitor.trace._write
    now = [0]

    def night():
        writes.append((now[0], "night"))
        of_night()

    def written_():
        writes.append((now[0], "trace"))
        of_trace()

    monitor.log._write, monitor.trace._write = night, written_
    try:
        while True:
            now[0] += 1
            monitor.cycle()
    except KeyboardInterrupt:
        pass
    traced = [cycle for cycle, what in writes if what == "trace"]
    assert len(traced) >= 2
    assert not [cycle for cycle, what in writes if what == "night" and cycle in traced]
