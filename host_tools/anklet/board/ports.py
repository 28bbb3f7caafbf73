"""Which serial port the board is on."""

import os
from typing import Any

from anklet.errors import AnkletError, NoBoard, NoFirmware, PortBusy, SeveralBoards

RASPBERRY_PI = 0x2E8A  # USB vendor; MicroPython on a Pico is product 0x0005
NOT_BOARDS = (0x0003, 0x0004, 0x000C)  # boot loader, PicoProbe, Debug Probe
PATIENCE_S = 4

NOT_FOUND = (
    "No board found; plug it in with a cable that carries data, or name its port with --port."
)
# What a port that gives no answer of ours is listed as.
WORDS = {PortBusy: "busy", NoFirmware: "no firmware", NoBoard: "gone"}


def _plugged_in() -> list[Any]:
    """pyserial's entries of ports that a Raspberry Pi microcontroller is plugged in to."""
    from serial.tools import list_ports  # noqa: PLC0415 - slow, and only needed here

    found = [p for p in list_ports.comports() if p.vid == RASPBERRY_PI]
    return sorted((p for p in found if p.pid not in NOT_BOARDS), key=lambda p: p.device)


def boards() -> list[str]:
    """Ports that a board with a Raspberry Pi microcontroller is plugged in to."""
    return [p.device for p in _plugged_in()]


def find(port: str | None = None) -> str:
    """The port named, else the only one with a board. Raises NoBoard, SeveralBoards."""
    if port is not None:
        if port.startswith("/") and not os.path.exists(port):
            raise NoBoard(f"There is no port {port}; check the cable, or leave out --port.")
        return port
    found = boards()
    if not found:
        raise NoBoard(NOT_FOUND)
    if len(found) > 1:
        raise SeveralBoards(
            f"Several boards are plugged in ({', '.join(found)}); choose one with --port."
        )
    return found[0]


def ask(port: str | None = None) -> list[dict[str, Any]]:
    """What is on the port named, else on each that has a board: the list that `anklet ports
    --json` prints. `status` is ok, busy, no firmware, gone or no answer; `problem` says more, and
    what is not known is null. Interrupts what the boards do for a moment. Raises NoBoard."""
    if port is not None:
        return [_ask(find(port), None)]
    found = [_ask(entry.device, entry) for entry in _plugged_in()]
    if not found:
        raise NoBoard(NOT_FOUND)
    return found


def _ask(port: str, entry: Any) -> dict[str, Any]:
    from anklet.board.link import Link  # noqa: PLC0415 - slow, and only needed here

    answer: dict[str, Any] = {
        "port": port,
        "usb": f"{entry.vid:04x}:{entry.pid:04x}" if entry else None,
        "serial": entry.serial_number if entry else None,
        "status": "ok",
        "problem": None,
        **dict.fromkeys(("board", "firmware", "leg", "label", "device", "nights")),
    }
    try:
        with Link(port, "anklet ports", PATIENCE_S) as link:
            info = link.info()
    except AnkletError as error:
        status = next((w for kind, w in WORDS.items() if isinstance(error, kind)), "no answer")
        return answer | {"status": status, "problem": str(error)}
    return answer | {
        "board": info.board,
        "firmware": info.firmware,
        "leg": info.leg,
        "label": info.label,
        "device": info.device,
        "nights": len(info.nights),
    }


COLUMNS = ("port", "usb", "board", "firmware", "leg", "label", "device", "status")


def table(found: list[dict[str, Any]]) -> str:
    """The boards as text, a line each."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    for one in found:
        row = one | {"device": one["device"] or one["serial"]}
        rows.append(tuple(_printable(row[name]) for name in COLUMNS))
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *sorted({one["problem"] for one in found if one["problem"]})])


def _printable(value: Any) -> str:
    text = "-" if value in (None, "") else str(value)
    return "".join(c if c.isprintable() else "?" for c in text)
