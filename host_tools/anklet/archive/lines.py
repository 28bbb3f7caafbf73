"""Files that only grow: one JSON object a line, appended and never changed."""

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anklet.archive import durable


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line and bring it onto the disk; one that a power cut tore stays apart from it.
    Raises OSError."""
    text = json.dumps(line, ensure_ascii=False, allow_nan=False)
    durable.make_folder(path.parent)
    with open(path, "a+b") as file:
        torn = b""
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            torn = b"" if file.read(1) == b"\n" else b"\n"
        file.write(torn + text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


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
            yield line


def now() -> str:
    """The moment of a line: UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
