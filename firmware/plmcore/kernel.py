"""Per-sample arithmetic: filter each axis, form the envelope, compare with thresholds.

Two calls take a whole batch of the FIFO's raw bytes; the interpreter sees no sample. The same
source is machine code on MicroPython (viper) and plain Python on CPython; see native.py.

Two habits of this code look odd:
- Viper keeps the first three names of a function in the processor's registers, parameters first,
  and all others in memory. So the busiest variables of a loop are the first parameters, and the
  caller hands in a 0 for each that nobody reads.
- A tuple would allocate, so what has two things to say says them in one number: envelope() returns
  the samples it took, in the bits of TAKEN, plus LM_ENDED and BLOCK_ENDED.

Ranges, for any input whatever (proven in tests/unit/firmware/test_ranges.py):

    stage               unit            bound
    raw sample          1/16384 g       2**15   (16 bits, left-justified by the LIS3DH)
    offset sample       1/16384 g       2**16   (32768 added, so never negative)
    tilt                1/10240 g       2**16   (sum of 5 of them, an eighth)
    high-pass low       1/2**20 g       2**23   (follows the offset sample)
    high-pass band      1/2**20 g       2**21
    high-pass output    1/2**20 g       2**23
    low-pass state      1/2**24 g       2**27
    movement, one axis  1/2048 g        2**14   (its square is limited to 2047**2: 1 g)
    power of a sample   (1/2048 g)**2   3 * 2047**2 < 2**24
    power of a window   25 samples      25 * 3 * 2047**2 < 2**29
"""

from array import array

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr16, ptr32

_BIAS = const(536870912)  # 2**29, added to signed state: see native.py
OFFSET = const(32768)  # added to a raw sample
BLOCK = const(25)  # samples: half a second
LONG = const(25)  # samples of the deciding envelope: 0.5 s
EDGE = const(8)  # samples of the envelope that places onset and offset: 0.16 s
FINE = const(5)  # samples whose mean is a tilt: 0.1 s
FINES = const(5)  # of them in a block
KEPT = const(250)  # tilts that are kept: 25 s, and a whole number of blocks
_QUIET = const(25)  # samples under the offset threshold that end an LM: 0.5 s
# Samples under the edge threshold that separate a rise from an earlier one: an LM that begins
# weakly and dips for less than half a second has begun, and EDGE samples are seen late.
_LULL = const(33)
BATCH = const(32)  # most samples of a call: the FIFO's depth

UNIT_PER_G = const(2048)  # of the movement signal
_LIMIT = const(4190209)  # 2047**2, of the square of one axis

# State: all are counts, sample numbers or powers, so never negative. Powers of the EDGE window are
# compared times 25/8 by scaling the threshold instead.
N = const(0)  # number of the next sample
PHASE = const(1)  # samples of the block under way
SLOT = const(2)  # which tilt its first samples make (0..KEPT - FINE)
_BEFORE = const(3)  # samples of the last batch: where in power[] the newest LONG powers end
LONG_SUM = const(4)
EDGE_SUM = const(5)
ON = const(6)  # threshold of the LONG window
EDGE_ON = const(7)  # threshold of the EDGE window for the onset
EDGE_OFF = const(8)  # least threshold of the EDGE window for the offset
OPEN = const(9)  # an LM is under way
RISE = const(10)  # where the EDGE window last rose over EDGE_ON
UP = const(11)  # it is over EDGE_ON, or fell under it less than _LULL samples ago
_LOW_RUN = const(12)  # samples since it was last over EDGE_ON
PEAK = const(13)  # greatest LONG sum of the LM
_EDGE_OFF_NOW = const(14)  # the offset threshold in force: rises with the peak
QUIET_RUN = const(15)  # samples under it
FALL = const(16)  # where it fell under it
ABOVE = const(17)  # samples of the LM over EDGE_ON: its plateau
HUSH = const(18)  # threshold behind a movement: falls from a part of its peak
ACTIVITY = const(19)  # sum of the blocks' RMS, 0.1 mg
# then, for each axis: low, band, two low-pass states, each with _BIAS, and the tilt's sum so far
_AXES = const(20)
_AXIS = const(5)
_SIZE = const(35)

