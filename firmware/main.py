"""The only file that starts by itself: a way out first, then one session after another."""

import hostlink
from drivers.lis3dh import LIS3DH, SensorError
from monitor import Monitor
from nightlog import NightLog, folder
from plmcore import record
from settings import Settings

try:
    from micropython import kbd_intr
except ImportError:  # CPython

    def kbd_intr(char):
        pass


WINDOW_MS = 2000  # time for a Ctrl-C before anything starts
RETRY_MS = 5000


def sensor_of(board):
    """The sensor, set up, on the first of the board's buses where one answers; else None."""
    for bus in board.buses():
        sensor = LIS3DH(bus)
        try:
            sensor.init(board.sleep_ms)
            return sensor
        except (OSError, SensorError):
            continue
    return None


def run(board, progress=None):
    """Record until Ctrl-C, then end the session cleanly and return.

    Ctrl-C arrives in board.sleep_ms alone, between two cycles, never in the middle of a record.
    progress: called with the number of the sample reached, once a simulated minute.
    """
    hostlink.attach(board)
    kbd_intr(-1)
    try:
        while True:
            sensor = sensor_of(board)
            if sensor:
                board.led(False)
                try:
                    log = NightLog(folder(board.root), board.nonce())
                    session(board, Monitor(board, Settings(board.root), sensor, log), progress)
                    return
                except OSError:  # the flash is full or broken: try again as a new session
                    pass
            board.led(True)
            board.feed()
            board.sleep_ms(RETRY_MS)
    except KeyboardInterrupt:
        pass
    finally:
        kbd_intr(3)


def session(board, monitor, progress=None):
    """Run one session until Ctrl-C."""
    told = 0
    try:
        while True:
            monitor.cycle()
            if progress and monitor.time.n - told >= 3000:
                told = monitor.time.n
                progress(told)
    except KeyboardInterrupt:
        pass
    try:
        monitor.close(record.BY_HOST)
    except OSError:
        pass  # a broken flash does not keep the computer out


if __name__ == "__main__":
    import hw

    _board = hw.board()
    try:
        _board.sleep_ms(WINDOW_MS)
        run(_board)
    except KeyboardInterrupt:
        pass
