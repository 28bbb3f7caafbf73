"""The noise floor: a low quantile of the movement's power over the last two minutes.

A quantile below one half survives a PLM series (13 to 18 % of the time) and a turn in bed of 20 s
without having to know which samples are movement, and it follows a lasting change by itself.

Powers are sorted into bins, eight to a doubling (6 % in amplitude): the quantile needs no list.
"""

from array import array

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8, ptr32

SPAN = const(240)  # half-second blocks: two minutes
QUANTILE = const(35)  # percent
_BINS = const(240)

# State: counts and bins
_COUNT = const(0)  # blocks in the ring
_AT = const(1)  # where the next one goes
_BIN = const(2)  # the quantile's bin
_BELOW = const(3)  # items in the bins below it
_STATE = const(4)
# One buffer: which bin each item of the ring is in, then how many (SPAN at most) each bin holds


@micropython.viper
def _add(power: int, st: ptr32, ring: ptr8) -> int:
    """Put a power (0..2**30 - 1) into the ring in place of the oldest; 1 if the quantile's bin is
    another one now.

    Bins: 0..7 for powers 0..7, then eight to a doubling, at most 8 * 27.
    """
    new = 0
    while power > 15:
        power >>= 1
        new += 8
    new += power
    at = st[_AT]
    quantile = st[_BIN]
    below = st[_BELOW]
    if st[_COUNT] == SPAN:
        old = ring[at]
        ring[SPAN + old] -= 1
        if old < quantile:
            below -= 1
    else:
        st[_COUNT] += 1
    ring[SPAN + new] += 1
    if new < quantile:
        below += 1
    ring[at] = new
    at += 1
    st[_AT] = at if at < SPAN else 0
    rank = st[_COUNT] * QUANTILE * 5243 >> 19  # a hundredth, exact for all counts
    while below > rank:
        quantile -= 1
        below -= ring[SPAN + quantile]
    while below + ring[SPAN + quantile] <= rank:
        below += ring[SPAN + quantile]
        quantile += 1
    st[_BELOW] = below
    if quantile == st[_BIN]:
        return 0
    st[_BIN] = quantile
    return 1


class Floor:
    """`power`: the floor as the power of a 25-sample window (0..2**29), 0 before a block came."""

    def __init__(self):
        self.power = 0
        self._ring = bytearray(SPAN + _BINS)
        self._state = array("i", [0] * _STATE)

    @micropython.native
    def add(self, power):
        """Take the power of one half-second block (0..2**29); whether the floor has moved."""
        if not _add(power, self._state, self._ring):
            return False
        bin_ = self._state[_BIN]  # its middle
        shift = (bin_ >> 3) - 1 if bin_ > 15 else 0
        base = bin_ - (shift << 3)
        self.power = (base << shift) + ((1 << shift) >> 1)
        return True
