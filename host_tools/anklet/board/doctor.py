"""`anklet doctor`: what the board measures of itself, held against limits; each with advice.

The board's side is firmware/selftest.py: it measures, this judges.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from anklet import device
from anklet.board.boardinfo import harmless, read_json
from anklet.board.link import Info, Link
from anklet.errors import NotVerified

CHIP_ID = 0x33  # WHO_AM_I of an LIS3DH
SELF_TEST = (17, 360)  # counts of 10 bits, each axis (ST DocID17530, table 4)
FIFO_DEPTH = 32
RATE_HZ = 50
RATE_OFF = 0.10  # of it: what the datasheet allows
NOISE_MG = 10.0  # RMS at rest: about 1 by the sensor, 1 by its steps of 4, a quiet room
GRAVITY_G = (0.85, 1.15)
FREE = 0.10  # of the flash
NIGHT_BYTES = 25_000
CLOCK_S = 60
BATTERY_MV = 3500
TIMEOUT_S = 30

WIRES = "check the sensor's four wires (3V3, GND, SDA, SCL) and its solder joints"
FAKE = "it is a counterfeit or another part: replace it by an LIS3DH"

Formatted = Callable[[Info], str]


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, what was found, and what to do; nothing when it is OK."""

    name: str
    value: str
    todo: str = ""

    @property
    def ok(self) -> bool:
        return not self.todo


def examine(port: str, formatted: Formatted = lambda info: "") -> dict[str, Any]:
    """The object that `anklet doctor --json` prints; `measured` is what the board said.

    formatted: says what to tell the person where the board's flash was formatted since the last
    sync, which the archive knows; "" where it was not.
    """
    with Link(port, "anklet doctor") as link:
        return examined(link, formatted)


def examined(link: Link, formatted: Formatted = lambda info: "") -> dict[str, Any]:
    """examine, over a link that is open."""
    info = link.info()
    link.need("selftest")
    found = answer(link, "selftest.run()")
    try:
        checks = list(_checks(info, found))
        if warning := formatted(info):
            checks.append(Check("flash", "was formatted", warning))
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
        raise NotVerified(
            f"The board on {link.port} sent measurements that make no sense; run anklet install "
            f"and then anklet doctor again."
        ) from error
    return {
        "device": info.device,
        "board": info.board,
        "healthy": all(check.ok for check in checks),
        "checks": [asdict(check) | {"ok": check.ok} for check in checks],
        "measured": found,
    }


