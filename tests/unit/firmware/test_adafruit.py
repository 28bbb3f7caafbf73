"""A driver that nobody here wrote works against the register model."""

import io
import struct

import adafruit_lis3dh
import pytest
from lis3dh_model import LIS3DHModel

GRAVITY = 9.806
TILTED = (0.5, -0.25, 0.8)


class BusioI2C:
    """busio.I2C with one LIS3DH at 0x18: keeps the sub-address between transfers as the chip does.

    Every transfer lets 5 ms pass, so that there is always a new sample at 400 Hz.
    """

    def __init__(self, source):
        self.us = 0
        self.model = LIS3DHModel(source, lambda: self.us)
        self._reg = 0
        self._increment = False

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        self._answer(address)
        data = bytes(buffer[start:end])
        if data:
            self._reg, self._increment = data[0] & 0x7F, data[0] & 0x80
        for value in data[1:]:
            self.model.write_reg(self._reg, value)
            self._step()

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        self._answer(address)
        for i in range(*slice(start, end).indices(len(buffer))):
            buffer[i] = self.model.read_reg(self._reg)
            self._step()

    def writeto_then_readfrom(
        self, address, out, into, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        self.writeto(address, out, start=out_start, end=out_end)
        self.readfrom_into(address, into, start=in_start, end=in_end)

    def _answer(self, address):
        self.us += 5000
        if address != 0x18 or not self.model.ack():
            raise OSError(5)

    def _step(self):
        if self._increment:
            self._reg = self.model.next_reg(self._reg)


@pytest.fixture
def i2c():
    sample = struct.pack("<3h", *(round(g * 16384) for g in TILTED))
    return BusioI2C(io.BytesIO(sample * 5000))


def test_adafruit_finds_the_sensor_and_sets_it_up(i2c):
    adafruit_lis3dh.LIS3DH_I2C(i2c)
    assert i2c.model.read_reg(0x20) == 0x77
    assert i2c.model.read_reg(0x23) == 0x88
    assert i2c.model.read_reg(0x24) == 0x08


@pytest.mark.parametrize("scale", [0, 1, 2, 3])
def test_adafruit_reads_the_acceleration(i2c, scale):
    sensor = adafruit_lis3dh.LIS3DH_I2C(i2c)
    sensor.range = scale
    assert sensor.range == scale
    assert i2c.model.read_reg(0x23) >> 4 & 3 == scale
    step = (0.001, 0.002, 0.004, 0.012)[scale] * GRAVITY  # of the 12 bits that it asks for
    wanted = [g * GRAVITY for g in TILTED]
    assert tuple(sensor.acceleration) == pytest.approx(wanted, rel=0.001, abs=step)


@pytest.mark.parametrize("rate", range(1, 8))
def test_adafruit_sets_the_data_rate(i2c, rate):
    sensor = adafruit_lis3dh.LIS3DH_I2C(i2c)
    sensor.data_rate = rate
    assert sensor.data_rate == rate
    assert i2c.model.read_reg(0x20) == rate << 4 | 7


def test_adafruit_refuses_a_counterfeit_and_an_absent_sensor(i2c):
    i2c.model.who_am_i = 0x3F
    with pytest.raises(RuntimeError, match="LIS3DH"):
        adafruit_lis3dh.LIS3DH_I2C(i2c)
    i2c.model.present = False
    with pytest.raises(ValueError, match="0x18"):
        adafruit_lis3dh.LIS3DH_I2C(i2c)
