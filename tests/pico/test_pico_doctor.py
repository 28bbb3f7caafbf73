"""`anklet doctor` and `anklet watch` with an emulated Pico, the firmware running."""

import io

import device_files
import pytest
from anklet.board import watch
from anklet.cli import main
from emulator import EmulatedPico

RATE = 50
STILL = bytes((0, 0x40, 0, 0, 0, 0, 0, 0x40, 64, 0, 0, 0)) * RATE * 150


@pytest.fixture(scope="module")
def pico():
    with EmulatedPico(STILL, device_files.compiled()) as pico:
        pico.until(3 * RATE)
        pico.speed(1)
        yield pico


def test_a_healthy_board_and_one_whose_sensor_came_off(pico, capfd):
    assert main(["sync", "--port", pico.port]) == 0  # sets the clock
    capfd.readouterr()
    assert main(["doctor", "--port", pico.port]) == 0, capfd.readouterr()
    out = capfd.readouterr().out
    print(out)
    for line in (
        "LIS3DH at 0x18",
        "x 60, y 60, z 100",
        "32 samples deep, oldest first",
        " 50.0 Hz",
    ):
        assert line in out
    assert "MicroPython v1.27.0" in out
    pico.command("plug 0")
    assert main(["doctor", "--port", pico.port]) == 6
    assert "!!  sensor        does not answer" in capfd.readouterr().out
    pico.command("plug 1")


def test_watch_tells_the_envelope_five_times_a_second_and_recording_goes_on(pico):
    out = io.StringIO()
    watch.watch(pico.port, 6, out)
    lines = out.getvalue().splitlines()[1:]
    assert 4 <= len(lines) <= 7
    assert all("| " in line and "g +1.00 +0.00 +0.00" in line for line in lines)
    nights = len([path for path in pico.files() if path.endswith(".plm")])
    pico.until(pico.stats()["taken"] + 65 * RATE)  # the file is made with the first minute
    assert len([path for path in pico.files() if path.endswith(".plm")]) == nights + 1
