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

G = const(4096)  # gravity's unit: 1 g
KEPT = const(128)  # blocks of gravity that are kept: 64 s
# A posture change: gravity moves by more than 2 sin(15/2 degrees) = 0.26 g and stays there.
# DOMAIN figures say 20 degrees held 10 s; the low-pass and a shank that rolls need a margin.
CHANGE2 = const(1143000)  # (0.261 * 4096)**2
BEFORE = const(6)  # blocks before an onset where the old posture is read: 2.5 s, and one more
SETTLE = const(6)  # blocks behind an offset until gravity's low-pass has settled: 3 s
HELD = const(20)  # blocks that the new posture must be held: 10 s
# Unrest: gravity on an axis moves by over 10 mg from one half second to the next. Breathing does
# not; a foot that rocks at 0.3 Hz does, though the movement's band hardly sees it.
UNREST = const(700)  # 1/2**16 g: 10.7 mg
# Upright: the shank within 25 degrees of vertical, cos2 = 0.8214 = 841/1024, for 60 s.
UPRIGHT_BLOCKS = const(120)
# A half second over 20 mg moved: a minute with more than a few is not still (see still.py).
MOVED_POWER = const(40000)
MINUTE = const(120)
LEAST2 = const(16384)  # (0.5 * 256)**2
MOST2 = const(147456)  # (1.5 * 256)**2


# State: counts of blocks, and flags
BLOCKS = const(0)  # since the reset
VERTICAL = const(1)
VERTICAL_RUN = const(2)
FROZEN = const(3)
OFF_SCALE = const(4)
MINUTE_BLOCKS = const(5)  # of the minute under way, these and the next
MINUTE_VERTICAL = const(6)
MINUTE_MOVED = const(7)
MINUTE_SUM = const(8)  # of the block means of each axis, with MEAN_0
RESET = const(11)  # what is before, a reset sets to 0
UPRIGHT_TIME = const(11)
SHANK = const(12)
SWAY = const(13)  # of the newest block: (1/16384 g)**2 of 0.15 to 1 Hz, all axes, under 2**22
AXES = const(14)  # then for each axis: low-pass and band, and the block mean before, with BIAS
SIZE = const(23)
BIAS = const(1 << 20)
MEAN_0 = const(1 << 17)
GRAVITY_0 = const(8192)  # added to the gravity that is kept

# What is kept of a block: x y z of gravity, and
FLAGS = const(3)
ITEM = const(4)
MOVES = const(1)  # gravity moved
UPWARD = const(2)  # the shank was within 25 degrees of vertical


@micropython.viper
def _filter(st: ptr32, ring: ptr16, tilt: ptr16, at: int):
    """Take a block's five tilts, x y z of each, from tilt[at] on: gravity goes to `ring` (KEPT
    blocks, an ITEM each), and what breathing does to SWAY."""
    st[FROZEN] += 1
    st[OFF_SCALE] += 1
    blocks = st[BLOCKS]
    item = (blocks & (KEPT - 1)) * ITEM
    flags = still = 0
    a = 0
    while a < 3:
        # 4/25 of the sum of 25 samples, rounded down, in two steps that stay under 2**30
        x = tilt[at] + tilt[at + 3] + tilt[at + 6] + tilt[at + 9] + tilt[at + 12] << 5
        at += 1
        high = (x >> 8) * 10485 >> 10
        x = high + ((x - 25 * high) * 1311 >> 15)
        st[MINUTE_SUM + a] += x
        x -= MEAN_0
        axis = AXES + 3 * a
        if blocks == 0:
            st[axis] = st[axis + 2] = x + BIAS
            st[axis + 1] = BIAS
        moved = x + BIAS - st[axis + 2]
        st[axis + 2] = x + BIAS
        if moved:
            st[FROZEN] = 0
        if moved > UNREST or moved < -UNREST:
            flags = MOVES
        low = st[axis] - BIAS
        band = st[axis + 1] - BIAS
        low += (band * 31) >> 6
        high = x - low - 2 * band
        st[axis] = low + BIAS
        st[axis + 1] = band + ((high * 31) >> 6) + BIAS
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
        ring[item + a] = g + GRAVITY_0
        a += 1
    ring[item + FLAGS] = flags
    st[SWAY] = still


@micropython.viper
def _count(st: ptr32, ring: ptr16, power: int) -> int:
    """Count the block whose gravity was just found, with its movement's power: how long the shank
    has been vertical, the data the same, gravity none; and what the minute holds. Returns twice
    the longer of FROZEN and OFF_SCALE, and 1 more at a minute's end."""
    blocks = st[BLOCKS]
    item = (blocks & (KEPT - 1)) * ITEM
    st[BLOCKS] = blocks + 1
    total = along = 0
    a = 0
    while a < 3:
        g = ring[item + a] - GRAVITY_0 >> 4  # 1/256 g: squares under 2**19
        total += g * g
        if a == st[SHANK]:
            along = g * g
        a += 1
    if total >= LEAST2 and total <= MOST2:
        st[OFF_SCALE] = 0
    if along * 1024 > total * 841:
        ring[item + FLAGS] += UPWARD
        st[VERTICAL] = 1
        st[MINUTE_VERTICAL] += 1
        st[VERTICAL_RUN] += 1
        if st[VERTICAL_RUN] == UPRIGHT_BLOCKS:
            st[UPRIGHT_TIME] += UPRIGHT_BLOCKS
        elif st[VERTICAL_RUN] > UPRIGHT_BLOCKS:
            st[UPRIGHT_TIME] += 1
    else:
        st[VERTICAL] = st[VERTICAL_RUN] = 0
    if power > MOVED_POWER:
        st[MINUTE_MOVED] += 1
    st[MINUTE_BLOCKS] += 1
    doubt = st[FROZEN] if st[FROZEN] > st[OFF_SCALE] else st[OFF_SCALE]
    return doubt + doubt + (1 if st[MINUTE_BLOCKS] == MINUTE else 0)


