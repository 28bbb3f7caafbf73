"""On MicroPython: what a board does when it is asked for each thing of the contract.

    micropython board.py NAME FOLDER [BUS]

NAME: a folder of boards/. FOLDER: an empty one. Prints one line of JSON. Boards other than the
simulated one get the `machine` and `time` of tests/upy/fake.
"""

import json
import sys

import micropython

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
_REPO = _HERE + "/../.."
NAME, FOLDER = sys.argv[1:3]
for _folder in ("/boards", "/boards/" + NAME, "/boards/sim", "/firmware", "/boards/" + NAME):
    sys.path.insert(0, _REPO + _folder)
if NAME != "sim":
    sys.path.insert(0, _HERE + "/fake")

import hw  # noqa: E402
from drivers.lis3dh import LIS3DH, SensorError  # noqa: E402

WHO_AM_I, STATUS = 0x0F, 0x0F
NOON = (20779, 43200990, -330)  # a day, 10 ms before a whole second, an offset


class Silence:
    def readinto(self, buf):
        buf[:] = bytes(len(buf))
        return len(buf)


def found(board):
    """Which of the buses, opened just now, has an LIS3DH."""
    answers = []
    for bus in board.buses():
        try:
            LIS3DH(bus).init(board.sleep_ms)
            answers.append(True)
        except (OSError, SensorError):
            answers.append(False)
    return answers


def contract(board, press):
    """What holds for each board. press: presses the button, or lets it go."""
    seen = {"names": dir(board), "name": board.name, "device_id": board.device_id}
    seen["root"] = board.root
    board.root = FOLDER
    seen["nonces"] = [len(board.nonce()), board.nonce() != board.nonce()]
    seen["found"] = [found(board), found(board)]
    start = board.ticks_ms()
    board.sleep_ms(20)
    seen["slept"] = board.ticks_diff(board.ticks_ms(), start)
    seen["kept"] = [board.kept()]
    for value in (1, (1 << 30) - 1):
        board.keep(value)
        seen["kept"].append(board.kept())
    ticks, uptime = board.ticks_ms(), board.uptime_ms()
    seen["fed"] = [board.ticks_diff(board.fed(), ticks)]
    board.sleep_ms(20)
    board.feed()
    seen["fed"].append(board.ticks_diff(board.fed(), ticks))
    seen["uptime"] = [uptime, board.uptime_ms() - uptime, board.watchdog_ms]
    seen["utc"] = [board.utc()]
    board.set_utc(*NOON)
    seen["utc"].append(board.utc())
    seen["button"] = [board.button()]
    press(True)
    seen["button"] += [board.button(), board.button(), board.button()]  # the edge, and then held
    press(False)
    seen["button"].append(board.button())
    press(True)
    press(False)
    seen["button"] += [board.button(), board.button()]
    board.led(True)
    board.led(False)
    board.feed()
    seen["battery_mv"] = board.battery_mv()
    return seen


def simulated():
    board = hw.board(Silence(), root=FOLDER)
    board.bus = BUS

    def press(down):
        board.pressed = down
        if down:
            board.press()

    seen = contract(board, press)
    bus = board.buses()[0]
    buf = bytearray(12)
    line = getattr(board, BUS)
    line.heap_locked = True  # what the model does may allocate, what the bus does may not
    micropython.heap_lock()
    try:
        bus.read(0x28, buf)
    finally:
        micropython.heap_unlock()
    line.heap_locked = False
    return seen


def rp2():
    import time  # noqa: PLC0415

    import machine  # noqa: PLC0415 - the fake
    import network  # noqa: PLC0415 - the fake
    from rp2_board import Board  # noqa: PLC0415

    machine.i2c_devices[0x18] = lis3dh = bytearray(64)
    lis3dh[WHO_AM_I] = 0x33
    machine.spi_registers = bytearray(64)
    machine.spi_registers[WHO_AM_I] = 0x33
    board = make()

    def press(down):
        machine.press(hw.BUTTON, down)

    seen = contract(board, press)
    board.led(True)
    seen["led"] = machine.levels[hw.LED]
    seen["opened"] = machine.opened
    seen["watchdogs"] = [dog.fed for dog in machine.watchdogs]
    seen["kept_at"] = [at for at, value in machine.mem32.items() if value == (1 << 30) - 1]
    board.save_power()
    board.sleep_ms(1)
    machine.mem32[0x50110050] = 0
    board.save_power()
    board.sleep_ms(2)
    seen["slept_lightly"] = list(machine.slept)
    Board("x", hw.CHIP, hw.LED, clock=48000000).buses()
    seen["clocks"] = [len(machine.opened) - 1, list(machine.clocks)]
    machine.levels[29] = 27500
    seen["battery_mv"] = board.battery_mv()
    # A sensor that holds SDA, as after a reset in the middle of a read.
    sda = 4
    machine.held[sda] = 7
    seen["freed"] = found(board)
    machine.held[sda] = 0
    # A watchdog that ran before a soft reset is stopped while the host talks, for ten minutes.
    ctrl = seen["kept_at"][0] - 0x0C
    machine.mem32[ctrl] = 1 << 30 | 0x07000000
    make()
    seen["watchdog_stopped"] = machine.mem32[ctrl]
    (timer,) = machine.timers
    dogs = len(machine.watchdogs)
    passed = 0
    while timer.callback and passed < 1000000:
        timer.callback(timer)
        passed += timer.period
        if len(machine.watchdogs) > dogs:
            break
    seen["watchdog_again_after"] = passed
    # With the LED on the wireless chip, that is switched off when the LED has no more to say.
    wireless = Board("x", hw.CHIP, "LED")
    wireless.led(True)
    wireless.dark()
    seen["wireless"] = [network.active, network.deinits]
    machine.levels["LED"] = 0
    wireless.led(True)
    seen["wireless"].append(machine.levels["LED"])
    board.dark()
    board.led(True)
    seen["led_after_dark"] = machine.levels[hw.LED]
    try:
        board.reset()
    except SystemExit:
        seen["resets"] = True
    # A clock of one's own and deep sleep exclude each other.
    slow = Board("x", hw.CHIP, hw.LED, clock=48000000)
    slow.save_power()
    slow.sleep_ms(3)
    seen["slow_slept"] = list(machine.slept)
    # A DS3231 turns up; then the power goes.
    machine.i2c_devices[0x68] = clock = bytearray(19)
    clock[STATUS] = 0x80
    board.set_utc(*NOON)
    seen["ds3231"] = [list(clock[:7]), clock[STATUS]]
    time.set_clock(1609459200)
    seen["utc"].append(board.utc())
    clock[STATUS] = 0x80
    time.set_clock(1609459200)
    seen["utc"].append(board.utc())
    return seen


def make():
    board = hw.board()
    board.root = FOLDER
    return board


BUS = "i2c"
if len(sys.argv) > 3:
    BUS = hw.BUS = sys.argv[3]
print(json.dumps(simulated() if NAME == "sim" else rp2()))
