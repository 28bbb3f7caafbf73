"""The detector as a whole, on signals whose movements are known."""

import math

from plmcore import record
from plmcore.detector import LONGEST_FEED, Detector, deci_mg, power_of

from kit import RATE, Numbers, Signal, drain, feed

WAIT = 13 * RATE  # a movement waits so long for its class


def kick(signal, mg=100, seconds=1.5):
    """A 2 Hz burst; returns its first sample and the one behind it."""
    start = signal.n
    signal.burst(seconds, mg)
    return start, signal.n


def kicks(every, count, mg=100, noise_mg=3):
    signal = Signal(noise_mg=noise_mg).still(20)
    truth = []
    for _ in range(count):
        truth.append(kick(signal, mg))
        signal.still(every - 1.5)
    signal.still(20)
    return signal, truth


def one_kick():
    """A kick after 20 s of rest, whose detector has seen the first `n` samples of it."""
    signal = Signal().still(20)
    start, end = kick(signal)
    return signal.still(20).raw, start, end


def check_a_kick_is_found_where_it_was():
    for mg in (60, 100, 200, 300):
        for seconds in (0.8, 1.5, 4):
            signal = Signal(noise_mg=3).still(20)
            start, end = kick(signal, mg, seconds)
            found = feed(Detector(), signal.still(20).raw, [15])
            assert len(found) == 1, (mg, seconds, found)
            onset, offset, peak, _, kind, flags = found[0]
            assert abs(onset - start) <= 10, (mg, seconds, onset - start)
            assert abs(offset - end) <= 10, (mg, seconds, offset - end)
            assert (kind, flags) == (0, 0)
            # x and y in phase, 1 and 1/2: RMS of 0.79 of the peak, less what the filters take
            assert 5 * mg < peak < 9 * mg, (mg, peak)


def check_kicks_at_any_phase_of_the_blocks():
    for phase in range(0, 25, 3):
        signal = Signal().still(20).still(phase / RATE + 0.001)
        start, end = kick(signal)
        ((onset, offset, _, _, kind, _),) = feed(Detector(), signal.still(20).raw, [25])
        assert abs(onset - start) <= 10
        assert abs(offset - end) <= 10
        assert kind == 0


def check_a_series_gives_its_intervals():
    signal, truth = kicks(25, 8)
    found = feed(Detector(), signal.raw, [15])
    assert len(found) == 8
    onsets = [f[0] for f in found]
    for a, b in zip(onsets, onsets[1:]):
        assert abs(b - a - 25 * RATE) <= 3
    for onset, (start, _) in zip(onsets, truth):
        assert abs(onset - start) <= 10


def check_nothing_moves_nothing_found():
    for gravity in ((0, 0, 16384), (0, 0, 0), (-16384, 0, 0), (32704, -32704, 32704)):
        detector = Detector()
        assert feed(detector, Signal(gravity).still(120).raw, [32]) == []
        detector.close()
        assert not detector.next()
        assert detector.floor.power == 0


def check_quiet_noise_gives_nothing():
    detector = Detector()
    assert feed(detector, Signal(noise_mg=8).still(300).raw, [16]) == []
    assert detector.take_activity() > 0


def check_splitting_the_stream_changes_nothing():
    signal = Signal(noise_mg=4).still(13.3)
    for k in range(8):
        kick(signal, 60 + 60 * k, 0.4 + 0.5 * k)
        signal.still((0.7, 1.9, 9, 14.3)[k % 4])
    signal.turn((11585, 0, 11585)).still(30)
    numbers = Numbers(23)
    expected = feed(Detector(), signal.raw, [25])
    assert len(expected) >= 6
    assert len(set(f[4] for f in expected)) > 1
    anywhere = [numbers.below(LONGEST_FEED + 1) for _ in range(500)]
    for sizes in ([1], [7], [32], anywhere):
        assert feed(Detector(), signal.raw, sizes) == expected, sizes


def check_time_may_begin_late():
    raw, _, _ = one_kick()
    base = feed(Detector(), raw, [25])
    detector = Detector()
    detector.skip(1 << 26, True)
    shifted = feed(detector, raw, [25])
    assert [(a - (1 << 26), b - (1 << 26)) + tuple(r) for a, b, *r in shifted] == base


