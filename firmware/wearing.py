"""Between two sessions: the last one ended by itself, the next begins when the sensor is worn.

The next begins as soon as the device lies otherwise than it did: somebody has taken it up to put
it on, or has lain down, and no movement of the night is lost. A leg that kicks and stays where it
is begins it with the third movement. A bump against the table that the device lies on is not
enough, nor is a leg that stands or walks. A device that was only put elsewhere makes a session of
two hours off the body.
"""

from drivers.lis3dh import FIFO_DEPTH, SAMPLE_BYTES
from plmcore.native import const
from sensing import wait_for_sensor

_MOVES = const(3)
_WITHIN_MS = const(600000)  # so many movements begin a session
_STEP_MS = const(500)
_SETTLED = const(20)  # half seconds after which gravity is where the device lies
_ELSEWHERE = const(6)  # half seconds in which it is not there any more


def until_worn(board, sensor, detector, lamp):
    """Wait until gravity lies elsewhere than at first, or for _MOVES movements within ten minutes;
    and with either until the leg is not upright. detector: another begins as that one did.

    Raises KeyboardInterrupt at a computer's Ctrl-C.
    """
    detector = detector.anew()
    buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
    moves = []  # ticks of the last ones
    lay = ()  # gravity, where the device lay
    while True:
        board.sleep_ms(_STEP_MS)
        board.feed()
        try:
            detector.feed(buf, sensor.drain(buf))
        except OSError:
            sensor = wait_for_sensor(board, lamp)
            detector = detector.anew()
            moves.clear()
            lay = ()
        while detector.next():
            moves.append(board.ticks_ms())
        now = board.ticks_ms()
        moves = [at for at in moves if board.ticks_diff(now, at) < _WITHIN_MS][-_MOVES:]
        posture = detector.posture
        if not lay and posture.blocks > _SETTLED:
            lay = (posture.gravity(0), posture.gravity(1), posture.gravity(2))
        elsewhere = lay and posture.changed(lay[0], lay[1], lay[2], _ELSEWHERE, 0)
        if (elsewhere or len(moves) == _MOVES) and not posture.vertical:
            return
