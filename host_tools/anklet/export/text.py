"""CSV (a folder with a file a table) and JSON (one file)."""

import contextlib
import csv
import json
from collections.abc import Iterable
from pathlib import Path

from anklet.archive.journal import Journal
from anklet.export import tables
from anklet.export.tables import Row
from anklet.night.session import Session

SCHEMA = 1


def write(form: str, nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    """See export.write. A table without rows is there with its header."""
    return (_write_json if form == "json" else _write_csv)(nights, journal, out)


def _whole(journal: Journal | None) -> dict[str, list[Row]]:
    """The tables that are not of one night."""
    return {
        "journal": tables.journal_rows(journal) if journal else [],
        "columns": tables.described(),
    }


def _write_csv(nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    heads = {name: list(columns) for name, columns in tables.TABLES.items()}
    heads |= {"journal": list(tables.JOURNAL), "columns": list(tables.described()[0])}
    with contextlib.ExitStack() as files:
        writers = {}
        for name, head in heads.items():
            file = files.enter_context(
                open(out / f"{name}.csv", "w", encoding="utf-8", newline="")
            )
            writers[name] = csv.DictWriter(file, head)
            writers[name].writeheader()
        for night in nights:
            for name, rows in tables.rows(night).items():
                writers[name].writerows(map(_plain, rows))
        for name, rows in _whole(journal).items():
            writers[name].writerows(map(_plain, rows))
    return [out / f"{name}.csv" for name in heads]


def _plain(row: Row) -> Row:
    """Truth as true and false. A spreadsheet would run a text that begins like a formula."""
    return {
        name: str(value).lower()
        if isinstance(value, bool)
        else f"'{value}"
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
        else value
        for name, value in row.items()
    }


def _write_json(nights: Iterable[Session], journal: Journal | None, out: Path) -> list[Path]:
    found: dict[str, list[Row]] = {name: [] for name in tables.TABLES}
    for night in nights:
        for name, rows in tables.rows(night).items():
            found[name] += rows
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"schema": SCHEMA, **found, **_whole(journal)}, file, allow_nan=False)
    return [out]
