"""Whether MicroPython has formatted a board's flash behind our back.

At start-up it does so when it can't mount the flash: the nights on it are gone, and the firmware
with them. firmware/nightlog.py therefore leaves an id on the flash (mark) and in each night.
"""

from anklet import device
from anklet.archive.store import Archive
from anklet.board.boardinfo import Info

device.use()

from plmcore import reader, record  # noqa: E402

HEADER = 2048  # bytes of a night file, in which its META records lie


def warning(archive: Archive, info: Info) -> str:
    """What to tell the person, "" when there is nothing: the archive has nights of this board, and
    none of them comes from its flash as it is now."""
    known = _flashes(archive, info.device)
    if not known or info.flash in known:
        return ""
    return (
        f"The flash of board {info.device} was formatted since the last sync: nights that were on "
        f"it and not yet downloaded are lost. Those in the archive are safe. If you did not do "
        f"that yourself, the flash may be failing: watch it with anklet doctor."
    )


def _flashes(archive: Archive, name: str) -> set[str]:
    """The ids in the device's nights in the archive."""
    found = set()
    for path in (archive.path / "raw" / name).glob("*.plm"):
        with path.open("rb") as file:
            for _, kind, _, fields in reader.read(file.read(HEADER)):
                if kind == record.META and fields.get("key") == "flash":
                    found.add(fields["value"])
    return found - {""}
