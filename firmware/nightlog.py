"""The night log: one append-only file a session, on any file system that MicroPython mounts.

Records collect in one buffer and reach the flash in batches: flush() is called right after the
FIFO was drained, since an erase stops everything for up to 300 ms. What was flushed survives a
power cut; what was not is lost: movements of a minute at most, three minutes of a quiet time.

A flash that fills up: the traces go (see tracelog.py), then the oldest nights that a computer has
filed. When that frees nothing more, the log leaves out its detail, epochs first, then movements,
and keeps the counts; before the last block is gone it asks for the end (watch_space()).
"""

import binascii
import os
import struct

from nightfiles import BLOCK, SUFFIX, free, give_way, make, newest, place
from plmcore import record
from plmcore.native import const

_BUFFER = const(1024)
ENOSPC = const(28)

# Free blocks (4 KiB) below which something is done. Watched: every minute, and filed nights go.
WATCHED = const(16)
_NO_EPOCHS = const(8)
_NO_LMS = const(5)
_FULL = const(3)  # an append needs one block, two where it begins a new one
# What is left out; the detail of a FAULT record with flash_full.
_EPOCHS_OUT = const(1)
_LMS_OUT = const(2)
ALL_OUT = const(3)


class NightLog:
    """Writes one session. Raises OSError when the flash is full or can't be written.

    waiting: bytes that are not yet on the flash. urgent: more than the header and the minutes of a
    quiet time. The file is made by the first flush: a session that is cut in its first seconds, as
    by a loose battery, leaves none. folder: the nights'. path: of the file, once it is there.
    """

    def __init__(self, path, nonce, flash="", number=0):
        """Begin the next session in folder `path`; `nonce` (4 bytes) keeps its name unique even
        after the flash was formatted and the numbers began anew. flash: the file system's id.
        number: the greatest one that was given before, where sessions left no file."""
        if free(path) < _NO_LMS * BLOCK:
            raise OSError(ENOSPC)
        self.flash = flash
        self.number = (max(number, newest(path)) + 1) % 100000
        self.session = "%05d-%s" % (self.number, binascii.hexlify(nonce).decode())
        self.path = path + "/" + place(self.session) + SUFFIX
        self._buf = bytearray(_BUFFER)
        self._view = memoryview(self._buf)
        self.waiting = len(record.MAGIC)
        self.urgent = True
        self._buf[: self.waiting] = record.MAGIC
        self._sequence = 0
        self.folder = path
        self._out = 0
        self._minutes = 0
        self._file = None

    def meta(self, key, value):
        """A line of the header: text, 240 bytes at most."""
        text = ("%s=%s" % (key, value)).encode()[:240]
        at = self._place(len(text))
        self._buf[at : at + len(text)] = text
        self._seal(record.META, len(text))

    def anchor(self, n, ms, day, ms_of_day, tz_min):
        at = self._place(16)
        struct.pack_into(record.LAYOUT_ANCHOR, self._buf, at, n, ms, day, ms_of_day, tz_min)
        self._seal(record.ANCHOR, 16)

    def lm(self, number, n, onset_ms, duration_ms, peak_mg, kind, flags, series):
        """A movement; durations over 65.535 s are written as that."""
        if self._out >= _LMS_OUT:
            return
        if duration_ms > 65535:
            duration_ms = 65535
        at = self._place(18)
        struct.pack_into(
            record.LAYOUT_LM,
            self._buf,
            at,
            number & 0xFFFF,
            n,
            onset_ms,
            duration_ms,
            peak_mg,
            kind,
            flags,
            series,
        )
        self._seal(record.LM, 18)

    def series(self, number, earlier):
        """The LMs in `earlier` (array of their numbers) are PLMs of series `number`."""
        if self._out >= _LMS_OUT:
            return
        length = 2 + 2 * len(earlier)
        at = self._place(length)
        struct.pack_into("<H", self._buf, at, number)
        for lm in earlier:
            at += 2
            struct.pack_into("<H", self._buf, at, lm)
        self._seal(record.SERIES, length)

    def epoch(self, n, ms, samples, activity, floor, gx, gy, gz, flags, retries=0):
        if self._out >= _EPOCHS_OUT:
            return
        at = self._place(19)
        struct.pack_into(
            record.LAYOUT_EPOCH,
            self._buf,
            at,
            n,
            ms,
            samples,
            activity,
            floor,
            gx,
            gy,
            gz,
            flags,
            retries,
        )
        self._seal(record.EPOCH, 19)

    def gap(self, n, ms, lost, lost_ms, cause):
        at = self._place(17)
        struct.pack_into(record.LAYOUT_GAP, self._buf, at, n, ms, lost, lost_ms, cause)
        self._seal(record.GAP, 17)

    def marker(self, n, ms, kind):
        at = self._place(9)
        struct.pack_into(record.LAYOUT_MARKER, self._buf, at, n, ms, kind)
        self._seal(record.MARKER, 9)

    def still(self, n, ms, length_ms, evidence):
        """The stretch of this length that ends at n: see still.py."""
        at = self._place(13)
        struct.pack_into(record.LAYOUT_STILL, self._buf, at, n, ms, length_ms, evidence)
        self._seal(record.STILL, 13)

    def fault(self, n, ms, code, detail):
        at = self._place(10)
        struct.pack_into(record.LAYOUT_FAULT, self._buf, at, n, ms, code, detail)
        self._seal(record.FAULT, 10)

    def counts(self, n, ms, reason, counts):
        """A checkpoint; `counts` are the fields of record.COUNTS behind the reason, in order."""
        at = self._place(37)
        struct.pack_into(record.LAYOUT_COUNTS, self._buf, at, n, ms, reason, *counts)
        self._seal(record.COUNTS, 37)

    def flush(self):
        """Bring everything onto the flash."""
        if not self.waiting:
            return
        try:
            self._write()
        except OSError:
            # littlefs takes no more into a file that it failed to write, and says nothing.
            if self._file:
                self._file.close()
                self._file = None
            give_way(self.folder, WATCHED * BLOCK)
            self._write()

    def watch_space(self):
        """To be called once a minute. Returns what is left out from now on: 0 nothing,
        _EPOCHS_OUT, _LMS_OUT; ALL_OUT: there is room for a last word."""
        self._minutes += 1
        if self._out or self._minutes % 10 == 0:
            left = free(self.folder)
            if left < WATCHED * BLOCK:
                left = give_way(self.folder, WATCHED * BLOCK)
                self._minutes = 9  # and again in a minute
            if left < _FULL * BLOCK:
                self._out = ALL_OUT
            elif left < _NO_LMS * BLOCK:
                self._out = max(self._out, _LMS_OUT)
            elif left < _NO_EPOCHS * BLOCK:
                self._out = max(self._out, _EPOCHS_OUT)
        return self._out

    def close(self):
        try:
            self.flush()
        finally:
            if self._file:
                self._file.close()

    def abandon(self):
        """The flash takes no more: leave what is there, and no file without a header."""
        try:
            if self._file:
                self._file.close()
            if not os.stat(self.path)[6]:
                os.remove(self.path)
        except OSError:
            pass

    def _write(self):
        if not self._file:
            make(self.path.rsplit("/", 1)[0])
            self._file = open(self.path, "ab")
        self._file.write(self._view[: self.waiting])
        self._file.flush()
        self.waiting = 0
        self.urgent = False

    def _place(self, length):
        """Where a payload of this length goes; makes room in the buffer."""
        if self.waiting + record.HEAD + length + record.TAIL > _BUFFER:
            self.flush()
        return self.waiting + record.HEAD

    def _seal(self, kind, length):
        self.waiting = record.seal(self._buf, self.waiting, kind, length, self._sequence)
        self._sequence = (self._sequence + 1) & 0xFFFF
        if kind != record.EPOCH and kind != record.COUNTS:  # noqa: PLR1714 - a tuple would allocate
            self.urgent = True
