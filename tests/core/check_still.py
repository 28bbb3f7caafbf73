"""Stretches without movement, and which of them count as off the body."""

from array import array

from plmcore.kernel import OFFSET
from plmcore.posture import Posture
from plmcore.still import HOURS_2, HOURS_4, OFF_BODY, PICKED_UP, PUT_DOWN, Still

from kit import G

LEVEL = (0, 0, G)
ROLLED = (0, G, 0)
UPRIGHT = (G, 0, 0)
MOVES = 1000000  # power of a movement of 100 mg


class Worn:
    """A posture and the stretches of it; `found`: (minutes, evidence) of those that ended."""

    def __init__(self, begun=True):
        self.posture = Posture()
        self.still = Still()
        self.blocks = 0
        self.found = []
        if begun:
            self.lie(3, power=MOVES)

    def lie(self, minutes, gravity=LEVEL, power=0, breathless=True, bump=0):
        """Whole minutes; `bump`: so many half seconds of each move, whatever `power` is."""
        tilt = array("H", [5 * (g + OFFSET) >> 3 for g in gravity] * 5)
        for _ in range(minutes):
            for k in range(120):
                self.blocks += 1
                if self.posture.block(tilt, 0, MOVES if k < bump else power):
                    self.posture.minute(self.still, 25 * self.blocks, breathless)
            self.take()
        return self

    def hands(self):
        """Somebody sits on the edge of the bed, and the device is in his hands."""
        return self.lie(1, UPRIGHT, MOVES)

    def close(self, by_hands=False):
        self.still.close(by_hands)
        return self.take()

    def take(self):
        while self.still.next():
            self.found.append((self.still.length // 3000, self.still.evidence))
        return self


def check_a_still_sleeper_loses_nothing():
    worn = Worn().lie(100).lie(1, ROLLED, MOVES).lie(100, ROLLED).lie(2, LEVEL, MOVES)
    assert worn.found == [(100, 0), (100, 0)]


def check_two_hours_alone_take_nothing_and_four_do():
    for minutes, evidence in ((119, 0), (120, HOURS_2), (239, HOURS_2)):
        worn = Worn().lie(minutes).lie(3, power=MOVES)
        assert worn.found == [(minutes, evidence)]
        assert not worn.still.off
    worn = Worn().lie(240)
    assert worn.still.off
    assert worn.lie(2, power=MOVES).found == [(240, HOURS_2 | HOURS_4 | OFF_BODY)]


def check_what_hands_put_down_and_picked_up_was_off_the_body():
    for minutes, verdict in ((15, 0), (44, 0), (45, OFF_BODY), (100, OFF_BODY)):
        worn = Worn().hands().lie(minutes).hands().lie(1)
        assert worn.found == [(minutes, PUT_DOWN | PICKED_UP | verdict)]


def check_one_pair_of_hands_is_not_enough():
    assert Worn().hands().lie(60).lie(3, power=MOVES).found == [(60, PUT_DOWN)]
    assert Worn().lie(60).hands().lie(1).found == [(60, PICKED_UP)]


def check_hands_count_for_two_minutes():
    for minutes, counts in ((0, True), (1, True), (2, False), (3, False)):
        worn = Worn().hands().lie(minutes, power=MOVES).lie(20).lie(3, power=MOVES)
        assert worn.found == [(20, PUT_DOWN if counts else 0)], minutes
        worn = Worn().lie(20).lie(minutes, power=MOVES).hands().lie(2)
        assert worn.found == [(20, PICKED_UP if counts else 0)], minutes


def check_the_beginning_and_a_computer_are_hands():
    worn = Worn(begun=False).lie(60).close(by_hands=True)
    assert worn.found == [(60, PUT_DOWN | PICKED_UP | OFF_BODY)]
    assert Worn().lie(20).close(by_hands=True).found == [(20, PICKED_UP)]
    assert Worn().lie(20).close().found == [(20, 0)]


def check_under_a_quarter_of_an_hour_is_nothing():
    worn = Worn().hands().lie(14).hands().lie(14).hands().lie(2)
    assert worn.found == []


def check_breathing_is_no_stillness():
    worn = Worn().hands().lie(200, breathless=False).hands().lie(2)
    assert worn.found == []


def check_somebody_walks_past_a_table():
    worn = Worn().hands().lie(20).lie(20, bump=2).lie(20).hands().lie(2)
    assert worn.found == [(60, PUT_DOWN | PICKED_UP | OFF_BODY)]
    worn = Worn().hands().lie(20).lie(1, bump=3).lie(20).hands().lie(2)
    assert worn.found == [(20, PUT_DOWN), (20, PICKED_UP)]


def check_a_table_drifts_and_a_leg_lies_elsewhere():
    drifting = Worn().hands()
    for k in range(60):  # 60 mg in all
        drifting.lie(1, (16 * k, 0, G))
    assert drifting.hands().lie(2).found == [(60, PUT_DOWN | PICKED_UP | OFF_BODY)]
    kicked = Worn().hands().lie(20).lie(20, (64, 0, G)).hands().lie(2)  # by 4 mg
    assert kicked.found == [(20, PUT_DOWN), (19, PICKED_UP)]


def check_a_vertical_shank_is_upright_time_and_no_stretch():
    assert Worn().lie(200, UPRIGHT).lie(2).found == []


def check_a_stretch_of_a_day_is_told_in_parts():
    worn = Worn().hands().lie(1440).close()
    assert [minutes for minutes, _ in worn.found] == [720, 719]
    assert all(evidence & OFF_BODY for _, evidence in worn.found)
