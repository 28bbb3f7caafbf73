"""The noise floor."""

from plmcore.floor import Floor

from kit import Numbers


def near(power, truth):
    """Within one bin: eight to a doubling."""
    return abs(power - truth) <= truth // 8 + 1


def check_it_is_the_quantile_of_the_last_two_minutes():
    numbers = Numbers(11)
    for _ in range(6):
        floor = Floor()
        powers = []
        most = 1 << numbers.between(4, 28)
        for k in range(500):
            power = numbers.below(most) >> numbers.below(12)
            powers.append(power)
            floor.add(power)
            if k % 9 == 0 or 238 <= k <= 242:
                last = sorted(powers[-240:])
                assert near(floor.power, last[len(last) * 35 // 100]), k


def check_small_and_large_powers_have_a_bin():
    for power in list(range(40)) + [1 << k for k in range(30)] + [(1 << k) - 1 for k in range(30)]:
        floor = Floor()
        assert floor.power == 0
        floor.add(power)
        assert near(floor.power, power), power


def check_it_survives_a_series_at_18_percent():
    numbers = Numbers(13)
    floor = Floor()
    for k in range(2000):
        moving = k % 50 < 9
        floor.add(5000000 if moving else numbers.between(900, 1100))
        assert k < 20 or 800 < floor.power < 1250, (k, floor.power)


def check_it_survives_a_turn_of_twenty_seconds():
    floor = Floor()
    for _ in range(240):
        floor.add(1000)
    for _ in range(40):
        floor.add(100000000)
        assert near(floor.power, 1000)


def check_it_follows_a_lasting_change_within_two_minutes():
    for before, after in ((1000, 50000), (50000, 1000)):
        floor = Floor()
        for _ in range(300):
            floor.add(before)
        for _ in range(240):
            floor.add(after)
        assert near(floor.power, after)
