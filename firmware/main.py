"""The only file that starts by itself: a way out first, then one session after another."""

import gc

import crash
from breadcrumb import CRASH, FAULT, HOST, WORN, Breadcrumb
from briefly import Briefly
from lamp import Lamp
from monitor import FLASH_FULL, WRITE, Monitor, Over
from nightfiles import ROOM, TRACE_ROOM, folder, make_room, mark
from nightlog import ENOSPC, NightLog
from plmcore import record
from plmcore.native import const
from sensing import wait_for_sensor

try:
    from micropython import kbd_intr
except ImportError:  # CPython

    def kbd_intr(chr):
        pass


_WINDOW_MS = const(2000)  # time for a Ctrl-C before anything starts
_CRASHED = const(8)  # of reader.FAULTS
_FLASH_REST = const(10)  # rounds of blinks before such a flash is tried again: half a minute


def run(board, progress=None):
    """Record until Ctrl-C, then end the session cleanly and return.

    Ctrl-C arrives in board.sleep_ms alone, between two cycles, never in the middle of a record. An
    exception that nobody expected is written down, and the board starts anew.
    progress: called with the number of the sample reached, once a simulated minute.
    """
    board.watch()  # before the flash is touched
    kbd_intr(-1)
    recorder = Recorder(board, progress)
    try:
        recorder.run()
    except KeyboardInterrupt:
        recorder.crumb.end(HOST)
    except Exception as error:
        crash.leave(board, error, recorder.session)
        recorder.crumb.end(CRASH)
        recorder.lamp.fault(_CRASHED)
        board.reset()
    finally:
        board.led(False)
        _attach(board)
        kbd_intr(3)


def _attach(board):
    """A computer that talks to this board now is to talk to the same object."""
    try:
        import hostlink  # noqa: PLC0415 - no part of a recording

        hostlink.attach(board)
    except Exception:
        pass  # it makes one of its own


class Recorder:
    """Finds the sensor, records, and begins again when a session has ended. session: the name of
    the one under way, "" between two."""

    def __init__(self, board, progress=None):
        self.session = ""
        self.lamp = Lamp(board)
        self.crumb = Breadcrumb(board)
        self._board = board
        self._progress = progress
        self._log = None  # of the session under way

    def run(self):
        """Until Ctrl-C, a KeyboardInterrupt."""
        self.crumb.begin()
        while True:
            fault = self.record(wait_for_sensor(self._board, self.lamp))
            for _ in range(_FLASH_REST if fault else 0):
                self.lamp.fault(fault)

    def record(self, sensor):
        """One session, and behind one that ended by itself the wait for the next. Returns why the
        flash ended it (of reader.FAULTS), 0 if it did not.

        A flash that is full costs nothing to try again: nothing is written then.
        """
        self._log = monitor = None
        try:
            monitor = self._begin(sensor)
            session(monitor, self._progress)
        except KeyboardInterrupt:
            _close(monitor, record.BY_HOST)
            raise
        except Over as over:
            _close(monitor, record.ITSELF)
            self.crumb.end(WORN)
            self.session = ""
            if monitor and not over.worn:
                self._wait(monitor)
            return 0
        except OSError as error:
            _close(monitor, record.STOPPED)
            if self._log:
                self._log.abandon()
                self.crumb.end(FAULT)
            self.session = ""
            return FLASH_FULL if error.errno == ENOSPC else WRITE
        except Exception:
            gc.collect()
            _close(monitor, record.STOPPED)
            raise

    def _begin(self, sensor):
        """Complete what was cut, make room, and begin a session; returns its Monitor."""
        board, crumb = self._board, self.crumb
        crumb.number = max(crumb.number, _complete(board))
        settings = _settings(board)
        if settings.low_power:
            board.save_power()
        make_room(board.root, ROOM + TRACE_ROOM if settings.trace else ROOM)
        nonce = board.nonce()
        log = NightLog(folder(board.root), nonce, mark(board.root, nonce), crumb.number)
        self._log = log
        self.session = log.session
        gc.collect()  # its buffers are the largest that a session makes, and need whole places
        return Monitor(board, settings, sensor, log, crumb, self.lamp)

    def _wait(self, monitor):
        """Until the sensor is worn again, with the settings of the session that has ended."""
        with Briefly():
            from wearing import until_worn  # noqa: PLC0415

            until_worn(self._board, monitor.sensor, monitor.detector, self.lamp)


def _complete(board):
    with Briefly():
        from recovery import complete  # noqa: PLC0415

        return complete(board.root, board.feed)


def _settings(board):
    with Briefly():
        from settings import Settings  # noqa: PLC0415

        return Settings(board.root)


def session(monitor, progress=None):
    """Go through cycles until one of them raises."""
    reached = 0
    while True:
        monitor.cycle()
        if progress and monitor.time.n - reached >= 3000:
            reached = monitor.time.n
            progress(reached)


def _close(monitor, reason):
    """Bring onto the flash what can be brought; what can't, the next start completes."""
    if not monitor:
        return
    try:
        monitor.close(reason)
    except Exception:  # what ended the session may keep it from being closed, too
        try:
            monitor.log.close()
        except Exception:
            pass


if __name__ == "__main__":
    import hw

    _board = hw.board()
    if not _board.button():  # held: the firmware stays out of the way
        try:
            _board.watch()  # a computer that interrupts now and dies would leave it idle for ever
            _board.sleep_ms(_WINDOW_MS)
            run(_board)
        except KeyboardInterrupt:
            pass
