"""Register access to a sensor.

A bus is any object with

    read(reg, buf)      fill `buf` from register `reg` on; more than one byte auto-increments
    write(reg, value)   write one byte, 0..255

Both raise OSError when the sensor does not acknowledge. `reg` is 0..127 without flag bits: the
bus adds what its protocol wants.
"""


class I2CBus:
    """ST sensors on I2C: bit 7 of the sub-address asks for auto-increment (DocID17530, 6.1.1).

    i2c: machine.I2C or anything with its readfrom_mem_into and writeto_mem.
    addr: 7-bit address, 0x18 or 0x19 for an LIS3DH, by its SDO pin.
    """

    def __init__(self, i2c, addr):
        self.addr = addr
        self._i2c = i2c
        self._byte = bytearray(1)

    def read(self, reg, buf):
        """Fill buf (bytearray or memoryview, 1..192 bytes). Allocates nothing."""
        if len(buf) > 1:
            reg |= 0x80
        self._i2c.readfrom_mem_into(self.addr, reg, buf)

    def write(self, reg, value):
        """Write value (0..255) to reg."""
        self._byte[0] = value
        self._i2c.writeto_mem(self.addr, reg, self._byte)
