"""Which serial port the board is on."""

import os

from anklet.errors import NoBoard, SeveralBoards

RASPBERRY_PI = 0x2E8A  # USB vendor; MicroPython on a Pico is product 0x0005
NOT_BOARDS = (0x0003, 0x0004, 0x000C)  # boot loader, PicoProbe, Debug Probe


def boards() -> list[str]:
    """Ports that a board with a Raspberry Pi microcontroller is plugged in to."""
    from serial.tools import list_ports  # noqa: PLC0415 - slow, and only needed here

    found = list_ports.comports()
    return sorted(p.device for p in found if p.vid == RASPBERRY_PI and p.pid not in NOT_BOARDS)


def find(port: str | None = None) -> str:
    """The port named, else the only one with a board. Raises NoBoard, SeveralBoards."""
    if port is not None:
        if port.startswith("/") and not os.path.exists(port):
            raise NoBoard(f"There is no port {port}; check the cable, or leave out --port.")
        return port
    found = boards()
    if not found:
        raise NoBoard(
            "No board found; plug it in with a cable that carries data, or name its port "
            "with --port."
        )
    if len(found) > 1:
        raise SeveralBoards(
            f"Several boards are plugged in ({', '.join(found)}); choose one with --port."
        )
    return found[0]
