"""Pieces of a movement, and when they are one: on rotations of a shank whose truth is known."""

import math
import struct

from plmcore import pieces, record, tilt
from plmcore.detector import Detector

from kit import RATE, G, Numbers, feed

STEP_MG = 300  # tilt of a held leg
RISE_S = 0.4


class Leg:
    """A shank that lies level and is lifted, held and put down; what the FIFO gives of it."""

    def __init__(self, noise_mg=2):
        self.raw = bytearray()
        self._noise = noise_mg * G // 1000
        self._numbers = Numbers(5)

    @property
    def n(self):
        return len(self.raw) // 6

    def rest(self, seconds, tilt_mg=0, shake=(0, 0, 0)):
        for k in range(round(seconds * RATE)):
            wave = math.sin(2 * math.pi * 2 * k / RATE)
            self._put(tilt_mg + shake[0] * wave, shake[1] * wave, shake[2] * wave)
        return self

    def swing(self, start_mg, end_mg, seconds=RISE_S, push_mg=200):
        """From one tilt to another, by a minimum jerk along x and z."""
        count = round(seconds * RATE)
        for k in range(count):
            t = k / count
            s = t * t * t * (10 - 15 * t + 6 * t * t)
            jerk = t * (1 - t) * (1 - 2 * t) * 10.4  # 1 at its peak
            sign = 1 if end_mg > start_mg else -1
            self._put(start_mg + (end_mg - start_mg) * s, 0, sign * push_mg * jerk)
        return self

    def kick(self, hold_s, tilt_mg=STEP_MG, push_mg=200):
        """Up, held still, and down again: its first sample and the one behind it."""
        start = self.n
        self.swing(0, tilt_mg, push_mg=push_mg).rest(hold_s, tilt_mg)
        self.swing(tilt_mg, 0, push_mg=push_mg)
        return start, self.n

    def _put(self, *mg):
        values = []
        for a, level in zip(mg, (0, 0, 1000)):
            noise = self._numbers.between(-self._noise, self._noise) if self._noise else 0
            value = int((a + level) * G / 1000) + noise
            values.append(max(-32704, min(32767, value)) & ~63)
        self.raw += struct.pack("<3h", *values)


def found(leg):
    """(onset, duration) in s and the class of each movement."""
    detector = Detector()
    out = feed(detector, leg.raw, [25])
    detector.close()
    while detector.next():
        out.append((detector.onset, detector.offset, 0, 0, detector.kind, 0))
    return [((on / RATE, (off - on) / RATE), kind) for on, off, _, _, kind, _ in out]


def check_it_knows_the_kernel_and_the_ring():
    from plmcore import kernel, posture  # noqa: PLC0415

    assert pieces.BLOCK == kernel.BLOCK
    assert pieces.FINE == kernel.FINE == kernel.BLOCK // kernel.FINES
    assert pieces.KEPT == tilt.KEPT == kernel.KEPT
    assert pieces.MEAN == tilt.MEAN
    assert pieces.FARTHEST + 7 < kernel.KEPT  # a batch may write seven ahead
    assert pieces.WAIT == posture.SETTLE + posture.HELD


def check_a_held_leg_is_one_movement():
    for hold_s in (1.5, 3, 6, 8):
        leg = Leg().rest(20)
        start, end = leg.kick(hold_s)
        (((onset, duration), kind),) = found(leg.rest(30))
        assert kind == 0
        assert abs(onset - start / RATE) < 0.2, (hold_s, onset)
        assert 0 <= duration - (end - start) / RATE < 0.9, (hold_s, duration)


def check_a_hold_over_ten_seconds_is_one_long_movement():
    leg = Leg().rest(20)
    leg.kick(14)
    (((_, duration), kind),) = found(leg.rest(30))
    assert kind == 0
    assert duration > 14


def check_a_leg_that_sinks_back_slowly_ends_there():
    leg = Leg().rest(20)
    start = leg.n
    leg.swing(0, 200).rest(2, 200).swing(200, 0, 3, 0)
    end = leg.n
    (((onset, duration), kind),) = found(leg.rest(30))
    assert kind == 0
    assert abs(onset - start / RATE) < 0.2
    assert abs(duration - (end - start) / RATE) < 1.5, duration


def check_kicks_that_return_stay_apart():
    for gaps_s in ((2.5,) * 6, (4,) * 6, (8,) * 6, (1.5, 8, 1.5, 3, 1.5, 5)):
        leg = Leg().rest(20)
        starts = []
        for gap_s in gaps_s:
            starts.append(leg.kick(0.4)[0] / RATE)
            leg.rest(gap_s)
        movements = [span for span, kind in found(leg.rest(30)) if kind == 0]
        assert len(movements) == 6, (gaps_s, movements)
        for (onset, _), start in zip(movements, starts):
            assert abs(onset - start) < 0.2


