"""Four-wire SPI with the sensor's register model on it, beside hw.SimI2C."""

try:
    from micropython import heap_lock, heap_unlock
except ImportError:  # CPython, where nothing is locked

    def heap_lock() -> int:
        return 0

    def heap_unlock() -> int:
        return 0


_NOBODY = 0xFF  # what a line reads that nobody drives


class SimSPI:
    """machine.SPI at 1 MHz; `cs` is the sensor's chip-select pin.

    heap_locked: as in SimI2C.
    """

    def __init__(self, clock, model):
        self.heap_locked = False
        self._clock = clock
        self._model = model
        self._selected = False
        self._command = -1
        self._reg = 0

    def cs(self, level):
        """A falling edge begins a transfer: its first byte is read flag, increment, register."""
        self._selected = not level
        self._command = -1

    def write(self, buf):
        """Send bytes: the command, then what goes into registers."""
        if self.heap_locked:
            heap_unlock()
        try:
            self._write(buf)
        finally:
            if self.heap_locked:
                heap_lock()

    def readinto(self, buf, write=0):
        """Fill buf with what the sensor sends."""
        if self.heap_locked:
            heap_unlock()
        try:
            self._read(buf)
        finally:
            if self.heap_locked:
                heap_lock()

    def _write(self, buf):
        self._clock.us += 8 * len(buf)
        for value in buf:
            if self._command < 0:
                self._command = value
                self._reg = value & 0x3F
            elif self._answers() and not self._command & 0x80:
                self._model.write_reg(self._reg, value)
                if self._command & 0x40:
                    self._reg = self._model.next_reg(self._reg)

    def _read(self, buf):
        self._clock.us += 8 * len(buf)
        if self._answers() and self._command >= 0x80:
            self._model.burst_read(self._reg, buf, self._command & 0x40)
        else:
            buf[:] = bytes([_NOBODY]) * len(buf)

    def _answers(self):
        return self._selected and self._model.present