@micropython.viper
def _changed(ring: ptr16, at: int, blocks: int, x: int, y: int, z: int) -> int:
    """Whether gravity lay away from (x, y, z) in all of so many blocks before the one `at`."""
    while blocks:
        at -= 1
        blocks -= 1
        item = (at & (KEPT - 1)) * ITEM
        dx = ring[item] - GRAVITY_0 - x
        dy = ring[item + 1] - GRAVITY_0 - y
        dz = ring[item + 2] - GRAVITY_0 - z
        # 3 * (2**14)**2 would leave the range: a difference over 1 g is a change anyway
        if dx > -G and dx < G and dy > -G and dy < G and dz > -G and dz < G:
            if dx * dx + dy * dy + dz * dz < CHANGE2:
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
        self._state = array("i", [0] * SIZE)
        self._state[SHANK] = shank
        self._ring = array("H", [0] * (ITEM * KEPT))

    def reset(self):
        """Start anew behind a gap: no run of time goes across it."""
        for i in range(RESET):
            self._state[i] = 0

    @property
    def blocks(self):
        """Half seconds since the reset."""
        return self._state[BLOCKS]

    @property
    def vertical(self):
        """The shank is within 25 degrees of vertical now."""
        return self._state[VERTICAL] != 0

    @property
    def upright(self):
        """It has been for a minute."""
        return self._state[VERTICAL_RUN] >= UPRIGHT_BLOCKS

    @property
    def upright_blocks(self):
        """Half seconds counted as upright (0..2**30)."""
        return self._state[UPRIGHT_TIME]

    @property
    def sway(self):
        """What breathing does to the newest block, (1/16384 g)**2 (0..2**22)."""
        return self._state[SWAY]

    @property
    def frozen(self):
        """Half seconds in a row with the same mean on every axis."""
        return self._state[FROZEN]

    def trust(self):
        """The sensor was set up anew: no doubt is left."""
        self._state[FROZEN] = self._state[OFF_SCALE] = self.doubt = 0

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

    @micropython.native
    def minute(self, still, n, breathless):
        """Give the minute that has just ended to `still` (see its minute()), and begin another.
        n: number of the next sample. breathless: no breathing shows."""
        state = self._state
        still.minute(
            n,
            breathless and state[MINUTE_MOVED] <= BUMPS,
            state[MINUTE_VERTICAL],
            state[MINUTE_SUM],
            state[MINUTE_SUM + 1],
            state[MINUTE_SUM + 2],
        )
        for i in range(MINUTE_BLOCKS, RESET):
            state[i] = 0

    def gravity(self, a, ago=0):
        """Gravity on axis a in 1/4096 g (-8192..8191), `ago` blocks ago (the oldest that is kept,
        if that is too long)."""
        item = self._item(ago)
        return self._ring[item + a] - GRAVITY_0 if item >= 0 else 0

    def is_vertical(self, ago):
        """The shank was within 25 degrees of vertical `ago` blocks ago."""
        item = self._item(ago)
        return item >= 0 and self._ring[item + FLAGS] >= UPWARD

    @micropython.native
    def unrest(self, ago, least):
        """Half seconds, 0..128, around the block `ago` blocks ago without a rest of `least`."""
        ring = self._ring
        blocks = self._state[BLOCKS]
        most = blocks if blocks < KEPT else KEPT
        if ago > most:
            ago = most
        length = rest = 0
        at = ago
        while at < most and rest < least:
            at += 1
            rest = 0 if ring[((blocks - at) & (KEPT - 1)) * ITEM + FLAGS] & MOVES else rest + 1
            length += 1
        at = ago
        rest = 0
        while at > 0 and rest < least:
            rest = 0 if ring[((blocks - at) & (KEPT - 1)) * ITEM + FLAGS] & MOVES else rest + 1
            at -= 1
            length += 1
        return length - 2 * least if length > 2 * least else 0

    def changed(self, x, y, z, first, last):
        """Gravity lay away from (x, y, z) in every block from `first` to `last` blocks ago (the
        oldest that is kept, if that is too long)."""
        blocks = self._state[BLOCKS]
        most = (blocks if blocks < KEPT else KEPT) - 1
        if first > most:
            first = most
        if last > first:
            last = first
        return _changed(self._ring, blocks - last, first - last + 1, x, y, z) != 0

    def _item(self, ago):
        """Where the block of `ago` blocks ago is kept; below 0 before there was one."""
        newest = self._state[BLOCKS] - 1
        most = newest if newest < KEPT else KEPT - 1
        return (
            ((newest - (ago if ago < most else most)) & (KEPT - 1)) * ITEM if newest >= 0 else -1
        )
