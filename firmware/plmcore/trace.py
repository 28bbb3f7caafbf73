"""The trace: a picture of the night's movement, a byte for every fifth of a second.

A byte, the level, is the power of ten samples of the movement signal (see kernel), on a scale with
eight steps to a doubling: 6 % in amplitude. Levels stand on a fixed grid: number k belongs to the
samples 10 k to 10 k + 9 of the session. Where one of these is missing it is HOLE.

A trace file is MAGIC, then records as in record.py: META with what it is, then blocks, each the
number of its first sample (u32) and up to LEVELS levels. What no block covers was not recorded.
"""

import struct
from array import array

from plmcore import record
from plmcore.kernel import LONG
from plmcore.native import MICROPYTHON, const, micropython

if not MICROPYTHON:
    from plmcore.native import ptr8, ptr32

MAGIC = b"ANKTRC1\n"
FORMAT = const(1)
BLOCK = const(0x50)  # type of a block's record
SAMPLES = const(10)  # of a level: 5 Hz at the nominal rate
LEVELS = const(250)  # of a whole block: 50 s
POSITION = const(4)
RECORD = const(260)  # bytes: HEAD, POSITION, LEVELS, TAIL
_BLOCKS = const(12)  # that the buffer holds, the one under way among them: ten minutes
_SPARE = const(5)  # of them, for the time until the flash may be written
HIGHEST = const(198)  # of 10 samples at the kernel's limit: 10 * 3 * 2047**2
HOLE = const(255)

# State: counts and places in the buffer
_SUM = const(0)  # powers of the level under way: below 2**27
_COUNT = const(1)  # its samples so far
_MISSES = const(2)  # not all of them came
AT = const(3)  # where it goes
END = const(4)  # behind the block's last level
_N = const(5)  # number of the next sample


@micropython.viper
def _add(st: ptr32, power: ptr32, at: int, n: int, buf: ptr8) -> int:
    """Take n powers (0..2**24) from power[at:]; stops behind the level that fills the block.
    Returns how many are left then, -1 when the block is not full."""
    total = st[_SUM]
    count = st[_COUNT]
    first = at
    stop = at + n
    while at < stop:
        total += power[at]
        at += 1
        count += 1
        if count == SAMPLES:
            level = 0
            while total > 15:
                total >>= 1
                level += 8
            level += total
            if st[_MISSES]:
                level = HOLE
                st[_MISSES] = 0
            buf[st[AT]] = level
            st[AT] += 1
            total = count = 0
            if st[AT] == st[END]:
                stop = at
    st[_SUM] = total
    st[_COUNT] = count
    st[_N] += at - first
    return first + n - at if st[AT] == st[END] else -1


def power_of(level):
    """The middle of the powers (of ten samples) that have this level (0..HIGHEST)."""
    if level < 16:
        return level
    shift = (level >> 3) - 1
    return ((level - (shift << 3)) << shift) + ((1 << shift) >> 1)


class Trace:
    """Makes levels of powers, blocks of levels, in one buffer.

    buf: the file's next `waiting` bytes are at its front; after they were written, take them away
    with written(). Who is late loses the newest blocks.
    """

    def __init__(self):
        self.buf = bytearray(_BLOCKS * RECORD)
        self.buf[: len(MAGIC)] = MAGIC
        self.waiting = len(MAGIC)
        self._state = array("i", [0] * 6)
        self.nearly_full = False  # it is time to write
        self._sequence = 0
        self._first = 0  # sample of the block
        self._begin(0)

    @micropython.native
    def add(self, power, samples, n):
        """Take the powers of `samples` samples, from number n on: power[kernel.LONG:] (see
        kernel.filters)."""
        state = self._state
        if n != state[_N]:
            self._skip(n)
        left = _add(state, power, LONG, samples, self.buf)
        while left >= 0:
            self._seal()
            left = _add(state, power, LONG + samples - left, left, self.buf)

    def header(self, key, value):
        """A record of META: text, 240 bytes at most; before the first sample."""
        text = ("%s=%s" % (key, value)).encode()[:240]
        at = self.waiting + record.HEAD
        self.buf[at : at + len(text)] = text
        self._close(record.META, len(text))

    def finish(self):
        """The block under way ends here; the level under way has no end and is left out."""
        if self._state[AT] > self._place():
            self._seal()

    def written(self):
        """What was waiting is on the flash: the block under way moves to the front."""
        done = self.waiting
        self.waiting = 0
        self.nearly_full = False
        state = self._state
        begun = state[AT] - done
        self.buf[:begun] = self.buf[done : done + begun]
        state[AT] -= done
        state[END] -= done

    def _skip(self, n):
        """Samples are missing before number n."""
        state = self._state
        here = self._first // SAMPLES + state[AT] - self._place()  # number of the level under way
        missing = n // SAMPLES - here  # whole levels
        if missing > state[END] - state[AT]:
            self.finish()
            self._begin(n)
        else:
            while missing > 0:
                self.buf[state[AT]] = HOLE
                state[AT] += 1
                missing -= 1
            if state[AT] == state[END]:
                self._seal()
        state[_SUM] = 0
        state[_COUNT] = state[_MISSES] = n % SAMPLES
        state[_N] = n

    def _place(self):
        """Where the levels of the block under way begin."""
        return self.waiting + record.HEAD + POSITION

    def _begin(self, n):
        """A block begins with the level of sample n."""
        self._first = n // SAMPLES * SAMPLES
        self._state[AT] = self._place()
        self._state[END] = self._place() + LEVELS

    def _seal(self):
        levels = self._state[AT] - self._place()
        struct.pack_into("<I", self.buf, self.waiting + record.HEAD, self._first)
        self._close(BLOCK, POSITION + levels)
        if self.waiting + RECORD > len(self.buf):
            self.waiting -= record.HEAD + POSITION + levels + record.TAIL
        self.nearly_full = self.waiting > (_BLOCKS - _SPARE) * RECORD
        self._begin(self._first + SAMPLES * levels)

    def _close(self, kind, length):
        self.waiting = record.seal(self.buf, self.waiting, kind, length, self._sequence)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._begin(self._first)
