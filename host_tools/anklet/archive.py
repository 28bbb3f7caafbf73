"""The archive: the raw night files as downloaded, and a database made from them.

raw/<device>/<session>.plm    what counts; never changed, never removed
anklet.db                     SQLite, can be rebuilt from the raw files
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import platformdirs

from anklet import nightfile
from anklet.errors import ArchiveUnwritable, BadInput, NotVerified

SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

TABLES = """
CREATE TABLE sessions (
    device TEXT NOT NULL, session TEXT NOT NULL, night TEXT, start TEXT, leg TEXT, label TEXT,
    recorded_s REAL, in_bed_s REAL, lm INTEGER, clm INTEGER, plm INTEGER, plm_per_hour REAL,
    periodicity_index REAL, summary TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (device, session)
);
CREATE INDEX sessions_by_night ON sessions (night);
CREATE TABLE lms (
    device TEXT NOT NULL, session TEXT NOT NULL, position INTEGER NOT NULL, onset_ms INTEGER,
    duration_ms INTEGER, peak_mg INTEGER, kind TEXT, plm INTEGER, series INTEGER,
    touches_gap INTEGER, PRIMARY KEY (device, session, position)
) WITHOUT ROWID;
"""


def home() -> Path:
    """$ANKLET_HOME, else the platform's data directory."""
    given = os.environ.get("ANKLET_HOME")
    return Path(given) if given else Path(platformdirs.user_data_dir("anklet"))