def check_no_movement_is_handed_out_before_its_time():
    raw, _, end = one_kick()
    detector = Detector()
    for n in range(len(raw) // 6):
        detector.feed(raw[6 * n : 6 * n + 6], 1)
        if detector.next():
            break
    assert WAIT <= detector.n - detector.offset <= WAIT + 50, detector.n - end
    assert not detector.next()


def check_close_hands_out_what_waits():
    raw, start, end = one_kick()
    detector = Detector()
    feed(detector, raw[: 6 * (end + 100)], [20])
    assert not detector.next()
    detector.close()
    ((onset, _, _, _, _, flags),) = drain(detector)
    assert abs(onset - start) <= 10
    assert flags == 0


def check_close_ends_the_movement_under_way():
    raw, start, end = one_kick()
    detector = Detector()
    feed(detector, raw[: 6 * (end - 20)], [20])
    detector.close()
    ((onset, offset, _, _, _, flags),) = drain(detector)
    assert abs(onset - start) <= 10
    assert abs(offset - (end - 20)) <= 10
    assert flags == record.TOUCHES_GAP


def check_an_end_already_seen_stays_where_it_was():
    raw, _, end = one_kick()
    for later in (20, 25, 28):  # in the half second that has to be quiet
        detector = Detector()
        feed(detector, raw[: 6 * (end + later)], [20])
        detector.close()
        ((_, offset, _, _, _, _),) = drain(detector)
        assert abs(offset - end) <= 10, (later, offset - end)


def check_a_short_loss_flags_the_movement_it_touches():
    raw, start, end = one_kick()
    for at in (start + 30, end - 15):
        detector = Detector()
        found = feed(detector, raw[: 6 * at], [20])
        detector.skip(10, False)
        found += feed(detector, raw[6 * (at + 10) :], [20])
        assert [f[5] for f in found] == [record.TOUCHES_GAP], at
        assert abs(found[0][0] - start) <= 10
        assert abs(found[0][1] - end) <= 10


def check_a_short_loss_right_behind_the_onset_flags_it_too():
    for mg in (30, 100):  # over the threshold at once, and so weak that half a second decides
        signal = Signal().still(20)
        start, _ = kick(signal, mg)
        raw = signal.still(20).raw
        for behind in (8, 11, 14):
            detector = Detector()
            found = feed(detector, raw[: 6 * (start + behind)], [20])
            detector.skip(3, False)
            found += feed(detector, raw[6 * (start + behind + 3) :], [20])
            assert [f[5] for f in found] == [record.TOUCHES_GAP], (mg, behind)


def check_a_short_loss_elsewhere_flags_nothing():
    raw, start, end = one_kick()
    for at in (start - 200, end + 100):
        detector = Detector()
        found = feed(detector, raw[: 6 * at], [20])
        detector.skip(10, False)
        found += feed(detector, raw[6 * (at + 10) :], [20])
        assert [f[4:] for f in found] == [(0, 0)]


def check_a_long_loss_closes_the_movement():
    raw, start, end = one_kick()
    detector = Detector()
    assert feed(detector, raw[: 6 * (end - 20)], [20]) == []
    detector.skip(500, True)
    ((onset, offset, _, _, _, flags),) = drain(detector)
    assert abs(onset - start) <= 10
    assert abs(offset - (end - 20)) <= 10
    assert flags == record.TOUCHES_GAP
    assert detector.n == end - 20 + 500
    # and the rest is a new recording
    assert len(feed(detector, raw, [20])) == 1


def check_a_long_loss_decides_what_waits_as_a_close_does():
    for after in range(0, 13, 2):
        raw, _, end = one_kick()
        part = raw[: 6 * (end + RATE + after * RATE)]
        lost = Detector()
        feed(lost, part, [20])
        lost.skip(500, True)
        closed = Detector()
        feed(closed, part, [20])
        closed.close()
        found = drain(lost)
        assert found == drain(closed)
        assert [f[4] for f in found] == [0], after


def check_a_turn_behind_a_long_loss_is_no_movement():
    detector = Detector()
    feed(detector, Signal((0, 0, 16384)).still(30).raw, [25])
    detector.skip(1000, True)
    assert feed(detector, Signal((0, 16384, 0)).still(30).raw, [25]) == []


def check_a_step_that_stays_is_a_posture_change():
    for to in ((0, 16384, 0), (8192, 0, 14189), (5604, 0, 15396)):  # 90, 30, 20 degrees
        signal = Signal((0, 0, 16384), noise_mg=3).still(30)
        kick(signal, 200, 1)
        found = feed(Detector(), signal.turn(to).still(30).raw, [25])
        assert [f[4] for f in found] == [record.POSTURE], to


def check_a_step_that_returns_is_none():
    signal = Signal((0, 0, 16384), noise_mg=3).still(30)
    signal.turn((5604, 0, 15396)).burst(1.5, 30).turn((0, 0, 16384)).still(30)
    found = feed(Detector(), signal.raw, [25])
    assert [f[4] for f in found] == [0]


def check_a_large_movement_in_a_plane_is_a_leg_movement():
    signal = Signal().still(20)
    kick(signal, 1500, 2)
    assert [f[4] for f in feed(Detector(), signal.still(20).raw, [25])] == [0]


def check_kicks_of_a_standing_leg_are_upright():
    signal = Signal((16384, 0, 0)).still(20)
    kick(signal)
    raw = signal.still(20).raw
    assert [f[4] for f in feed(Detector(0), raw, [25])] == [record.UPRIGHT]
    assert [f[4] for f in feed(Detector(1), raw, [25])] == [0]


def check_every_kick_of_a_restless_minute_is_handed_out():
    # More kicks than can wait, with over a second of rest between them, never 1.5 s. For longer
    # than a third of the floor's two minutes they would be the floor.
    for every, lasting in ((1.7, 0.6), (2, 0.8)):
        signal = Signal().still(120)
        begun = []
        for _ in range(40):
            begun.append(signal.n)
            signal.burst(lasting, 100).still(every - lasting)
        found = feed(Detector(), signal.still(60).raw, [15])
        assert len(found) == len(begun)
        for movement, n in zip(found, begun):
            assert abs(movement[0] - n) <= 5, (every, n, movement)


def check_a_loud_floor_raises_the_threshold():
    weak = Signal().still(100)
    kick(weak, 40)
    assert len(feed(Detector(), weak.still(20).raw, [25])) == 1
    loud = Signal(noise_mg=25).still(100)
    kick(loud, 40)
    assert feed(Detector(), loud.still(20).raw, [25]) == []


def check_least_threshold_is_a_setting():
    signal = Signal().still(20)
    kick(signal, 60)
    raw = signal.still(20).raw
    assert len(feed(Detector(0, 30), raw, [25])) == 1
    assert feed(Detector(0, 80), raw, [25]) == []


def check_deci_mg_is_an_exact_root():
    numbers = Numbers(29)
    cases = list(range(300)) + [1 << 29, (1 << 28) - 1, 1 << 28, (1 << 24) - 1, 1 << 24]
    cases += [r * r + d for r in (2047, 4095, 22000) for d in (-1, 0, 1)]
    cases += [numbers.below(1 << numbers.between(1, 29)) for _ in range(500)]
    for power in cases:
        x = power * 61 >> 6 if power < 1 << 24 else (power >> 6) * 61
        r = deci_mg(power)
        assert r * r <= x < (r + 1) * (r + 1), power


def check_deci_mg_within_a_thousandth():
    numbers = Numbers(31)
    for _ in range(500):
        power = numbers.below(1 << numbers.between(1, 29))
        exact = math.sqrt(power / 25) / 2048 * 10000
        assert abs(deci_mg(power) - exact) <= 1 + exact / 1000, power


def check_power_of_is_the_inverse():
    for mg in range(1, 1001):
        exact = (mg * 2.048) ** 2 * 25
        assert abs(power_of(mg) - exact) <= 60 + exact / 500, mg
        assert abs(deci_mg(power_of(mg)) - 10 * mg) <= 3 + mg // 50, mg
