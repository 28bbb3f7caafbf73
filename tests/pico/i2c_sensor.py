"""The register model of the LIS3DH as a device on I2C, whoever emulates the bus."""

from lis3dh_model import OUT_X_L, OUT_Z_H, LIS3DHModel


class Sensor:
    """An LIS3DH with its two pull-ups.

    stuck: falling edges of SCL that SDA stays low for yet, as after a reset in the middle of a
    read.
    """

    def __init__(self, model: LIS3DHModel, addr: int = 0x18):
        self.model = model
        self.addr = addr
        self.stuck = 0
        self._register = 0
        self._increment = self._first = False
        # The bus as plain pins. MicroPython does transfers without data in software, so every
        # probe of `scan()`, and the nine clocks that free a bus; the I2C block sees none of it.
        self._data = self._clock = True
        self._bits = -1  # received since the start; -1: idle, 9: acknowledging
        self._byte = 0
        self._low = False  # it pulls SDA down

    def connect(self, address: int, read: bool) -> bool:
        """A start and an address; whether it acknowledges."""
        ack = not self.stuck and address == self.addr and self.model.ack()
        if ack and not read:
            self._first = True
        return ack

    def write(self, value: int) -> None:
        if self._first:
            self._first = False
            self._register = value & 0x7F
            self._increment = bool(value & 0x80)
        else:
            self.model.write_reg(self._register, value)
            self.skip()

    def read(self) -> int:
        value = self.model.read_reg(self._register)
        self.skip()
        return value

    def ahead(self) -> list[int]:
        """Bytes that a burst reads next and that may be fetched early, as reading them changes
        nothing; `skip` for each that was read. A sample's last byte is none of them: it takes the
        sample out of the FIFO."""
        if not self._increment or not OUT_X_L <= self._register < OUT_Z_H:
            return []
        return [self.model.read_reg(register) for register in range(self._register, OUT_Z_H)]

    def skip(self) -> None:
        if self._increment:
            self._register = self.model.next_reg(self._register)

    def level(self) -> bool:
        """Of SDA, as far as it is the sensor's."""
        return not self._low and not self.stuck

    def edge(self, data: bool, clock: bool) -> bool:
        """The levels that the processor gives SDA and SCL; the level of SDA then."""
        had_data, had_clock = self._data, self._clock
        self._data, self._clock = data, clock
        rose, fell = clock and not had_clock, had_clock and not clock
        if fell and self.stuck:
            self.stuck -= 1
        elif clock and had_clock and had_data != data:  # start or stop
            self._bits = -1 if data else 0
            self._byte = 0
            self._low = False
        elif rose and 0 <= self._bits < 8:
            self._byte = self._byte << 1 | data
            self._bits += 1
        elif fell and self._bits == 8:
            self._bits = 9
            self._low = self._byte == self.addr << 1 and self.model.ack()
        elif fell and self._bits == 9:
            self._bits = -1
            self._low = False
        return self.level()
