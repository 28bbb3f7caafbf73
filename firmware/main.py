"""The only file that starts by itself: a way out first, then one session after another."""

import hostlink
from breadcrumb import FAULT, Breadcrumb
from drivers.lis3dh import SensorError
from lamp import Lamp
from monitor import FLASH_FULL, Monitor
from nightlog import ENOSPC, ROOM, TRACE_ROOM, NightLog, folder, make_room, mark
from plmcore import record
from recovery import complete
from sensing import NO_SENSOR, WRONG_SENSOR, sensor_of
from settings import Settings

try:
    from micropython import kbd_intr
except ImportError:  # CPython

    def kbd_intr(chr):
        pass


WINDOW_MS = 2000  # time for a Ctrl-C before anything starts
WRITE = 5  # of record.FAULTS
FLASH_REST = 10  # rounds of blinks before such a flash is tried again: half a minute


def run(board, progress=None):
    """Record until Ctrl-C, then end the session cleanly and return.

    Ctrl-C arrives in board.sleep_ms alone, between two cycles, never in the middle of a record.
    progress: called with the number of the sample reached, once a simulated minute.
    """
    hostlink.attach(board)
    kbd_intr(-1)
    lamp = Lamp(board)
    crumb = Breadcrumb(board)
    crumb.begin()
    fault = 0
    try:
        while True:
            try:
                sensor = sensor_of(board)
            except OSError:
                fault = NO_SENSOR
            except SensorError:
                fault = WRONG_SENSOR
            else:
                fault, ended = record_on(board, sensor, crumb, progress)
                if ended:
                    return
                for _ in range(FLASH_REST):
                    lamp.fault(fault)
                continue
            lamp.fault(fault)
    except KeyboardInterrupt:
        pass
    finally:
        crumb.end(fault)
        board.led(False)
        kbd_intr(3)


def record_on(board, sensor, crumb, progress=None):
    """One session; returns its last fault (of record.FAULTS), and whether Ctrl-C ended it.

    A flash that is full costs nothing to try again: nothing is written then.
    """
    log = monitor = None
    try:
        complete(board.root)
        settings = Settings(board.root)
        if settings.low_power:
            board.save_power()
        make_room(board.root, ROOM + TRACE_ROOM if settings.trace else ROOM)
        nonce = board.nonce()
        log = NightLog(folder(board.root), nonce, mark(board.root, nonce))
        if crumb.cause == FAULT:
            crumb.begin()
        monitor = Monitor(board, settings, sensor, log, crumb)
        session(board, monitor, progress)
        return monitor.fault, True
    except OSError as error:
        fault = FLASH_FULL if error.errno == ENOSPC else WRITE
    if monitor:
        try:
            monitor.close(record.STOPPED)
        except OSError:
            pass  # the next start completes the night
    if log:
        log.abandon()
        crumb.end(fault)
    return fault, False


def session(board, monitor, progress=None):
    """Run one session until Ctrl-C. Raises OSError when the flash is full or broken."""
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
    if not _board.button():  # held: the firmware stays out of the way
        try:
            _board.sleep_ms(WINDOW_MS)
            run(_board)
        except KeyboardInterrupt:
            pass