def check_a_shift_that_stays_joins_nothing():
    leg = Leg().rest(20)
    leg.swing(0, 150).rest(25, 150)  # shifted by under 15 degrees, and left there
    start = leg.n / RATE
    leg.swing(150, 450).rest(1.5, 450).swing(450, 150).rest(40, 150)
    (onset, duration), kind = found(leg)[-1]
    assert kind == 0
    assert abs(onset - start) < 0.2
    assert duration < 3.5


def check_size_alone_is_no_turn():
    for push_mg in (500, 1000, 1900):
        leg = Leg().rest(20)
        start = leg.n / RATE
        leg.swing(0, 500, push_mg=push_mg).rest(1, 500).swing(500, 0, push_mg=push_mg)
        (((onset, _), kind),) = found(leg.rest(30))
        assert (kind, abs(onset - start) < 0.2) == (0, True), push_mg


def check_a_movement_out_of_its_plane_is_a_turn():
    turn = Leg().rest(20)
    for shake in ((500, 0, 0), (0, 500, 0), (0, 0, 500)) * 2:
        turn.rest(1, 0, shake)
    assert [kind for _, kind in found(turn.rest(30))] == [record.GROSS]
    flat = Leg().rest(20)  # the same in a plane: a kick that goes on
    for shake in ((500, 0, 0), (0, 0, 500)) * 3:
        flat.rest(1, 0, shake)
    assert [kind for _, kind in found(flat.rest(30))] == [0]


def check_kicks_without_rest_are_no_turn_in_their_plane():
    leg = Leg().rest(20)
    starts = []
    for _ in range(9):  # never 1.5 s of rest to the device, for 27 s
        starts.append(leg.kick(0.4)[0] / RATE)
        leg.rest(1.8)
    movements = found(leg.rest(30))
    assert [kind for _, kind in movements] == [0] * 9
    for ((onset, _), _), start in zip(movements, starts):
        assert abs(onset - start) < 0.5


def check_a_weak_kick_soon_after_a_strong_one_is_its_own():
    leg = Leg().rest(20)
    first = leg.kick(0.5, push_mg=600)[0] / RATE
    leg.rest(0.8)
    second = leg.kick(0.5, 100, 60)[0] / RATE
    onsets = [onset for (onset, _), kind in found(leg.rest(30)) if kind == 0]
    assert len(onsets) == 2, onsets
    assert abs(onsets[0] - first) < 0.2 and abs(onsets[1] - second) < 0.6, (first, second)


def check_a_leg_that_shakes_while_it_is_up_is_one_long_movement():
    leg = Leg().rest(20)
    start = leg.n
    leg.swing(0, 250)
    for _ in range(9):
        leg.rest(0.5, 250, (60, 0, 0)).rest(0.9, 250)
    end = leg.swing(250, 0).n
    (((onset, duration), kind),) = found(leg.rest(30))
    assert kind == 0
    assert abs(onset - start / RATE) < 0.2
    assert abs(duration - (end - start) / RATE) < 1.5, duration


def check_a_kick_just_before_a_new_posture_is_a_kick():
    leg = Leg().rest(20)
    start = leg.kick(0.5, 100, 60)[0] / RATE
    leg.rest(1.5).swing(0, 600, 1.5, 900)
    (span, kind), (_, last) = found(leg.rest(40, 600))
    assert (kind, last) == (0, record.POSTURE)
    assert abs(span[0] - start) < 0.2


def check_what_leaves_the_leg_tilted_is_a_turn():
    """Under the 15 degrees of a posture change, but not what a kick leaves."""
    leg = Leg().rest(20).swing(0, 120)
    ((_, kind),) = found(leg.rest(40, 120))
    assert kind == record.GROSS


def check_a_turn_of_over_ten_seconds_is_a_long_movement():
    turn = Leg().rest(20)
    for shake in ((500, 0, 0), (0, 500, 0), (0, 0, 500)) * 5:
        turn.rest(1, 0, shake)
    (((_, duration), kind),) = found(turn.rest(30))
    assert kind == 0
    assert duration > 14


def check_no_piece_is_lost_in_a_crowd():
    leg = Leg().rest(120)
    for _ in range(60):  # each leaves the tilt a little more changed: none is back
        leg.rest(0.7)
        leg.rest(0.5, 0, (150, 0, 75))
    movements = found(leg.rest(60))
    assert sum(span[1] for span, _ in movements) > 20
    onsets = [span[0] for span, _ in movements]
    assert onsets == sorted(onsets)
