"""raw/ of an archive: what boards gave, as it was downloaded. Nothing is ever changed or removed.

<device>/<session>.plm     a night; an older one of the same name stays as <session>.plm.<hash>
<device>/<session>.trc     its trace (see trace.py), where the board had one
<device>/crash-<hash>.txt  what the firmware wrote down when it crashed
<device>/hashes.jsonl      what each of these was when it was filed, see verify.py; only grows
<device>/anchors.jsonl     when computers spoke to the board, see anchors.py; only grows
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from anklet.archive import durable, jsonl
from anklet.errors import BadInput

NIGHTS = ".plm"
TRACES = ".trc"
HASHES = "hashes.jsonl"
ANCHORS = "anchors.jsonl"
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RawFiles:
    """The raw files of the archive at `home`. What writes raises OSError, and a device or session
    whose name can't be that of a file BadInput."""

    def __init__(self, home: Path):
        self.folder = home / "raw"

    def night(self, device: str, session: str) -> Path:
        """Where a session's night file is, or would be."""
        return self.folder / _name(device) / f"{_name(session)}{NIGHTS}"

    def trace(self, device: str, session: str) -> Path:
        """Where a session's trace is, or would be."""
        return self.night(device, session).with_suffix(TRACES)

    def anchors(self, device: str) -> Path:
        """Where a board's anchors are, or would be."""
        return self.folder / _name(device) / ANCHORS

    def nights(self) -> list[Path]:
        """The night files, by device and session."""
        files = sorted(self.folder.glob(f"*/*{NIGHTS}"))
        return [f for f in files if NAME.fullmatch(f.stem) and NAME.fullmatch(f.parent.name)]

    def find(self, session: str, device: str = "") -> Path | None:
        """The night file of a session, of whichever device where none is named."""
        where = _name(device) if device else "*"
        return min(self.folder.glob(f"{where}/{_name(session)}{NIGHTS}"), default=None)

    @contextlib.contextmanager
    def filing(self, device: str, session: str, data: bytes, sha256: str) -> Iterator[None]:
        """File a night before the block; where that fails, it is taken back."""
        target = self.night(device, session)
        before = target.read_bytes() if target.exists() else None
        if before is not None and before != data:
            digest = hashlib.sha256(before).hexdigest()
            durable.write(target.with_name(f"{target.name}.{digest[:8]}"), before)
        _keep_hash(target, sha256, len(data))
        if before != data:
            durable.write(target, data)
        try:
            yield
        except BaseException:
            if before is None:
                target.unlink()
            elif before != data:
                durable.write(target, before)
            raise

    def file_trace(self, device: str, session: str, data: bytes, sha256: str) -> None:
        target = self.trace(device, session)
        _keep_hash(target, sha256, len(data))
        durable.write(target, data)

    def file_crash(self, device: str, text: str) -> Path:
        data = text.encode()
        name = f"crash-{hashlib.sha256(data).hexdigest()[:12]}.txt"
        path = self.folder / device / name
        durable.write(path, data)
        return path

    def remove_parts(self) -> None:
        """Of files that a killed program had half written."""
        for part in self.folder.glob(f"*/{durable.PARTS}"):
            part.unlink(missing_ok=True)


def _keep_hash(file: Path, sha256: str, size: int) -> None:
    """Note what is about to be filed, so that rust in it shows even after a rebuild."""
    line = {"file": file.name, "sha256": sha256, "size": size}
    ledger = file.with_name(HASHES)
    if line not in jsonl.read(ledger):
        jsonl.append(ledger, line)


def _name(text: str) -> str:
    """A device's or a session's name as part of a path."""
    if not NAME.fullmatch(text):
        raise BadInput(
            f"{text!r} is no name that a night can be filed under: it takes letters, digits, _ "
            f"and -, 64 at most."
        )
    return text
