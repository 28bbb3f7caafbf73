"""All boards with an RP2040 or RP2350: the contract of boards/README.md over `machine`.

A board's own hw.py says which pins; what they do is here. (On the board itself `rp2` is a module
of MicroPython's, so this one has another name.)
"""

import binascii
import os
import select
import sys
import time

import rp2_clock
from briefly import Briefly
from drivers.bus import I2CBus, SPIBus
from machine import ADC, I2C, SPI, WDT, Pin, Timer, freq, lightsleep, mem32, soft_reset, unique_id
from plmcore.native import const, micropython

ADDRESSES = (0x18, 0x19)  # of the LIS3DH, by its SDO pin: low, high
_I2C_HZ = const(100000)  # a metre of cable is a lot for 400 kHz: its capacitance rounds the edges
_SPI_HZ = const(1000000)
_WATCHDOG_MS = const(8000)  # the RP2040 can do 8388
_HOST_MS = const(
    600000
)  # for so long a computer may talk before the watchdog starts the board anew

# The watchdog's registers (RP2040 datasheet 4.7, RP2350 datasheet 12.9).
WATCHDOG = {"rp2040": 0x40058000, "rp2350": 0x400D8000}
_CTRL = const(0x00)
_RUNNING = const(1 << 30)
_PAUSES = const(0x07000000)  # its other bits that can be written: it stands still for a debugger
_SCRATCH0 = const(0x0C)  # survives all but power-off; 4 to 7 belong to the boot ROM
_SCRATCH1 = const(0x10)

# The timer of 64 bits in us (RP2040 datasheet 4.6, RP2350 datasheet 12.8): a soft reset leaves it,
# any other begins it anew.
TIMER = {"rp2040": 0x40054000, "rp2350": 0x400B0000}
_RAW_HIGH = const(0x24)
_RAW_LOW = const(0x28)

# The USB controller's state, the same in both chips (RP2040 datasheet 4.1.4, RP2350 12.7.5).
_SIE_STATUS = const(0x50110050)
_CONNECTED = const(1 << 16)

_CTRL_C = const(3)
_STEP_MS = const(2000)


