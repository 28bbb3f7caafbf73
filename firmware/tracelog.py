"""The trace's file, beside the night's: it takes what room the nights leave, and no more.

It is opened for each write, one in about seven minutes. What fails here is lost and shows as a
hole; the night goes on.
"""

import os

from nightfiles import BLOCK, SUFFIX, TRACES, free, names
from plmcore.native import const
from plmcore.trace import FORMAT, SAMPLES, Trace

RESERVE = const(32)  # free blocks (4 KiB) that a trace leaves to the nights


class TraceLog(Trace):
    """The trace of the session that `log`, a NightLog, writes. device: the board's number."""

    def __init__(self, log, device):
        super().__init__()
        self._folder = log.folder
        self._path = log.path[: -len(SUFFIX)] + TRACES
        for key, value in (
            ("format", FORMAT),
            ("session", log.session),
            ("device", device),
            ("samples", SAMPLES),
        ):
            self.header(key, value)

    def flush(self):
        """Bring what is complete onto the flash, if it is worth an erase. Not behind a flush of
        the night: two erases in a row can last longer than the FIFO holds out."""
        if self.nearly_full:
            self._write()

    def close(self):
        """The session ends."""
        self.finish()
        self._write()

    def _write(self):
        try:
            if self._room():
                with open(self._path, "ab") as file:
                    file.write(memoryview(self.buf)[: self.waiting])
        except OSError:
            pass
        self.written()

    def _room(self):
        """Whether there is room; older traces go for it."""
        left = free(self._folder)
        if left < RESERVE * BLOCK:
            for name in names(self._folder, TRACES):
                path = self._folder + "/" + name
                if path == self._path or left >= RESERVE * BLOCK:
                    break
                left += (os.stat(path)[6] + BLOCK - 1) // BLOCK * BLOCK
                os.remove(path)
        return left >= RESERVE * BLOCK
