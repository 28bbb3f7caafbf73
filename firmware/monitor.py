"""The monitor: one session from the sensor's FIFO to the night log.

Everything it works with is handed in: the board (clock, LED, button, watchdog), the sensor, the
log. A cycle drains the FIFO, runs the detector, scores what it found and writes records.

Two clocks run. clock_ms is the microcontroller's: it says when something is due, and how long data
were missing. time (see timebase.py) is that of the samples, by the rate at which they come: in it
the rules judge. Each cycle one of four things has happened to them:

- The first drain: the FIFO filled while the header was made, and the session begins with its
  oldest sample. clock_ms is set to the span of these samples.
- An overrun: samples were lost, as many as clock_ms has gone on without them. A gap.
- Samples came: they, and the ms since samples came last, measure the rate.
- Nothing came. Sooner or later _follow() finds that the sensor has stopped.
"""

import header
from drivers.lis3dh import FIFO_DEPTH, SAMPLE_BYTES
from lamp import Lamp
from nightlog import ALL_OUT, ENOSPC
from plmcore import record
from plmcore.detector import Detector, deci_mg
from plmcore.native import const, micropython
from plmcore.rules import GAP_BREAKS_MS
from plmcore.series import Series
from plmcore.still import OFF_BODY
from plmcore.timebase import NOMINAL, Timebase
from sensing import BAD_DATA, BOUNCES, CONSTANT, NO_SENSOR, OFF_SCALE, regain
from tracelog import TraceLog

# 25 samples, 28 of a sensor that is 10 % fast, of the 32 that fit. An erase comes right behind a
# drain, so it has all of the FIFO's 640 ms.
DRAIN_MS = const(500)
MINUTE = const(3000)  # samples of an epoch at the nominal rate
CHECKPOINT_EPOCHS = const(10)
FLUSH_MS = const(35000)  # with the 20 s that a held leg may take: none waits for a minute
CALM_MS = const(170000)  # where only epochs wait; each flush wears the flash
DAY_MS = const(86400000)  # the longest session
RETRIES = const(3)  # of a drain: a spark on a long cable spoils one transfer
SILENT_MS = const(2000)
LOOSE = const(5)  # times in a minute that the sensor may fail before it is given time to settle
SETTLE = const(7)  # blinks: about 10 s
TICK_MS = const(2)  # both clocks are cut to whole ms
TICKS_MASK = const(0x3FFFFFFF)
NEVER = const(1 << 29)
YOUNG_MS = const(19)  # the fastest sensor's period and TICK_MS
URGE = const(1)  # marker: the button
FLASH_FULL = const(4)  # of record.FAULTS
WRITE = const(5)
RATE = const(9)
FAST = const(1)  # detail of RATE
SLOW = const(2)


class Over(Exception):
    """The session ends by itself: nobody lies in bed, or a day has passed. worn: only the day."""

    def __init__(self, worn):
        super().__init__(worn)
        self.worn = worn


