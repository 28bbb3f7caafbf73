"""From raw samples to leg movements: the chain of filters, floor, thresholds and classes.

A movement that ends is held back for a while (13 s at most) until it is known whether the posture
stayed changed. Then next() hands it out, in order of onset.
"""

from array import array

from plmcore import kernel, record
from plmcore.floor import Floor
from plmcore.native import const, micropython
from plmcore.posture import BEFORE, HELD, SETTLE, Posture

BLOCK = const(25)  # samples: half a second
HELD_BACK = const(32)  # movements that can wait for their class: 18 fit into 13 s,
CHAINED = const(12)  # and so many may wait longer, for the end of the chain that they are in
LONGEST_FEED = const(32)

# Amplitudes in mg of the 0.5 s RMS envelope (engineering, chosen on simulated nights)
ON_MG = const(16)  # least onset threshold
FLOOR_FACTOR = const(8)  # and at least this multiple of the noise floor
GROSS_MG = const(380)  # a movement over this is no leg movement but a turn
# A turn in bed comes in bouts with less than a second of rest: one posture counts for all of it.
CHAIN_REST = const(50)  # samples
# A leg that does not come to rest for 10 s turns, rocks or trembles, whatever the parts.
UNREST_BLOCKS = const(19)
# A CLM is over the edge threshold for half a second in all; the ringing of a mattress is not.
PLATEAU = const(22)
# Filters and windows see a movement later than it happens, in samples.
ONSET_LAG = const(2)
OFFSET_LAG = const(9)


def power_of(mg):
    """Power of a 25-sample window at an RMS of mg (0..1000): below 2**27."""
    unit = mg * 2048 // 1000
    return unit * unit * BLOCK + (mg * 2048 % 1000) * unit * 2 * BLOCK // 1000


GROSS = power_of(GROSS_MG)


@micropython.viper
def root(x: int) -> int:
    """Integer square root, rounded down, of 0..2**30 - 1."""
    bit = 1 << 28
    y = 0
    while bit > x:
        bit >>= 2
    while bit:
        if x >= y + bit:
            x -= y + bit
            y = (y >> 1) + bit
        else:
            y >>= 1
        bit >>= 2
    return y


def deci_mg(power):
    """RMS in 0.1 mg (0..22620) of the power of a 25-sample window (0..2**29)."""
    # (10000/2048)**2 / 25 = 0.9537 = 61/64
    return root(power * 61 >> 6 if power < 1 << 24 else (power >> 6) * 61)


