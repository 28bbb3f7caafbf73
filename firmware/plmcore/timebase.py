"""From sample numbers to milliseconds, by the output rate as measured against the MCU's clock.

The LIS3DH's output rate is nominal: 10 % off is within its datasheet. Intervals of 10 and 90 s are
judged in real time, so the period of a sample is measured over clean stretches of the recording.
In the first minute a better estimate counts for all samples so far; from then on it changes the
slope. `settled` says which of the two it is; `beyond` is the last measurement, 1/16 us, where it
lay outside _SLOWEST and _FASTEST, else 0.

So a session has two clocks. Clock is the MCU's: it says when something is due, and how long data
were missing. Timebase is the samples': in it the rules judge.
"""

from plmcore.native import const, micropython

NOMINAL = const(320000)  # period at 50 Hz, 1/16 us
_LEAST = const(250)  # samples before the measurement counts: an error of one sample is 0.4 %
_FIRST = const(3000)  # samples: the first minute
_MOST = const(32768)  # samples over which the rate is measured: 11 min
_RARELY = const(15)  # then a division for every 16th batch is enough
_SLOWEST = const(363636)  # 44 Hz: beyond 12 % the clocks can't be trusted, the estimate stays put
_FASTEST = const(285714)  # 56 Hz
TICK_MS = const(2)  # both clocks are cut to whole ms


class Timebase:
    """`n`: number of the next sample; `ms`: its time since the session began. Both < 2**30."""

    def __init__(self):
        self.n = 0
        self.ms = 0
        self.period = NOMINAL
        self.settled = False
        self.beyond = 0
        self._rest = 0  # 1/16 us left over from ms
        self._samples = 0
        self._elapsed = 0
        self._batches = 0

    @micropython.native
    def advance(self, samples):
        """`samples` more (0..2**25) have come, or were lost."""
        self.n += samples
        period = self.period
        rest = self._rest
        while samples > 2000:  # 2000 * _SLOWEST is under 2**30
            self.ms += 2000 * period // 16000
            rest += 2000 * period % 16000
            samples -= 2000
        rest += samples * period
        self.ms += rest // 16000
        self._rest = rest % 16000

    @micropython.native
    def measure(self, samples, elapsed):
        """A clean batch: `samples` came within `elapsed` ms of the MCU's clock."""
        samples += self._samples
        elapsed += self._elapsed
        # Only an even number is halved: half a sample dropped each time would be 15 ppm.
        if samples >= _MOST and not samples & 1:
            samples >>= 1
            elapsed >>= 1
        self._samples = samples
        self._elapsed = elapsed
        batches = self._batches + 1
        self._batches = batches
        if samples < _LEAST or (batches & _RARELY and self.settled):
            return
        us = elapsed * 1000  # 32768 samples of 25 ms: 2**29.6
        period = us // samples * 16 + us % samples * 16 // samples
        if period < _FASTEST or period > _SLOWEST:
            self.beyond = period
        else:
            self.beyond = 0
            self.period = period
            self.settled = self.n >= _FIRST
            if not self.settled:
                self.ms = self.span(self.n)
                self._rest = 0

    def samples_in(self, ms):
        """How many whole samples fit into ms (0..2**26, 18 h); 0 for a negative time."""
        if ms < 0:
            return 0
        minutes = ms // 60000
        rest = 960000000 % self.period * minutes + ms % 60000 * 16000 % self.period
        return (
            960000000 // self.period * minutes
            + ms % 60000 * 16000 // self.period
            + rest // self.period
        )

    def span(self, samples):
        """ms of a number of samples (0..2.9 million: 16 h)."""
        whole = samples // 1000
        return whole * self.period // 16 + (samples % 1000) * self.period // 16000

    def at(self, n):
        """ms of sample number n, not after the newest one and less than 16 h before it."""
        ms = self.ms - self.span(self.n - n)
        return ms if ms > 0 else 0  # the first seconds may have passed at a wrong rate


class Clock:
    """The MCU's clock, held against the samples' (`time`, a Timebase).

    ms: since the session's first sample (0..2**30).
    """

    def __init__(self, time):
        self.time = time
        self.ms = 0
        self._elapsed = 0  # ms since samples last came

    @micropython.native
    def tick(self, elapsed, samples):
        """`elapsed` ms (0..2**29) have passed, and then `samples` (0..32) were read. Returns the
        ms in which these came."""
        self.ms += elapsed
        elapsed += self._elapsed
        self._elapsed = 0 if samples else elapsed
        return elapsed

    def begin(self, samples):
        """These are the first of the session, which begins with the oldest of them."""
        self.ms = self.time.span(samples)

    def resume(self, elapsed):
        """`elapsed` ms have passed without a sensor, which is now set up anew."""
        self.ms += elapsed
        self._elapsed = 0

    def missing(self, samples):
        """How many samples are lost before the newest `samples`: as many as this clock has gone on
        without them. Below 1 there are none."""
        return self.time.samples_in(self.ms - self.time.ms) - samples

    @micropython.native
    def follow(self, samples):
        """Keep both clocks together, behind time.advance(samples). Returns for how many ms too
        many no sample has come (0 or less: none).

        The newest sample is less than one period old: the clocks can't be further apart. Until the
        rate is settled this one gives way; later the samples' does, by 1 ms each time, as an error
        of a few ppm of their rate adds up over a night.
        """
        time = self.time
        age = self.ms - time.ms
        apart = age + TICK_MS
        if apart >= 0:
            apart = age - time.period // 16000 - TICK_MS
            if apart <= 0:
                return 0
        if not samples:
            return apart
        if time.settled:
            time.ms += 1 if apart > 0 else -1
        else:
            self.ms -= apart
        return 0
