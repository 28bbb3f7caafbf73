"""MicroPython's `machine` of an RP2 at the level of pins and registers, for rp2_board.py."""

import time

# CTRL (not running), SCRATCH0 and 1 of the watchdogs, and the raw timers (high, low: with a sign,
# as MicroPython gives it), of RP2040 and RP2350.
mem32 = {0x40058000: 0, 0x4005800C: 0, 0x40058010: 0, 0x400D8000: 0, 0x400D800C: 0, 0x400D8010: 0}
mem32.update({0x40054024: 3, 0x40054028: -1000, 0x400B0024: 3, 0x400B0028: -1000})
i2c_devices = {}  # address -> bytearray of registers
spi_registers = None  # of the one device on SPI, or None
levels = {}  # pin -> level; 1 by the pull-ups
irqs = {}  # pin -> called at a falling edge, see press()
held = {}  # pin that a device holds low -> falling clock edges until it lets go
opened = []  # every bus with its arguments
clocks = []  # each frequency that was set, and how many buses had been opened before
slept = []  # ms of each light sleep
mem32[0x50110050] = 1 << 16  # SIE_STATUS: a computer is connected
watchdogs = []


def press(pin, down):
    levels[pin] = 0 if down else 1
    if down and pin in irqs:
        irqs[pin](pin)


def unique_id():
    return b"\xe6\x61\x41\x03\xe7\x45\x2b\x2f"


class Pin:
    IN, OUT, OPEN_DRAIN, PULL_UP, IRQ_FALLING = 0, 1, 2, 1, 4

    def __init__(self, id, mode=-1, pull=-1, value=None):
        self.id = id
        if value is not None:
            self(value)

    def __call__(self, value=None):
        if value is None:
            return 0 if held.get(self.id) else levels.get(self.id, 1)
        if not value and levels.get(self.id, 1):
            for pin, edges in list(held.items()):
                if pin != self.id and edges:
                    held[pin] = edges - 1
        levels[self.id] = value
        return None

    def irq(self, handler, trigger, hard=False):
        assert trigger == self.IRQ_FALLING
        irqs[self.id] = handler


def freq(hz):
    clocks.append((hz, len(opened)))


def soft_reset():
    raise SystemExit


def lightsleep(ms):
    time.sleep_ms(ms)
    slept.append(ms)


class I2C:
    def __init__(self, id, sda, scl, freq):
        self._sda = sda
        opened.append(("i2c", id, sda.id, scl.id, freq))

    def _device(self, addr):
        if addr not in i2c_devices or not self._sda():
            raise OSError(5)
        return i2c_devices[addr]

    def readfrom_mem_into(self, addr, memaddr, buf):
        device = self._device(addr)
        if addr in (0x18, 0x19):
            memaddr &= 0x7F
        buf[:] = device[memaddr : memaddr + len(buf)]

    def writeto_mem(self, addr, memaddr, buf):
        device = self._device(addr)
        device[memaddr : memaddr + len(buf)] = buf


class SPI:
    def __init__(self, id, baudrate, polarity, phase, sck, mosi, miso):
        self._reg = 0
        opened.append(("spi", id, sck.id, mosi.id, miso.id, polarity, phase, baudrate))

    def write(self, buf):
        self._reg = buf[0] & 0x3F
        if len(buf) > 1:
            spi_registers[self._reg] = buf[1]

    def readinto(self, buf):
        buf[:] = spi_registers[self._reg : self._reg + len(buf)]


class RTC:
    def datetime(self, t):
        time.set_clock(time.mktime((t[0], t[1], t[2], t[4], t[5], t[6], 0, 0)))


class ADC:
    def __init__(self, pin):
        self.id = pin.id

    def read_u16(self):
        return levels.get(self.id, 0)


class WDT:
    def __init__(self, timeout):
        self.fed = 0
        watchdogs.append(self)

    def feed(self):
        self.fed += 1


timers = []


class Timer:
    PERIODIC = 1

    def __init__(self, id, period, mode, callback):
        self.period = period
        self.callback = callback
        timers.append(self)

    def deinit(self):
        self.callback = None
