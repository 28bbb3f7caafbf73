"""Register access to a sensor.

A bus is any object with

    read(reg, buf)      fill `buf` from register `reg` on; more than one byte auto-increments
    write(reg, value)   write one byte, 0..255

Both raise OSError when the sensor does not acknowledge, which SPI can't know: there the driver
sees registers that make no sense, or no samples. `reg` is 0..127 (SPI: 0..63) without flag bits:
the bus adds what its protocol wants.
"""

from plmcore.native import micropython


class I2CBus:
    """ST sensors on I2C: bit 7 of the sub-address asks for auto-increment (DocID17530, 6.1.1).

    i2c: machine.I2C or anything with its readfrom_mem_into and writeto_mem.
    addr: 7-bit address, 0x18 or 0x19 for an LIS3DH, by its SDO pin.
    increment: the flag; 0 for parts that increment without being asked.
    """

    def __init__(self, i2c, addr, increment=0x80):
        self.addr = addr
        self._increment = increment
        self._i2c = i2c
        self._read = i2c.readfrom_mem_into
        self._byte = bytearray(1)

    @micropython.native
    def read(self, reg, buf):
        """Fill buf (bytearray or memoryview, 1..192 bytes). Allocates nothing."""
        if len(buf) > 1:
            reg |= self._increment
        self._read(self.addr, reg, buf)

    def write(self, reg, value):
        """Write value (0..255) to reg."""
        self._byte[0] = value
        self._i2c.writeto_mem(self.addr, reg, self._byte)


class SPIBus:
    """ST sensors on four-wire SPI: bit 7 reads, bit 6 asks for auto-increment (DocID17530, 6.2).

    spi: machine.SPI in mode 3 (polarity 1, phase 1), 10 MHz at most, or anything with its write
    and readinto. cs: its chip-select pin, called with the level.
    """

    def __init__(self, spi, cs):
        self._spi = spi
        self._cs = cs
        self._byte = bytearray(1)
        self._pair = bytearray(2)

    def read(self, reg, buf):
        """Fill buf (bytearray or memoryview, 1..192 bytes). Allocates nothing."""
        self._byte[0] = reg | (0xC0 if len(buf) > 1 else 0x80)
        self._cs(0)
        self._spi.write(self._byte)
        self._spi.readinto(buf)
        self._cs(1)

    def write(self, reg, value):
        """Write value (0..255) to reg."""
        self._pair[0] = reg
        self._pair[1] = value
        self._cs(0)
        self._spi.write(self._pair)
        self._cs(1)
