"""From raw samples to leg movements: the chain of filters, floor, thresholds and classes.

A movement that ends is held back for a while (13 s at most) until it is known whether the posture
stayed changed. Then next() hands it out, in order of onset.
"""

from array import array

from plmcore import kernel, record
from plmcore.floor import Floor
from plmcore.kernel import deci_mg
from plmcore.native import MICROPYTHON, const, micropython
from plmcore.posture import BEFORE, HELD, SETTLE, Posture

# As in the kernel: what is used all the time is no look-up here.
BLOCK = const(25)  # samples: half a second
LONG = const(25)
LONG_SUM = const(4)
TAKEN = const(63)
LM_ENDED = const(64)
BLOCK_ENDED = const(128)

HELD_BACK = const(32)  # movements that can wait for their class: 18 fit into 13 s,
CHAINED = const(12)  # and so many may wait longer, for the end of the chain that they are in
LONGEST_FEED = kernel.BATCH

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
        self.power = kernel.new_power()  # behind LONG, that of each sample of the last batch
        self._state = kernel.new_state()
        self._sums = kernel.new_sums()
        self._primed = False
        self._half_seconds = 0
        self._activity_from = 0  # half second of the last take_activity()
        self._gap_at = -1  # number of the sample behind which the last gap lay
        self._head = 0
        self.waiting = 0  # movements whose class is not known yet, or that next() has for you
        self.ready = False  # it is time to ask next()
        self._onsets = array("i", [0] * HELD_BACK)
        self._offsets = array("i", [0] * HELD_BACK)
        self._peaks = array("i", [0] * HELD_BACK)
        self._plateaus = array("i", [0] * HELD_BACK)
        self._flags = bytearray(HELD_BACK)
        self._ended = array("i", [0] * HELD_BACK)  # in which half second
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

    @micropython.native
    def feed(self, raw, samples):
        """Take `samples` (0..32) raw samples: 6 bytes each, x, y, z little-endian."""
        state = self._state
        power = self.power
        if not self._primed and samples:
            kernel.prime(state, raw, 0, power)
            self.posture.reset()
            self._primed = True
        if not MICROPYTHON:
            raw = memoryview(raw).cast("H")
        kernel.filters(0, 0, 0, state, raw, samples, power, self._sums)
        at = LONG
        end = at + samples
        while at < end:
            found = kernel.envelope(0, 0, at, end - at, state, power)
            at += found & TAKEN
            if found & LM_ENDED:
                self._end()
            if found >= BLOCK_ENDED:
                self._block()

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
        self.ready = False
        if not self.waiting:
            self._all = False
            return False
        i = self._head
        if self._half_seconds - self._ended[i] < SETTLE + HELD and not self._all:
            return False
        self._head = (i + 1) % HELD_BACK
        self.waiting -= 1
        self.onset = self._onsets[i]
        self.offset = self._offsets[i]
        self.peak = deci_mg(self._peaks[i])
        self.plateau = self._plateaus[i]
        self.flags = self._flags[i]
        self.kind = self._class(i)
        return True

    def take_activity(self):
        """Mean RMS, 0.1 mg, of the half seconds since this was last asked; 0 without any."""
        state = self._state
        blocks = self._half_seconds - self._activity_from
        mean = state[kernel.ACTIVITY] // blocks if blocks else 0
        self._activity_from = self._half_seconds
        state[kernel.ACTIVITY] = 0
        return mean

    def _class(self, i):
        posture = self.posture
        age = self._half_seconds - self._ended[i]
        first = age - SETTLE
        if self._was_vertical[i] or posture.is_vertical(first if first > 0 else 0):
            return record.UPRIGHT
        if self._was_off[i]:
            return record.OFF_BODY
        last = age - SETTLE - HELD
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
        i = (self._head + self.waiting) % HELD_BACK
        self.waiting += 1
        onset = state[kernel.RISE] - ONSET_LAG
        offset = state[kernel.FALL] - OFFSET_LAG
        self._onsets[i] = onset if onset > 0 else 0
        self._offsets[i] = offset if offset > onset else onset + 1
        self._peaks[i] = state[kernel.PEAK]
        self._plateaus[i] = state[kernel.ABOVE]
        self._flags[i] = record.TOUCHES_GAP if self._gap_at > state[kernel.RISE] else 0
        self._ended[i] = self._half_seconds
        posture = self.posture
        ago = (state[kernel.N] - self._onsets[i]) // BLOCK
        self._at_block[i] = posture.blocks - ago
        ago += BEFORE
        for a in range(3):
            self._before[a][i] = posture.gravity(a, ago)
        self._was_vertical[i] = posture.is_vertical(ago)
        self._was_off[i] = posture.off
        self._chained[i] = 0
        if 1 < self.waiting <= CHAINED:
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
            self._ended[i] = self._half_seconds

    @micropython.native
    def _block(self):
        """A half second is complete."""
        power = self._state[LONG_SUM]
        half_seconds = self._half_seconds
        self._half_seconds = half_seconds + 1
        self.posture.block(self._sums, 3 if half_seconds & 1 else 0, power)
        if self.floor.add(power):
            self._thresholds()
        if self.waiting and half_seconds + 1 - self._ended[self._head] >= SETTLE + HELD:
            self.ready = True

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