class Board:
    """One board.

    name: of its folder. chip: "rp2040" or "rp2350". led: of Pin, number or name. button: pin,
    pulled up, pressed to ground. bus: "i2c" or "spi". i2c: (id, sda, scl), where a DS3231 may be
    in either case; i2c_hz: its rate, 400_000 at most. spi: (id, sck, mosi, miso, cs). battery:
    (ADC pin, divisor of the voltage). clock: of the processor in Hz; None leaves it as MicroPython
    sets it. See boards/README.md.
    """

    root = ""  # the flash is mounted at /
    watchdog_ms = _WATCHDOG_MS
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)

    def __init__(
        self,
        name,
        chip,
        led,
        button=14,
        bus="i2c",
        i2c=(0, 4, 5),
        spi=(0, 18, 19, 16, 17),
        battery=None,
        clock=None,
        i2c_hz=_I2C_HZ,
    ):
        if clock:  # the buses' rates are divided from it: before they are opened
            freq(clock)
        self.name = name
        self.device_id = binascii.hexlify(unique_id()).decode()
        self._registers = WATCHDOG[chip]
        self._fed_at = self._registers + _SCRATCH1  # made here: to make it in a cycle allocates
        self._timer_at = TIMER[chip]
        self._led = Pin(led, Pin.OUT, value=0)
        self._wireless = isinstance(led, str)
        self._own_clock = clock is not None
        self._i2c_hz = i2c_hz
        self._button = Pin(button, Pin.IN, Pin.PULL_UP)
        self._pressed = False
        self._button.irq(self._press, Pin.IRQ_FALLING, hard=True)
        self._by_spi = bus == "spi"
        self._i2c_pins = i2c
        self._spi_pins = spi
        self._i2c = None
        self._battery = ADC(Pin(battery[0])) if battery else None
        self._full_mv = 3300 * battery[1] if battery else 0
        self._stdin = sys.stdin.buffer
        self._byte = bytearray(1)
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._poll.ipoll(0)  # makes the tuple that later calls use again
        self._watchdog = None
        self._timer = None
        self._host_steps = 0
        self._deep = False
        self._looped = False  # feed() was called
        self._yield_to_host()  # a soft reset does not stop the watchdog

    def buses(self):
        """Buses on which the sensor may be, in the order to try them. Opened anew at each call,
        and freed when the sensor holds one: earlier ones are no longer good."""
        if self._by_spi:
            id_, sck, mosi, miso, cs = self._spi_pins
            select_pin = Pin(cs, Pin.OUT, value=1)
            spi = SPI(
                id_,
                baudrate=_SPI_HZ,
                polarity=1,
                phase=1,
                sck=Pin(sck),
                mosi=Pin(mosi),
                miso=Pin(miso),
            )
            return [SPIBus(spi, select_pin)]
        i2c = self._open_i2c()
        return [I2CBus(i2c, address) for address in ADDRESSES]

    def _open_i2c(self):
        id_, sda, scl = self._i2c_pins
        _free_bus(sda, scl)
        self._i2c = I2C(id_, sda=Pin(sda), scl=Pin(scl), freq=self._i2c_hz)
        return self._i2c

    def sleep_ms(self, ms):
        """Let ms pass. Raises KeyboardInterrupt at the computer's Ctrl-C, even when MicroPython
        does not look for it; other input is dropped, what follows the Ctrl-C stays."""
        ticks_ms, ticks_diff = time.ticks_ms, time.ticks_diff
        start = ticks_ms()
        left = ms
        while self._deep and left > 0:  # a button wakes it too
            lightsleep(left)
            left = ms - ticks_diff(ticks_ms(), start)
        try:
            while left > 0:
                for _ in self._poll.ipoll(left):
                    self._stdin.readinto(self._byte)  # pyright: ignore[reportAttributeAccessIssue]
                    if self._byte[0] == _CTRL_C:
                        raise KeyboardInterrupt
                left = ms - ticks_diff(ticks_ms(), start)
        except KeyboardInterrupt:
            self._yield_to_host()
            raise

    def save_power(self):
        """From now on sleep_ms stops the clocks, and USB with them, unless a computer is there.

        Refused with a clock of our own: MicroPython wakes at its own rate, and the I2C bus, whose
        rate is divided from the clock's, would run 2.6 times too fast.
        """
        self._deep = not self._own_clock and not mem32[_SIE_STATUS] & _CONNECTED

    def uptime_ms(self):
        """ms since the timer began to count: not before the last reset other than a soft one."""
        while True:
            high = mem32[self._timer_at + _RAW_HIGH]
            low = mem32[self._timer_at + _RAW_LOW] & 0xFFFFFFFF  # mem32 gives it a sign
            if mem32[self._timer_at + _RAW_HIGH] == high:
                return (high << 32 | low) // 1000

    def utc(self):
        """(days since 1970-01-01, ms of that UTC day, local offset in minutes); None if the clock
        was not set since power-up and there is no DS3231 that knows better (within a second)."""
        with Briefly():
            return rp2_clock.utc(self.root, self._ds3231)

    def set_utc(self, day, ms_of_day, tz_min):
        """Set the clock, and a DS3231; takes up to a second."""
        with Briefly():
            rp2_clock.set_utc(self.root, self._ds3231, day, ms_of_day, tz_min)

    def _ds3231(self):
        from drivers.ds3231 import ADDRESS, DS3231  # noqa: PLC0415

        return DS3231(I2CBus(self._i2c or self._open_i2c(), ADDRESS, increment=0))

    def nonce(self):
        """Four bytes that name a session apart from any other."""
        return os.urandom(4)

    def led(self, on):
        if self._led is not None:
            self._led(1 if on else 0)

    def dark(self):
        """The LED has nothing more to say. Where it hangs on the wireless chip, that is switched
        off for good: awake it draws current all night, and its interrupts end every deep sleep."""
        if self._wireless and self._led is not None:
            self._led = None
            _wireless_off()

    def reset(self):
        """Start the firmware anew; clock and uptime go on. Does not return."""
        soft_reset()

    def _press(self, _pin):
        self._pressed = True

    @micropython.native
    def button(self):
        """Whether the button is held, or was pressed since the last call."""
        if self._pressed:
            self._pressed = False
            return True
        return not self._button()

    def battery_mv(self):
        """Voltage of the battery in mV; None where the board can't measure one."""
        if self._battery is None:
            return None
        return self._battery.read_u16() * self._full_mv // 65535  # below 2**30

    def keep(self, value):
        """Keep a number (0..2**30 - 1) until the power goes: not even the watchdog clears it."""
        mem32[self._registers + _SCRATCH0] = value
        mem32[self._fed_at] = self.ticks_ms()

    def kept(self):
        """The number kept last; 0 when there is none since the power came."""
        return mem32[self._registers + _SCRATCH0]

    def watch(self):
        """Start the watchdog, if it does not run."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=_WATCHDOG_MS)

    @micropython.native
    def feed(self):
        """Feed the watchdog; start it, if it does not run."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=_WATCHDOG_MS)
        if self._timer is not None:
            self._timer.deinit()
            self._timer = None
        self._looped = True
        self._watchdog.feed()
        mem32[self._fed_at] = self.ticks_ms()

    def fed(self):
        """ticks_ms() of the last feed() or keep() since the power came."""
        return mem32[self._fed_at]

    def _yield_to_host(self):
        """The loop ends here, and a computer has the board: stop the watchdog, which would bite
        behind a soft reset of mpremote's or Thonny's. It starts again after _HOST_MS, for a
        computer that has gone away in the middle."""
        control = self._registers + _CTRL
        if not mem32[control] & _RUNNING:
            return
        mem32[control] = mem32[control] & _PAUSES  # machine.WDT has no way to stop it
        self._watchdog = None
        self._host_steps = _HOST_MS // _STEP_MS
        if self._timer is None:
            self._timer = Timer(-1, period=_STEP_MS, mode=Timer.PERIODIC, callback=self._host_step)

    def _host_step(self, timer):
        if self._looped:  # before, it says when the watchdog's reset came
            mem32[self._fed_at] = self.ticks_ms()
        self._host_steps -= 1
        if not self._host_steps:
            timer.deinit()
            self._timer = None
            self._watchdog = WDT(timeout=_WATCHDOG_MS)


def _wireless_off():
    import network  # noqa: PLC0415 # pyright: ignore - on boards with the chip alone

    for interface in (network.STA_IF, network.AP_IF):
        network.WLAN(interface).active(False)
    network.WLAN(network.STA_IF).deinit()


def _free_bus(sda_pin, scl_pin):
    """A reset in the middle of a read leaves the sensor holding SDA low: clock the byte out."""
    sda = Pin(sda_pin, Pin.IN, Pin.PULL_UP)
    if sda():
        return
    scl = Pin(scl_pin, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
    for _ in range(9):
        scl(0)
        time.sleep_us(5)
        scl(1)
        time.sleep_us(5)
    sda = Pin(sda_pin, Pin.OPEN_DRAIN, Pin.PULL_UP, value=0)  # a stop
    time.sleep_us(5)
    sda(1)
