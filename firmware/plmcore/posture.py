"""Where gravity points: tilt, lasting changes of posture, time out of bed.

Works on half-second blocks, two a second. Gravity is the mean of a block behind a second-order
low-pass of 0.15 Hz. Ranges: block mean 2**17 (1/2**16 g), filter states 2**18, products 2**23;
gravity 2**13 (1/4096 g), squared distances under 3 * 2**24. A call per block does all that is
needed each time; the past is looked at only when a movement ends or is classed.
"""

from array import array

from plmcore.native import MICROPYTHON, const, micropython
from plmcore.still import BUMPS

if not MICROPYTHON:
    from plmcore.native import ptr16, ptr32

_G = const(4096)  # gravity's unit: 1 g
_KEPT = const(128)  # blocks of gravity that are kept: 64 s
# A posture change: gravity moves by more than 2 sin(15/2 degrees) = 0.26 g and stays there.
# DOMAIN figures say 20 degrees held 10 s; the low-pass and a shank that rolls need a margin.
_CHANGE2 = const(1143000)  # (0.261 * 4096)**2
BEFORE = const(6)  # blocks before an onset where the old posture is read: 2.5 s, and one more
SETTLE = const(6)  # blocks behind an offset until gravity's low-pass has settled: 3 s
HELD = const(20)  # blocks that the new posture must be held: 10 s
# Unrest: gravity on an axis moves by over 10 mg from one half second to the next. Breathing does
# not; a foot that rocks at 0.3 Hz does, though the movement's band hardly sees it.
_UNREST = const(700)  # 1/2**16 g: 10.7 mg
# Upright: the shank within 25 degrees of vertical, cos2 = 0.8214 = 841/1024, for 60 s.
_UPRIGHT_BLOCKS = const(120)
# A half second over 20 mg moved: a minute with more than a few is not still (see still.py).
_MOVED_POWER = const(40000)
_MINUTE = const(120)
_LEAST2 = const(16384)  # (0.5 * 256)**2
_MOST2 = const(147456)  # (1.5 * 256)**2


# State: counts of blocks, and flags
_BLOCKS = const(0)  # since the reset
_VERTICAL = const(1)
_VERTICAL_RUN = const(2)
_FROZEN = const(3)
_OFF_SCALE = const(4)
_MINUTE_BLOCKS = const(5)  # of the minute under way, these and the next
_MINUTE_VERTICAL = const(6)
_MINUTE_MOVED = const(7)
_MINUTE_SUM = const(8)  # of the block means of each axis, with _MEAN_0
_RESET = const(11)  # what is before, a reset sets to 0
_UPRIGHT_TIME = const(11)
_SHANK = const(12)
_SWAY = const(13)  # of the newest block: (1/16384 g)**2 of 0.15 to 1 Hz, all axes, under 2**22
_AXES = const(14)  # then for each axis: low-pass and band, and the block mean before, with _BIAS
_SIZE = const(23)
_BIAS = const(1 << 20)
_MEAN_0 = const(1 << 17)
_GRAVITY_0 = const(8192)  # added to the gravity that is kept

# What is kept of a block: x y z of gravity, and
_FLAGS = const(3)
_ITEM = const(4)
_MOVES = const(1)  # gravity moved
_UPWARD = const(2)  # the shank was within 25 degrees of vertical


