"""Per-sample arithmetic: filter each axis, form the envelope, compare with thresholds.

The same source is machine code on MicroPython (viper) and plain Python on CPython; see native.py.

Ranges, for any input whatever (proven in tests/unit/test_ranges.py):

    stage               unit            bound
    raw sample          1/16384 g       2**15   (16 bits, left-justified by the LIS3DH)
    filter input        1/2**20 g       2**21
    high-pass low       1/2**20 g       2**22
    high-pass band      1/2**20 g       2**21
    high-pass output    1/2**20 g       2**23
    low-pass state      1/2**24 g       2**27
    movement, one axis  1/2048 g        2047    (limited: 1 g)
    power of a sample   (1/2048 g)**2   3 * 2047**2 < 2**24
    power of a window   25 samples      25 * 3 * 2047**2 < 2**29
"""

from array import array

from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8, ptr32

BIAS = const(536870912)  # 2**29, added to signed state: see native.py
LONG = const(25)  # samples of the deciding envelope: 0.5 s
EDGE = const(8)  # samples of the envelope that places onset and offset: 0.16 s
QUIET = const(25)  # samples under the offset threshold that end an LM: 0.5 s
LULL = const(10)  # samples under the edge threshold that separate a rise from an earlier one

UNIT_PER_G = const(2048)  # of the movement signal


def axis_state():
    """State of one axis: low, band, two low-pass states, sum of raw samples; BIAS added."""
    return array("i", [BIAS] * 5)


@micropython.viper
def prime(st: ptr32, raw: ptr8, at: int):
    """Start an axis at the steady state of the sample at raw[at]: gravity makes no step."""
    x = ((raw[at] | raw[at + 1] << 8) ^ 0x8000) - 0x8000
    st[0] = (x << 6) + BIAS
    st[1] = BIAS
    st[2] = BIAS
    st[3] = BIAS


@micropython.viper
def axis(st: ptr32, raw: ptr8, at: int, n: int, power: ptr32):
    """Filter n samples of one axis and add each one's square to power[0..n-1].

    `at` is the byte of the first sample's low half; samples follow each other by 6 bytes.

    High-pass 0.5 Hz: state-variable filter, f = 2 sin(pi 0.5/50) = 1/16, damping 1.5.
    Low-pass 8 Hz: Butterworth biquad, coefficients times 4096.
    """
    low = st[0] - BIAS
    band = st[1] - BIAS
    s1 = st[2] - BIAS
    s2 = st[3] - BIAS
    total = st[4] - BIAS
    i = 0
    while i < n:
        x = ((raw[at] | raw[at + 1] << 8) ^ 0x8000) - 0x8000
        at += 6
        total += x
        low += band >> 4
        high = (x << 6) - low - band - (band >> 1)
        band += high >> 4
        high >>= 8
        y = 595 * high
        z = (y + s1 + 2048) >> 12
        s1 = y + y + 2748 * z + s2
        s2 = y - 1033 * z
        z >>= 1
        if z > 2047:
            z = 2047
        if z < -2047:
            z = -2047
        power[i] += z * z
        i += 1
    st[0] = low + BIAS
    st[1] = band + BIAS
    st[2] = s1 + BIAS
    st[3] = s2 + BIAS
    st[4] = total + BIAS


# State of the envelope and the LM under way. All are counts, sample numbers or powers, so never
# negative. Powers of the EDGE window are compared times 25/8 by scaling the threshold instead.
N = const(0)  # number of the next sample
LONG_SUM = const(1)
EDGE_SUM = const(2)
ON = const(3)  # threshold of the LONG window
EDGE_ON = const(4)  # threshold of the EDGE window for the onset
EDGE_OFF = const(5)  # least threshold of the EDGE window for the offset
OPEN = const(6)  # an LM is under way
RISE = const(7)  # where the EDGE window last rose over EDGE_ON
UP = const(8)  # it is over EDGE_ON, or fell under it less than LULL samples ago
LOW_RUN = const(9)  # samples since it was last over EDGE_ON
PEAK = const(10)  # greatest LONG sum of the LM
EDGE_OFF_NOW = const(11)  # the offset threshold in force: rises with the peak
QUIET_RUN = const(12)  # samples under it
FALL = const(13)  # where it fell under it
ABOVE = const(14)  # samples of the LM over EDGE_ON: its plateau
DONE = const(15)  # an LM has just ended
SLOT = const(16)  # where the next power goes in the ring
HUSH = const(17)  # threshold behind a movement: falls from a part of its peak
SIZE = const(18)

# The offset threshold relative to the peak: 0.24 of it in amplitude, here squared, for an EDGE
# window instead of a LONG one, times 4096.
OFF_RATIO = const(76)
# The high-pass swings back when a sustained hold ends. A new movement has to exceed 0.35 of the
# last one's amplitude at first (power >> 3), a part that falls to 1/e in 0.64 s.
HUSH_SHIFT = const(3)


def envelope_state():
    return array("i", [0] * SIZE)


@micropython.viper
def envelope(st: ptr32, ring: ptr32, power: ptr32, at: int, n: int) -> int:
    """Take up to n sample powers from power[at:]; returns how many were taken.

    Stops early behind a sample with which an LM ends (st[DONE] is then 1: the caller reads RISE,
    FALL, PEAK, ABOVE and calls again). power[] is set to 0 behind it. `ring` holds the last 32
    powers.
    """
    now = st[N]
    long_sum = st[LONG_SUM]
    edge_sum = st[EDGE_SUM]
    on = st[ON]
    edge_on = st[EDGE_ON]
    open_ = st[OPEN]
    up = st[UP]
    low_run = st[LOW_RUN]
    slot = st[SLOT]
    hush = st[HUSH]
    i = 0
    while i < n:
        p = power[at + i]
        power[at + i] = 0
        long_sum += p - ring[(slot - LONG) & 31]
        edge_sum += p - ring[(slot - EDGE) & 31]
        ring[slot] = p
        slot = (slot + 1) & 31
        i += 1
        if edge_sum > edge_on:
            if not up:
                up = 1
                st[RISE] = now
            low_run = 0
            if open_:
                st[ABOVE] += 1
        elif up:
            low_run += 1
            if low_run >= LULL and not open_:
                up = 0
        if open_:
            if long_sum > st[PEAK]:
                st[PEAK] = long_sum
                off = (long_sum >> 6) * OFF_RATIO >> 6
                if off > st[EDGE_OFF_NOW]:
                    st[EDGE_OFF_NOW] = off
            if edge_sum >= st[EDGE_OFF_NOW]:
                st[QUIET_RUN] = 0
            else:
                if st[QUIET_RUN] == 0:
                    st[FALL] = now
                st[QUIET_RUN] += 1
                if st[QUIET_RUN] >= QUIET:
                    open_ = 0
                    up = 0
                    hush = st[PEAK] >> HUSH_SHIFT
                    st[DONE] = 1
                    now += 1
                    n = i
        elif long_sum <= on:
            pass
        elif up and long_sum > hush:
            open_ = 1
            st[PEAK] = 0
            st[EDGE_OFF_NOW] = st[EDGE_OFF]
            st[QUIET_RUN] = 0
            st[ABOVE] = now - st[RISE]
        else:
            up = 0
        hush -= hush >> 4
        if not st[DONE]:
            now += 1
    st[N] = now
    st[LONG_SUM] = long_sum
    st[EDGE_SUM] = edge_sum
    st[OPEN] = open_
    st[UP] = up
    st[LOW_RUN] = low_run
    st[SLOT] = slot
    st[HUSH] = hush
    return i
