"""The monitor: one session from the sensor's FIFO to the night log.

Everything it works with is handed in: the board (clock, LED, button, watchdog), the sensor, the
log. Twice a second a cycle drains the FIFO, brings the session's two clocks (see timebase.py) up
to then, runs the detector over the samples and lets the scorer write what it found.
"""

from briefly import Briefly
from drivers.lis3dh import FIFO_DEPTH, SAMPLE_BYTES
from lamp import Lamp
from nightlog import ALL_OUT, ENOSPC
from plmcore import record
from plmcore.detector import Detector
from plmcore.native import const, micropython
from plmcore.timebase import Clock, Timebase
from scorer import Scorer
from sensing import BAD_DATA, BOUNCES, CONSTANT, NO_SENSOR, OFF_SCALE, regain
from tracelog import TraceLog

# 25 samples, 28 of a sensor that is 10 % fast, of the 32 that fit. An erase comes right behind a
# drain, so it has all of the FIFO's 640 ms.
_DRAIN_MS = const(500)
_MINUTE = const(3000)  # samples of an epoch at the nominal rate
_CHECKPOINT_EPOCHS = const(10)
FLUSH_MS = const(35000)  # with the 20 s that a held leg may take: none waits for a minute
CALM_MS = const(170000)  # where only epochs wait; each flush wears the flash
_DAY_MS = const(86400000)  # the longest session
_RETRIES = const(3)  # of a drain: a spark on a long cable spoils one transfer
_SILENT_MS = const(2000)  # without a sample: the sensor has been reset or has stopped
_LOOSE = const(5)  # times in a minute that the sensor may fail before it is given time to settle
_SETTLE = const(7)  # blinks: about 10 s
_TICKS_MASK = const(0x3FFFFFFF)
_NEVER = const(1 << 29)
_URGE = const(1)  # marker: the button
FLASH_FULL = const(4)  # of reader.FAULTS
WRITE = const(5)


class Over(Exception):
    """The session ends by itself: nobody lies in bed, or a day has passed. worn: only the day."""

    def __init__(self, worn):
        super().__init__(worn)
        self.worn = worn


