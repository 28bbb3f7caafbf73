"""Finding the sensor, and finding it again when it has failed."""

from drivers.lis3dh import FIFO_DEPTH, LIS3DH, SAMPLE_BYTES, SensorError
from plmcore.native import const

_ENODEV = const(19)
NO_SENSOR = const(1)  # of reader.FAULTS
_WRONG_SENSOR = const(2)
BAD_DATA = const(7)
CONSTANT = const(1)  # detail of BAD_DATA
OFF_SCALE = const(2)
_BOUNCE_MS = const(20)
BOUNCES = const(60)  # tries at this pace, for a loose contact; the LED sets that of the later ones
_LISTEN_MS = const(500)


def sensor_of(board):
    """The sensor, set up, on the first of the board's buses, opened anew, where one answers.

    Raises SensorError when only something else answers, OSError when nothing does.
    """
    wrong = None
    for bus in board.buses():
        sensor = LIS3DH(bus)
        try:
            sensor.init(board.sleep_ms)
            return sensor
        except SensorError as error:
            wrong = error
        except OSError:
            pass
    raise wrong or OSError(_ENODEV)


def wait_for_sensor(board, lamp):
    """Look for the sensor until it is there, and let the LED say what is wrong; return it."""
    while True:
        try:
            return sensor_of(board)
        except OSError:
            lamp.fault(NO_SENSOR)
        except SensorError:
            lamp.fault(_WRONG_SENSOR)


def regain(board, lamp, fault, failed):
    """Set the sensor up anew until it works; return it.

    fault: of reader.FAULTS; after BAD_DATA its samples have to make sense before it is trusted.
    failed: called with the fault of each try and the number of tries so far.
    """
    tries = 0
    while True:
        number = BAD_DATA
        try:
            sensor = sensor_of(board)
            if fault != BAD_DATA or sound(board, sensor):
                return sensor
        except OSError:
            number = NO_SENSOR
        except SensorError:
            number = _WRONG_SENSOR
        tries += 1
        failed(number, tries)
        if tries < BOUNCES and number != BAD_DATA:
            board.feed()
            board.sleep_ms(_BOUNCE_MS)
        else:
            lamp.fault(number)


def sound(board, sensor):
    """Whether samples come that differ and lie about 1 g from zero."""
    buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
    board.sleep_ms(_LISTEN_MS)
    samples = sensor.drain(buf)
    first = bytes(buf[:SAMPLE_BYTES])
    same = sum(buf[i * SAMPLE_BYTES : (i + 1) * SAMPLE_BYTES] == first for i in range(samples))
    axes = []
    for axis in (1, 3, 5):  # the high bytes: 1/64 g
        values = [buf[i * SAMPLE_BYTES + axis] for i in range(samples)]
        axes.append(sum(v - 256 if v > 127 else v for v in values) // (samples or 1))
    return samples > same and plausible(*axes)


def plausible(x, y, z):
    """Whether gravity, in 1/64 g, is 0.5 to 1.5 g."""
    return 32 * 32 <= x * x + y * y + z * z <= 96 * 96
