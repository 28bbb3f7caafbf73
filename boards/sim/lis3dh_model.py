"""The LIS3DH at register level (ST datasheet DocID17530), fed from a stream of samples.

Knows nothing of any bus: whoever carries the bytes calls `ack`, `write_reg`, `read_reg` with
`next_reg`, or `burst_read`. It is lazy: time is looked at on each access, and the samples that
fell due since the last one are moved then. Runs on CPython and MicroPython.
"""

import struct

from samples import DEPTH, SAMPLE, Samples

CTRL1 = 0x20
CTRL3 = 0x22
CTRL4 = 0x23
CTRL5 = 0x24
CTRL6 = 0x25
STATUS = 0x27
OUT_X_L = 0x28
OUT_Z_H = 0x2D
FIFO_CTRL = 0x2E
FIFO_SRC = 0x2F

_FULL = SAMPLE * DEPTH

# CTRL1 ODR field to Hz; 9 is 5376 Hz with LPen.
_RATES = (0, 1, 10, 25, 50, 100, 200, 400, 1600, 1344)
# Full scale field to divisor of the +-2 g value. ST's +-16 g step is 12 times that of +-2 g.
_DIVISORS = (1, 2, 4, 12)
# Self-test deflection per axis, counts of 10 bits at +-2 g (datasheet: 17 to 360).
SELF_TEST = (60, 60, 100)

_WRITABLE = bytes.fromhex("1e1f202122232425262e303233343637383a3b3c3d3e3f")


# Masks as wide as a full FIFO: one AND of two long integers is quicker than any loop.
def _mask(low_byte):
    return int.from_bytes(bytes((low_byte, 0xFF)) * (3 * DEPTH), "little")


_MASK_8 = _mask(0x00)
_MASK_10 = _mask(0xC0)
_MASK_12 = _mask(0xF0)


