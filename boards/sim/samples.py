"""What the simulated sensor lives through: a stream of samples, some of them lost."""

import struct

SAMPLE = 6  # bytes
DEPTH = 32  # samples that are handed out at once: what the sensor's FIFO holds
_CHUNK = SAMPLE * 2048
_LOST = b"\x00\x80"  # x == -32768


class Samples:
    """The samples of `source` in order.

    source: object with readinto(buf) -> bytes read, 0 at its end. 6 bytes a sample: x, y, z as
        little-endian int16, 16384 per g. x == -32768 marks a sample that nobody knows: it is lost,
        and so are as many after it as y and z tell, a uint32.
    """

    def __init__(self, source):
        self.source = source
        self._read = 0  # bytes of the source
        self._buffer = bytearray(_CHUNK)
        self._chunk = b""  # of the source
        self._at = 0  # of the next sample in it
        self._mark = 0  # of the next lost sample in it, or its length
        self._gone = 0  # samples that are still to be lost at the mark

    @property
    def taken(self):
        """How many were taken; of those behind a mark, only it."""
        return (self._read - len(self._chunk) + self._at) // SAMPLE

    @property
    def losing(self):
        """How many are yet to come of the loss under way; 0 without one."""
        return self._gone if self._at == self._mark else 0

    def take(self, n):
        """Of the next n the first ones: (how many, their bytes). Lost ones have no bytes; at the
        source's end it is (0, b"")."""
        at = self._at
        if at == len(self._chunk):
            if not self._refill():
                return 0, b""
            at = 0
        if at < self._mark:
            self._at = min(at + min(n, DEPTH) * SAMPLE, self._mark)
            return (self._at - at) // SAMPLE, self._chunk[at : self._at]
        n = min(n, self._gone)
        self._gone -= n
        if not self._gone:
            self._at += SAMPLE
            self._find_mark()
        return n, b""

    def before_loss(self, n):
        """How many come before the next lost one; -1 if it is not among the next n."""
        if len(self._chunk) - self._at < n * SAMPLE:
            self._refill()
        before = (self._mark - self._at) // SAMPLE
        return before if self._mark < len(self._chunk) and before <= n else -1

    def _refill(self):
        """Read on in the source behind what is left of the chunk; False at its end."""
        view = memoryview(self._buffer)
        have = len(self._chunk) - self._at
        view[:have] = self._chunk[self._at :]
        while have < _CHUNK:
            got = self.source.readinto(view[have:])
            if not got:
                break
            have += got
            self._read += got
        self._chunk = bytes(view[: have - have % SAMPLE])
        self._at = 0
        self._find_mark()
        return len(self._chunk) > 0

    def _find_mark(self):
        at = self._chunk.find(_LOST, self._at)
        while at >= 0 and at % SAMPLE:
            at = self._chunk.find(_LOST, at + 1)
        self._mark = at if at >= 0 else len(self._chunk)
        if at >= 0 and not self._gone:
            self._gone = 1 + struct.unpack_from("<I", self._chunk, at + 2)[0]
