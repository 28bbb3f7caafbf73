"""The monitor: one session from the sensor's FIFO to the night log.

Everything it works with is handed in: the board (clock, LED, button, watchdog), the sensor, the
log. A cycle drains the FIFO, runs the detector, scores what it found and writes records.
"""

from drivers.lis3dh import FIFO_DEPTH, LIS3DH, SAMPLE_BYTES, SensorError
from lamp import Lamp
from plmcore import record
from plmcore.detector import FLOOR_FACTOR, GROSS_MG, Detector, deci_mg
from plmcore.native import const
from plmcore.rules import GAP_BREAKS_MS
from plmcore.series import Series
from plmcore.timebase import Timebase

FORMAT = const(1)
DRAIN_MS = const(300)  # half of the FIFO's depth: an erase of 300 ms in between loses nothing
ENODEV = const(19)
MINUTE = const(3000)  # samples of an epoch at the nominal rate
CHECKPOINT_EPOCHS = const(10)
BOUNCE_MS = const(20)
BOUNCES = const(60)  # tries at this pace, for a loose contact; the LED sets that of the later ones
SILENT_MS = const(2000)
TICK_MS = const(2)  # both clocks are cut to whole ms
TICKS_MASK = const(0x3FFFFFFF)
URGE = const(1)  # marker: the button
NO_SENSOR = const(1)  # of record.FAULTS
WRONG_SENSOR = const(2)
HANG = const(6)


def sensor_of(board):
    """The sensor, set up, on the first of the board's buses, opened anew, where one answers.

    Raises SensorError when only something else answers, OSError when nothing does.
    """
    wrong = None
    for bus in board.buses():
        sensor = LIS3DH(bus)
        try:
            sensor.init(board.sleep_ms)
            return sensor
        except SensorError as error:
            wrong = error
        except OSError:
            pass
    raise wrong or OSError(ENODEV)