class LIS3DHModel:
    """An LIS3DH whose world is a stream of samples.

    source: see Samples; what it marks as lost never enters the FIFO. A board that knows of the
        mark (due_before_loss) makes it a real overrun.
    ticks_us: function returning microseconds as an int that does not wrap.
    odr_error_ppm: how much faster than nominal the sensor's own clock runs.
    fifo_only: let the source wait while the FIFO is off, so that its first sample is the first
        one to enter the FIFO and a self-test costs none. Meanwhile the sensor lies still.

    Sample k counted from the start of the output rate falls due (k + 1) / ODR after it.

    exhausted: the source had no sample when one fell due; overdue: how many fell due since.
    lost, overwritten: samples dropped by mark, and by a full FIFO.
    Faults to set: present (False: never answers), nack_next (accesses to refuse), zero_fifo
    (the FIFO gives zeros), frozen (None, or the 6 bytes that every sample is), who_am_i (0x3F in
    counterfeits), self_test (deflections).
    """

    def __init__(self, source, ticks_us, odr_error_ppm=0, fifo_only=False):
        self.samples = Samples(source)
        self.who_am_i = 0x33
        self.present = True
        self.nack_next = 0
        self.zero_fifo = False
        self.frozen = None
        self.self_test = SELF_TEST
        self.exhausted = False
        self.overdue = 0
        self.lost = 0
        self.overwritten = 0
        self._ticks_us = ticks_us
        self._ppm = odr_error_ppm
        self._fifo_only = fifo_only
        self.power_on()

    def power_on(self):
        """Registers as after power-up; the source stays where it is."""
        self._reg = bytearray(64)
        self._reg[0x1E] = 0x10
        self._reg[CTRL1] = 0x07
        self._num = 0  # samples per microsecond as a fraction, 0 in power-down
        self._den = 1
        self._start = 0
        self._made = 0
        self._fifo = b""
        self._fifo_on = self._stopped = self._ovrn = self._ready = self._missed = False
        self._latest = b"\x00\x00\x00\x00\x00\x40"  # as in the source: level, 1 g on z
        self._popped = bytes(SAMPLE)

    def ack(self):
        """Whether the sensor acknowledges its address now."""
        if self.nack_next:
            self.nack_next -= 1
            return False
        return self.present

    def next_reg(self, reg):
        """The register that auto-increment goes to after reg."""
        if reg == OUT_Z_H and self._fifo_on:
            return OUT_X_L
        return (reg + 1) & 0x7F

    def burst_read(self, reg, buf, auto_increment):
        """Fill buf from reg on."""
        n = len(buf)
        if reg == OUT_X_L and auto_increment:
            self._advance()
            if n <= len(self._fifo) and n % SAMPLE == 0 and not self.zero_fifo:
                buf[:] = self._fifo[:n]
                self._pop(n)
                return
        for i in range(n):
            buf[i] = self.read_reg(reg)
            if auto_increment:
                reg = self.next_reg(reg)

    def read_reg(self, reg):
        """One byte of the register, with the side effects that reading has."""
        self._advance()
        if reg == FIFO_SRC:
            return self._fifo_src()
        if OUT_X_L <= reg <= OUT_Z_H:
            value = self._output()[reg - OUT_X_L]
            if reg == OUT_Z_H:
                self._pop(SAMPLE)
            return value
        if reg == STATUS:
            return (0x0F if self._ready else 0) | (0xF0 if self._missed else 0)
        if reg == 0x0F:
            return self.who_am_i
        return self._reg[reg] if reg < len(self._reg) else 0

    def write_reg(self, reg, value):
        """Write one byte; read-only and reserved registers ignore it."""
        self._advance()
        if reg not in _WRITABLE:
            return
        if reg == CTRL5:
            value &= 0x7F  # BOOT clears itself; the user's registers stay
        changed = self._reg[reg] ^ value
        self._reg[reg] = value
        if reg == CTRL1 and changed & 0xF8:
            self._set_rate(value)
        elif reg in (CTRL5, FIFO_CTRL):
            self._fifo_on = self._reg[CTRL5] & 0x40 != 0 and self._reg[FIFO_CTRL] >= 0x40
            if not self._fifo_on:
                self._fifo = b""
                self._ovrn = self._stopped = False

    def int1(self):
        """Level of the INT1 pin: data ready, watermark or overrun, as CTRL_REG3 routes them."""
        self._advance()
        route = self._reg[CTRL3]
        active = (
            (route & 0x10 and self._ready)
            or (route & 0x04 and self._fifo_src() & 0x80)
            or (route & 0x02 and self._ovrn)
        )
        return 1 if bool(active) != bool(self._reg[CTRL6] & 0x02) else 0

    def waiting(self):
        """Samples in the FIFO, 0..32."""
        self._advance()
        return len(self._fifo) // SAMPLE

    def taken(self):
        """Samples of the source that fell due so far, lost ones included."""
        self._advance()
        return self.samples.taken

    def _set_rate(self, ctrl1):
        field = ctrl1 >> 4
        hz = _RATES[field] if field < len(_RATES) else 0
        if field == 9 and ctrl1 & 0x08:
            hz = 5376
        a = self._num = hz * (1000000 + self._ppm)
        b = self._den = 1000000000000
        while a:  # the smallest terms keep a night's product below 2^62
            a, b = b % a, a
        self._num //= b
        self._den //= b
        self._start = self._ticks_us()
        self._made = 0

    def _fifo_src(self):
        n = len(self._fifo) // SAMPLE
        src = min(n, 31)
        if n > self._reg[FIFO_CTRL] & 0x1F:
            src |= 0x80
        if self._ovrn:
            src |= 0x40
        if not n:
            src |= 0x20
        return src

    def _output(self):
        if not self._fifo_on:
            mask = _MASK_10
            if self._reg[CTRL1] & 0x08:
                mask = _MASK_8
            elif self._reg[CTRL4] & 0x08:
                mask = _MASK_12
            return self._measure(self._latest, mask)
        if self.zero_fifo:
            return bytes(SAMPLE)
        return self._fifo[:SAMPLE] or self._popped

    def _pop(self, n):
        self._ready = self._missed = False
        if self._fifo:
            self._popped = self._fifo[n - SAMPLE : n]
            self._fifo = self._fifo[n:]
            self._ovrn = False

    def _advance(self):
        if self._num:
            due = (self._ticks_us() - self._start) * self._num // self._den
            n = due - self._made
            if n:
                self._made = due
                self._produce(n)

    def _produce(self, n):
        if self._fifo_only and not self._fifo_on:
            self._missed = self._ready
            self._ready = True
            return
        while n:
            number, samples = self.samples.take(n)
            if not number:
                self.exhausted = True
                self.overdue += n
                return
            n -= number
            if samples:
                self._store(samples)
            else:
                self.lost += number

    def due_before_loss(self, us):
        """When the last sample before the next lost one falls due, if that is within `us` from
        now: the time in us, now if it has passed. None if no sample is lost until then."""
        self._advance()
        if not self._num or not self._fifo_on:
            return None
        now = self._ticks_us()
        before = self.samples.before_loss(us * self._num // self._den + 1)
        if before < 0:
            return None
        due = self._start - (-(self._made + before) * self._den // self._num)
        return due if due > now else now

    def lost_us(self):
        """So long no sample comes: the rest of a loss that is under way, in us."""
        return self.samples.losing * self._den // self._num if self._num else 0

    def _store(self, samples):
        """Take 1 to 32 samples of the source."""
        if self.frozen:
            samples = self.frozen * (len(samples) // SAMPLE)
        self._missed = self._ready or len(samples) > SAMPLE
        self._ready = True
        self._latest = samples[-SAMPLE:]
        if not self._fifo_on or self._stopped:
            return
        fifo = self._fifo + self._measure(samples, _MASK_10)
        if len(fifo) >= _FULL:
            # The flag means full, not yet overwritten (DocID17530, 8.27).
            self._ovrn = True
            over = len(fifo) - _FULL
            self.overwritten += over // SAMPLE
            if self._reg[FIFO_CTRL] >> 6 == 1:
                self._stopped = True
                fifo = fifo[:_FULL]
            else:  # stream; stream-to-FIFO has no trigger here
                fifo = fifo[over:]
        self._fifo = fifo

    def _measure(self, samples, mask):
        """Samples of the source as the sensor would give them."""
        ctrl4 = self._reg[CTRL4]
        if ctrl4 & 0x36:
            samples = self._deflect(samples, _DIVISORS[ctrl4 >> 4 & 3], ctrl4 >> 1 & 3)
        return (int.from_bytes(samples, "little") & mask).to_bytes(len(samples), "little")

    def _deflect(self, samples, divisor, test):
        sign = (0, 1, -1, 0)[test]
        out = bytearray(samples)
        for at in range(0, len(out), 2):
            value = struct.unpack_from("<h", out, at)[0]
            value = (value + 64 * sign * self.self_test[at // 2 % 3]) // divisor
            struct.pack_into("<h", out, at, max(-32768, min(32767, value)))
        return bytes(out)
