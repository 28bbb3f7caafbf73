"""The manifest: which file is whose night. CSV or Parquet, a row a file."""

import csv
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from anklet.cohort.plan import Night
from anklet.errors import BadInput
from anklet.signal.inputs import readable

NEEDED = ("person", "night", "file")
COLUMNS = ("person", "night", "leg", "session", "group", "file")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LEGS = ("", "left", "right")


def read(path: Path) -> list[Night]:
    """The nights of a manifest; files are named relative to it.

    `session` (1, 2, ...) tells the files of one night apart, where a night has several. Raises
    BadInput with the first row that can't be right, before anything is read or written.
    """
    with readable(path):
        names, rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    for name in names:
        if name not in COLUMNS:
            raise BadInput(
                f"{path}: {name!r} is no column of a manifest: it has {', '.join(COLUMNS)}."
            )
    for name in NEEDED:
        if name not in names:
            raise BadInput(f"{path}: there is no column {name}: add it.")
    found: dict[tuple[str, ...], Night] = {}
    of_file: dict[str, int] = {}
    for line, row in rows:
        night, session = _night(path, line, row)
        key = (night.person, night.night, night.leg, session)
        if key in found:
            raise BadInput(
                f"{path}, row {line}: {' '.join(filter(None, key))} is there twice: give each "
                f"file a night, a leg or a session of its own."
            )
        first = of_file.setdefault(night.files[0], line)
        if first != line:
            raise BadInput(f"{path}, row {line}: this file is in row {first} already.")
        found[key] = night
    if not found:
        raise BadInput(f"{path} names no night: add a row for each file.")
    return together(found[key] for key in sorted(found))


def together(nights: Iterable[Night]) -> list[Night]:
    """Nights of one name as one, their files in the given order."""
    joined: dict[tuple[str, str, str], Night] = {}
    for night in nights:
        key = night.person, night.night, night.leg
        if key in joined:
            night = replace(joined[key], files=joined[key].files + night.files)  # noqa: PLW2901
        joined[key] = night
    return list(joined.values())


def write(nights: Iterable[Night], path: Path) -> None:
    """Write a CSV manifest; files relative to its folder where they lie in it. Raises OSError."""
    here = path.resolve().parent
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for night in nights:
            for session, name in enumerate(map(Path, night.files), 1):
                shown = name.relative_to(here) if name.is_relative_to(here) else name
                rows.writerow((night.person, night.night, night.leg, session, night.group, shown))


def _csv(path: Path) -> tuple[list[str], Iterable[tuple[int, dict[str, str]]]]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        names = list(rows.fieldnames or ())
        return names, [(rows.line_num, row) for row in rows]


def _parquet(path: Path) -> tuple[list[str], Iterable[tuple[int, dict[str, str]]]]:
    import pyarrow as pa  # noqa: PLC0415 - few manifests need it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise BadInput(f"{path} is no Parquet file that can be read: write it again.") from error
    texts = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return table.column_names, enumerate(texts, 1)


def _night(path: Path, line: int, row: dict[str, str]) -> tuple[Night, str]:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in ("person", "night", "group", "session"):
        if (cells[name] or name in NEEDED) and not ID.fullmatch(cells[name]):
            raise BadInput(
                f"{path}, row {line}: {cells[name]!r} is no {name}: an id takes letters, digits, "
                f"dots, _ and -, 64 at most."
            )
    if cells["leg"] not in LEGS:
        raise BadInput(f"{path}, row {line}: a leg is left, right or empty, not {cells['leg']!r}.")
    file = (path.parent / cells["file"]).resolve()
    if not cells["file"] or not file.is_file():
        raise BadInput(f"{path}, row {line}: there is no file {cells['file']!r}: check its name.")
    night = Night(cells["person"], cells["night"], cells["leg"], cells["group"], (str(file),))
    return night, cells["session"]
