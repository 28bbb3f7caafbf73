"""The contract of a board, on the emulated Pico: boards/rpi_pico/hw.py under MicroPython."""

import device_files
import pytest
from emulator import DEVICE, PATIENCE_S, EmulatedPico
from mpremote.transport_serial import SerialTransport

STILL = bytes((0, 0, 0, 0, 0, 0x40)) * 3000


class Repl:
    """The emulated board's prompt; `b` is its board."""

    def __init__(self, pico: EmulatedPico):
        self.pico = pico
        pico.speed(1)
        self.transport = SerialTransport(pico.port, timeout=PATIENCE_S)
        self.prompt()
        self("import hw, time, machine, micropython; b = hw.board()")

    def __call__(self, code: str) -> str:
        self.start(code)
        return self.follow()

    def prompt(self) -> None:
        self.transport.enter_raw_repl(soft_reset=False, timeout_overall=PATIENCE_S)

    def start(self, code: str) -> None:
        self.transport.exec_raw_no_follow(code)

    def follow(self) -> str:
        out, error = self.transport.follow(PATIENCE_S)
        assert not error, error.decode()
        return out.decode().strip()


@pytest.fixture(scope="module")
def board():
    files = device_files.compiled()
    del files["/main.py"]
    with EmulatedPico(STILL, files) as pico:
        repl = Repl(pico)
        yield repl
        repl.transport.close()


SENSOR = """
from drivers.lis3dh import LIS3DH, SensorError
def found():
    for bus in b.buses():
        try:
            sensor = LIS3DH(bus)
            sensor.init(b.sleep_ms)
            return hex(bus.addr)
        except (OSError, SensorError):
            pass
"""


def test_it_knows_its_name_and_number(board):
    assert board("print(b.name, b.device_id, repr(b.root))") == f"rpi_pico {DEVICE.hex()} ''"


def test_ctrl_c_wakes_it_within_20_ms_though_nobody_looks_for_it(board):
    board.start(
        """
micropython.kbd_intr(-1)
try:
    b.sleep_ms(60000)
except KeyboardInterrupt:
    now = time.ticks_us()
import sys
micropython.kbd_intr(3)
print(now, sys.stdin.read(4))
"""
    )
    board.pico.command("pass 1")
    sent = board.pico.stats()["simulated_s"]
    board.pico.deliver(b"typed\x03rest", board.transport.serial)
    board.pico.speed(1)
    woken, rest = board.follow().split()
    assert 0 <= int(woken) / 1e6 - sent < 0.02
    assert rest == "rest"


def test_what_the_loop_calls_allocates_nothing(board):
    board(
        """
def once():
    b.sleep_ms(30)
    b.button()
    b.ticks_diff(b.ticks_ms(), 5)
    b.led(False)
    b.feed()

def locked():
    once()
    micropython.heap_lock()
    try:
        once()
    finally:
        micropython.heap_unlock()
"""
    )
    board("locked(); b._yield_to_host()")


def test_sleep_takes_its_time(board):
    lasted = board("t = b.ticks_ms(); b.sleep_ms(250); print(b.ticks_diff(b.ticks_ms(), t))")
    assert 250 <= int(lasted) <= 252


def test_the_clock_is_unknown_until_it_is_set_and_outlives_a_soft_reset(board):
    assert board("print(b.utc())") == "None"
    given, set_ms, ticks = board(
        "b.set_utc(20779, 43200700, -330)\nu = b.utc(); print(u[0], u[1], time.ticks_ms())"
    ).split()
    assert given == "20779"
    assert 0 <= int(set_ms) - 43201000 < 20
    board("b.keep(12345)")
    up, high = map(int, board("print(b.uptime_ms(), b.uptime_ms() - b.ticks_ms())").split())
    assert abs(high) <= 1
    board.start("machine.soft_reset()")
    board.pico.pass_time(2)
    board.prompt()
    board("import hw, time, machine, micropython; b = hw.board()")
    day, ms, zone, later = board("u = b.utc(); print(u[0], u[1], u[2], time.ticks_ms())").split()
    assert (day, zone) == ("20779", "-330")
    assert board("print(b.kept())") == "12345"
    assert int(board("print(b.fed())")) <= up < int(board("print(b.uptime_ms())"))
    passed = int(later) - int(ticks)
    assert abs(int(ms) - int(set_ms) - passed) < 20


def test_button_and_led(board):
    assert board("print(b.button())") == "False"
    board.pico.command("button 1")
    assert board("b.led(True); print(b.button())") == "True"
    assert board.pico.stats()["led"]
    board.pico.command("button 0")
    assert board("b.led(False); print(b.button())") == "False"
    assert not board.pico.stats()["led"]


def test_a_short_press_is_kept_until_somebody_looks_and_allocates_nothing(board):
    board.start(
        "micropython.heap_lock(); b.sleep_ms(1000); micropython.heap_unlock()\n"
        "print(b.button(), b.button())"
    )
    for down in (1, 0):
        board.pico.pass_time(0.2)
        board.pico.command(f"button {down}")
    assert board.follow() == "True False"


def test_the_sensor_is_found_lost_and_found(board):
    board(SENSOR)
    assert board("print(found())") == "0x18"
    board.pico.command("plug 0")
    assert board("print(found())") == "None"
    board.pico.command("plug 1")
    board.pico.command("nack 1")
    assert board("print(found())") == "None"
    assert board("print(found())") == "0x18"


def test_a_sensor_that_holds_the_bus_is_freed(board):
    board(SENSOR)
    board.pico.command("stick 7")
    assert board("print(found())") == "0x18"
    assert board("print(b.buses()[0]._i2c.scan())") == "[24]"


def test_the_watchdog_is_fed_while_the_computer_talks_and_bites_when_nobody_feeds_it(board):
    board("b.feed(); b._yield_to_host()")
    board("b.keep(0x2A5C0001); time.sleep(9)")  # longer than the watchdog waits
    assert board("print(machine.reset_cause() == machine.WDT_RESET)") == "False"
    board.start("b.feed()\ntime.sleep(20)")
    board.pico.pass_time(12)
    board.prompt()
    assert board("import machine; print(machine.reset_cause() == machine.WDT_RESET)") == "True"
    board("import hw; b = hw.board()")
    assert board("print(hex(b.kept()))") == "0x2a5c0001"  # and power-off forgets it
    board.pico.command("power")
    board.pico.pass_time(2)
    board.prompt()
    assert board("import hw; print(hw.board().kept())") == "0"
