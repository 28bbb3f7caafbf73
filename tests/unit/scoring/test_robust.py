"""How far a night's count hangs on the threshold, on nights whose count at each is known."""

from datetime import UTC, datetime

import pytest
from anklet.night import grouping, nightfile, trace
from anklet.night.session import COUNTS, LM, Session
from anklet.report import onenight
from anklet.scoring import robust
from anklet.signal import inputs, replay
from anklet.simulate.hard import Life, make_hard_night

ZERO = dict.fromkeys([*COUNTS, "gap_ms", "upright_ms", "off_body_ms"], 0)


def night(peaks, on_mg="16", kind="clm"):
    """Movements of these peaks, mg, every 20 s."""
    lms = [LM(i, 1000 * i, 20_000 * i, 2000, mg, kind, 0, True, 1) for i, mg in enumerate(peaks)]
    counts = {**ZERO, "plm": len(peaks), "clm": len(peaks)}
    return Session("s", "d", {"on_mg": on_mg}, lms=lms, counts=counts, length_ms=3_600_000)


def test_strong_movements_count_at_every_threshold():
    assert robust.at_thresholds(night([100] * 12)) == {16: 12, 24: 12, 32: 12}


def test_weak_ones_are_left_out_and_the_intervals_measured_anew():
    assert robust.at_thresholds(night([20, 100] * 6)) == {16: 12, 24: 6, 32: 6}
    assert robust.at_thresholds(night([20, 28] * 6)) == {16: 12, 24: 6, 32: 0}
    # 80 s apart they are still a series, 100 s apart no longer
    assert robust.at_thresholds(night(([28] + [20] * 3) * 4)) == {16: 16, 24: 4, 32: 0}
    assert robust.at_thresholds(night(([28] + [20] * 4) * 4)) == {16: 20, 24: 0, 32: 0}


def test_what_is_no_leg_movement_stays_out():
    assert robust.at_thresholds(night([100] * 6, kind="gross"))[24] == 0


@pytest.mark.parametrize("on_mg", ["", "0", "x"])
def test_a_night_without_a_threshold_has_none(on_mg):
    assert robust.at_thresholds(night([100], on_mg)) == {}


def test_rules_that_are_unknown_here_give_none():
    odd = night([100] * 6)
    odd.meta["rules"] = "of 2040"
    assert robust.at_thresholds(odd) == {}


@pytest.mark.slow
def test_a_trace_knows_what_was_too_weak_for_the_device():
    made = make_hard_night(hours=1, seed=7, life=Life(plm_per_hour=90, median_mg=18, spread=0.4))
    raw = inputs.to_raw(inputs.Acceleration(made.rate, made.acc), 50)
    files = replay.record_files(raw, {"on_mg": 24})
    recorded = nightfile.parse(files[".plm"])
    found = robust.at_thresholds(recorded, trace.parse(files[".trc"], recorded.session))
    assert list(found) == [18, 24, 36]
    assert found[24] == recorded.counts["plm"]
    assert found[18] > found[24] > found[36]


def test_the_sessions_of_a_night_are_added_up():
    one, other = night([100] * 5), night([20] * 5)
    for session in (one, other):
        session.plm_at = robust.at_thresholds(session)
        session.start = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert grouping.joined([one, other]).plm_at == {16: 10, 24: 5, 32: 5}


def test_the_page_says_it_per_hour_and_where_it_is_from():
    session = night([20, 100] * 6)
    session.plm_at = robust.at_thresholds(session)
    page, _ = onenight.sheets([session])
    assert "from 16 mg <b>12</b> (the device) · from 24 mg <b>6" in page
    assert "(from the logged peaks)" in page
    session.plm_at = {12: 13, 16: 12, 24: 6}
    assert "(from the trace)" in onenight.sheets([session])[0]
