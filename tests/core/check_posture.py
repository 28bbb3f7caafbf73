"""Gravity, and time out of bed. Blocks are half seconds of 25 samples."""

from array import array

from plmcore.kernel import OFFSET
from plmcore.posture import Posture

from kit import G, Numbers

UP = (G, 0, 0)
DOWN = (-G, 0, 0)
FLAT = (0, 0, G)
SIDE = (0, G, 0)


def block(posture, means, power):
    """A block of 25 samples with these means, as five tilts."""
    posture.block(array("H", [5 * (mean + OFFSET) >> 3 for mean in means] * 5), 0, power)


def hold(posture, gravity, blocks, power=0, *, noise=0, numbers=None):
    """Blocks with gravity there, and up to `noise` raw units of it on every axis."""
    for _ in range(blocks):
        means = [g + (numbers.between(-noise, noise) if noise else 0) for g in gravity]
        block(posture, means, power)


def check_gravity_is_exact_at_rest_from_the_first_block():
    for gravity in (UP, DOWN, FLAT, SIDE, (9459, -9459, 9459)):
        posture = Posture()
        hold(posture, gravity, 3)
        for a in range(3):
            for ago in range(3):
                assert abs(posture.gravity(a, ago) - gravity[a] // 4) <= 1


def check_gravity_follows_a_turn_in_six_seconds():
    posture = Posture()
    hold(posture, FLAT, 20)
    hold(posture, SIDE, 12)
    assert abs(posture.gravity(1) - 4096) < 4096 // 20
    assert abs(posture.gravity(2)) < 4096 // 20
    assert posture.gravity(2, 12) == 4096


def check_upright_time_is_counted_within_two_seconds():
    for shank in range(3):
        up = [0, 0, 0]
        up[shank] = G
        lying = [0, 0, 0]
        lying[(shank + 1) % 3] = G
        for seconds in (63, 75, 130, 600, 3600):
            posture = Posture(shank)
            hold(posture, lying, 100)
            hold(posture, up, 2 * seconds)
            hold(posture, lying, 100)
            assert abs(posture.upright_blocks - 2 * seconds) <= 4, (
                seconds,
                posture.upright_blocks,
            )
            assert not posture.upright


def check_less_than_a_minute_upright_does_not_count():
    for gravity in (UP, DOWN):
        posture = Posture()
        for _ in range(5):
            hold(posture, FLAT, 60)
            hold(posture, gravity, 2 * 59)
            hold(posture, FLAT, 60)
        assert posture.upright_blocks == 0


def check_upright_is_within_25_degrees_of_vertical():
    for degrees, sine, cosine, vertical in (
        (20, 0.3420, 0.9397, True),
        (24, 0.4067, 0.9135, True),
        (26, 0.4384, 0.8988, False),
        (60, 0.8660, 0.5000, False),
    ):
        posture = Posture()
        hold(posture, (int(G * cosine), int(G * sine), 0), 200)
        assert posture.vertical == posture.upright == vertical, degrees
        assert posture.is_vertical(50) == vertical


def check_no_gravity_is_not_vertical():
    posture = Posture()
    assert not posture.is_vertical(0)
    hold(posture, (0, 0, 0), 500)
    assert not posture.vertical


def check_changed_needs_every_block():
    posture = Posture()
    hold(posture, FLAT, 40)
    old = [posture.gravity(a) for a in range(3)]
    hold(posture, SIDE, 30)
    assert posture.changed(*old, 20, 0)
    assert not posture.changed(*old, 35, 0)
    hold(posture, FLAT, 10)
    assert not posture.changed(*old, 30, 0)


def check_reset_lets_no_run_go_across():
    posture = Posture()
    hold(posture, UP, 100)
    posture.reset()
    hold(posture, UP, 100)
    assert (posture.upright, posture.upright_blocks) == (False, 0)


def check_noise_and_drift_do_not_upset_it():
    posture = Posture()
    hold(posture, FLAT, 400, noise=300, numbers=Numbers(17))
    assert abs(posture.gravity(2) - 4096) < 60
    assert abs(posture.gravity(0)) < 60