class Monitor:
    """Records one session.

    settings: see settings.py. sensor: an LIS3DH that was set up. log: a NightLog just begun.
    crumb: a Breadcrumb, which says what went before. fault: the last one, of record.FAULTS.
    """

    def __init__(self, board, settings, sensor, log, crumb=None):
        self.board = board
        self.sensor = sensor
        self.log = log
        self.time = Timebase()
        self.detector = Detector(settings.shank, settings.on_mg)
        self.series = Series(settings.rules)
        self.lms = self.movements = self.gaps = self.gap_samples = 0
        self._buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
        self._epoch_end = MINUTE
        self._epoch_samples = self._epoch_flags = self._epochs = 0
        self._pressed = False
        self.fault = 0
        self.lamp = Lamp(board)
        self._elapsed = 0  # ms since samples last came
        self.clock_ms = 0  # of the MCU, since the session began; `time` is that of the samples
        self._header(settings, crumb)
        self._last = self._deadline = board.ticks_ms()

    def cycle(self):
        """Wait for the FIFO to fill up half, then take it through the chain."""
        board = self.board
        wait = board.ticks_diff(self._deadline, board.ticks_ms())
        if wait > 0:
            board.sleep_ms(wait)
        board.feed()
        self.lamp.work()
        now = board.ticks_ms()
        self._deadline = (self._deadline + DRAIN_MS) & TICKS_MASK
        if board.ticks_diff(self._deadline, now) < 0:  # late: no burst of cycles to catch up
            self._deadline = (now + DRAIN_MS) & TICKS_MASK
        try:
            samples = self.sensor.drain(self._buf)
        except OSError:
            self._sensor_lost()
            return
        self._pass(now)
        if not self.time.n:  # the FIFO has filled up since before the header was written
            self.clock_ms = self.time.span(samples)
        elif self.sensor.overrun:
            self._gap(samples, record.OVERRUN)
        elif samples:
            self.time.measure(samples, self._elapsed)
        if samples:
            self._elapsed = 0
        self.detector.feed(self._buf, samples)
        self.time.advance(samples)
        self._follow(samples)
        self._epoch_samples += samples
        self._score()
        self._button()
        if self.time.n >= self._epoch_end:
            self._epoch()
        self.lamp.rest()

    def close(self, reason):
        """End the session: score what waits, write the counts, bring all onto the flash."""
        self.detector.close()
        self._score()
        if self._epoch_samples:
            self._epoch_record()
        self._counts(reason)
        self.log.close()

    def _header(self, settings, crumb):
        log, board = self.log, self.board
        for key, value in (
            ("format", FORMAT),
            ("session", log.session),
            ("device", board.device_id),
            ("board", board.name),
            ("firmware", settings.firmware),
            ("leg", settings.leg),
            ("label", settings.label),
            ("rules", settings.rules.name),
            ("shank", settings.shank),
            ("on_mg", settings.on_mg),
            ("floor_factor", FLOOR_FACTOR),
            ("gross_mg", GROSS_MG),
            ("odr_hz", 50),
            ("range_g", 2),
            ("registers", "".join("%02x" % r for r in self.sensor.registers())),
        ):
            log.meta(key, value)
        utc = board.utc()
        if utc:
            log.anchor(0, 0, utc[0], utc[1], utc[2])
        if crumb:
            log.meta("start", crumb.cause)
            if crumb.goes_on:  # the time before the first sample is no part of this session
                lost_ms = crumb.lost_ms()
                log.gap(0, 0, self.time.samples_in(lost_ms), lost_ms, record.RESTART)
            if crumb.cause == "watchdog":
                log.fault(0, 0, HANG, 0)
        log.flush()

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

    def _pass(self, now):
        """The MCU's clock stands at `now`."""
        elapsed = self.board.ticks_diff(now, self._last)
        self._last = now
        self.clock_ms += elapsed
        self._elapsed += elapsed

    def _follow(self, samples):
        """The newest sample is less than one period old: the two clocks can't be further apart.
        Without samples for seconds, the sensor has been reset or has stopped."""
        age = self.clock_ms - self.time.ms
        oldest = self.time.period // 16000
        over = 0
        if age < -TICK_MS:
            over = age + TICK_MS
        elif age > oldest + TICK_MS:
            over = age - oldest - TICK_MS
        if not samples:
            if over > SILENT_MS:
                self._sensor_lost()
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
            self.series.gap()
        self.log.gap(self.time.n, self.time.ms, lost, lost_ms, cause)
        self.time.advance(lost)
        self.gaps += 1
        self.gap_samples += lost
        self._epoch_flags |= record.EPOCH_GAP

    def _sensor_lost(self):
        """The sensor does not answer: try until it does, then log the time as a gap. So does an
        end of the session in that time."""
        board = self.board
        self.fault = NO_SENSOR
        self.log.fault(self.time.n, self.time.ms, NO_SENSOR, 0)
        self.log.flush()
        board.led(False)
        tries = 0
        try:
            while True:
                try:
                    self.sensor = sensor_of(board)
                    return
                except OSError:
                    number = NO_SENSOR
                except SensorError:
                    number = WRONG_SENSOR
                tries += 1
                if tries < BOUNCES:
                    board.feed()
                    board.sleep_ms(BOUNCE_MS)
                else:
                    self.lamp.fault(number)
        finally:
            self._deadline = board.ticks_ms()
            self._pass(self._deadline)
            self._elapsed = 0
            self._gap(0, record.SENSOR)

    def _button(self):
        pressed = self.board.button()
        if pressed and not self._pressed:
            self.log.marker(self.time.n, self.time.ms, URGE)
        self._pressed = pressed

    def _epoch(self):
        self._epoch_record()
        self._epoch_end = (self.time.n // MINUTE + 1) * MINUTE
        self._epochs += 1
        if self._epochs == CHECKPOINT_EPOCHS:
            self._epochs = 0
            self._counts(record.CHECKPOINT)
        self.log.flush()

    def _epoch_record(self):
        detector, posture = self.detector, self.detector.posture
        flags = self._epoch_flags
        if posture.upright:
            flags |= record.EPOCH_UPRIGHT
        if posture.off:
            flags |= record.EPOCH_OFF_BODY
        self.log.epoch(
            self.time.n,
            self.time.ms,
            self._epoch_samples,
            detector.activity // detector.blocks if detector.blocks else 0,
            deci_mg(detector.floor.power),
            posture.gravity(0) >> 6,
            posture.gravity(1) >> 6,
            posture.gravity(2) >> 6,
            flags,
        )
        detector.activity = detector.blocks = 0
        self._epoch_samples = self._epoch_flags = 0

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
                span(self.gap_samples),
                span(posture.upright_blocks * 25),
                span(posture.off_blocks * 25),
            ),
        )
