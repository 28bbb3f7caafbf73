"""The register model of the LIS3DH on the emulated RP2040's I2C, in the time a bus takes."""

from lis3dh_model import LIS3DHModel
from rp2040py.peripherals.i2c import I2CMode
from rp2040py.rp2040 import RP2040

CLOCK_NS = 8.0  # of the RP2040 at 125 MHz
TX_EMPTY = 1 << 4  # of IC_RAW_INTR_STAT
WAITS = (0x34, 0x78)  # IC_RAW_INTR_STAT and IC_RXFLR, which MicroPython polls
INT1_NS = 5e6  # how often the pin follows the model, which looks at the time when asked only


class Sensor:
    """An LIS3DH with its two pull-ups, on I2C0.

    sda, scl: GPIOs. int1: GPIO of the INT1 pin, if it is wired. stuck: falling edges of SCL that
    SDA stays low for yet, as after a reset in the middle of a read.
    """

    def __init__(
        self,
        mcu: RP2040,
        model: LIS3DHModel,
        addr: int = 0x18,
        sda: int = 4,
        scl: int = 5,
        int1: int | None = None,
    ):
        self.model = model
        self.addr = addr
        self.stuck = 0
        self._mcu = mcu
        self._i2c = i2c = mcu.i2c[0]
        self._register = 0
        self._increment = self._first = False
        self._alarm = mcu.clock.create_alarm(self._phase_over)
        self._then = None
        self._due = 0.0
        i2c.on_start = lambda repeated: self._after(1, i2c.complete_start)
        i2c.on_connect = self._connect
        i2c.on_write_byte = self._write
        i2c.on_read_byte = self._read
        i2c.on_stop = lambda: self._after(1, i2c.complete_stop)
        self._register_of_i2c, i2c.read_uint32 = i2c.read_uint32, self._skip_waiting
        for pin in (sda, scl):
            mcu.gpio[pin].set_input_value(True)
        self._pins = _Pins(self, mcu, sda, scl)
        if int1 is not None:
            self._int1 = mcu.gpio[int1]
            self._follow = mcu.clock.create_alarm(self._int1_now)
            self._int1_now()

    def stick(self, clocks: int) -> None:
        """Hold SDA low until so many clocks came."""
        self.stuck = clocks
        self._pins.sda.set_input_value(clocks == 0)

    def _int1_now(self) -> None:
        self._int1.set_input_value(bool(self.model.int1()))
        self._follow.schedule(INT1_NS)

    def _after(self, bits: int, then) -> None:
        """Each phase takes its number of SCL periods."""
        period = self._i2c.scl_high_period + self._i2c.scl_low_period
        self._then = then
        self._due = self._mcu.clock.nanos + bits * period * CLOCK_NS
        self._alarm.schedule(bits * period * CLOCK_NS)

    def _skip_waiting(self, offset: int) -> int:
        """MicroPython waits for each byte by reading registers: let it see the end of the phase at
        once, in the time that it takes. Executing the loop would take half of all real time."""
        if offset in WAITS and self._then:
            self._mcu.clock.tick(self._due - self._mcu.clock.nanos)
        return self._register_of_i2c(offset)

    def _phase_over(self) -> None:
        then, self._then = self._then, None
        if then:
            then()

    def _connect(self, address: int, mode: I2CMode) -> None:
        ack = not self.stuck and address == self.addr and self.model.ack()
        if ack and mode == I2CMode.WRITE:
            self._first = True
        self._after(9, lambda: self._connected(ack))

    def _connected(self, ack: bool) -> None:
        self._i2c.complete_connect(ack)
        if not ack:
            # The abort empties the TX FIFO, and the chip says so; the emulator does not.
            self._i2c._set_interrupts(TX_EMPTY)

    def _write(self, value: int) -> None:
        if self._first:
            self._first = False
            self._register = value & 0x7F
            self._increment = bool(value & 0x80)
        else:
            self.model.write_reg(self._register, value)
            self._next()
        self._after(9, lambda: self._i2c.complete_write(True))

    def _read(self, _ack: bool) -> None:
        value = self.model.read_reg(self._register)
        self._next()
        self._after(9, lambda: self._i2c.complete_read(value))

    def _next(self) -> None:
        if self._increment:
            self._register = self.model.next_reg(self._register)


class _Pins:
    """The bus as plain pins. MicroPython does transfers without data in software, so every probe
    of `scan()`, and the nine clocks that free a bus; the I2C block sees none of it."""

    def __init__(self, sensor: Sensor, mcu: RP2040, sda: int, scl: int):
        self._sensor = sensor
        self.sda = mcu.gpio[sda]
        self.scl = mcu.gpio[scl]
        self._data = self._clock = True
        self._bits = -1  # received since the start; -1: idle, 9: acknowledging
        self._byte = 0
        self.sda.add_listener(lambda *_: self._edge())
        self.scl.add_listener(lambda *_: self._edge())

    def _edge(self) -> None:
        # A pin of an open-drain bus is LOW (0) when it is driven, else it follows the pull-up.
        data, clock = int(self.sda.value) != 0, int(self.scl.value) != 0
        had_data, had_clock = self._data, self._clock
        self._data, self._clock = data, clock
        rose, fell = clock and not had_clock, had_clock and not clock
        if fell and self._sensor.stuck:
            self._sensor.stick(self._sensor.stuck - 1)
        elif clock and had_clock and had_data != data:  # start or stop
            self._bits = -1 if data else 0
            self._byte = 0
            self._answer(False)
        elif rose and 0 <= self._bits < 8:
            self._byte = self._byte << 1 | data
            self._bits += 1
        elif fell and self._bits == 8:
            self._bits = 9
            self._answer(self._byte == self._sensor.addr << 1 and self._sensor.model.ack())
        elif fell and self._bits == 9:
            self._bits = -1
            self._answer(False)

    def _answer(self, low: bool) -> None:
        self.sda.set_input_value(not low and not self._sensor.stuck)
