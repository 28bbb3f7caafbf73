"""From raw samples to leg movements: the chain of filters, floor, thresholds and classes.

A movement that ends is held back until it is known whether the posture stayed changed, 13 s, or
whether the leg is only held, 20 s (see pieces). Then next() hands it out, in order of onset.
"""

from plmcore import kernel, record
from plmcore.floor import Floor
from plmcore.kernel import deci_mg
from plmcore.native import MICROPYTHON, const, micropython
from plmcore.pieces import Pieces
from plmcore.posture import Posture
from plmcore.still import Still, breathless

# As in the kernel: what is used all the time is no look-up here.
_BLOCK = const(25)  # samples: half a second
_LONG = const(25)
_N = const(0)
_SLOT = const(2)
_LONG_SUM = const(4)
_OPEN = const(9)
_FINES = const(5)
_KEPT = const(250)
_TAKEN = const(63)
_LM_ENDED = const(64)
_BLOCK_ENDED = const(128)

LONGEST_FEED = kernel.BATCH

# Which detector made a night: 1, amplitude alone classed turns and a movement with a rest in it
# was two (nights without this number); 2, pieces are joined by tilt; 3, lying still takes no
# movement away (2 left out what followed a quarter of an hour without breathing), and kicks in a
# plane are no turn, however little rest there is between them; 4, a kick that went out and came
# back is whole, whatever follows, and what ends where it began is no new posture.
VERSION = const(4)

# Amplitudes in mg of the 0.5 s RMS envelope (engineering, chosen on simulated nights)
ON_MG = const(16)  # least onset threshold
FLOOR_FACTOR = const(6)  # and at least this multiple of the noise floor
# Filters and windows see a movement later than it happens, in samples.
ONSET_LAG = const(2)
OFFSET_LAG = const(9)


def power_of(mg):
    """Power of a 25-sample window at an RMS of mg (0..1000): below 2**27."""
    unit = mg * 2048 // 1000
    return unit * unit * _BLOCK + (mg * 2048 % 1000) * unit * 2 * _BLOCK // 1000


class Detector:
    """Takes raw samples, hands out movements.

    After next() returned True: `onset`, `offset` (sample numbers), `peak` (0.1 mg), `plateau`
    (samples over the edge threshold), `kind` (0 for a leg movement whose duration decides, else
    record.SHORT, POSTURE, GROSS or UPRIGHT) and `flags` (record.TOUCHES_GAP).
    """

    def __init__(self, shank=0, on_mg=ON_MG):
        self._shank = shank
        self._on_mg = on_mg
        self.floor = Floor()
        self.posture = Posture(shank)
        self.still = Still()
        self.least_on = power_of(on_mg)
        self.onset = self.offset = self.peak = self.plateau = self.kind = self.flags = 0
        self.power = kernel.new_power()  # behind _LONG, that of each sample of the last batch
        self._state = kernel.new_state()
        self._tilt = kernel.new_tilt()
        self._pieces = Pieces(self.posture, self._tilt)
        self._sway = Floor()
        self._primed = False
        self._activity_from = 0  # half second of the last take_activity()
        self._gap_at = -1  # number of the sample behind which the last gap lay
        self.ready = False  # it is time to ask next()
        self._thresholds()

    def anew(self):
        """Another one with the same settings."""
        return Detector(self._shank, self._on_mg)

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
            kernel.prime(state, raw, 0, power, self._tilt)
            self.posture.reset()
            self._primed = True
        if not MICROPYTHON:
            raw = memoryview(raw).cast("H")
        kernel.filters(0, 0, 0, state, raw, samples, power, self._tilt)
        at = _LONG
        end = at + samples
        while at < end:
            found = kernel.envelope(0, 0, at, end - at, state, power)
            at += found & _TAKEN
            if found & _LM_ENDED:
                self._end()
            if found >= _BLOCK_ENDED:
                self._block()

    def skip(self, lost, breaks):
        """`lost` samples (0..2**29) never came. With `breaks`, everything starts anew, behind the
        movements that next() now hands out."""
        state = self._state
        if breaks:
            self.close()
            self.still.close(False)
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
        self._pieces.all = True

    def next(self):
        """Hand out the oldest movement whose class is known. False if there is none."""
        pieces = self._pieces
        self.ready = False
        if not pieces.next():
            return False
        self.onset = pieces.onset
        self.offset = pieces.offset
        self.peak = deci_mg(pieces.peak)
        self.plateau = pieces.plateau
        self.flags = pieces.flags
        self.kind = pieces.kind
        return True

    def take_activity(self):
        """Mean RMS, 0.1 mg, of the half seconds since this was last asked; 0 without any."""
        state = self._state
        blocks = self._pieces.half_seconds - self._activity_from
        mean = state[kernel.ACTIVITY] // blocks if blocks else 0
        self._activity_from = self._pieces.half_seconds
        state[kernel.ACTIVITY] = 0
        return mean

    def _slot(self):
        """Number in the ring of the tilt that the next sample falls into."""
        state = self._state
        return state[kernel.SLOT] + state[kernel.PHASE] // kernel.FINE

    def _end(self):
        """The piece under way has ended: let it wait for what becomes of it."""
        state = self._state
        onset = state[kernel.RISE] - ONSET_LAG
        offset = state[kernel.FALL] - OFFSET_LAG
        self._pieces.add(
            state[kernel.N],
            self._slot(),
            onset if onset > 0 else 0,
            offset if offset > onset else onset + 1,
            state[kernel.PEAK],
            state[kernel.ABOVE],
            record.TOUCHES_GAP if self._gap_at > state[kernel.RISE] else 0,
        )

    @micropython.native
    def _block(self):
        """A half second is complete."""
        state = self._state
        power = state[_LONG_SUM]
        pieces = self._pieces
        pieces.half_seconds += 1
        slot = pieces.slot = state[_SLOT]
        posture = self.posture
        minute = posture.block(self._tilt, slot - _FINES if slot else _KEPT - _FINES, power)
        if self.floor.add(power):
            self._thresholds()
        if self._sway.add(posture.sway):
            pieces.sway = self._sway.power
        if minute:
            posture.minute(self.still, state[_N], breathless(self._sway.power, self.floor.power))
        if pieces.open and not state[_OPEN]:
            pieces.rest(state[_N])
        if pieces.ready():
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
