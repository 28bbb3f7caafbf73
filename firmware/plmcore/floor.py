"""The noise floor: a low quantile of the movement's power over the last two minutes.

A quantile below one half survives a PLM series (13 to 18 % of the time) and a turn in bed of 20 s
without having to know which samples are movement, and it follows a lasting change by itself.

Powers are sorted into bins, eight to a doubling (6 % in amplitude): the quantile needs no list.
"""

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8

SPAN = const(240)  # half-second blocks: two minutes
QUANTILE = const(35)  # percent
BINS = const(240)


@micropython.viper
def _bin(power: int) -> int:
    """0..7 for powers 0..7, then eight bins to a doubling: at most 8 * 27 for powers < 2**30."""
    octave = 0
    while power > 15:
        power >>= 1
        octave += 8
    return octave + power


@micropython.viper
def _quantile(bins: ptr8, rank: int) -> int:
    """The bin that holds the item of this rank (from 0)."""
    i = 0
    seen = bins[0]
    while seen <= rank:
        i += 1
        seen += bins[i]
    return i


class Floor:
    """`power`: the floor as the power of a 25-sample window (0..2**29), 0 before a block came."""

    def __init__(self):
        self.power = 0
        self._bins = bytearray(BINS)  # how often each bin stands in the ring: at most SPAN
        self._ring = bytearray(SPAN)
        self.clear()

    def clear(self):
        """Forget all blocks. The floor stays what it was until the next one."""
        for i in range(BINS):
            self._bins[i] = 0
        self._count = 0
        self._at = 0

    def add(self, power):
        """Take the power of one half-second block (0..2**29)."""
        if self._count == SPAN:
            self._bins[self._ring[self._at]] -= 1
        else:
            self._count += 1
        bin_ = _bin(power)
        self._bins[bin_] += 1
        self._ring[self._at] = bin_
        self._at = self._at + 1 if self._at + 1 < SPAN else 0
        bin_ = _quantile(self._bins, self._count * QUANTILE // 100)
        # the middle of the bin
        shift = (bin_ >> 3) - 1 if bin_ > 15 else 0
        base = bin_ - (shift << 3)
        self.power = (base << shift) + ((1 << shift) >> 1)