@micropython.viper
def _filter(st: ptr32, ring: ptr16, tilt: ptr16, at: int):
    """Take a block's five tilts, x y z of each, from tilt[at] on: gravity goes to `ring` (_KEPT
    blocks, an _ITEM each), and what breathing does to _SWAY."""
    st[_FROZEN] += 1
    st[_OFF_SCALE] += 1
    blocks = st[_BLOCKS]
    item = (blocks & (_KEPT - 1)) * _ITEM
    flags = still = 0
    a = 0
    while a < 3:
        # 4/25 of the sum of 25 samples, rounded down, in two steps that stay under 2**30
        x = tilt[at] + tilt[at + 3] + tilt[at + 6] + tilt[at + 9] + tilt[at + 12] << 5
        at += 1
        high = (x >> 8) * 10485 >> 10
        x = high + ((x - 25 * high) * 1311 >> 15)
        st[_MINUTE_SUM + a] += x
        x -= _MEAN_0
        axis = _AXES + 3 * a
        if blocks == 0:
            st[axis] = st[axis + 2] = x + _BIAS
            st[axis + 1] = _BIAS
        moved = x + _BIAS - st[axis + 2]
        st[axis + 2] = x + _BIAS
        if moved:
            st[_FROZEN] = 0
        if moved > _UNREST or moved < -_UNREST:
            flags = _MOVES
        low = st[axis] - _BIAS
        band = st[axis + 1] - _BIAS
        low += (band * 31) >> 6
        high = x - low - 2 * band
        st[axis] = low + _BIAS
        st[axis + 1] = band + ((high * 31) >> 6) + _BIAS
        rest = (x - low) >> 2
        if rest < 0:
            rest = 0 - rest
        if rest > 1023:
            rest = 1023
        still += rest * rest
        g = low >> 4
        if g < -8192:
            g = -8192
        if g > 8191:
            g = 8191
        ring[item + a] = g + _GRAVITY_0
        a += 1
    ring[item + _FLAGS] = flags
    st[_SWAY] = still


@micropython.viper
def _count(st: ptr32, ring: ptr16, power: int) -> int:
    """Count the block whose gravity was just found, with its movement's power: how long the shank
    has been vertical, the data the same, gravity none; and what the minute holds. Returns twice
    the longer of _FROZEN and _OFF_SCALE, and 1 more at a minute's end."""
    blocks = st[_BLOCKS]
    item = (blocks & (_KEPT - 1)) * _ITEM
    st[_BLOCKS] = blocks + 1
    total = along = 0
    a = 0
    while a < 3:
        g = ring[item + a] - _GRAVITY_0 >> 4  # 1/256 g: squares under 2**19
        total += g * g
        if a == st[_SHANK]:
            along = g * g
        a += 1
    if total >= _LEAST2 and total <= _MOST2:
        st[_OFF_SCALE] = 0
    if along * 1024 > total * 841:
        ring[item + _FLAGS] += _UPWARD
        st[_VERTICAL] = 1
        st[_MINUTE_VERTICAL] += 1
        st[_VERTICAL_RUN] += 1
        if st[_VERTICAL_RUN] == _UPRIGHT_BLOCKS:
            st[_UPRIGHT_TIME] += _UPRIGHT_BLOCKS
        elif st[_VERTICAL_RUN] > _UPRIGHT_BLOCKS:
            st[_UPRIGHT_TIME] += 1
    else:
        st[_VERTICAL] = st[_VERTICAL_RUN] = 0
    if power > _MOVED_POWER:
        st[_MINUTE_MOVED] += 1
    st[_MINUTE_BLOCKS] += 1
    doubt = st[_FROZEN] if st[_FROZEN] > st[_OFF_SCALE] else st[_OFF_SCALE]
    return doubt + doubt + (1 if st[_MINUTE_BLOCKS] == _MINUTE else 0)


def _changed(ring, at, blocks, x, y, z):
    """Whether gravity lay away from (x, y, z) in all of so many blocks before the one `at`."""
    while blocks:
        at -= 1
        blocks -= 1
        item = (at & (_KEPT - 1)) * _ITEM
        dx = ring[item] - _GRAVITY_0 - x
        dy = ring[item + 1] - _GRAVITY_0 - y
        dz = ring[item + 2] - _GRAVITY_0 - z
        # 3 * (2**14)**2 would leave the range: a difference over 1 g is a change anyway
        if dx > -_G and dx < _G and dy > -_G and dy < _G and dz > -_G and dz < _G:
            if dx * dx + dy * dy + dz * dz < _CHANGE2:
                return 0
    return 1