class Archive:
    """The archive at `path`. Nothing is created before something is filed."""

    def __init__(self, path: Path):
        self.path = path
        self.db = path / "anklet.db"

    def add(
        self, data: bytes, sha256: str, session: str = "", device: str = ""
    ) -> nightfile.Session:
        """File a night as downloaded, then enter it into the database.

        session, device: what to file it under; else its header says. Filing the same again
        changes nothing. Other bytes under the same name are filed, and the older file is kept
        beside it as <session>.plm.<hash>. Raises NotVerified, BadInput, ArchiveUnwritable.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotVerified(f"Night {session} is not what its hash says; nothing was filed.")
        night = nightfile.parse(data, session, device)
        target = self._raw(night.device, night.session)
        with self._writing():
            self._check_version()
            before = target.read_bytes() if target.exists() else None
            if before is not None and before != data:
                digest = hashlib.sha256(before).hexdigest()
                _write(target.with_name(f"{target.name}.{digest[:8]}"), before)
            if before != data:
                _write(target, data)
            try:
                with self._open(self.db) as db:
                    _enter(db, night, sha256, len(data))
            except BaseException:
                if before is None:
                    target.unlink()
                elif before != data:
                    _write(target, before)
                raise
        return night

    def filed(self, device: str, session: str) -> tuple[str, int] | None:
        """Hash and size of a night that is filed whole, else None."""
        if not self.db.exists():
            return None
        with self._reading() as db:
            row = db.execute(
                "SELECT sha256, size FROM sessions WHERE device = ? AND session = ?",
                (device, session),
            ).fetchone()
        raw = self._raw(device, session)
        if row and raw.is_file() and hashlib.sha256(raw.read_bytes()).hexdigest() == row[0]:
            return row
        return None

    def sessions(self) -> list[dict[str, Any]]:
        """What `nights --json` prints: by start; nights of unknown time last, as recorded."""
        if not self.db.exists():
            if self._files():
                raise BadInput(f"There is no database in {self.path}; run anklet rebuild.")
            return []
        with self._reading() as db:
            rows = db.execute("SELECT summary FROM sessions").fetchall()
        items = [json.loads(row[0]) for row in rows]
        items.sort(key=lambda item: (item["device"], item["session"]))
        items.sort(key=_moment)
        return items

    def load(self, session: str, device: str = "") -> nightfile.Session:
        """The whole night, from its raw file. Raises BadInput if there is none."""
        _name(session)
        for file in self._files():
            if file.stem == session and device in ("", file.parent.name):
                return nightfile.parse(file.read_bytes(), session, file.parent.name)
        raise BadInput(f"There is no session {session} in {self.path}; anklet nights lists them.")

    def rebuild(self) -> int:
        """Make the database again from the raw files; the number of nights.

        The old database stays in place until the new one is whole.
        """
        files = self._files()
        if not self.path.is_dir():
            raise BadInput(f"There is no archive in {self.path}; anklet sync makes one.")
        new = self.db.with_name("anklet.db.new")
        with self._writing():
            with contextlib.suppress(sqlite3.DatabaseError):  # damaged: a reason to rebuild
                self._check_version()
            new.unlink(missing_ok=True)
            with self._open(new) as db:
                for file in files:
                    data = file.read_bytes()
                    night = nightfile.parse(data, file.stem, file.parent.name)
                    _enter(db, night, hashlib.sha256(data).hexdigest(), len(data))
            self.db.with_name("anklet.db-journal").unlink(missing_ok=True)  # the old one's
            new.replace(self.db)
            _sync_folder(self.path)
        return len(files)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep two syncs apart. Raises ArchiveUnwritable."""
        with contextlib.ExitStack() as held:
            with self._writing():
                self.path.mkdir(parents=True, exist_ok=True)
                file = held.enter_context(open(self.path / "sync.lock", "a+b"))
            if not _lock(file.fileno()):
                raise ArchiveUnwritable(
                    f"Another anklet sync is filing into {self.path}; wait until it is done."
                )
            yield  # closing the file unlocks it, also when this process dies

    def _raw(self, device: str, session: str) -> Path:
        return self.path / "raw" / _name(device) / f"{_name(session)}.plm"

    def _files(self) -> list[Path]:
        """The raw night files, by device and session."""
        files = sorted((self.path / "raw").glob("*/*.plm"))
        return [f for f in files if NAME.fullmatch(f.stem) and NAME.fullmatch(f.parent.name)]

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            self._check_version()
            # Not mode=ro: after a crash the first reader has to roll back.
            with contextlib.closing(_connect(self.db, "rw")) as db:
                yield db
        except sqlite3.Error as error:
            raise ArchiveUnwritable(
                f"The database {self.db} can't be used ({error}); run anklet rebuild."
            ) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self._unwritable(error)

    def _unwritable(self, error: Exception) -> NoReturn:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        if isinstance(error, sqlite3.DatabaseError) and self.db.is_file():
            reason += "; if the database is damaged, anklet rebuild makes it again"
        raise ArchiveUnwritable(
            f"The archive {self.path} can't be written ({reason}); nothing was changed. Free "
            f"space or correct its permissions, or set ANKLET_HOME to another folder."
        ) from error

    def _check_version(self) -> None:
        if not self.db.exists():
            return
        with contextlib.closing(_connect(self.db, "rw")) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise ArchiveUnwritable(
                f"The archive {self.path} was made by a newer anklet; update anklet."
            )

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        """One transaction that writes everything or nothing; the tables are made when missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
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


def _enter(db: sqlite3.Connection, night: nightfile.Session, sha256: str, size: int) -> None:
    item = nightfile.summary(night)
    counts = item["counts"]
    key = (night.device, night.session)
    db.execute("DELETE FROM lms WHERE device = ? AND session = ?", key)
    row = (
        *key,
        *(item[name] for name in ("night", "start", "leg", "label", "recorded_s", "in_bed_s")),
        *(counts[name] for name in ("lm", "clm", "plm")),
        *(item[name] for name in ("plm_per_hour", "periodicity_index")),
        *(json.dumps(item), sha256, size),
    )
    db.execute(f"INSERT OR REPLACE INTO sessions VALUES ({','.join('?' * len(row))})", row)
    db.executemany(
        "INSERT INTO lms VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            (
                *(*key, at, lm.onset_ms, lm.duration_ms, lm.peak_mg),
                *(lm.kind, lm.plm, lm.series, lm.touches_gap),
            )
            for at, lm in enumerate(night.lms)
        ),
    )


def _moment(item: dict[str, Any]) -> tuple[bool, float]:
    start = item["start"]
    return (False, dt.datetime.fromisoformat(start).timestamp()) if start else (True, 0)


def _name(text: str) -> str:
    """A device's or a session's name as part of a path."""
    if not NAME.fullmatch(text):
        raise BadInput(f"{text!r} is no name that a night can be filed under.")
    return text


def _write(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    if os.name != "nt":  # a folder can't be opened there
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Take the lock, which ends with the file; False when another process has it."""
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415 - only there

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
