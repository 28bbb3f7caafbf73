"""Where gravity points: tilt, lasting changes of posture, time out of bed, time off the body.

Works on half-second blocks, two a second. Gravity is the mean of a block behind a second-order
low-pass of 0.15 Hz. Ranges: block mean 2**17 (1/2**16 g), filter states 2**18, products 2**23;
gravity 2**13 (1/4096 g), squared distances under 3 * 2**24.
"""

from array import array

from plmcore.native import const

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
REST = const(3)  # blocks without it: the leg has come to rest
UNREST = const(700)  # 1/2**16 g: 10.7 mg
# Upright: the shank within 25 degrees of vertical, cos2 = 0.8214 = 841/1024, for 60 s.
UPRIGHT_BLOCKS = const(120)
# Off the body: no breathing. Mean square of the 0.15 to 1 Hz band, all axes, (1/16384 g)**2 a
# block: sensor noise alone gives 40 to 140, breathing of 2 mg over 440, of 1 mg about 170.
STILL_POWER = const(160)
STILL_MOVEMENT = const(40000)  # and no half second over 20 mg
MINUTE = const(120)
OFF_MINUTES = const(15)


class Posture:
    """Follows gravity on three axes.

    shank: index of the axis along the shank (0..2).
    gx, gy, gz: gravity in 1/4096 g (-8192..8191).
    vertical: the shank is within 25 degrees of vertical now.
    upright_blocks, off_blocks: half seconds counted as upright, off the body (0..2**30).
    """

    def __init__(self, shank=0):
        self.shank = shank
        self.upright_blocks = self.off_blocks = 0
        self._low = array("i", [0] * 3)
        self._band = array("i", [0] * 3)
        self._ring = [array("h", [0] * KEPT) for _ in range(3)]
        self._last = array("i", [0] * 3)  # block means
        self._unrest = bytearray(KEPT)
        self.reset()

    def reset(self):
        """Start anew behind a gap: no run of time goes across it."""
        self.blocks = 0  # since the reset
        self.vertical = self.off = False
        self._vertical_run = 0
        self._dead_minutes = self._dead_blocks = 0
        self._minute = self._minute_vertical = self._minute_power = 0
        self._moved = False

    @property
    def upright(self):
        return self._vertical_run >= UPRIGHT_BLOCKS

    def block(self, sx, sy, sz, power):
        """Take the sums of 25 raw samples of each axis (|s| < 2**20) and the movement's power."""
        self._unrest[self.blocks % KEPT] = 0
        still = self._axis(0, sx) + self._axis(1, sy) + self._axis(2, sz)
        self.blocks += 1
        self._upright_time()
        self._off_body_time(still, power)

    def _axis(self, a, total):
        """Low-pass one axis; returns the square of what is left above 0.15 Hz (< 2**20)."""
        x = (total << 2) // 25
        low = self._low
        band = self._band
        if self.blocks == 0:
            low[a] = x
            band[a] = 0
            self._last[a] = x
        moved = x - self._last[a]
        self._last[a] = x
        if moved > UNREST or moved < -UNREST:
            self._unrest[self.blocks % KEPT] = 1
        low[a] += (band[a] * 31) >> 6
        high = x - low[a] - 2 * band[a]
        band[a] += (high * 31) >> 6
        g = low[a] >> 4
        self._ring[a][self.blocks % KEPT] = -8192 if g < -8192 else 8191 if g > 8191 else g
        rest = (x - low[a]) >> 2
        if rest < 0:
            rest = -rest
        return rest * rest if rest < 1023 else 1023 * 1023

    def gravity(self, a, ago=0):
        """Gravity on axis a, `ago` blocks ago (the oldest that is kept, if that is too long)."""
        newest = self.blocks - 1
        if newest < 0:
            return 0
        most = newest if newest < KEPT else KEPT - 1
        return self._ring[a][(newest - (ago if ago < most else most)) % KEPT]

    def is_vertical(self, ago):
        """The shank was within 25 degrees of vertical `ago` blocks ago."""
        total = 0
        along = 0
        for a in range(3):
            g = self.gravity(a, ago) >> 4  # 1/256 g: squares under 2**19
            total += g * g
            if a == self.shank:
                along = g * g
        return along * 1024 > total * 841

    def unrest(self, ago):
        """Half seconds, 0..128, around the block `ago` blocks ago without a rest of 1.5 s."""
        most = self.blocks if self.blocks < KEPT else KEPT
        if ago > most:
            ago = most
        length = rest = 0
        at = ago
        while at < most and rest < REST:
            rest = 0 if self._moves(at) else rest + 1
            length += 1
            at += 1
        at = ago
        rest = 0
        while at > 0 and rest < REST:
            at -= 1
            rest = 0 if self._moves(at) else rest + 1
            length += 1
        return length - 2 * REST if length > 2 * REST else 0

    def _moves(self, ago):
        return self._unrest[(self.blocks - 1 - ago) % KEPT]

    def changed(self, x, y, z, first, last):
        """Gravity lay away from (x, y, z) in every block from `first` to `last` blocks ago."""
        ago = first
        while ago >= last:
            dx = self.gravity(0, ago) - x
            dy = self.gravity(1, ago) - y
            dz = self.gravity(2, ago) - z
            # 3 * (2**14)**2 would leave the range: a difference over 1 g is a change anyway
            if -G < dx < G and -G < dy < G and -G < dz < G:
                if dx * dx + dy * dy + dz * dz < CHANGE2:
                    return False
            ago -= 1
        return True

    def _upright_time(self):
        self.vertical = self.is_vertical(0)
        if not self.vertical:
            self._vertical_run = 0
            return
        self._minute_vertical += 1
        self._vertical_run += 1
        if self._vertical_run == UPRIGHT_BLOCKS:
            self.upright_blocks += UPRIGHT_BLOCKS
        elif self._vertical_run > UPRIGHT_BLOCKS:
            self.upright_blocks += 1

    def _off_body_time(self, still, power):
        self._minute_power += still
        if power > STILL_MOVEMENT:
            self._moved = True
        self._minute += 1
        if self._minute < MINUTE:
            return
        if self._minute_power < STILL_POWER * MINUTE and not self._moved:
            self._dead_minutes += 1
            self._dead_blocks += MINUTE - self._minute_vertical
            if self._dead_minutes >= OFF_MINUTES:
                self.off = True
                self.off_blocks += self._dead_blocks
                self._dead_blocks = 0
        else:
            self._dead_minutes = self._dead_blocks = 0
            self.off = False
        self._minute = self._minute_power = self._minute_vertical = 0
        self._moved = False
