"""The detector as it runs, told over USB while the strap is fitted; nothing is recorded.

Lines, all numbers:

    e MS ENVELOPE THRESHOLD GX GY GZ MOVING     five a second; 0.1 mg, mg, 0 or 1
    m ONSET_MS DURATION_MS PEAK_MG KIND         a movement, once its class is known (3 to 13 s)
    lost                                        the sensor does not answer
"""

import hostlink
from drivers.lis3dh import FIFO_DEPTH, SAMPLE_BYTES, SensorError
from plmcore.detector import Detector, deci_mg
from plmcore.native import const
from plmcore.series import Series
from selftest import opened
from settings import Settings

_STEP_MS = const(200)
_RETRY_MS = const(1000)
_PERIOD_MS = const(20)  # nominal: nobody counts here


def run(seconds):
    """Until Ctrl-C, or until so many seconds are over: a computer that has gone away must not
    keep the board from recording the night."""
    board = hostlink._get()
    settings = Settings(board.root)
    detector = Detector(settings.shank, settings.on_mg)
    series = Series(settings.rules)
    buf = bytearray(FIFO_DEPTH * SAMPLE_BYTES)
    sensor = None
    start = board.ticks_ms()
    try:
        while board.ticks_diff(board.ticks_ms(), start) < seconds * 1000:
            try:
                if sensor is None:
                    sensor = opened(board)
                if sensor is not None:
                    board.sleep_ms(_STEP_MS)
                    samples = sensor.drain(buf)
                    detector.feed(buf, samples)
                    if detector.posture.blocks:  # of gravity, which is known then
                        _tell(detector, series)
                    continue
            except (OSError, SensorError):
                sensor = None
            print("lost")
            board.sleep_ms(_RETRY_MS)
    except KeyboardInterrupt:
        pass


def _tell(detector, series):
    posture = detector.posture
    print(
        "e",
        detector.n * _PERIOD_MS,
        deci_mg(detector.envelope),
        deci_mg(detector.threshold),
        posture.gravity(0) * 1000 // 4096,
        posture.gravity(1) * 1000 // 4096,
        posture.gravity(2) * 1000 // 4096,
        1 if detector.moving else 0,
    )
    while detector.next():
        onset = detector.onset * _PERIOD_MS
        duration = (detector.offset - detector.onset) * _PERIOD_MS
        kind = detector.kind
        if kind == 0:
            series.add(0, onset, duration)
            kind = series.kind
        print("m", onset, duration, (detector.peak + 5) // 10, kind)