class Detector:
    """Takes raw samples, hands out movements.

    After next() returned True: `onset`, `offset` (sample numbers), `peak` (0.1 mg), `plateau`
    (samples over the edge threshold), `kind` (0 for a leg movement whose duration decides, else
    record.SHORT, POSTURE, GROSS, UPRIGHT or OFF_BODY) and `flags` (record.TOUCHES_GAP).
    """

    def __init__(self, shank=0, on_mg=ON_MG):
        self.floor = Floor()
        self.posture = Posture(shank)
        self.least_on = power_of(on_mg)
        self.onset = self.offset = self.peak = self.plateau = self.kind = self.flags = 0
        self.activity = 0  # sum of the blocks' RMS since take_activity(), 0.1 mg
        self.blocks = 0  # as many blocks
        self._axes = [kernel.axis_state() for _ in range(3)]
        self._state = kernel.envelope_state()
        self._ring = array("i", [0] * 32)
        self._power = array("i", [0] * LONGEST_FEED)
        self._primed = False
        self._phase = 0
        self._gap_at = -1  # number of the sample behind which the last gap lay
        self._head = self._waiting = 0
        self._onsets = array("i", [0] * HELD_BACK)
        self._offsets = array("i", [0] * HELD_BACK)
        self._peaks = array("i", [0] * HELD_BACK)
        self._plateaus = array("i", [0] * HELD_BACK)
        self._flags = bytearray(HELD_BACK)
        self._ages = array("i", [0] * HELD_BACK)  # blocks since the offset
        self._before = [array("h", [0] * HELD_BACK) for _ in range(3)]
        self._was_vertical = bytearray(HELD_BACK)
        self._was_off = bytearray(HELD_BACK)
        self._at_block = array("i", [0] * HELD_BACK)  # posture.blocks at the onset
        self._chained = bytearray(HELD_BACK)  # to the movement before
        self._all = False
        self._thresholds()

    @property
    def n(self):
        """Number of the next sample."""
        return self._state[kernel.N]

    @property
    def envelope(self):
        """Power of the newest half second; deci_mg() makes it an amplitude."""
        return self._state[kernel.LONG_SUM]

    @property
    def threshold(self):
        """The power over which a movement begins."""
        return self._state[kernel.ON]

    @property
    def moving(self):
        """Whether a movement is under way."""
        return self._state[kernel.OPEN] != 0

    def feed(self, raw, samples):
        """Take `samples` (0..32) raw samples: 6 bytes each, x, y, z little-endian."""
        if not self._primed and samples:
            self._prime(raw)
        done = 0
        while done < samples:
            part = samples - done
            if part > BLOCK - self._phase:
                part = BLOCK - self._phase
            for a in range(3):
                kernel.axis(self._axes[a], raw, done * 6 + 2 * a, part, self._power)
            taken = 0
            while taken < part:
                taken += kernel.envelope(self._state, self._ring, self._power, taken, part - taken)
                if self._state[kernel.DONE]:
                    self._end()
            done += part
            self._phase += part
            if self._phase == BLOCK:
                self._phase = 0
                self._block()

    def _prime(self, raw):
        """Start everything but the floor anew, at the steady state of the first sample."""
        for a in range(3):
            kernel.prime(self._axes[a], raw, 2 * a)
            self._axes[a][4] = kernel.BIAS
        for i in range(32):
            self._ring[i] = 0
        state = self._state
        state[kernel.LONG_SUM] = state[kernel.EDGE_SUM] = 0
        state[kernel.UP] = state[kernel.HUSH] = 0
        self._phase = 0
        self.posture.reset()
        self._primed = True

    def skip(self, lost, breaks):
        """`lost` samples (0..2**29) never came. With `breaks`, everything starts anew, behind the
        movements that next() now hands out."""
        state = self._state
        if breaks:
            self.close()
            self._primed = False
        self._gap_at = state[kernel.N]
        state[kernel.N] += lost

    def close(self):
        """The recording stops here: end the movement under way and decide all that wait."""
        state = self._state
        if state[kernel.OPEN]:
            if not state[kernel.QUIET_RUN]:
                state[kernel.FALL] = state[kernel.N]
            state[kernel.OPEN] = state[kernel.UP] = 0
            self._gap_at = state[kernel.N]
            self._end()
        self._all = True

    def next(self):
        """Hand out the oldest movement whose class is known. False if there is none."""
        if not self._waiting:
            self._all = False
            return False
        i = self._head
        if self._ages[i] < SETTLE + HELD and not self._all:
            return False
        self._head = (i + 1) % HELD_BACK
        self._waiting -= 1
        self.onset = self._onsets[i]
        self.offset = self._offsets[i]
        self.peak = deci_mg(self._peaks[i])
        self.plateau = self._plateaus[i]
        self.flags = self._flags[i]
        self.kind = self._class(i)
        return True

    def _class(self, i):
        posture = self.posture
        first = self._ages[i] - SETTLE
        if self._was_vertical[i] or posture.is_vertical(first if first > 0 else 0):
            return record.UPRIGHT
        if self._was_off[i]:
            return record.OFF_BODY
        last = self._ages[i] - SETTLE - HELD
        if first >= 0 and posture.changed(
            self._before[0][i],
            self._before[1][i],
            self._before[2][i],
            first,
            last if last > 0 else 0,
        ):
            return record.POSTURE
        if self._peaks[i] > GROSS:
            return record.GROSS
        if posture.unrest(posture.blocks - self._at_block[i]) > UNREST_BLOCKS:
            return record.GROSS
        return record.SHORT if self._plateaus[i] < PLATEAU else 0

    def _end(self):
        """The movement under way has ended: let it wait for its class."""
        state = self._state
        state[kernel.DONE] = 0
        i = (self._head + self._waiting) % HELD_BACK
        self._waiting += 1
        onset = state[kernel.RISE] - ONSET_LAG
        offset = state[kernel.FALL] - OFFSET_LAG
        self._onsets[i] = onset if onset > 0 else 0
        self._offsets[i] = offset if offset > onset else onset + 1
        self._peaks[i] = state[kernel.PEAK]
        self._plateaus[i] = state[kernel.ABOVE]
        self._flags[i] = record.TOUCHES_GAP if self._gap_at > state[kernel.RISE] else 0
        self._ages[i] = 0
        posture = self.posture
        ago = (state[kernel.N] - self._onsets[i]) // BLOCK
        self._at_block[i] = posture.blocks - ago
        ago += BEFORE
        for a in range(3):
            self._before[a][i] = posture.gravity(a, ago)
        self._was_vertical[i] = posture.is_vertical(ago)
        self._was_off[i] = posture.off
        self._chained[i] = 0
        if 1 < self._waiting <= CHAINED:
            self._chain(i, (i - 1) % HELD_BACK)

    def _chain(self, i, before):
        """Movement i has just been put behind `before`: join them if there was little rest."""
        if self._onsets[i] - self._offsets[before] >= CHAIN_REST:
            return
        for a in range(3):
            self._before[a][i] = self._before[a][before]
        # What is known of the posture behind the chain counts for all of it.
        self._chained[i] = 1
        while self._chained[i] and i != self._head:
            i = (i - 1) % HELD_BACK
            self._ages[i] = 0

    def _block(self):
        power = self._state[kernel.LONG_SUM]
        axes = self._axes
        self.posture.block(
            axes[0][4] - kernel.BIAS, axes[1][4] - kernel.BIAS, axes[2][4] - kernel.BIAS, power
        )
        for a in range(3):
            axes[a][4] = kernel.BIAS
        self.floor.add(power)
        self._thresholds()
        self.activity += deci_mg(power)
        self.blocks += 1
        i = self._head
        for _ in range(self._waiting):
            self._ages[i] += 1
            i = (i + 1) % HELD_BACK

    def _thresholds(self):
        """Onset at max(FLOOR_FACTOR floors, least_on); edges from it. Powers under 2**29."""
        on = self.floor.power
        on = on * (FLOOR_FACTOR * FLOOR_FACTOR) if on < 1 << 22 else 1 << 28
        if on < self.least_on:
            on = self.least_on
        state = self._state
        state[kernel.ON] = on
        # half the amplitude for the onset, a third for the offset; 8 samples instead of 25
        state[kernel.EDGE_ON] = on * 2 // 25
        state[kernel.EDGE_OFF] = on // 28
