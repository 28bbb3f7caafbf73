"""The archive's database, SQLite: what is shown of each session, and its LMs.

It holds nothing of its own: anklet rebuild makes it again from the raw files.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anklet.archive import durable
from anklet.errors import ArchiveUnwritable
from anklet.night import as_json, clock
from anklet.night.session import Session

SCHEMA = 3  # an older database is made again from the raw files

TABLES = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, session TEXT NOT NULL, night TEXT, start TEXT,
    leg TEXT, label TEXT, recorded_s REAL, in_bed_s REAL, lm INTEGER, clm INTEGER, plm INTEGER,
    plm_per_hour REAL, periodicity_index REAL, summary TEXT NOT NULL, sha256 TEXT NOT NULL,
    size INTEGER NOT NULL, power TEXT, up_ms INTEGER, utc_ms INTEGER, tz_min INTEGER,
    UNIQUE (device, session)
);
CREATE INDEX sessions_by_night ON sessions (night);
CREATE INDEX sessions_by_power ON sessions (device, power);
CREATE TABLE lms (
    session_id INTEGER NOT NULL REFERENCES sessions (id), position INTEGER NOT NULL,
    onset_ms INTEGER, duration_ms INTEGER, peak_mg INTEGER, kind TEXT, plm INTEGER, series INTEGER,
    touches_gap INTEGER, PRIMARY KEY (session_id, position)
) WITHOUT ROWID;
"""


def version(path: Path) -> int:
    """The schema of the database, SCHEMA where there is none. Raises ArchiveUnwritable for a
    newer one, sqlite3.Error."""
    if not path.exists():
        return SCHEMA
    with contextlib.closing(_connect(path, "rw")) as db:
        found = db.execute("PRAGMA user_version").fetchone()[0]
    if found > SCHEMA:
        raise ArchiveUnwritable(
            f"The archive {path.parent} was made by a newer anklet; update anklet."
        )
    return found


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The database that is there. Raises ArchiveUnwritable."""
    try:
        # Not mode=ro: after a crash the first reader has to roll back.
        with contextlib.closing(_connect(path, "rw")) as db:
            yield db
    except sqlite3.Error as error:
        raise ArchiveUnwritable(
            f"The database {path} can't be used ({error}); run anklet rebuild."
        ) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction that writes everything or nothing; the tables are made when missing.
    Raises OSError, sqlite3.Error."""
    durable.make_folder(path.parent)
    os.close(durable.open_own(path, os.O_RDWR | os.O_CREAT))  # SQLite's files take its mode
    with contextlib.closing(_connect(path, "rwc")) as db:
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA}")
        yield db
        db.execute("COMMIT")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=1
    )


def summaries(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The summary of each session, see as_json.summary."""
    return [json.loads(row[0]) for row in db.execute("SELECT summary FROM sessions")]


def filed(db: sqlite3.Connection, device: str, session: str) -> tuple[str, int] | None:
    """Hash and size of the raw file that a session was read from."""
    query = "SELECT sha256, size FROM sessions WHERE device = ? AND session = ?"
    return db.execute(query, (device, session)).fetchone()


def points(db: sqlite3.Connection, night: Session) -> list[clock.Point]:
    """What the board's clock said in the other sessions of the night's power-up, in ms of that."""
    rows = db.execute(
        "SELECT up_ms, utc_ms, tz_min FROM sessions"
        " WHERE device = ? AND power = ? AND session != ? AND utc_ms NOT NULL",
        (night.device, clock.power_of(night)[0] or None, night.session),
    )
    return [clock.Point(*row) for row in rows]


def undated(db: sqlite3.Connection, night: Session) -> list[tuple[str, str, int]]:
    """The sessions of unknown time in the night's power-up: session, hash, size."""
    return db.execute(
        "SELECT session, sha256, size FROM sessions"
        " WHERE device = ? AND power = ? AND start IS NULL",
        (night.device, clock.power_of(night)[0] or None),
    ).fetchall()


def enter(db: sqlite3.Connection, night: Session, sha256: str, size: int) -> None:
    """Enter a session, in place of what was entered of it before; sha256, size: of its file."""
    item = as_json.summary(night)
    counts = item["counts"]
    key = (night.device, night.session)
    known = "SELECT id FROM sessions WHERE device = ? AND session = ?"
    number = (db.execute(known, key).fetchone() or (None,))[0]
    db.execute("DELETE FROM lms WHERE session_id = ?", (number,))
    power, up_ms = clock.power_of(night)
    ms, *moment = next(iter(clock.own(night)), (0, None, None))
    row = (
        *(number, *key),
        *(item[name] for name in ("night", "start", "leg", "label", "recorded_s", "in_bed_s")),
        *(counts[name] for name in ("lm", "clm", "plm")),
        *(item[name] for name in ("plm_per_hour", "periodicity_index")),
        *(json.dumps(item), sha256, size),
        *(power or None, up_ms + ms, *moment),
    )
    values = ",".join("?" * len(row))
    number = db.execute(f"INSERT OR REPLACE INTO sessions VALUES ({values})", row).lastrowid
    db.executemany(
        "INSERT INTO lms VALUES (?,?,?,?,?,?,?,?,?)",
        (
            (
                *(number, at, lm.onset_ms, lm.duration_ms, lm.peak_mg),
                *(lm.kind, lm.plm, lm.series, lm.touches_gap),
            )
            for at, lm in enumerate(night.lms)
        ),
    )
