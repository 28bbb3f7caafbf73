"""Files a night that this computer made itself, of a recording."""

import hashlib
from collections.abc import Mapping

from anklet.archive.store import Archive
from anklet.night.session import Session


def keep(archive: Archive, device: str, session: str, files: Mapping[str, bytes]) -> Session:
    """files: by suffix; ".plm", and ".trc" where there is a trace. Raises BadInput,
    ArchiveUnwritable."""

    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    with archive.lock():
        night = archive.add(files[".plm"], digest(files[".plm"]), session, device)
        if trace := files.get(".trc"):
            archive.add_trace(trace, digest(trace), session, device)
    return night
