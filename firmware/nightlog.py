"""The night log: one append-only file a session, on any file system that MicroPython mounts.

Records collect in one buffer and reach the flash in batches: flush() is called right after the
FIFO was drained, since an erase stops everything for up to 300 ms. What was flushed survives a
power cut; what was not is lost, a minute at most.
"""

import binascii
import os
import struct

from plmcore import record
from plmcore.native import const

BUFFER = const(1024)
SUFFIX = ".plm"
ROOM = const(150000)  # bytes: several nights


def folder(root):
    """The nights' folder on a board; made if it is not there."""
    path = root + "/nights"
    try:
        os.mkdir(path)
    except OSError:
        pass  # it is there; if it can't be made, the first open() says why
    return path


def names(path):
    """Names of the night files in a folder, oldest first; foreign files are passed over."""
    return sorted(
        name
        for name in os.listdir(path)
        if name.endswith(SUFFIX) and len(name) == 18 and name[:5].isdigit()
    )


def make_room(root, room=ROOM):
    """Remove the oldest nights that a computer has filed, until `room` bytes are free.

    A night that it has not acknowledged is never removed, nor is the newest.
    """
    path = folder(root)
    acked = set(os.listdir(path))
    for name in names(path)[:-1]:
        stat = os.statvfs(path)
        if stat[0] * stat[3] >= room:
            break
        if name + ".ok" in acked:
            os.remove(path + "/" + name)
            os.remove(path + "/" + name + ".ok")


class NightLog:
    """Writes one session. Raises OSError when the flash is full or can't be written."""

    def __init__(self, path, nonce):
        """Begin the next session in folder `path`; `nonce` (4 bytes) keeps its name unique even
        after the flash was formatted and the numbers began anew."""
        earlier = names(path)
        number = (int(earlier[-1][:5]) + 1) % 100000 if earlier else 1
        self.session = "%05d-%s" % (number, binascii.hexlify(nonce).decode())
        self.path = path + "/" + self.session + SUFFIX
        self._buf = bytearray(BUFFER)
        self._view = memoryview(self._buf)
        self._fill = len(record.MAGIC)
        self._buf[: self._fill] = record.MAGIC
        self._sequence = 0
        self._file = open(self.path, "wb")

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
        length = 2 + 2 * len(earlier)
        at = self._place(length)
        struct.pack_into("<H", self._buf, at, number)
        for lm in earlier:
            at += 2
            struct.pack_into("<H", self._buf, at, lm)
        self._seal(record.SERIES, length)

    def epoch(self, n, ms, samples, activity, floor, gx, gy, gz, flags):
        at = self._place(18)
        struct.pack_into(
            record.LAYOUT_EPOCH, self._buf, at, n, ms, samples, activity, floor, gx, gy, gz, flags
        )
        self._seal(record.EPOCH, 18)

    def gap(self, n, ms, lost, lost_ms, cause):
        at = self._place(17)
        struct.pack_into(record.LAYOUT_GAP, self._buf, at, n, ms, lost, lost_ms, cause)
        self._seal(record.GAP, 17)

    def marker(self, n, ms, kind):
        at = self._place(9)
        struct.pack_into(record.LAYOUT_MARKER, self._buf, at, n, ms, kind)
        self._seal(record.MARKER, 9)

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
        if self._fill:
            self._file.write(self._view[: self._fill])
            self._fill = 0
        self._file.flush()

    def close(self):
        try:
            self.flush()
        finally:
            self._file.close()

    def abandon(self):
        """The flash takes no more: leave what is there, and no file without a header."""
        try:
            self._file.close()
            if not os.stat(self.path)[6]:
                os.remove(self.path)
        except OSError:
            pass

    def _place(self, length):
        """Where a payload of this length goes; makes room in the buffer."""
        if self._fill + record.HEAD + length + record.TAIL > BUFFER:
            self._file.write(self._view[: self._fill])
            self._fill = 0
        return self._fill + record.HEAD

    def _seal(self, kind, length):
        self._fill = record.seal(self._buf, self._fill, kind, length, self._sequence)
        self._sequence = (self._sequence + 1) & 0xFFFF