# The offset threshold relative to the peak: 0.26 of it in amplitude, here squared, for an EDGE
# window instead of a LONG one, times 4096.
_OFF_RATIO = const(90)
# The high-pass swings back when a sustained hold ends. A new movement has to exceed 0.35 of the
# last one's amplitude at first (power >> 3), a part that falls to 1/e in 0.64 s.
_HUSH_SHIFT = const(3)

# What envelope() returns: samples taken, and what stopped it
TAKEN = const(63)
LM_ENDED = const(64)
BLOCK_ENDED = const(128)


def new_state():
    """State for prime()."""
    return array("i", [0] * _SIZE)


def new_power():
    """Powers of the last LONG samples, then those of a batch."""
    return array("i", [0] * (LONG + BATCH))


def new_tilt():
    """The last KEPT tilts, x y z of each: where gravity points while nothing moves.

    Unit: 1/10240 g, and 20480 is 0 g. What filters() knows of a batch stands here before
    envelope() comes to it: up to seven tilts of the past are then gone.
    """
    return array("H", [20480] * (3 * KEPT))


def prime(st, raw, at, power, tilt):
    """Start at the steady state of the sample at raw[at]: gravity makes no step."""
    st[PHASE] = st[SLOT] = st[_BEFORE] = st[LONG_SUM] = st[EDGE_SUM] = st[UP] = st[HUSH] = 0
    i = 0
    while i < LONG:
        power[i] = 0
        i += 1
    a = _AXES
    first = 0
    while a < _SIZE:
        x = raw[at] | (raw[at + 1] ^ 0x80) << 8
        st[a] = (x << 6) + _BIAS
        st[a + 1] = st[a + 2] = st[a + 3] = _BIAS
        st[a + 4] = 0
        i = first
        while i < 3 * KEPT:
            tilt[i] = x * FINE >> 3
            i += 3
        at += 2
        a += _AXIS
        first += 1


@micropython.viper
def filters(
    z: int,
    band: int,
    x: int,
    st: ptr32,
    raw: ptr16,
    n: int,
    power: ptr32,
    tilt: ptr16,
):
    """Filter n samples (0..BATCH): their powers go to power[LONG:], and the tilts that end among
    them to `tilt` (see new_tilt).

    raw: x, y, z of each, 16 bits in two's complement; the processors here are little-endian, like
    the sensor. z, band, x: any number, see above.

    High-pass 0.5 Hz: state-variable filter, f = 2 sin(pi 0.5/50) = 1/16, damping 1.5.
    Low-pass 8 Hz: Butterworth biquad, coefficients times 4096.
    """
    before = st[_BEFORE]
    i = 0
    while i < LONG:
        power[i] = power[i + before]
        i += 1
    stop = LONG + n
    while i < stop:
        power[i] = 0
        i += 1
    st[_BEFORE] = n
    slot = st[SLOT]
    i = st[PHASE]
    while i >= FINE:
        i -= FINE
        slot += 1
    first = LONG + FINE - i  # behind the last sample of the tilt under way
    a = 0
    while a < 3:
        base = _AXES + _AXIS * a
        low = st[base] - _BIAS
        band = st[base + 1] - _BIAS
        s1 = st[base + 2] - _BIAS
        s2 = st[base + 3] - _BIAS
        total = st[base + 4]
        at = a
        to = 3 * slot + a
        i = LONG
        end = first
        while i < stop:
            ends = 1
            if end > stop:
                end = stop
                ends = 0
            while i < end:
                x = raw[at] ^ OFFSET
                at += 3
                total += x
                low += band >> 4
                x = (x << 6) - low - band - (band >> 1)
                band += x >> 4
                x = 595 * (x >> 8)
                z = (x + s1 + 2048) >> 12
                s1 = x + x + 2748 * z + s2
                s2 = x - 1033 * z
                z >>= 1
                z *= z
                if z > _LIMIT:
                    z = _LIMIT
                power[i] += z
                i += 1
            if ends:
                tilt[to] = total >> 3
                total = 0
                to += 3
                if to >= 3 * KEPT:
                    to = a
                end += FINE
        st[base] = low + _BIAS
        st[base + 1] = band + _BIAS
        st[base + 2] = s1 + _BIAS
        st[base + 3] = s2 + _BIAS
        st[base + 4] = total
        a += 1


