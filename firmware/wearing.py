"""Between two sessions: the last one ended by itself, the next begins when the sensor is worn.

A session that ends because nobody lies in bed may not end one in which somebody lies very still:
it takes two hours of that (see Monitor), and a few movements begin the next. A bump against the
table that the device lies on is not enough, nor is a leg that stands or walks.
"""

from drivers.lis3dh import FIFO_DEPTH, SAMPLE_BYTES, SensorError
from plmcore.detector import Detector
from plmcore.native import const
from sensing import NO_SENSOR, WRONG_SENSOR, sensor_of

MOVES = const(3)
WITHIN_MS = const(600000)  # so many movements begin a session
STEP_MS = const(500)


def until_worn(board, sensor, settings, lamp):
    """Wait for MOVES movements within ten minutes, the last of them with the leg not upright.

    Raises KeyboardInterrupt at a computer's Ctrl-C.
    """
    detector = Detector(settings.shank, settings.on_mg)
    buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
    moves = []  # ticks of the last ones
    while True:
        board.sleep_ms(STEP_MS)
        board.feed()
        try:
            detector.feed(buf, sensor.drain(buf))
        except OSError:
            sensor = _again(board, lamp)
            detector = Detector(settings.shank, settings.on_mg)
            moves.clear()
        while detector.next():
            moves.append(board.ticks_ms())
        now = board.ticks_ms()
        moves = [at for at in moves if board.ticks_diff(now, at) < WITHIN_MS][-MOVES:]
        if len(moves) == MOVES and not detector.posture.vertical:
            return


def _again(board, lamp):
    while True:
        try:
            return sensor_of(board)
        except OSError:
            lamp.fault(NO_SENSOR)
        except SensorError:
            lamp.fault(WRONG_SENSOR)
