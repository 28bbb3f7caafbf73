"""watch/ of an archive: files of watches and oximeters, as they were given. See night/watch.py.

<hash>.csv  a file; never changed, never removed
log.jsonl   whose it is, which of its columns are what, and from when to when; only grows
"""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from anklet.archive import durable, jsonl
from anklet.errors import BadInput
from anklet.night import watch
from anklet.night.session import Session
from anklet.night.watch import Columns, Watch

FOLDER = "watch"
LOG = "log.jsonl"
DIGITS = 16


class WatchFiles:
    """Those of the archive at `home`."""

    def __init__(self, home: Path):
        self.folder = home / FOLDER

    def add(self, data: bytes, name: str, label: str, columns: Columns | None = None) -> Watch:
        """Keep a file of a person's; what it says. The same file again, with other columns, counts
        instead. Raises BadInput, ArchiveUnwritable."""
        columns = {**(watch.guess(watch.header(data)) if columns is None else columns)}
        found = watch.read(data, columns)
        digest = hashlib.sha256(data).hexdigest()
        begin, end = (moment.isoformat() for moment in found.ends)
        path = self.folder / f"{digest[:DIGITS]}.csv"
        line = {"at": jsonl.now(), "file": path.name, "sha256": digest, "size": len(data)}
        line |= {"name": name, "label": label, "columns": columns, "from": begin, "to": end}
        try:
            if not path.is_file() or path.read_bytes() != data:
                durable.write(path, data)
            jsonl.append(self.folder / LOG, line)
        except OSError as error:
            raise jsonl.unwritable(error, path, "Add the file again.") from error
        return found

    def listed(self) -> list[dict[str, Any]]:
        """The newest line of each file and person."""
        lines = {}
        for line in jsonl.read(self.folder / LOG):
            match line:
                case {"file": str(file), "label": str(label), "columns": {}, "name": str()}:
                    lines[file, label] = line
        return list(lines.values())

    def of(self, session: Session) -> Watch | None:
        """What the files of its person say of a session; None where they say nothing."""
        begin, end = session.at(0), session.at(session.length_ms)
        if not (begin and end):
            return None
        # By days, with one to spare: a time in the file may be of another zone.
        first, last = ((when + dt.timedelta(days=n)).date() for when, n in ((begin, -1), (end, 1)))
        read = []
        for line in self.listed():
            if line["label"] != session.label or not (
                str(line.get("from"))[:10] <= last.isoformat()
                and str(line.get("to"))[:10] >= first.isoformat()
            ):
                continue
            try:
                data = (self.folder / line["file"]).read_bytes()
                read.append(watch.read(data, line["columns"]))
            except (OSError, BadInput):  # anklet verify tells of it
                continue
        found = watch.together(read, session)
        return found if found.asleep or found.heart or found.spo2 else None
