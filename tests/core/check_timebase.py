"""Sample numbers to milliseconds."""

from plmcore.timebase import TICK_MS, Clock, Timebase

from kit import Numbers

RATES = (45000, 47500, 49999, 50000, 50500, 52500, 55000)  # mHz


def recorded(rate, seconds, time=None, drain_ms=300):
    """Drains every drain_ms, quantised to whole samples, as the monitor reports them."""
    time = time or Timebase()
    taken = 0
    for now in range(drain_ms, seconds * 1000 + 1, drain_ms):
        due = now * rate // 1000000
        time.measure(due - taken, drain_ms)
        time.advance(due - taken)
        taken = due
    return time


def check_exact_at_the_nominal_rate_for_twelve_hours():
    time = Timebase()
    for k in range(12 * 3600 * 2):
        time.advance(25)
        assert time.ms == (k + 1) * 500
    for size in (1, 7, 32, 2001, 123457):
        before = time.ms
        time.advance(size)
        assert time.ms - before == 20 * size
    assert time.n * 20 == time.ms


def check_rate_is_measured_within_a_thousandth_in_a_minute():
    for rate in RATES:
        for drain_ms in (300, 310, 333, 640):
            time = recorded(rate, 60, drain_ms=drain_ms)
            truth = 16000000000 // rate
            assert abs(time.period - truth) * 1000 <= truth, (rate, drain_ms, time.period)


def check_an_hour_is_an_hour_at_any_rate():
    for rate in RATES:
        time = recorded(rate, 3600)
        # the first 250 samples pass at the nominal rate: 10 % of 5 s
        assert abs(time.ms - 3600000) < 700, (rate, time.ms)


def check_a_change_of_rate_is_followed_and_time_never_falls():
    time = Timebase()
    last = 0
    for rate in (45000, 55000, 48000, 52000):
        for _ in range(100):
            recorded(rate, 12, time)
            assert time.ms > last
            last = time.ms
        truth = 16000000000 // rate
        assert abs(time.period - truth) * 50 < truth  # within 2 % after 20 minutes


def check_an_absurd_rate_is_not_believed():
    for rate in (25000, 40000, 60000, 100000):
        time = recorded(rate, 120)
        assert time.period == 320000, rate


def check_samples_in_and_span_are_inverse_within_a_sample():
    numbers = Numbers(9)
    for rate in RATES:
        time = recorded(rate, 60)
        for _ in range(300):
            ms = numbers.below(1 << numbers.between(1, 25))
            back = time.span(time.samples_in(ms))
            assert -time.period // 16000 - 3 <= back - ms <= 0, (rate, ms, back)
            samples = numbers.below(1 << numbers.between(1, 21))
            assert abs(time.samples_in(time.span(samples)) - samples) <= 1, (rate, samples)


def check_no_time_is_no_samples():
    time = Timebase()
    assert time.samples_in(0) == time.samples_in(-1) == time.samples_in(-100000) == 0
    assert time.samples_in(19) == 0
    assert time.samples_in(20) == 1


def check_at_places_recent_samples():
    for rate in RATES:
        time = recorded(rate, 60)
        assert time.at(time.n) == time.ms
        last = -1
        for back in range(1000, 0, -10):
            ms = time.at(time.n - back)
            truth = time.ms - back * 1000000 / rate
            assert abs(ms - truth) <= 25
            assert ms > last
            last = ms


def check_no_sample_lies_before_the_beginning():
    for rate in RATES:
        time = recorded(rate, 20)
        assert 0 <= time.at(0) < 20, (rate, time.at(0))


def drained(seconds, rate):
    """The clock of a session whose sensor, of so many mHz, was drained every 500 ms."""
    clock = Clock(Timebase())
    time = clock.time
    for now in range(500, seconds * 1000 + 1, 500):
        samples = now * rate // 1000000 - time.n
        elapsed = clock.tick(500, samples)
        if time.n:
            time.measure(samples, elapsed)
        else:
            clock.begin(samples)
        time.advance(samples)
        assert clock.follow(samples) == 0
    return clock


def check_both_clocks_stay_less_than_a_period_apart():
    for rate in RATES:
        clock = drained(1800, rate)
        apart = clock.ms - clock.time.ms
        assert -TICK_MS <= apart <= 1000000 // rate + 1 + TICK_MS, (rate, apart)


def check_the_session_begins_with_the_oldest_of_the_first_samples():
    clock = Clock(Timebase())
    clock.tick(9000, 20)  # the header took its time
    clock.begin(20)
    assert clock.ms == 400


def check_what_is_missing_is_what_the_clock_went_on_without():
    clock = drained(120, 50000)
    assert clock.missing(0) <= 0
    clock.tick(1140, 32)
    assert clock.missing(32) in (24, 25)  # of 57
    clock.resume(10000)
    assert clock.missing(0) in (556, 557)


def check_a_sensor_that_has_stopped_shows_in_the_ms_without_a_sample():
    clock = drained(120, 50000)
    for k in range(1, 7):
        clock.tick(500, 0)
        assert 500 * k - 40 < clock.follow(0) <= 500 * k
    assert clock.tick(500, 5) == 3500  # these came in all of that time
