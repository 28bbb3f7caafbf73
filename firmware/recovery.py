"""Completing a night that was cut off: what it holds is counted again, and the counts appended.

It happens before the next session begins and before a computer is told of the nights, never while
one is recorded, and takes a second or two on a Pico for a whole night. What is on the flash stays
as it is, a torn tail too: the reader finds the record behind it. A night that a computer has filed
is left alone, so that its hash is final.
"""

import os
import struct

from nightfiles import SUFFIX, TRACES, folder, move_in, newest, recent
from plmcore import reader, record
from plmcore.native import const
from plmcore.rules import DEFAULT, GAP_BREAKS_MS, RULES
from plmcore.series import Series
from plmcore.still import OFF_BODY

_CHUNK = const(1024)
_RECENT = const(16)  # nights that are looked at: each start completes the one before it
_TORN = const(4096)  # bytes that can't be read: with more of them, the computer has to do it
_SIZE = const(43)  # of a COUNTS record
_FIELDS = reader.FIELDS[record.COUNTS][2][3:]


def complete(root, feed=None):
    """Append the counts to the newest nights in a board's root that miss them. Those that hold
    neither an epoch nor a movement go: a loose battery makes a hundred of them in ten minutes.

    feed: called between two nights, for the watchdog. Returns the greatest number of a session,
    that of one that goes included.
    """
    path = folder(root)
    move_in(path, feed)
    number = newest(path)
    for name, size, filed in recent(path, _RECENT):
        if feed:
            feed()
        if not filed:
            try:
                _complete(path + "/" + name, size)
            except OSError:
                pass  # the flash is full: another time
    return number


def stream(path):
    """Yield (type, sequence, fields) of each undamaged record, reading a little at a time.

    Raises ValueError when much of it is damaged.
    """
    buf = bytearray(_CHUNK)
    view = memoryview(buf)
    have = at = torn = 0
    with open(path, "rb") as file:
        if file.read(len(record.MAGIC)) != record.MAGIC:
            file.seek(0)
        while True:
            rest = bytes(view[at:have])
            buf[: len(rest)] = rest
            got = file.readinto(view[len(rest) :])
            have = len(rest) + got
            at = 0
            last = have if not got else have - record.LONGEST
            while at < last:
                end = reader.end_of(view[:have], at)
                if end:
                    sequence = buf[at + 2] | buf[at + 3] << 8
                    fields = reader.fields(buf[at], buf, at + record.HEAD, buf[at + 1])
                    yield buf[at], sequence, fields
                    at = end
                else:
                    at += 1
                    torn += 1
                    if torn > _TORN:
                        raise ValueError("damaged")
            if not got:
                return


class Tally:
    """Counts the records of a session as its monitor did, one after another.

    Where detail was left out (a full flash), the last checkpoint knows more.
    """

    def __init__(self):
        self.n = self.ms = 0
        self.ended = False
        self.series = Series(RULES[DEFAULT])
        self._checkpoint = (0,) * 11
        self._before = 0  # ms up to which upright and off-body time are known
        self._own = [0, 0]  # those times, ms
        self._lms = self._excluded = self._gaps = self._gap_ms = 0

    def take(self, kind, fields):
        """The next record."""
        if "raw" in fields:
            return
        self.ended = False
        if kind == record.META:
            if fields["key"] == "rules" and fields["value"] in RULES:
                self.series = Series(RULES[fields["value"]])
        elif kind == record.LM:
            self._lm(fields)
        elif kind == record.GAP:
            if fields["cause"] != record.RESTART:
                self._gaps += 1
                self._gap_ms += fields["lost_ms"]
                if fields["lost_ms"] > GAP_BREAKS_MS:
                    self.series.gap()
                self._reach(fields["n"] + fields["lost"], fields["ms"] + fields["lost_ms"])
        elif kind in (record.EPOCH, record.MARKER, record.FAULT, record.STILL):
            if kind == record.EPOCH:
                self._epoch(fields)
            elif kind == record.STILL and fields["evidence"] & OFF_BODY:
                self._own[1] += fields["length_ms"]
            self._reach(fields["n"], fields["ms"])
        elif kind == record.COUNTS:
            self._reach(fields["n"], fields["ms"])
            self.ended = fields["reason"] != record.CHECKPOINT
            self._checkpoint = [fields[name] for name in _FIELDS]
            self._own = self._checkpoint[-2:]
            self._before = fields["ms"]

    def counts(self):
        """The fields of a COUNTS record behind its reason."""
        s = self.series
        found = (self._lms, s.clm, s.plm, s.series, s.short_imi, s.plm_strict)
        found += (self._excluded, self._gaps, self._gap_ms, self._own[0], self._own[1])
        return [max(pair) for pair in zip(found, self._checkpoint)]

    def _lm(self, fields):
        kind = fields["kind"]
        if kind > record.LONG:
            self._excluded += 1
        else:
            self._lms += 1
            if kind != record.SHORT:
                self.series.add(fields["number"], fields["onset_ms"], fields["duration_ms"])
        # No further: a movement is written seconds after its end, and other records follow.
        self._reach(fields["n"], fields["onset_ms"] + fields["duration_ms"])

    def _epoch(self, fields):
        ms = fields["ms"] - self._before
        if ms > 0:
            if fields["flags"] & record.EPOCH_OFF_BODY:
                self._own[1] += ms
            elif fields["flags"] & record.EPOCH_UPRIGHT:
                self._own[0] += ms
            self._before = fields["ms"]

    def _reach(self, n, ms):
        self.n = max(self.n, n)
        self.ms = max(self.ms, ms)


def _complete(path, size):
    if _ended(path, size):
        return
    tally = Tally()
    sequence = -1
    worth = False
    try:
        for kind, number, fields in stream(path):
            tally.take(kind, fields)
            sequence = number
            worth = worth or kind in (record.EPOCH, record.LM)
    except ValueError:
        return  # damaged: the computer sees to it
    if tally.ended:
        return
    if not worth:
        os.remove(path)
        try:
            os.remove(path[: -len(SUFFIX)] + TRACES)
        except OSError:
            pass  # there is none
        return
    buf = bytearray(_SIZE)
    values = (tally.n, tally.ms, record.RECOVERED)
    struct.pack_into(record.LAYOUT_COUNTS, buf, record.HEAD, *values, *tally.counts())
    record.seal(buf, 0, record.COUNTS, len(buf) - record.HEAD - record.TAIL, sequence + 1)
    with open(path, "ab") as file:
        file.write(buf)


def _ended(path, size):
    """Whether the last record is that of an end: a quick look for most nights."""
    with open(path, "rb") as file:
        file.seek(max(0, size - _SIZE))
        tail = file.read(_SIZE)
    return (
        reader.end_of(tail, 0) == _SIZE
        and tail[0] == record.COUNTS
        and tail[record.HEAD + 8] != record.CHECKPOINT
    )
