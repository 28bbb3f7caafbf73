"""Files that only grow: one JSON object a line, appended and never changed.

Each line ends in `check`: 16 digits of the SHA-256 of the line before it and of its own text. So
`anklet verify` finds a line that was altered, and one that was taken out.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anklet.archive import durable
from anklet.errors import ArchiveUnwritable

DIGITS = 16


class NotKnown(OSError):
    """A line may be in the file or not: the disk failed at writing it and at taking it back."""


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line and bring it onto the disk; one that a power cut tore stays apart from it.

    Several programs may do so at once. Raises OSError, and then the file is as it was before;
    but NotKnown when even that could not be made sure.
    """
    durable.make_folder(path.parent)
    binary = getattr(os, "O_BINARY", 0)  # Windows alone has it
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, durable.OURS)
    with open(handle, "r+b", buffering=0) as file:
        durable.wait_for(handle)
        before = file.read()
        torn = b"\n" if before and not before.endswith(b"\n") else b""
        last = before.splitlines()[-1] if before else b""
        text = json.dumps(line, ensure_ascii=False, allow_nan=False).encode()
        text = text[:-1] + f', "check": "{_check(last, text)}"}}\n'.encode()
        try:
            _write(handle, torn + text)
            os.fsync(handle)
            if not before:
                durable.sync_folder(path.parent)
        except BaseException as error:
            _take_back(handle, len(before), error)
            raise


def _write(handle: int, data: bytes) -> None:
    while data:  # a full disk takes a part, and refuses the rest
        data = data[os.write(handle, data) :]


def _take_back(handle: int, size: int, error: BaseException) -> None:
    """Make the file as short as it was. Raises NotKnown."""
    try:
        os.ftruncate(handle, size)
        os.fsync(handle)
    except OSError:
        raise NotKnown(*error.args) from error


def unwritable(error: OSError, path: Path, look: str) -> ArchiveUnwritable:
    """What to tell the person whose line could not be appended. look: how to see whether it is
    there."""
    reason = error.strerror or str(error)
    if isinstance(error, NotKnown):
        return ArchiveUnwritable(
            f"The disk failed while {path} was written ({reason}): it is not known whether this "
            f"was saved. {look}"
        )
    return ArchiveUnwritable(
        f"This was not saved: {path} can't be written ({reason}). Free space or correct its "
        f"permissions, or set ANKLET_HOME to another folder, and do it again."
    )


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines, oldest first, none where there is no file; what a power cut tore, or is no JSON
    object, is passed over. Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for text in data.splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict):
            line.pop("check", None)
            yield line


def altered(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not as they were written: their number, and what is wrong. Lines of an
    anklet that wrote no `check` count as they are. Raises OSError."""
    before, checks = b"", False
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        own, found, check = text.rpartition(b', "check": "')
        if not _is_object(text):
            yield number, "it was cut off by a power cut, or altered, and is passed over"
        elif found:
            checks = True
            if check != f'{_check(before, own + b"}")}"}}'.encode():
                yield number, "it was altered, or the line before it was altered or taken out"
        elif checks:
            yield number, "it was altered, or written by an older anklet"
        before = text


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _check(before: bytes, text: bytes) -> str:
    return hashlib.sha256(before + b"\n" + text).hexdigest()[:DIGITS]


def now() -> str:
    """The moment of a line: UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
