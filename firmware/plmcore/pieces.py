"""What the envelope found, until it is known what it was: pieces joined to movements, and classed.

EMG sees a contraction, an accelerometer its changes: a leg that is lifted, held and put down again
moves twice and rests between. While it is held its tilt is not what it was before; when it goes
back, the tilt comes back. So a piece that leaves the tilt changed is open until the tilt returns,
with a later piece or slowly, and all of that is one movement. Kicks that each go out and come back
stay apart, however close they are.

A piece waits WAIT half seconds, so long it takes to see that a new posture lasts, and _HOLD while
it is open. The constants were chosen on nights of the hard plan with seeds below 100 and on those
of a second generator, not kept; `make accuracy` judges them on other seeds, `make sensitivity`
moves each.
"""

from array import array

from plmcore import record, tilt
from plmcore.native import const, micropython
from plmcore.posture import BEFORE, HELD, SETTLE

# As in the kernel and in tilt: what is used all the time is no look-up here.
BLOCK = const(25)  # samples: half a second
FINE = const(5)  # samples of a tilt
KEPT = const(250)  # tilts in the ring
MEAN = const(4)  # tilts of a mean
FARTHEST = const(240)  # tilts ago that can be asked for

_SIZE = const(40)  # pieces that can wait
_CROWD = const(36)  # over so many, the oldest goes before its time
WAIT = const(26)  # SETTLE + HELD
_HOLD = const(40)  # a leg is held for 20 s at most

# A piece leaves the tilt changed, (1/1280 g)**2, when it differs by 6 mg, by more than breathing
# moves it, and the leg has not come back: to within 0.41 of where it was on the mean of the piece,
# which shows its tilt alone, since what swings out and in again comes to nothing in it.
_AWAY2 = const(59)
_SWAY_PART = const(20)  # of the sway's quantile: one and a half of breathing's amplitude, squared
_BACK = const(6)  # 0.41, squared
# A movement that a slow return would make longer than this, in samples, ends where it rested.
_SLOWEST = const(500)

# Where the leg has not come back, or no tilt can tell (it turns about the vertical), a rest of a
# second is no end. A contraction lasts half a second: two shorter pieces are its two edges.
_JOIN_REST = const(52)  # samples
_EDGES_REST = const(150)

# A leg without a second of rest for 10 s turns, rocks, trembles or is no leg. Without 1.5 s of
# rest it turns if it leaves its plane.
_UNREST_BLOCKS = const(19)
_REST = const(3)  # half seconds
_NO_REST = const(2)
_UNREST_SPREAD = const(16)
_AROUND = const(30)  # tilts before and behind the onset
# A turn of over 10 s is a long LM to EMG, and ends a series: these at the fastest output rate.
_LONGEST = const(560)  # samples
# A CLM is over the edge threshold for half a second in all; the ringing of a mattress is not.
PLATEAU = const(22)
# A turn or a new posture leaves the leg tilted by 30 mg (1.7 degrees) more or less than before; a
# kick beside one does not, whatever comes of the tilt behind it. Weaker ones are a held leg's end.
_SHIFT2 = const(1475)  # (1/1280 g)**2
_SHIFT_LEAST = const(65000)  # power of 25 mg
# A turn that ends where it began takes the leg out of its plane (a kick's least variance is under
# 6 of 1024 in 98 of 100), takes a second, and is strong enough for breathing not to look like it.
# Its bouts have little rest between them: what is near it and not much weaker is of it.
_TURN_SPREAD = const(16)
_TURN_PLATEAU = const(50)  # samples over the edge threshold
_TURN_LEAST = const(375000)  # power of 60 mg
_BOUT_REST = const(100)  # samples
_BOUT = const(14)  # 0.27 of the amplitude, squared


