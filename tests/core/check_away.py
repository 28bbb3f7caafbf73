"""Somebody who lies very still, and a device that lies on a table: sessions on the board."""

import io

import hw
import main
from nightfiles import names
from plmcore import record
from plmcore.still import OFF_BODY, PICKED_UP, PUT_DOWN

from kit import Signal, monitored, records, run

UPRIGHT = (16384, 0, 0)
LYING = (0, 16384, 0)


def minutes(number, gravity=(0, 0, 16384), seed=1):
    """A leg or a table that lies still: the sensor's noise alone."""
    return bytes(Signal(gravity, 2, seed).still(60).raw) * number


def kicks(number, gravity=(0, 0, 16384)):
    signal = Signal(gravity, 2)
    for _ in range(number):
        signal.still(18.5).burst(1.5, 100)
    return bytes(signal.raw)


def night(folder, raw, reason=record.BY_HOST):
    _, monitor = monitored(folder, raw)
    run(monitor)
    monitor.close(reason)
    return records(monitor.log.path)


def of(found, kind):
    return [fields for k, fields in found if k == kind]


def check_movements_behind_a_still_hour_count_and_the_hour_does(folder):
    found = night(folder, kicks(9) + minutes(40) + kicks(6), record.STOPPED)
    counts = of(found, record.COUNTS)[-1]
    assert (counts["clm"], counts["plm"], counts["excluded"]) == (15, 15, 0)
    assert counts["off_body_ms"] == 0
    (still,) = of(found, record.STILL)
    assert still["evidence"] == 0
    assert abs(still["length_ms"] - 40 * 60000) <= 120000
    flags = [e["flags"] for e in of(found, record.EPOCH)]
    assert not any(f & record.EPOCH_OFF_BODY for f in flags)
    assert 38 <= len([f for f in flags if f & record.EPOCH_STILL]) <= 41


def check_an_hour_on_a_table_is_left_out_of_the_hours(folder):
    upright = Signal(UPRIGHT, 2).burst(30, 50, 1).still(30).raw
    raw = kicks(3, LYING) + bytes(upright) + minutes(50) + bytes(upright) + kicks(6, LYING)
    found = night(folder, raw)
    (still,) = of(found, record.STILL)
    assert still["evidence"] == PUT_DOWN | PICKED_UP | OFF_BODY
    assert abs(still["length_ms"] - 50 * 60000) <= 120000
    assert abs(still["ms"] - 52 * 60000) <= 120000
    counts = of(found, record.COUNTS)[-1]
    assert counts["off_body_ms"] == still["length_ms"]
    assert counts["plm"] == 6


def check_a_gap_ends_a_stretch(folder):
    board, monitor = monitored(folder, kicks(9) + minutes(50))
    run(monitor, 30 * 60000)
    board.stall(4000)
    run(monitor)
    monitor.close(record.STOPPED)
    stills = records(monitor.log.path, record.STILL)
    assert len(stills) == 2
    for still, minute in zip(stills, (30, 53)):
        assert abs(still["ms"] - minute * 60000) <= 120000
        assert still["evidence"] == 0


def sessions(folder, raw):
    """Reason, minutes, LMs and off-body minutes of each session that the firmware made of it."""
    main.run(hw.board(io.BytesIO(raw), root=folder))
    found = []
    for name in names(folder + "/nights"):
        counts = records(folder + "/nights/" + name, record.COUNTS)[-1]
        off = counts["off_body_ms"] // 60000
        found.append((counts["reason"], counts["ms"] // 60000, counts["lm"], off))
    return found


def check_a_still_sleeper_ends_no_session(folder):
    """Over two hours without a movement, and then it goes on: one session, no movement lost."""
    (one,) = sessions(folder, kicks(9) + minutes(125) + kicks(6))
    assert one == (record.BY_HOST, 130, 15, 0)


def check_a_day_on_a_table_ends_the_session_and_the_next_loses_nothing(folder):
    upright = Signal(UPRIGHT, 2).burst(30, 50, 1).still(30).raw
    night = kicks(9, LYING) + minutes(1, LYING)
    table = bytes(upright) + minutes(130) + bytes(upright)
    first, second = sessions(folder, night + table + night)
    assert first[0] == record.ITSELF and 124 <= first[1] <= 126, first
    assert first[2] == 9 and first[3] >= 119, first
    assert second[0] == record.BY_HOST and second[2] == 9, second
