"""What a session comes to, in its night log: movements scored, minutes, gaps and counts."""

from plmcore import record
from plmcore.detector import deci_mg
from plmcore.native import const
from plmcore.rules import GAP_BREAKS_MS
from plmcore.series import Series
from plmcore.still import OFF_BODY
from plmcore.timebase import NOMINAL

_RATE = const(9)  # of reader.FAULTS
_FAST = const(1)  # detail of _RATE
_SLOW = const(2)


class Scorer:
    """Scores what `detector` finds and writes it to `log`, a NightLog. time: a Timebase.

    series: the counts of the rules. movements: all that were found, of which `lms` are leg
    movements. samples: so many in the epoch under way; retries: of drains in it (0..255).
    """

    def __init__(self, rules, detector, time, log):
        self.series = Series(rules)
        self.movements = self.lms = self.samples = self.retries = 0
        self._detector = detector
        self._time = time
        self._log = log
        self._gaps = self._gap_ms = self._off_body_ms = 0
        self._gap_in_epoch = self._rate_logged = False

    def score(self):
        """Score and write the movements whose class is known by now."""
        detector, series, time = self._detector, self.series, self._time
        while detector.next():
            onset = time.at(detector.onset)
            duration = time.at(detector.offset) - onset
            kind = detector.kind
            flags = detector.flags
            number = flagged = 0
            if kind == record.SHORT:
                self.lms += 1
            elif kind == 0:
                self.lms += 1
                series.add(self.movements, onset, duration)
                kind = series.kind
                number = series.number
                flagged = series.flagged
                if series.plm_now:
                    flags |= record.PLM
            peak = (detector.peak + 5) // 10
            self._log.lm(
                self.movements, detector.onset, onset, duration, peak, kind, flags, number
            )
            if flagged:
                self._log.series(number, series.earlier)
            self.movements += 1

    def gap(self, lost, cause):
        """`lost` samples (1 or more) are missing before those that come next; cause: of
        reader.CAUSES."""
        time = self._time
        lost_ms = time.span(lost)
        breaks = lost_ms > GAP_BREAKS_MS
        self._detector.skip(lost, breaks)
        if breaks:
            self.score()
            self._still()
            self.series.gap()
        self._log.gap(time.n, time.ms, lost, lost_ms, cause)
        time.advance(lost)
        self._gaps += 1
        self._gap_ms += lost_ms
        self._gap_in_epoch = True

    def epoch(self):
        """A minute is over."""
        self._rate()
        self._still()
        self._minute()

    def counts(self, reason):
        """Write all counts so far. reason: record.CHECKPOINT, or why the session ends."""
        series, posture, time = self.series, self._detector.posture, self._time
        self._log.counts(
            time.n,
            time.ms,
            reason,
            (
                self.lms,
                series.clm,
                series.plm,
                series.series,
                series.short_imi,
                series.plm_strict,
                self.movements - self.lms,
                self._gaps,
                self._gap_ms,
                time.span(posture.upright_blocks * 25),
                self._off_body_ms,
            ),
        )

    def close(self, reason):
        """The session ends: score what waits, write the last part of a minute and the counts."""
        detector = self._detector
        detector.close()
        self.score()
        detector.still.close(reason == record.BY_HOST)
        self._still()
        if self.samples:
            self._minute()
        self.counts(reason)

    def _still(self):
        """Write the stretch without movement that has ended, if one has: see still.py."""
        still, time = self._detector.still, self._time
        if still.next():
            length = time.span(still.length)
            if still.evidence & OFF_BODY:
                self._off_body_ms += length
            self._log.still(still.n, time.at(still.n), length, still.evidence)

    def _rate(self):
        """Say once that the sensor's rate is further off than a rate can be: times are wrong."""
        time = self._time
        if time.beyond and not self._rate_logged:
            self._rate_logged = True
            self._log.fault(time.n, time.ms, _RATE, _FAST if time.beyond < NOMINAL else _SLOW)

    def _minute(self):
        detector, posture, time = self._detector, self._detector.posture, self._time
        flags = record.EPOCH_GAP if self._gap_in_epoch else 0
        if posture.upright:
            flags |= record.EPOCH_UPRIGHT
        if detector.still.minutes:
            flags |= record.EPOCH_STILL
        self._log.epoch(
            time.n,
            time.ms,
            self.samples,
            detector.take_activity(),
            deci_mg(detector.floor.power),
            posture.gravity(0) >> 6,
            posture.gravity(1) >> 6,
            posture.gravity(2) >> 6,
            flags,
            self.retries,
        )
        self.samples = self.retries = 0
        self._gap_in_epoch = False
