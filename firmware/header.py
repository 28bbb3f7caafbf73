"""What a session's log begins with: who recorded, how, and why it starts."""

from plmcore import record
from plmcore.detector import FLOOR_FACTOR, VERSION
from plmcore.native import const

_FORMAT = const(1)
_HANG = const(6)  # of reader.FAULTS
_CRASHED = const(8)


def write(log, board, sensor, settings, time, crumb=None):
    """Write it; a reason to bring it onto the flash comes later. time: a Timebase. crumb: see
    Monitor."""
    for key, value in (
        ("format", _FORMAT),
        ("session", log.session),
        ("device", board.device_id),
        ("board", board.name),
        ("firmware", settings.firmware),
        ("leg", settings.leg),
        ("label", settings.label),
        ("rules", settings.rules.name),
        ("shank", settings.shank),
        ("fitted", int(settings.fitted)),
        ("on_mg", settings.on_mg),
        ("floor_factor", FLOOR_FACTOR),
        ("detector", VERSION),
        ("odr_hz", 50),
        ("range_g", 2),
        ("flash", log.flash),
        ("registers", "".join("%02x" % r for r in sensor.registers())),
    ):
        log.meta(key, value)
    utc = board.utc()
    if utc:
        log.anchor(0, 0, utc[0], utc[1], utc[2])
    if crumb:
        log.meta("start", crumb.cause)
        log.meta("power", crumb.began(log.session))
        log.meta("uptime_ms", crumb.uptime.ms())
        if crumb.continues:  # the time before the first sample is no part of this session
            lost_ms = crumb.lost_ms()
            log.gap(0, 0, time.samples_in(lost_ms), lost_ms, record.RESTART)
        if crumb.cause == "watchdog":
            log.fault(0, 0, _HANG, 0)
        elif crumb.cause == "crash":
            log.fault(0, 0, _CRASHED, 0)
    log.urgent = False  # it waits for the first minute or the first movement