def table(found: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for check in found["checks"]:
        mark = "ok" if check["ok"] else "!!"
        lines.append(f"{mark}  {check['name']:<13} {check['value']}")
        if check["todo"]:
            lines.append(f"    {'':<13} -> {check['todo']}")
    return "\n".join(lines)


def answer(link: Link, code: str) -> dict[str, Any]:
    """What `code` prints on the board, as JSON. Raises NotVerified where it makes no sense."""
    try:
        found = harmless(read_json(link.run(code, TIMEOUT_S)))
        if isinstance(found, dict):
            return found
    except (ValueError, RecursionError):
        pass
    raise NotVerified(
        f"The board on {link.port} sent an answer that makes no sense; run anklet install and "
        f"try again."
    )


def _checks(info: Info, found: dict[str, Any]) -> Iterator[Check]:
    yield from _software(info, found)
    sensor = _sensor(found)
    yield sensor
    if found["rate"]:
        yield _self_test(found["self_test"])
        yield _fifo(found["fifo"], found["self_test"])
        yield _rate(*found["rate"])
        yield _noise(found["noise"])
        yield _gravity(found["gravity"], found["shank"])
    yield _flash(found["flash"], found["nights"])
    yield _clock(info.clock_offset_s)
    if found["battery_mv"] is not None:
        low = found["battery_mv"] < BATTERY_MV
        yield Check("battery", f"{found['battery_mv'] / 1000:.2f} V", "charge it" if low else "")
    yield _log(found["start"], found["faults"])
    if found.get("crash"):
        first, last = found["crash"]
        yield Check(
            "crash",
            f"{first}: {last}",
            "run anklet sync, which fetches the whole of it; report it",
        )


def _software(info: Info, found: dict[str, Any]) -> Iterator[Check]:
    device.use()
    from settings import FIRMWARE  # noqa: PLC0415 - of the firmware that this anklet carries

    yield Check("board", f"{info.board}, {info.device}")
    other = info.firmware != FIRMWARE
    yield Check(
        "firmware",
        info.firmware,
        f"this anklet carries {FIRMWARE}: run anklet install" if other else "",
    )
    yield Check("MicroPython", str(found["micropython"]).rpartition("; ")[2][:60])
    label = f" ({info.label})" if info.label else ""
    axis = "xyz"[found["shank"]]
    if not found.get("fitted", True):
        axis += " as far as known (stand up with the strap on and run anklet doctor --fit)"
    yield Check(
        "settings",
        f"{info.leg} leg{label}, {info.rules}, shank along {axis}",
        "" if found["settings"] else "they are damaged, these are defaults: run anklet install",
    )


def _sensor(found: dict[str, Any]) -> Check:
    addresses = found["addresses"]
    answers = [(address, who) for address, who in addresses if who is not None]
    if not answers:
        return Check("sensor", "does not answer", f"{WIRES}; then unplug and plug in the board")
    address, who = answers[0]
    at = "" if address is None else f" at 0x{address:02x}"
    if who != CHIP_ID:
        return Check("sensor", f"WHO_AM_I is 0x{who:02x}{at}, not 0x{CHIP_ID:02x}", FAKE)
    if found["init"]:
        return Check("sensor", f"LIS3DH{at}, but: {found['init']}", WIRES)
    if not found["rate"][0]:
        return Check("sensor", f"LIS3DH{at}, but it gives no samples", FAKE)
    if address != addresses[0][0]:
        return Check(
            "sensor",
            f"LIS3DH{at}, the other address",
            f"it works, but its SDO pin (SA0) is high or open: connect it to GND, for address "
            f"0x{addresses[0][0]:02x}",
        )
    return Check("sensor", f"LIS3DH{at}")


def _self_test(change: list[int]) -> Check:
    least, most = SELF_TEST
    value = ", ".join(f"{axis} {abs(c)}" for axis, c in zip("xyz", change, strict=True))
    bad = [axis for axis, c in zip("xyz", change, strict=True) if not least <= abs(c) <= most]
    return Check(
        "self-test",
        f"{value} (each {least} to {most})",
        f"{' and '.join(bad)} out of limits: lay the sensor still and try again; if that stays, "
        f"replace it"
        if bad
        else "",
    )


def _fifo(fifo: dict[str, Any], change: list[int]) -> Check:
    if fifo["zeros"]:
        return Check("FIFO", "gives nothing but zeros", FAKE)
    level = fifo["level"]
    if level != FIFO_DEPTH or not fifo["full"] or fifo["left"] > 1:
        return Check("FIFO", f"{level} samples deep, {fifo['left']} left behind a read", FAKE)
    # The push of the self-test, half-way through: the oldest samples lie before it.
    half = [abs(step) * 2 >= abs(c) for step, c in zip(fifo["step"], change, strict=True)]
    same = [step * c > 0 for step, c in zip(fifo["step"], change, strict=True)]
    if not all(half) or not all(same):
        return Check(
            "FIFO",
            f"{level} samples deep, not in order",
            "lay the sensor still and try again; if that stays, replace it",
        )
    return Check("FIFO", f"{level} samples deep, oldest first")


def _rate(samples: int, ms: int) -> Check:
    rate = samples * 1000 / ms if ms else 0.0
    off = abs(rate / RATE_HZ - 1) > RATE_OFF
    return Check(
        "output rate",
        f"{rate:.1f} Hz ({100 * (rate / RATE_HZ - 1):+.1f} %)",
        f"more than {RATE_OFF:.0%} off: times of the night can't be trusted; replace the sensor"
        if off
        else "",
    )


def _noise(noise: list[int]) -> Check:
    value = ", ".join(f"{axis} {n / 10:.1f}" for axis, n in zip("xyz", noise, strict=True))
    return Check(
        "noise",
        f"{value} mg",
        f"over {NOISE_MG:g} mg: lay the sensor on a table, hands off, and try again; if that "
        f"stays, check its wires"
        if max(noise) > 10 * NOISE_MG
        else "",
    )


def _gravity(gravity: list[int], shank: int) -> Check:
    size = math.hypot(*gravity)
    tilt = math.degrees(math.acos(min(1.0, abs(gravity[shank]) / size))) if size else 0.0
    value = ", ".join(f"{axis} {g / 1000:+.2f}" for axis, g in zip("xyz", gravity, strict=True))
    bad = not GRAVITY_G[0] <= size / 1000 <= GRAVITY_G[1]
    return Check(
        "tilt",
        f"{value} g: {size / 1000:.2f} g, shank {tilt:.0f} degrees from vertical",
        "gravity should be 1 g: hold the sensor still and try again; if that stays, replace it"
        if bad
        else "",
    )


def _flash(flash: list[int] | None, nights: list[int]) -> Check:
    if flash is None:
        return Check("flash", "unknown size", "run anklet install again")
    total, free = flash
    return Check(
        "flash",
        f"{free // 1024} of {total // 1024} KiB free, {nights[0]} nights in {nights[1] // 1024} "
        f"KiB; full in about {free // NIGHT_BYTES} nights",
        "nearly full: run anklet sync, so that nights already filed can go"
        if free < FREE * total
        else "",
    )


def _clock(offset_s: float | None) -> Check:
    if offset_s is None:
        return Check("clock", "not set since power-up", "run anklet sync, which sets it")
    off = abs(offset_s) > CLOCK_S
    return Check(
        "clock", f"{offset_s:+.1f} s off", "run anklet sync, which sets it" if off else ""
    )


def _log(start: str | None, faults: list[int]) -> Check:
    device.use()
    from plmcore.reader import FAULTS  # noqa: PLC0415 - on the path only now

    value = f"started by {start}; " if start else ""
    if not faults:
        return Check("last session", f"{value}no faults")
    names = [FAULTS[code] if code < len(FAULTS) else str(code) for code in faults]
    return Check(
        "last session",
        f"{value}faults: {', '.join(names)}",
        f"{WIRES}; a session without faults clears this"
        if names[-1] in ("no_sensor", "bad_data")
        else "mend what the lines above name; a session without faults clears this",
    )