class Monitor:
    """Records one session.

    settings: see settings.py. sensor: an LIS3DH that was set up. log: a NightLog just begun.
    crumb: a Breadcrumb, which says what went before. fault: the last one, of record.FAULTS.
    """

    def __init__(self, board, settings, sensor, log, crumb=None, lamp=None):
        self.board = board
        self.sensor = sensor
        self.log = log
        self.time = Timebase()
        self.detector = Detector(settings.shank, settings.on_mg)
        self.series = Series(settings.rules)
        self.trace = TraceLog(log, board.device_id) if settings.trace else None
        self.lms = self.movements = self.gaps = self.gap_ms = self.off_body_ms = 0
        self._buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
        self._epoch_end = MINUTE
        self._epoch_samples = self._epoch_flags = self._epochs = self._retries = 0
        self._pressed = False
        self._written = 0  # ms of the clock when nothing waited for the flash
        self._begun = False  # the session has an epoch on the flash
        self._out = 0  # what the log leaves out
        self._losses = 0  # of the sensor, in this epoch
        self._doubt = 2 * settings.doubt_s or NEVER  # half seconds
        self._away_min = settings.away_min
        self._away = 0  # minutes in a row of nobody in bed
        self._rate_logged = False
        self.fault = 0
        self.lamp = lamp or Lamp(board)
        self.lamp.begin()
        self._elapsed = 0  # ms since samples last came
        self.clock_ms = 0  # of the microcontroller, since the session began
        header.write(log, board, sensor, settings, self.time, crumb)
        self._last = self._deadline = board.ticks_ms()

    @micropython.native
    def cycle(self):
        """Wait for the FIFO to fill up, then take what it holds through the chain.

        Raises OSError when the flash is full or broken, Over when the session is to end.
        """
        now = self._wait()
        board = self.board
        lamp = self.lamp
        board.feed()
        lamp.wait -= 1
        if lamp.wait < 0:
            lamp.work()
        try:
            samples = self.sensor.drain(self._buf)
        except OSError:
            samples = self._drain_again()
            if samples < 0:
                self._sensor_lost(NO_SENSOR)
                return
        self._clocks(samples, now)
        self._take(samples)
        pressed = board.button()
        if pressed != self._pressed:
            self._button(pressed)
        if self.time.n >= self._epoch_end:
            self._epoch()
        log = self.log
        if not log.waiting:
            self._written = self.clock_ms
        elif self.clock_ms - self._written > (FLUSH_MS if log.urgent else CALM_MS):
            log.flush()
        if lamp.lit:
            lamp.rest()

    @micropython.native
    def _wait(self):
        """Sleep until the next drain is due; returns ticks_ms() then."""
        board = self.board
        now = board.ticks_ms()
        wait = board.ticks_diff(self._deadline, now)
        if wait > 0:
            board.sleep_ms(wait)
            self._deadline = (self._deadline + DRAIN_MS) & TICKS_MASK
            return board.ticks_ms()
        self._deadline = (now + DRAIN_MS) & TICKS_MASK  # late: no burst of cycles to catch up
        return now

    @micropython.native
    def _clocks(self, samples, now):
        """Bring clock_ms up to `now`, and to the time of the samples what these say of it: one of
        the four cases above."""
        time = self.time
        elapsed = self.board.ticks_diff(now, self._last)
        self._last = now
        self.clock_ms += elapsed
        elapsed += self._elapsed
        self._elapsed = 0 if samples else elapsed
        if not time.n:
            self.clock_ms = time.span(samples)
        elif self.sensor.overrun:
            self._gap(samples, record.OVERRUN)
        elif samples:
            time.measure(samples, elapsed)

    @micropython.native
    def _take(self, samples):
        """Run the samples in the buffer through detector, trace and scorer."""
        time = self.time
        detector = self.detector
        trace = self.trace
        detector.feed(self._buf, samples)
        if trace:
            trace.add(detector.power, samples, time.n)
        time.advance(samples)
        if trace and trace.nearly_full and not self.log.waiting and time.n < self._epoch_end:
            trace.flush()  # in this cycle the night is not written
        age = self.clock_ms - time.ms
        if age < -TICK_MS or age > YOUNG_MS:
            self._follow(samples, age)
        self._epoch_samples += samples
        if detector.ready:
            self._score()
        if detector.posture.doubt > self._doubt:
            self._doubtful()

    def _drain_again(self):
        """The sensor did not acknowledge: try a few times more. Returns the samples, -1 without
        any. Nothing is lost by it: what was not read is still in the FIFO."""
        for _ in range(RETRIES):
            if self._retries < 255:
                self._retries += 1
            try:
                return self.sensor.drain(self._buf)
            except OSError:
                pass
        return -1

    def close(self, reason):
        """End the session: score what waits, write the counts, bring all onto the flash."""
        self.detector.close()
        self._score()
        self.detector.still.close(reason == record.BY_HOST)
        self._still()
        if self._epoch_samples:
            self._epoch_record()
        self._counts(reason)
        try:
            self.log.close()
        finally:
            if self.trace:
                self.trace.close()

    def _score(self):
        """Score and write the movements whose class is known by now."""
        detector, series = self.detector, self.series
        while detector.next():
            onset = self.time.at(detector.onset)
            duration = self.time.at(detector.offset) - onset
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
            self.log.lm(self.movements, detector.onset, onset, duration, peak, kind, flags, number)
            if flagged:
                self.log.series(number, series.earlier)
            self.movements += 1

    def _follow(self, samples, age):
        """The newest sample, `age` ms old, is less than one period old: the two clocks can't be
        further apart. Without samples for seconds, the sensor has been reset or has stopped."""
        oldest = self.time.period // 16000
        over = 0
        if age < -TICK_MS:
            over = age + TICK_MS
        elif age > oldest + TICK_MS:
            over = age - oldest - TICK_MS
        if not samples:
            if over > SILENT_MS:
                self._sensor_lost(NO_SENSOR)
        elif over and not self.time.settled:
            self.clock_ms -= over
        elif over:  # errors of a few ppm add up over a night
            self.time.ms += 1 if over > 0 else -1

    def _gap(self, samples, cause):
        """Samples are missing before the newest batch of `samples`: as many as the MCU's clock
        has gone on without them."""
        lost = self.time.samples_in(self.clock_ms - self.time.ms) - samples
        if lost <= 0:  # the FIFO was just full: nothing is missing
            return
        lost_ms = self.time.span(lost)
        breaks = lost_ms > GAP_BREAKS_MS
        self.detector.skip(lost, breaks)
        if breaks:
            self._score()
            self._still()
            self.series.gap()
        self.log.gap(self.time.n, self.time.ms, lost, lost_ms, cause)
        self.time.advance(lost)
        self.gaps += 1
        self.gap_ms += lost_ms
        self._epoch_flags |= record.EPOCH_GAP

    def _doubtful(self):
        """A sensor whose data never change, or stay far from 1 g, is broken."""
        frozen = self.detector.posture.frozen > self._doubt
        self._sensor_lost(BAD_DATA, CONSTANT if frozen else OFF_SCALE)

    def _sensor_lost(self, fault, detail=0):
        """The sensor has failed: try until it works, then log the time as a gap. So does an end of
        the session in that time."""
        board = self.board
        self.fault = 0
        self._losses += 1

        def failed(number, tries):
            if number != self.fault:
                self.fault = number
                if self._losses <= LOOSE:
                    self.log.fault(self.time.n, self.time.ms, number, detail)
            if tries == BOUNCES or (number == BAD_DATA == fault and tries == 1):
                self.log.flush()  # it may take hours
            if board.ticks_diff(board.ticks_ms(), self._last) > DAY_MS and self._away_min:
                raise Over(False)

        failed(fault, 0)
        board.led(False)
        try:
            if self._losses > LOOSE:
                self.lamp.fault(SETTLE)
                self.lamp.fault(SETTLE)
            self.sensor = regain(board, self.lamp, fault, failed)
        finally:
            self._deadline = now = board.ticks_ms()
            self.clock_ms += board.ticks_diff(now, self._last)
            self._last = now
            self._elapsed = 0
            self.detector.posture.trust()
            self._pressed = board.button()  # nobody knows when in that time it was pressed
            self._gap(0, record.SENSOR)

    def _button(self, pressed):
        if pressed:
            self.log.marker(self.time.n, self.time.ms, URGE)
        self._pressed = pressed

    def _still(self):
        """Write the stretch without movement that has ended, if one has: see still.py."""
        still = self.detector.still
        if still.next():
            length = self.time.span(still.length)
            if still.evidence & OFF_BODY:
                self.off_body_ms += length
            self.log.still(still.n, self.time.at(still.n), length, still.evidence)

    def _epoch(self):
        self._rate()
        self._still()
        self._epoch_record()
        self._epoch_end = (self.time.n // MINUTE + 1) * MINUTE
        self._epochs += 1
        self._losses = 0
        if self._epochs == CHECKPOINT_EPOCHS:
            self._epochs = 0
            self._counts(record.CHECKPOINT)
        if not self._begun:
            self._begun = True
            self.log.flush()
        self._space()
        self._end_by_itself()

    def _end_by_itself(self):
        """Nobody has lain in bed for away_min minutes, or a day has passed: then this session is
        over. To lie still is to lie in bed, until more than that speaks for a table."""
        still = self.detector.still
        upright = self.detector.posture.upright
        self._away = self._away + 1 if upright or still.minutes else 0
        if self._away_min and self._away >= self._away_min and (upright or still.off):
            raise Over(False)
        if self._away_min and self.clock_ms >= DAY_MS:
            raise Over(True)

    def _rate(self):
        """Say once that the sensor's rate is further off than a rate can be: times are wrong."""
        beyond = self.time.beyond
        if beyond and not self._rate_logged:
            self._rate_logged = True
            self.log.fault(self.time.n, self.time.ms, RATE, FAST if beyond < NOMINAL else SLOW)

    def _space(self):
        """The flash fills up: say what the log leaves out from now on, and end it in time."""
        out = self.log.look()
        if out != self._out:
            self._out = out
            self.fault = FLASH_FULL
            self.log.fault(self.time.n, self.time.ms, FLASH_FULL, out)
            if out == ALL_OUT:
                raise OSError(ENOSPC)

    def _epoch_record(self):
        detector, posture = self.detector, self.detector.posture
        flags = self._epoch_flags
        if posture.upright:
            flags |= record.EPOCH_UPRIGHT
        if detector.still.minutes:
            flags |= record.EPOCH_STILL
        self.log.epoch(
            self.time.n,
            self.time.ms,
            self._epoch_samples,
            detector.take_activity(),
            deci_mg(detector.floor.power),
            posture.gravity(0) >> 6,
            posture.gravity(1) >> 6,
            posture.gravity(2) >> 6,
            flags,
            self._retries,
        )
        self._epoch_samples = self._epoch_flags = self._retries = 0

    def _counts(self, reason):
        series, posture, span = self.series, self.detector.posture, self.time.span
        self.log.counts(
            self.time.n,
            self.time.ms,
            reason,
            (
                self.lms,
                series.clm,
                series.plm,
                series.series,
                series.short_imi,
                series.plm_strict,
                self.movements - self.lms,
                self.gaps,
                self.gap_ms,
                span(posture.upright_blocks * 25),
                self.off_body_ms,
            ),
        )
