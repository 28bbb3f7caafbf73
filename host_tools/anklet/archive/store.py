"""The archive: the raw night files as downloaded, and a database made from them (database.py).

raw/       what counts: see rawfiles.py
anklet.db  SQLite, can be rebuilt from the raw files
"""

import contextlib
import datetime as dt
import hashlib
import itertools
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import platformdirs

from anklet.archive import database, durable
from anklet.archive.anchors import AnchorFiles
from anklet.archive.journal import Journal
from anklet.archive.rawfiles import RawFiles
from anklet.board.boardinfo import Info
from anklet.errors import ArchiveUnwritable, BadInput, NotVerified
from anklet.night import clock, nightfile
from anklet.night.grouping import in_time
from anklet.night.session import Session
from anklet.progress import percent

LOCK = "sync.lock"
_WAIT_S = 0.1


def home() -> Path:
    """$ANKLET_HOME, else the platform's data directory."""
    given = os.environ.get("ANKLET_HOME")
    return Path(given) if given else Path(platformdirs.user_data_dir("anklet"))


class Archive:
    """The archive at `path`. Nothing is created before something is filed."""

    def __init__(self, path: Path):
        self.path = path
        self.db = path / "anklet.db"
        self._raw = RawFiles(path)
        self._anchors = AnchorFiles(self._raw)
        self._lock = durable.Lock(path / LOCK)
        folders = ("raw", "trials", "watch", "before-anklet")
        names = (*folders, *(f"{f}/**/*" for f in folders), "journal.jsonl", "anklet.db*", LOCK)
        inside = itertools.chain.from_iterable(map(path.glob, names))
        durable.close_to_others(path, inside)

    def add(self, data: bytes, sha256: str, session: str = "", device: str = "") -> Session:
        """File a night as downloaded, then enter it into the database.

        session, device: what to file it under; else its header says. Filing the same again
        changes nothing. Other bytes under the same name are filed, and the older file is kept
        beside it as <session>.plm.<hash>. Raises NotVerified, BadInput, ArchiveUnwritable.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotVerified(
                f"Night {session} is not what its hash says; nothing was filed. Run anklet sync "
                f"again."
            )
        night = nightfile.parse(data, session, device)
        self._renew()
        filing = self._raw.filing(night.device, night.session, data, sha256)
        with self._writing(), filing, database.writing(self.db) as db:
            self._enter(db, night, sha256, len(data))
            self._date_others(db, night)
        return night

    def filed(self, device: str, session: str) -> tuple[str, int] | None:
        """Hash and size of a night that is filed whole, else None."""
        if not self.db.exists():
            return None
        with self._reading() as db:
            row = database.filed(db, device, session)
        raw = self.raw(device, session)
        if row and raw.is_file() and hashlib.sha256(raw.read_bytes()).hexdigest() == row[0]:
            return row
        return None

    def add_trace(self, data: bytes, sha256: str, session: str, device: str) -> None:
        """File a trace as downloaded. Raises NotVerified, BadInput, ArchiveUnwritable."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotVerified(
                f"Trace {session} is not what its hash says; it was not filed. Run anklet sync "
                f"again."
            )
        with self._writing():
            self._raw.file_trace(device, session, data, sha256)

    def add_crash(self, text: str, device: str) -> Path:
        """File what a board's firmware wrote down when it crashed. Raises ArchiveUnwritable."""
        with self._writing():
            return self._raw.file_crash(device, text)

    def trace(self, session: str, device: str) -> bytes | None:
        """The trace of a session as downloaded; None without one."""
        file = self._raw.trace(device, session)
        return file.read_bytes() if file.is_file() else None

    def sessions(self) -> list[dict[str, Any]]:
        """What `nights --json` prints: by start; a night of unknown time stands behind the one
        that its board recorded before it.

        Those that the journal hides carry the flag "hidden". No raw file is read.
        """
        if not self.db.exists():
            if self.files():
                raise BadInput(f"There is no database in {self.path}; run anklet rebuild.")
            return []
        with self._reading() as db:
            items = database.summaries(db)
        hidden = Journal(self.path).hidden()
        for item in items:
            if (item["device"], item["session"]) in hidden:
                item["flags"].append("hidden")
        items.sort(key=lambda item: (item["device"], item["session"]))
        return in_time(items)

    def load(self, session: str, device: str = "") -> Session:
        """The whole night, from its raw file. Raises BadInput if there is none."""
        file = self._raw.find(session, device)
        if not file:
            raise BadInput(
                f"There is no session {session} in {self.path}; anklet nights lists them."
            )
        night = nightfile.parse(file.read_bytes(), session, file.parent.name)
        if self.db.exists():
            with self._reading() as db:
                self._settle(db, night)
        return night

    def date(self, session: str, device: str, start: dt.datetime | None) -> None:
        """Date a session whose time no clock knew, as a person did; None takes that back. See
        dating.py for what can be. Raises BadInput, ArchiveUnwritable."""
        raw = self.raw(device, session)
        if not raw.is_file():
            raise BadInput(f"There is no session {session} in {self.path}.")
        self._renew()
        Journal(self.path).date(device, session, start)
        data = raw.read_bytes()
        night = nightfile.parse(data, session, device)
        with self._writing(), database.writing(self.db) as db:
            self._enter(db, night, hashlib.sha256(data).hexdigest(), len(data))

    def seen(self, device: str, session: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """When a computer spoke to the board for the last time before this session, and when one
        first found the session."""
        return self._anchors.times_around(device, session)

    def rebuild(self, progress: Callable[[float], None] | None = None) -> int:
        """Make the database again from the raw files; the number of nights.

        The old database stays in place until the new one is whole. progress: takes the fraction.
        """
        if not self.path.is_dir():
            raise BadInput(f"There is no archive in {self.path}; anklet sync makes one.")
        with self.lock(renew=False):
            return self._rebuild(progress)

    def _rebuild(self, progress: Callable[[float], None] | None) -> int:
        new = self.db.with_name("anklet.db.new")
        with self._writing():
            with contextlib.suppress(sqlite3.DatabaseError):  # damaged: a reason to rebuild
                database.version(self.db)
            new.unlink(missing_ok=True)
            new.with_name(f"{new.name}-journal").unlink(missing_ok=True)
            number = self.write_database(new, progress)
            self.db.with_name("anklet.db-journal").unlink(missing_ok=True)  # the old one's
            new.replace(self.db)
            durable.sync_folder(self.path)
        return number

    def write_database(self, path: Path, progress: Callable[[float], None] | None) -> int:
        """Make a database at `path` from the raw files; the number of nights. Raises OSError,
        sqlite3.Error."""
        files = self.files()
        with database.writing(path) as db:
            for done, file in enumerate(files, 1):
                data = file.read_bytes()
                night = nightfile.parse(data, file.stem, file.parent.name)
                self._enter(db, night, hashlib.sha256(data).hexdigest(), len(data))
                self._date_others(db, night)
                if progress:
                    progress(done / len(files))
        return len(files)

    @contextlib.contextmanager
    def lock(self, renew: bool = True) -> Iterator[None]:
        """Keep two syncs apart. What a killed one left half written is removed, and a database of
        an older anklet made again. Raises ArchiveUnwritable."""
        with self._locked() as ours:
            if not ours:
                raise ArchiveUnwritable(
                    f"Another anklet sync is filing into {self.path}; wait until it is done."
                )
            with self._writing():
                self._raw.remove_parts()
            if renew:
                self._renew()
            yield

    @contextlib.contextmanager
    def _locked(self) -> Iterator[bool]:
        with contextlib.ExitStack() as held:
            with self._writing():
                ours = held.enter_context(self._lock.held())
            yield ours

    def anchor(self, info: Info) -> None:
        """Keep what this computer's clock said when it spoke to the board, before the nights that
        it dates are filed. Once for each Info. Raises ArchiveUnwritable."""
        with self._writing():
            self._anchors.keep(info)

    def _settle(self, db: sqlite3.Connection, night: Session) -> None:
        """Date a night by all that is known of its board's clock."""
        clock.settle(night, self._anchors.of(night.device), database.points(db, night))
        if night.clock == clock.UNKNOWN:
            start = Journal(self.path).dates().get((night.device, night.session))
            if start:
                clock.settle_by_hand(night, start)

    def _enter(self, db: sqlite3.Connection, night: Session, sha256: str, size: int) -> None:
        self._settle(db, night)
        database.enter(db, night, sha256, size)

    def _date_others(self, db: sqlite3.Connection, night: Session) -> None:
        """Date those of unknown time in whose power-up this night's board knew the time."""
        if not night.anchors:
            return
        for session, sha256, size in database.undated(db, night):
            file = self.raw(night.device, session)
            if file.is_file():
                other = nightfile.parse(file.read_bytes(), session, night.device)
                self._enter(db, other, sha256, size)

    def raw(self, device: str, session: str) -> Path:
        """Where a session's night file is, or would be. Raises BadInput for no name."""
        return self._raw.night(device, session)

    def files(self) -> list[Path]:
        """The raw night files, by device and session."""
        return self._raw.nights()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self._renew()
        with database.reading(self.db) as db:
            yield db

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
            f"The archive {self.path} can't be written ({reason}); nothing in it is lost. Free "
            f"space or correct its permissions, or set ANKLET_HOME to another folder, and do it "
            f"again."
        ) from error

    def _renew(self) -> None:
        """Make a database of an older anklet, or a half-made one, again before it is used. Of
        several programs one does it, and the others wait."""
        said_so = False
        while self._outdated():
            with self._locked() as ours:
                if ours and self._outdated():
                    self._rebuild(percent("making the database again", every=20))
            if not (ours or said_so):
                print(
                    "Another anklet is at work in the archive, whose database has to be made "
                    "again first; waiting for it.",
                    file=sys.stderr,
                    flush=True,
                )
                said_so = True
            if not ours:
                time.sleep(_WAIT_S)

    def _outdated(self) -> bool:
        try:
            return database.version(self.db) < database.SCHEMA
        except sqlite3.Error:  # whoever uses it says so
            return False