class Monitor:
    """Records one session.

    settings: see settings.py. sensor: an LIS3DH that was set up. log: a NightLog just begun.
    crumb: a Breadcrumb, which says what went before. fault: the last one, of reader.FAULTS.
    """

    def __init__(self, board, settings, sensor, log, crumb=None, lamp=None):
        self.board = board
        self.sensor = sensor
        self.log = log
        self.time = Timebase()
        self.clock = Clock(self.time)
        self.detector = Detector(settings.shank, settings.on_mg)
        self.scorer = Scorer(settings.rules, self.detector, self.time, log)
        self.trace = TraceLog(log, board.device_id) if settings.trace else None
        self.fault = 0
        self._buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
        self._epoch_end = _MINUTE
        self._epochs = 0  # since the last checkpoint
        self._pressed = False
        self._written = 0  # ms of the clock when nothing waited for the flash
        self._begun = False  # the session has an epoch on the flash
        self._out = 0  # what the log leaves out
        self._losses = 0  # of the sensor, in this epoch
        self._doubt = 2 * settings.doubt_s or _NEVER  # half seconds
        self._away_min = settings.away_min
        self._away = 0  # minutes in a row of nobody in bed
        self.lamp = lamp or Lamp(board)
        self.lamp.begin()
        with Briefly():
            import header  # noqa: PLC0415

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
        samples = self._drain()
        if samples < 0:
            self._sensor_lost(NO_SENSOR)
            return
        elapsed = self.clock.tick(board.ticks_diff(now, self._last), samples)
        self._last = now
        time = self.time
        if not time.n:  # the FIFO filled while the header was made
            self.clock.begin(samples)
        elif self.sensor.overrun:
            self._gap(samples, record.OVERRUN)
        elif samples:
            time.measure(samples, elapsed)
        self._take(samples)
        pressed = board.button()
        if pressed != self._pressed:
            self._button(pressed)
        if time.n >= self._epoch_end:
            self._epoch()
        log = self.log
        if not log.waiting:
            self._written = self.clock.ms
        elif self.clock.ms - self._written > (FLUSH_MS if log.urgent else CALM_MS):
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
            self._deadline = (self._deadline + _DRAIN_MS) & _TICKS_MASK
            return board.ticks_ms()
        self._deadline = (now + _DRAIN_MS) & _TICKS_MASK  # late: no burst of cycles to catch up
        return now

    @micropython.native
    def _drain(self):
        """Read the FIFO into the buffer: how many samples, -1 when the sensor does not acknowledge
        several times. Nothing is lost by a try: what was not read is still in the FIFO."""
        try:
            return self.sensor.drain(self._buf)
        except OSError:
            return self._drain_again()

    def _drain_again(self):
        scorer = self.scorer
        for _ in range(_RETRIES):
            if scorer.retries < 255:
                scorer.retries += 1
            try:
                return self.sensor.drain(self._buf)
            except OSError:
                pass
        return -1

    @micropython.native
    def _take(self, samples):
        """Run the samples in the buffer through detector, trace and scorer."""
        time = self.time
        detector = self.detector
        scorer = self.scorer
        trace = self.trace
        detector.feed(self._buf, samples)
        if trace:
            trace.add(detector.power, samples, time.n)
        time.advance(samples)
        if trace and trace.nearly_full and not self.log.waiting and time.n < self._epoch_end:
            trace.flush()  # in this cycle the night is not written
        if self.clock.follow(samples) > _SILENT_MS:
            self._sensor_lost(NO_SENSOR)
        scorer.samples += samples
        if detector.ready:
            scorer.score()
        if detector.posture.doubt > self._doubt:
            self._doubtful()

    def close(self, reason):
        """End the session: score what waits, write the counts, bring all onto the flash."""
        self.scorer.close(reason)
        try:
            self.log.close()
        finally:
            if self.trace:
                self.trace.close()

    def _gap(self, samples, cause):
        """Samples may be missing before the newest `samples`, by the MCU's clock."""
        lost = self.clock.missing(samples)
        if lost > 0:  # else the FIFO was just full
            self.scorer.gap(lost, cause)

    def _doubtful(self):
        """A sensor whose data never change, or stay far from 1 g, is broken."""
        frozen = self.detector.posture.frozen > self._doubt
        self._sensor_lost(BAD_DATA, CONSTANT if frozen else OFF_SCALE)

    def _sensor_lost(self, fault, detail=0):
        """The sensor has failed: try until it works, then log the time without it as a gap, also
        when the session ends in that time. fault, detail: of reader.FAULTS."""
        board = self.board
        self.fault = 0
        self._losses += 1

        def failed(number, tries):
            if number != self.fault:
                self.fault = number
                if self._losses <= _LOOSE:
                    self.log.fault(self.time.n, self.time.ms, number, detail)
            if tries == BOUNCES or (number == BAD_DATA == fault and tries == 1):
                self.log.flush()  # it may take hours
            if board.ticks_diff(board.ticks_ms(), self._last) > _DAY_MS and self._away_min:
                raise Over(False)

        failed(fault, 0)
        board.led(False)
        try:
            if self._losses > _LOOSE:
                self.lamp.fault(_SETTLE)
                self.lamp.fault(_SETTLE)
            self.sensor = regain(board, self.lamp, fault, failed)
        finally:
            self._deadline = now = board.ticks_ms()
            self.clock.resume(board.ticks_diff(now, self._last))
            self._last = now
            self.detector.posture.trust()
            self._pressed = board.button()  # nobody knows when in that time it was pressed
            self._gap(0, record.SENSOR)

    def _button(self, pressed):
        if pressed:
            self.log.marker(self.time.n, self.time.ms, _URGE)
        self._pressed = pressed

    def _epoch(self):
        """A minute is over."""
        self.scorer.epoch()
        self._epoch_end = (self.time.n // _MINUTE + 1) * _MINUTE
        self._epochs += 1
        self._losses = 0
        if self._epochs == _CHECKPOINT_EPOCHS:
            self._epochs = 0
            self.scorer.counts(record.CHECKPOINT)
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
        if self._away_min and self.clock.ms >= _DAY_MS:
            raise Over(True)

    def _space(self):
        """The flash fills up: say what the log leaves out from now on, and end it in time."""
        out = self.log.watch_space()
        if out != self._out:
            self._out = out
            self.fault = FLASH_FULL
            self.log.fault(self.time.n, self.time.ms, FLASH_FULL, out)
            if out == ALL_OUT:
                raise OSError(ENOSPC)