class Posture:
    """Follows gravity on three axes.

    shank: index of the axis along the shank (0..2).
    doubt: for how many half seconds the data cannot be true: all the same, though each sensor has
        its noise, or gravity outside 0.5 to 1.5 g.
    """

    def __init__(self, shank=0):
        self.doubt = 0
        self._state = array("i", [0] * _SIZE)
        self._state[_SHANK] = shank
        self._ring = array("H", [0] * (_ITEM * _KEPT))

    def reset(self):
        """Start anew behind a gap: no run of time goes across it."""
        for i in range(_RESET):
            self._state[i] = 0

    @property
    def blocks(self):
        """Half seconds since the reset."""
        return self._state[_BLOCKS]

    @property
    def vertical(self):
        """The shank is within 25 degrees of vertical now."""
        return self._state[_VERTICAL] != 0

    @property
    def upright(self):
        """It has been for a minute."""
        return self._state[_VERTICAL_RUN] >= _UPRIGHT_BLOCKS

    @property
    def upright_blocks(self):
        """Half seconds counted as upright (0..2**30)."""
        return self._state[_UPRIGHT_TIME]

    @property
    def sway(self):
        """What breathing does to the newest block, (1/16384 g)**2 (0..2**22)."""
        return self._state[_SWAY]

    @property
    def frozen(self):
        """Half seconds in a row with the same mean on every axis."""
        return self._state[_FROZEN]

    def trust(self):
        """The sensor was set up anew: no doubt is left."""
        self._state[_FROZEN] = self._state[_OFF_SCALE] = self.doubt = 0

    @micropython.native
    def block(self, tilt, at, power):
        """Take a block: its five tilts from number `at` (0..245) on (see kernel.new_tilt), and the
        power of the movement (0..2**29). 1 when it ends a minute, which minute() takes, else 0."""
        state = self._state
        ring = self._ring
        _filter(state, ring, tilt, 3 * at)
        found = _count(state, ring, power)
        self.doubt = found >> 1
        return found & 1

    def minute(self, still, n, breathless):
        """Give the minute that has just ended to `still` (see its minute()), and begin another.
        n: number of the next sample. breathless: no breathing shows."""
        state = self._state
        still.minute(
            n,
            breathless and state[_MINUTE_MOVED] <= BUMPS,
            state[_MINUTE_VERTICAL],
            state[_MINUTE_SUM],
            state[_MINUTE_SUM + 1],
            state[_MINUTE_SUM + 2],
        )
        for i in range(_MINUTE_BLOCKS, _RESET):
            state[i] = 0

    def gravity(self, a, ago=0):
        """Gravity on axis a in 1/4096 g (-8192..8191), `ago` blocks ago (the oldest that is kept,
        if that is too long)."""
        item = self._item(ago)
        return self._ring[item + a] - _GRAVITY_0 if item >= 0 else 0

    def is_vertical(self, ago):
        """The shank was within 25 degrees of vertical `ago` blocks ago."""
        item = self._item(ago)
        return item >= 0 and self._ring[item + _FLAGS] >= _UPWARD

    def unrest(self, ago, least):
        """Half seconds, 0..128, around the block `ago` blocks ago without a rest of `least`."""
        ring = self._ring
        blocks = self._state[_BLOCKS]
        most = blocks if blocks < _KEPT else _KEPT
        if ago > most:
            ago = most
        length = rest = 0
        at = ago
        while at < most and rest < least:
            at += 1
            rest = 0 if ring[((blocks - at) & (_KEPT - 1)) * _ITEM + _FLAGS] & _MOVES else rest + 1
            length += 1
        at = ago
        rest = 0
        while at > 0 and rest < least:
            rest = 0 if ring[((blocks - at) & (_KEPT - 1)) * _ITEM + _FLAGS] & _MOVES else rest + 1
            at -= 1
            length += 1
        return length - 2 * least if length > 2 * least else 0

    def changed(self, x, y, z, first, last):
        """Gravity lay away from (x, y, z) in every block from `first` to `last` blocks ago (the
        oldest that is kept, if that is too long)."""
        blocks = self._state[_BLOCKS]
        most = (blocks if blocks < _KEPT else _KEPT) - 1
        if first > most:
            first = most
        if last > first:
            last = first
        return _changed(self._ring, blocks - last, first - last + 1, x, y, z) != 0

    def _item(self, ago):
        """Where the block of `ago` blocks ago is kept; below 0 before there was one."""
        newest = self._state[_BLOCKS] - 1
        most = newest if newest < _KEPT else _KEPT - 1
        return (
            ((newest - (ago if ago < most else most)) & (_KEPT - 1)) * _ITEM if newest >= 0 else -1
        )