@micropython.viper
def deci_mg(power: int) -> int:
    """RMS in 0.1 mg (0..22620) of the power of a 25-sample window (0..2**29)."""
    # (10000/2048)**2 / 25 = 0.9537 = 61/64
    x = power * 61 >> 6 if power < 1 << 24 else (power >> 6) * 61
    bit = 1 << 28
    while bit > x:
        bit >>= 2
    y = 0  # becomes the square root of x, rounded down
    while bit:
        if x >= y + bit:
            x -= y + bit
            y = (y >> 1) + bit
        else:
            y >>= 1
        bit >>= 2
    return y


@micropython.viper
def envelope(long_sum: int, edge_sum: int, at: int, n: int, st: ptr32, power: ptr32) -> int:
    """Take up to n powers from power[at:], at >= LONG.

    Stops early behind the last sample of a block, and behind one with which an LM ends: the caller
    reads RISE, FALL, PEAK, ABOVE. long_sum, edge_sum: any number, as in filters().
    """
    long_sum = st[LONG_SUM]
    edge_sum = st[EDGE_SUM]
    on = st[ON]
    edge_on = st[EDGE_ON]
    open_ = st[OPEN]
    up = st[UP]
    low_run = st[_LOW_RUN]
    hush = st[HUSH]
    code = 0
    first = at
    base = st[N] - at  # of sample numbers
    stop = at + BLOCK - st[PHASE]
    if stop > at + n:
        stop = at + n
    while at < stop:
        long_sum += power[at] - power[at - LONG]
        edge_sum += power[at] - power[at - EDGE]
        if edge_sum > edge_on:
            if not up:
                up = 1
                st[RISE] = base + at
            low_run = 0
            if open_:
                st[ABOVE] += 1
        elif up:
            low_run += 1
            if low_run >= _LULL and not open_:
                up = 0
        if open_:
            if long_sum > st[PEAK]:
                st[PEAK] = long_sum
                off = (long_sum >> 6) * _OFF_RATIO >> 6
                if off > st[_EDGE_OFF_NOW]:
                    st[_EDGE_OFF_NOW] = off
            if edge_sum >= st[_EDGE_OFF_NOW]:
                st[QUIET_RUN] = 0
            else:
                if st[QUIET_RUN] == 0:
                    st[FALL] = base + at
                st[QUIET_RUN] += 1
                if st[QUIET_RUN] >= _QUIET:
                    open_ = 0
                    up = 0
                    hush = st[PEAK] >> _HUSH_SHIFT
                    code = LM_ENDED
                    stop = at
        elif long_sum <= on:
            pass
        elif up and long_sum > hush:
            open_ = 1
            st[PEAK] = 0
            st[_EDGE_OFF_NOW] = st[EDGE_OFF]
            st[QUIET_RUN] = 0
            st[ABOVE] = base + at - st[RISE]
        else:
            up = 0
        hush -= hush >> 4
        at += 1
    st[N] = base + at
    phase = st[PHASE] + at - first
    if phase == BLOCK:
        phase = 0
        st[SLOT] += FINES
        if st[SLOT] == KEPT:
            st[SLOT] = 0
        st[ACTIVITY] += int(deci_mg(long_sum))
        code += BLOCK_ENDED
    st[PHASE] = phase
    st[LONG_SUM] = long_sum
    st[EDGE_SUM] = edge_sum
    st[OPEN] = open_
    st[UP] = up
    st[_LOW_RUN] = low_run
    st[HUSH] = hush
    return at - first + code
