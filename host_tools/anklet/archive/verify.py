"""Whether all that is kept is as it was written: what is wrong with it, and what to do.

A raw file is held against the hash that it was filed with (hashes.jsonl, before that the
database's), a line of the journal and the logs against its own and the line before it (jsonl.py),
a trial's plan against its seal, and the database against one that is made anew from the raw files.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anklet.archive import database, jsonl
from anklet.archive.rawfiles import ANCHORS, HASHES, TRACES
from anklet.archive.store import Archive
from anklet.archive.watchfiles import WatchFiles
from anklet.errors import AnkletError

FETCH = "Bring it back from a backup; or move it away and run anklet sync, if the board has it."
RESTORE = "If you did not do that yourself, bring the file back from a backup."
REBUILD = "Run anklet rebuild: it makes the database again from the raw files."


@dataclass
class Found:
    """What was looked at, by kind, and what is wrong: (what, what to do)."""

    checked: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("files", "unhashed", "lines", "plans", "nights"), 0)
    )
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        wrong = [{"what": what, "todo": todo} for what, todo in self.wrong]
        return {"ok": not wrong, "checked": self.checked, "wrong": wrong}

    def text(self) -> str:
        n = self.checked
        lines = [f"{what}\n   {todo}" for what, todo in self.wrong]
        lines.append(
            f"checked {n['files']} raw files, {n['lines']} lines, {n['plans']} plans and "
            f"{n['nights']} nights in the database: "
            + (f"{len(self.wrong)} not as they should be" if lines else "all as they were written")
        )
        if n["unhashed"]:
            lines.append(f"{n['unhashed']} of the files were filed by an anklet that kept no hash")
        return "\n".join(lines)


def verify(archive: Archive, progress: Callable[[float], None] = lambda share: None) -> Found:
    """Look at everything; nothing is changed. progress: takes the fraction done.

    What a sync files meanwhile may be reported as not yet in the database. Raises
    ArchiveUnwritable when a file can't be read.
    """
    found = Found()
    _lines(archive.path, found)
    _plans(archive.path / "trials", found)
    altered = _files(archive, found, lambda share: progress(share / 2))
    _rows(archive, altered, found, lambda share: progress((1 + share) / 2))
    return found


def _lines(home: Path, found: Found) -> None:
    names = (
        "journal.jsonl",
        "trials/log.jsonl",
        "watch/log.jsonl",
        f"raw/*/{ANCHORS}",
        f"raw/*/{HASHES}",
    )
    for path in (path for name in names for path in sorted(home.glob(name))):
        found.checked["lines"] += path.read_bytes().count(b"\n")
        found.wrong += (
            (f"{path}, line {number}: {wrong}.", RESTORE) for number, wrong in jsonl.altered(path)
        )


def _plans(folder: Path, found: Found) -> None:
    sealed = set()
    for event in jsonl.read(folder / "log.jsonl"):
        match event:
            case {"event": "planned", "trial": str(trial), "sha256": str(seal), "plan": str(plan)}:
                pass
            case _:
                continue
        found.checked["plans"] += 1
        path = folder / f"{trial}.json"
        sealed.add(path)
        if _hash(plan.encode()) != seal:
            found.wrong.append((f"The seal of trial {trial} was altered.", RESTORE))
        elif not path.is_file() or path.read_bytes() != plan.encode():
            todo = f"Put it back as the line of its seal in {folder / 'log.jsonl'} has it."
            found.wrong.append((f"The plan {path} is not what was sealed.", todo))
    for path in sorted(set(folder.glob("*.json")) - sealed):
        todo = "It may be removed: it was cut off before it was sealed, and is no trial."
        found.wrong.append((f"The plan {path} has no seal.", todo))


def _files(archive: Archive, found: Found, progress: Callable[[float], None]) -> set[Path]:
    """Hold the raw files against their hashes; those that are not as they were filed."""
    known: dict[Path, set[str]] = {}
    for ledger in (archive.path / "raw").glob(f"*/{HASHES}"):
        for line in jsonl.read(ledger):
            match line:
                case {"file": str(name), "sha256": str(digest)}:
                    known.setdefault(ledger.parent / name, set()).add(digest)
    watches = WatchFiles(archive.path)
    for line in watches.listed():
        known[watches.folder / line["file"]] = {line.get("sha256", "")}
    for device, session, digest in _entered(archive):
        known.setdefault(archive.raw(device, session), {digest})
    there = [
        path
        for path in sorted((archive.path / "raw").glob("*/*"))
        if path.suffix == TRACES or ".plm" in path.suffixes
    ]
    there += sorted(watches.folder.glob("*.csv"))
    wrong = set(known) - set(there)
    found.wrong += ((f"{path} is not there.", FETCH) for path in sorted(wrong))
    for done, path in enumerate(there, 1):
        found.checked["files"] += 1
        digest = _hash(path.read_bytes())
        older = path.suffix not in (TRACES, ".plm", ".csv")  # kept beside another of its name
        if digest[:8] == path.suffix[1:] if older else digest in known.get(path, {digest}):
            found.checked["unhashed"] += not older and path not in known
        else:
            wrong.add(path)
            found.wrong.append((f"{path} is not what was filed.", FETCH))
        progress(done / len(there))
    return wrong


def _rows(
    archive: Archive, altered: set[Path], found: Found, progress: Callable[[float], None]
) -> None:
    """Hold the database against one that is made anew."""
    if not archive.db.exists():
        if archive.files():
            found.wrong.append((f"There is no database in {archive.path}.", REBUILD))
        return
    with TemporaryDirectory(prefix="anklet-") as folder:
        anew = Path(folder, "anklet.db")
        archive.write_database(anew, progress)
        try:
            with database.reading(archive.db) as db:
                sound = db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            ours, theirs = dict(_sessions(archive.db)), dict(_sessions(anew))
        except (AnkletError, sqlite3.Error):
            sound = False
        if not sound:
            found.wrong.append((f"The database {archive.db} is damaged.", REBUILD))
            return
    found.checked["nights"] = len(ours)
    for key in sorted(ours.keys() | theirs.keys()):
        if archive.raw(*key) not in altered and ours.get(key) != theirs.get(key):
            what = "does not say what its raw file does" if key in ours else "is not there"
            found.wrong.append((f"In the database, session {key[1]} of {key[0]} {what}.", REBUILD))


def _entered(archive: Archive) -> list[tuple[str, str, str]]:
    with contextlib.suppress(AnkletError, sqlite3.Error):
        if archive.db.exists():
            with database.reading(archive.db) as db:
                return db.execute("SELECT device, session, sha256 FROM sessions").fetchall()
    return []


def _sessions(path: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """(device, session) and a hash of all that is in the database of it."""
    with database.reading(path) as db:
        db.row_factory = sqlite3.Row
        for row in db.execute("SELECT * FROM sessions ORDER BY device, session"):
            own = {name: row[name] for name in row.keys() if name != "id"}  # noqa: SIM118
            query = "SELECT * FROM lms WHERE session_id = ? ORDER BY position"
            lms = [tuple(lm)[1:] for lm in db.execute(query, (row["id"],))]
            yield (row["device"], row["session"]), _hash(json.dumps([own, lms]).encode())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