class Pieces:
    """Takes pieces in order of onset, hands out movements in the same order.

    posture: follows gravity. ring: the kernel's tilts. The detector keeps `half_seconds`, since
    the start, `slot`, the number in the ring of the next tilt, and `sway`, a low quantile of what
    breathing does, (1/16384 g)**2. `open`: so many pieces have left the tilt changed; `all`:
    nothing waits any longer.

    After next() returned True: `onset`, `offset` (sample numbers), `peak` (power), `plateau`
    (samples over the edge threshold), `flags` (record.TOUCHES_GAP) and `kind` (0 for a leg
    movement whose duration decides, else record.SHORT, POSTURE, GROSS or UPRIGHT).
    """

    def __init__(self, posture, ring):
        self.posture = posture
        self.waiting = 0
        self.half_seconds = self.slot = self.sway = self.open = 0
        self.all = False
        self.onset = self.offset = self.peak = self.plateau = self.kind = self.flags = 0
        self._ring = ring
        self._head = 0
        self._onsets = array("i", [0] * _SIZE)
        self._offsets = array("i", [0] * _SIZE)
        self._peaks = array("i", [0] * _SIZE)
        self._plateaus = array("i", [0] * _SIZE)
        self._flags = bytearray(_SIZE)
        self._began = array("i", [0] * _SIZE)  # in which half second
        self._ended = array("i", [0] * _SIZE)
        self._tilts = array("H", [0] * (3 * _SIZE))  # before the onset
        self._strayed = array("i", [0] * _SIZE)  # squared change of tilt: a piece's mean, at most
        self._change = array("i", [0] * _SIZE)  # that at the end
        self._back = bytearray(_SIZE)  # it strayed and came back
        self._away = array("i", [0] * _SIZE)  # the change, while it is open; 0: none
        self._returned = bytearray(_SIZE)  # the tilt came back later
        self._spreads = array("h", [0] * _SIZE)
        self._was_vertical = bytearray(_SIZE)
        self._turned = False  # what was handed out last was a turn or a new posture,
        self._turned_offset = self._turned_peak = 0  # and these are its
        self._now = array("H", [0] * 3)
        self._work = array("i", [0] * 9)

    def add(self, n, slot, onset, offset, peak, plateau, flags):
        """A piece has ended: n is the number of the next sample, slot the number in the ring of
        the tilt that it falls into. The others: see next()."""
        i = (self._head + self.waiting - 1) % _SIZE  # the newest
        if self.waiting and self._belongs(i, onset, offset):
            self._extend(i, offset, peak, plateau, flags)
            self._set_away(i, 0)
        else:
            i = (i + 1) % _SIZE
            self.waiting += 1
            self._onsets[i] = onset
            self._offsets[i] = offset
            self._peaks[i] = peak
            self._plateaus[i] = plateau
            self._flags[i] = flags
            self._away[i] = self._returned[i] = self._strayed[i] = 0
            ago = (n - onset) // BLOCK
            self._began[i] = self.half_seconds - ago
            posture = self.posture
            self._was_vertical[i] = posture.is_vertical(ago + BEFORE)
            before = (n - onset) // FINE + MEAN + 2
            tilt.mean(self._ring, _slot(slot, before), self._tilts, 3 * i)
        self._ended[i] = self.half_seconds
        self._measure(i, n, slot)
        self._stray(i, slot, (n - onset) // FINE, (n - offset) // FINE)
        tilt.mean(self._ring, _slot(slot, MEAN), self._now, 0)
        change = tilt.distance(self._now, 0, self._tilts, 3 * i)
        self._change[i] = change
        self._back[i] = self._strayed[i] > _AWAY2 and change < self._strayed[i] // _BACK
        if change > _AWAY2 and change > self.sway // _SWAY_PART and not self._back[i]:
            self._set_away(i, change)
        if self.waiting > 1:
            self._look_back(n, slot, offset, i)

    def rest(self, n):
        """A half second without movement has passed while a piece is open; n: see add()."""
        slot = self.slot
        tilt.mean(self._ring, _slot(slot, MEAN), self._now, 0)
        self._look_back(n, slot, n - BLOCK, -1)

    @micropython.native
    def ready(self):
        """Whether next() has a movement for you."""
        if not self.waiting:
            return False
        head = self._head
        age = self.half_seconds - self._ended[head]
        return age >= (_HOLD if self._away[head] else WAIT) or self.waiting > _CROWD or self.all

    def next(self):
        """Hand out the oldest movement if its class is known. False if there is none."""
        if self.ready():
            self._hand_out()
            return True
        if not self.waiting:
            self.all = False
        return False

    def _hand_out(self):
        i = self._head
        self._head = (i + 1) % _SIZE
        self.waiting -= 1
        self._set_away(i, 0)
        self.onset = self._onsets[i]
        self.offset = self._offsets[i]
        self.peak = self._peaks[i]
        self.plateau = self._plateaus[i]
        self.flags = self._flags[i]
        self.kind = self._class(i)
        if self.kind == record.GROSS and self.offset - self.onset > _LONGEST:
            self.kind = 0
        # The offset of a strong one lies at a quarter of its peak: it went on beyond.
        if self.kind == 0 and self.offset - self.onset < BLOCK:
            self.offset = self.onset + BLOCK

    def _belongs(self, i, onset, offset):
        """Whether the piece from `onset` to `offset` belongs to movement i, whatever the tilt."""
        rest = onset - self._offsets[i]
        if offset - onset < BLOCK and self._offsets[i] - self._onsets[i] < BLOCK:
            return rest < _EDGES_REST
        return rest < _JOIN_REST and not self._back[i]

    def _extend(self, i, offset, peak, plateau, flags):
        if offset > self._offsets[i]:
            self._offsets[i] = offset
        if peak > self._peaks[i]:
            self._peaks[i] = peak
        self._plateaus[i] += plateau
        self._flags[i] |= flags

    def _set_away(self, i, change):
        self.open += (change > 0) - (self._away[i] > 0)
        self._away[i] = change

    def _measure(self, i, n, slot):
        """How far movement i leaves its plane; 0 where it is too short or too weak for a turn."""
        self._spreads[i] = 0
        if self._plateaus[i] < _TURN_PLATEAU or self._peaks[i] <= _TURN_LEAST:
            return
        first = (n - self._onsets[i]) // FINE
        self._spreads[i] = self._spread(slot, first, (n - self._offsets[i]) // FINE)

    def _stray(self, i, slot, first, last):
        """Take how far a piece, tilts `first` to `last` before `slot`, strayed on the mean."""
        if first > FARTHEST:
            first = FARTHEST
        if last > first - 1:
            last = first - 1
        tilt.average(self._ring, _slot(slot, first), first - last, self._work, self._now)
        strayed = tilt.distance(self._now, 0, self._tilts, 3 * i)
        if strayed > self._strayed[i]:
            self._strayed[i] = strayed

    def _look_back(self, n, slot, offset, newest):
        """If the tilt is where it was before an open piece, the oldest such, all since then is one
        movement that ends at `offset`. newest: the piece that has just ended, -1 if the leg rests.
        An open piece whose tilt was back before the newest began was no hold."""
        i = self._head
        for k in range(self.waiting):
            if self._away[i] and i != newest:
                limit = self._away[i] // _BACK
                tilts = self._tilts
                if newest >= 0 and tilt.distance(tilts, 3 * newest, tilts, 3 * i) < limit:
                    self._set_away(i, 0)
                elif tilt.distance(self._now, 0, tilts, 3 * i) < limit:
                    self._join(i, self.waiting - 1 - k, n, slot, offset)
                    return
            i = (i + 1) % _SIZE

    def _join(self, i, later, n, slot, offset):
        """Make one movement of piece i and the `later` ones behind it."""
        j = i
        for _ in range(later):
            j = (j + 1) % _SIZE
            self._set_away(j, 0)
            self._extend(i, self._offsets[j], self._peaks[j], self._plateaus[j], self._flags[j])
        self.waiting -= later
        self._set_away(i, 0)
        if later or offset - self._onsets[i] <= _SLOWEST:
            self._extend(i, offset, 0, 0, 0)
            self._returned[i] = self._back[i] = 1
            self._change[i] = 0
        self._ended[i] = self.half_seconds
        self._measure(i, n, slot)

    def _class(self, i):
        """The class of piece i, which is no longer waiting: its own, or that of the turn it is a
        bout of, before it or behind it."""
        kind = self._own_class(i)
        if kind <= record.SHORT:
            peak, j = self._peaks[i], (i + 1) % _SIZE
            if (
                self._turned
                and self._onsets[i] - self._turned_offset < _BOUT_REST
                and peak > self._turned_peak // _BOUT
            ) or (
                self.waiting
                and self._onsets[j] - self._offsets[i] < _BOUT_REST
                and peak > self._peaks[j] // _BOUT
                and _is_turn(self._own_class(j))
            ):
                kind = record.GROSS
        self._turned = _is_turn(kind)
        self._turned_offset = self._offsets[i]
        self._turned_peak = self._peaks[i]
        return kind

    def _own_class(self, i):
        posture = self.posture
        age = self.half_seconds - self._ended[i]
        first = age - SETTLE
        if self._was_vertical[i] or posture.is_vertical(first if first > 0 else 0):
            return record.UPRIGHT
        last = first - HELD
        if self._change[i] > _SHIFT2:
            if first >= 0 and posture.changed(
                self._gravity(i, 0), self._gravity(i, 1), self._gravity(i, 2), first, max(0, last)
            ):
                return record.POSTURE
            if self._peaks[i] > _SHIFT_LEAST and not self._back[i]:
                return record.GROSS
        if self._spreads[i] >= _TURN_SPREAD:
            return record.GROSS
        if self._has_unrest(i, _NO_REST) or (self._has_unrest(i, _REST) and self._leaves_plane(i)):
            return record.GROSS
        return record.SHORT if self._plateaus[i] < PLATEAU and not self._returned[i] else 0

    def _has_unrest(self, i, rest):
        return self.posture.unrest(self.half_seconds - self._began[i], rest) > _UNREST_BLOCKS

    def _leaves_plane(self, i):
        """Whether the leg leaves its plane in the seconds around the onset of piece i."""
        onset = (self.half_seconds - self._began[i]) * (BLOCK // FINE)
        last = onset - _AROUND
        spread = self._spread(self.slot, onset + _AROUND, last if last > 0 else 0)
        return spread >= _UNREST_SPREAD

    def _spread(self, slot, first, last):
        """How far the tilts from `first` to `last` before `slot` leave their plane: of those that
        are kept, two at least."""
        if first > FARTHEST:
            first = FARTHEST
        if last > first - 2:
            last = first - 2
        return tilt.spread(self._ring, _slot(slot, first), first - last, self._work)

    def _gravity(self, i, a):
        """Gravity before piece i on axis a, in the posture's 1/4096 g (-8192..8191)."""
        return (self._tilts[3 * i + a] - 2560) * 16 // 5


def _is_turn(kind):
    return record.POSTURE <= kind <= record.GROSS


def _slot(slot, ago):
    """Number in the ring of the tilt `ago` tilts before `slot`, FARTHEST at most."""
    if ago > FARTHEST:
        ago = FARTHEST
    return slot - ago if slot >= ago else slot - ago + KEPT
