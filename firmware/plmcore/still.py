"""Stretches in which nothing moves: a sleeper who lies very still, or a device on a table.

What a stretch looks like does not tell the two apart: some legs show no breathing at all. So
stillness alone takes nothing from a night, no movement and no hour. A stretch is logged with what
speaks for a table, and one of 45 minutes or more counts as off the body where two of these do:

- hands put the device down: shortly before, the shank was vertical, as on the edge of a bed where
  one takes a strap from an ankle; or the session had just begun;
- hands picked it up: shortly after, the shank was vertical; or a computer ended the session;
- it lasted for two hours; and, once more, for four.

People move the whole leg about 8.4 times an hour (6.8 large movements, 1.6 changes of position).
Were that chance, one wait in 8 would last a quarter of an hour and one in 500 would last 45
minutes; to take a shorter time on a table for time in bed errs by under 10 % of 8 hours.

A minute is still when at most two of its half seconds moved, no breathing shows, the shank is not
vertical, and gravity's mean is where it was in the minute before. A table stays where it is when
somebody walks past, and drifts with the temperature, slowly; a leg that kicked lies elsewhere.
"""

from plmcore.native import const

_MINUTE = const(3000)  # samples
_MOST_VERTICAL = const(60)  # half seconds of a still minute
_LEAST = const(15)  # minutes of a stretch that is told
_ENOUGH = const(45)  # and of one that may count as off the body
_LONG = const(120)
_VERY_LONG = const(240)
_LONGEST = const(720)  # minutes that are told at once
BUMPS = const(2)  # half seconds of a minute over 20 mg: a short shock touches two
# No breathing: of the last two minutes' half seconds, a low quantile of the power of 0.15 to 1 Hz,
# (1/16384 g)**2, is under 3/8 of that of 0.5 to 8 Hz, (1/2048 g)**2. The noise of a sensor half,
# just or twice as noisy as an LIS3DH gives 0.03 to 0.25 of it; breathing of 1 mg 0.13 to 2.7.
_SWAY = const(8)
_NOISE = const(3)
_STEP = const(11800)  # gravity's mean moves by 1.5 mg at most in a minute: 120 times, in 1/2**16 g
_HANDS = const(4)  # half seconds of a minute with the shank vertical: hands, or feet
_SHORTLY = const(2)  # minutes

# Evidence, and the verdict
PUT_DOWN = const(1)
PICKED_UP = const(2)
HOURS_2 = const(4)
HOURS_4 = const(8)
OFF_BODY = const(16)


class Still:
    """Follows the stretches. minutes: of the one under way, 0 without one.

    After next() returned True, of the one that has ended: `n`, the number of the sample behind its
    last, its `length` in samples (0..2160000), and its `evidence`. Ask every minute.
    """

    def __init__(self):
        self.minutes = self.n = self.length = self.evidence = 0
        self._n = self._evidence = 0  # of the one under way
        self._x = self._y = self._z = 0  # where gravity lay in the last minute
        self._hands = _SHORTLY  # minutes for which hands that were seen still count
        self._wait = 0  # minutes in which hands may yet be seen to pick it up
        self._ended = False  # it is to be handed out

    @property
    def off(self):
        """By what is known so far, the stretch under way is one off the body."""
        return _verdict(self.minutes, self._evidence | _long(self.minutes)) > 0

    def minute(self, n, quiet, vertical, x, y, z):
        """A minute is over; n (0..2**30) is the number of the next sample.

        quiet: neither movement nor breathing. vertical: of its half seconds, so many (0..120) with
        the shank vertical. x, y, z: sums of the half seconds' means, each in 1/2**16 g with 2**17
        added (0..2**25).
        """
        stays = (
            -_STEP <= x - self._x <= _STEP
            and -_STEP <= y - self._y <= _STEP
            and -_STEP <= z - self._z <= _STEP
        )
        self._x = x
        self._y = y
        self._z = z
        stays = stays and self.minutes < _LONGEST
        if quiet and vertical < _MOST_VERTICAL and (stays or not self.minutes):
            if not self.minutes:
                self._evidence = PUT_DOWN if self._hands else 0
            self.minutes += 1
            self._n = n
        elif self.minutes:
            self._end()
        hands = vertical >= _HANDS
        if self._wait:
            self._wait = 0 if hands else self._wait - 1
            if hands:
                self.evidence |= PICKED_UP
        if hands:
            self._hands = _SHORTLY
        elif self._hands:
            self._hands -= 1

    def close(self, by_hands):
        """The recording stops here, or has a gap. by_hands: a computer came."""
        if self.minutes:
            self._end()
        if self._wait and by_hands:
            self.evidence |= PICKED_UP
        self._wait = self._hands = 0

    def next(self):
        """Hand out the stretch that has ended. False if there is none, or hands may yet be seen to
        have picked it up."""
        if self._wait or not self._ended:
            return False
        self._ended = False
        self.evidence |= _verdict(self.length // _MINUTE, self.evidence)
        return True

    def _end(self):
        """The one under way is over; a short one was nothing."""
        if self.minutes >= _LEAST:
            self.n = self._n
            self.length = self.minutes * _MINUTE
            self.evidence = self._evidence | _long(self.minutes)
            self._wait = _SHORTLY
            self._ended = True
        self.minutes = 0


def breathless(sway, noise):
    """Whether no breathing shows. sway, noise: low quantiles of the half seconds' power of 0.15 to
    1 Hz (0..2**22) and of 0.5 to 8 Hz (0..2**29); see _SWAY."""
    return sway * _SWAY // _NOISE <= noise


def _long(minutes):
    return (HOURS_2 if minutes >= _LONG else 0) | (HOURS_4 if minutes >= _VERY_LONG else 0)


def _verdict(minutes, evidence):
    """OFF_BODY, where it is long enough and two bits of the evidence are set, else 0."""
    return OFF_BODY if minutes >= _ENOUGH and evidence & (evidence - 1) else 0
