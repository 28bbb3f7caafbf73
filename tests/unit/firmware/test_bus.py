"""The sensor over SPI as over I2C; the DS3231 clock."""

import io
import struct
from datetime import UTC, datetime

import hw
import main
import pytest
from anklet.night import nightfile
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from drivers.bus import I2CBus
from drivers.ds3231 import DS3231
from drivers.lis3dh import LIS3DH, SensorError
from hypothesis import given
from hypothesis import strategies as st

NUMBERED = b"".join(struct.pack("<3h", k << 6, -k << 6, 16384) for k in range(200))


def driven(bus, data=NUMBERED):
    board = hw.board(io.BytesIO(data))
    board.bus = bus
    return board, LIS3DH(board.buses()[0])


def drained(bus):
    board, sensor = driven(bus)
    sensor.init(board.sleep_ms)
    buf = bytearray(192)
    taken = []
    for _ in range(5):
        board.sleep_ms(300)
        taken.append(bytes(buf[: 6 * sensor.drain(buf)]))
    return sensor.registers(), taken


def test_spi_gives_the_same_registers_and_samples_as_i2c():
    registers, taken = drained("spi")
    assert (registers, taken) == drained("i2c")
    assert b"".join(taken) == NUMBERED[: len(b"".join(taken))]
    assert len(b"".join(taken)) >= 6 * 70


def test_the_self_test_passes_over_spi():
    board, sensor = driven("spi")
    assert sensor.self_test(board.sleep_ms) == (True, 60, 60, 100)


@pytest.mark.slow
def test_a_night_over_spi_has_the_same_movements(tmp_path):
    night = make_night(0.2, seed=1, plm_per_hour=90)
    raw = to_raw(Acceleration(rate=50, acc=night.acc))
    nights = []
    for bus in ("i2c", "spi"):
        root = tmp_path / bus
        root.mkdir()
        board = hw.board(io.BytesIO(raw), root=str(root))
        board.bus = bus
        main.run(board)
        (path,) = (root / "nights").rglob("*.plm")
        nights.append(nightfile.parse(path.read_bytes()))
    by_i2c, by_spi = nights
    assert [(lm.n, lm.kind, lm.plm) for lm in by_spi.lms] == [
        (lm.n, lm.kind, lm.plm) for lm in by_i2c.lms
    ]
    assert by_spi.counts == by_i2c.counts
    assert by_spi.counts["plm"] >= 8


def test_spi_without_a_sensor_is_no_sensor_and_one_that_goes_is_an_oserror():
    board, sensor = driven("spi")
    board.model.present = False
    with pytest.raises(SensorError, match="0xff"):
        sensor.init(board.sleep_ms)
    board.model.present = True
    sensor.init(board.sleep_ms)
    board.model.present = False
    with pytest.raises(OSError, match="5"):
        sensor.drain(bytearray(192))


class Clock:
    """A DS3231's registers on I2C. Its address pointer wraps behind 0x12."""

    def __init__(self):
        self.registers = bytearray(19)
        self.registers[0x0F] = 0x88  # as after its first power-on: OSF, 32 kHz output

    def readfrom_mem_into(self, addr, memaddr, buf):
        if addr != 0x68:
            raise OSError(5)
        assert memaddr < 19
        buf[:] = bytes(self.registers[(memaddr + i) % 19] for i in range(len(buf)))

    def writeto_mem(self, addr, memaddr, buf):
        if addr != 0x68:
            raise OSError(5)
        self.registers[memaddr : memaddr + len(buf)] = buf


def clock():
    device = Clock()
    return device, DS3231(I2CBus(device, 0x68, increment=0))


def test_a_clock_that_stood_still_knows_nothing_until_it_is_set():
    _, ds3231 = clock()
    assert ds3231.read() is None
    ds3231.set(1_800_000_000)
    assert ds3231.read() == 1_800_000_000


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_it_keeps_every_second_of_its_century_in_decimals(when):
    device, ds3231 = clock()
    seconds = int(when.timestamp())
    ds3231.set(seconds)
    second, minute, hour, _, day, month, year = (f"{value:02x}" for value in device.registers[:7])
    shown = f"20{year}-{month}-{day} {hour}:{minute}:{second}"
    assert shown == when.strftime("%Y-%m-%d %H:%M:%S")
    device.registers[5] |= 0x80  # the century flag, which it may have set itself
    assert ds3231.read() == seconds


def test_nonsense_in_its_registers_is_an_unknown_time():
    device, ds3231 = clock()
    ds3231.set(1_800_000_000)
    device.registers[5] = 0
    assert ds3231.read() is None


def test_no_clock_on_the_bus_is_an_oserror():
    with pytest.raises(OSError, match="5"):
        DS3231(I2CBus(Clock(), 0x69, increment=0)).read()
