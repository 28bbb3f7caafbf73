"""Where the leg points from tenth to tenth of a second, and whether it has come back.

Works on the ring of tilts that the kernel keeps. Ranges: a mean 0..5119 in 1/1280 g (2560 is 0 g);
squared distances 3 * 5119**2 < 2**27; deviations are shifted under 2**9, so products over the
whole ring stay under 2**26, and those of spread() under 2**27.
"""

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr16

KEPT = const(250)  # as in the kernel
MEAN = const(4)  # tilts that make a mean


@micropython.viper
def mean(ring: ptr16, at: int, out: ptr16, to: int):
    """Mean of the MEAN tilts from ring number `at` (0..KEPT - 1) on: x y z to out[to:]."""
    a = 0
    while a < 3:
        total = 16
        i = 0
        slot = at
        while i < MEAN:
            total += ring[3 * slot + a]
            slot += 1
            if slot == KEPT:
                slot = 0
            i += 1
        out[to + a] = total >> 5
        a += 1


def average(ring, at, n, work, out):
    """Mean of n tilts (1..KEPT) from ring number `at` on: x y z to out[0:]. work: see spread()."""
    _sums(ring, at, n, work)
    for a in range(3):
        out[a] = (work[a] // n + 4) >> 3


@micropython.viper
def distance(one: ptr16, i: int, other: ptr16, j: int) -> int:
    """Squared distance of two means, (1/1280 g)**2."""
    x = one[i] - other[j]
    y = one[i + 1] - other[j + 1]
    z = one[i + 2] - other[j + 2]
    return x * x + y * y + z * z


def _sums(ring, at, n, out):
    """Sum and range of n tilts from `at` on: to out[0:3] and out[3]."""
    out[3] = 0
    a = 0
    while a < 3:
        low = 65535
        high = total = i = 0
        slot = at
        while i < n:
            x = ring[3 * slot + a]
            total += x
            if x < low:
                low = x
            if x > high:
                high = x
            slot += 1
            if slot == KEPT:
                slot = 0
            i += 1
        out[a] = total
        if high - low > out[3]:
            out[3] = high - low
        a += 1


def _products(ring, at, n, shift, out):
    """Sums of xx, yy, zz, then xy, xz, yz with BIAS, of n tilts less the means in out[0:3]."""
    xx = yy = zz = xy = xz = yz = 0
    i = 0
    slot = 3 * at
    while i < n:
        x = (ring[slot] - out[0]) >> shift
        y = (ring[slot + 1] - out[1]) >> shift
        z = (ring[slot + 2] - out[2]) >> shift
        xx += x * x
        yy += y * y
        zz += z * z
        xy += x * y
        xz += x * z
        yz += y * z
        slot += 3
        if slot == 3 * KEPT:
            slot = 0
        i += 1
    out[3] = xx
    out[4] = yy
    out[5] = zz
    out[6] = xy + (1 << 28)
    out[7] = xz + (1 << 28)
    out[8] = yz + (1 << 28)


def spread(ring, at, n, out):
    """How far n tilts (1..KEPT) from ring number `at` on leave the plane they fit best: the least
    of the three variances, in 1/1024 of their sum (0..341).

    A movement about one joint stays in a plane, whatever its size: tangential, centripetal and
    gravity's share all lie across the joint's axis. out: array("i") of 9.
    """
    _sums(ring, at, n, out)
    for a in range(3):
        out[a] //= n
    shift = 0
    while out[3] >> shift > 511:
        shift += 1
    _products(ring, at, n, shift, out)
    while out[3] + out[4] + out[5] > 511:
        for i in range(3):
            out[3 + i] >>= 1
            out[6 + i] = (out[6 + i] + (1 << 28)) >> 1
    x, y, z = out[3], out[4], out[5]
    a, b, c = out[6] - (1 << 28), out[7] - (1 << 28), out[8] - (1 << 28)
    minors = x * y - a * a + x * z - b * b + y * z - c * c
    volume = x * (y * z - c * c) - a * (a * z - c * b) + b * (a * c - y * b)
    total = x + y + z
    if volume <= 0 or minors <= 0:
        return 0
    return (
        volume // minors * 1024 // total if volume > 1 << 20 else (volume << 10) // minors // total
    )
