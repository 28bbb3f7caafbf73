"""The whole archive in one file, and back: a zip with the hash of each file in it.

Inside: what can't be made again, that is raw/, the journal, the trials, files of watches and what
was on a board before ours; not the database, which is made from them, and not the example. FILE
names every one with its SHA-256.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

from anklet.archive import durable
from anklet.archive.store import Archive
from anklet.errors import ArchiveUnwritable, BadInput, NotVerified

FILE = "anklet-backup.json"
KEPT = ("raw/**/*", "trials/*", "watch/*", "before-anklet/*", "journal.jsonl")
NAME = re.compile(r"(raw|trials|watch|before-anklet)(/[\w.\-]+)+|journal\.jsonl")
UNFINISHED = ".restoring-"
LARGEST = 1 << 30  # bytes of one file in it: a night has 200 kB


def backup(archive: Archive, out: Path) -> int:
    """Write everything that counts to the zip file `out`, read it back and compare; the number of
    files. `out` is replaced as a whole or not at all. Raises BadInput where there is nothing, or
    `out` can't be written, NotVerified where what was written is not what was read."""
    part = out.with_name(out.name + ".part")
    if not archive.path.is_dir():
        raise BadInput(f"There is no archive in {archive.path}, so there is nothing to back up.")
    with archive.lock(renew=False):  # no sync adds a night meanwhile
        paths = sorted({p for glob in KEPT for p in archive.path.glob(glob) if _counts(p)})
        if not paths:
            raise BadInput(f"There is nothing in {archive.path} to back up yet.")
        hashes: dict[str, str] = {}
        try:
            with open(part, "wb", opener=durable.open_own) as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
                    for path in paths:
                        name, data = path.relative_to(archive.path).as_posix(), path.read_bytes()
                        hashes[name] = hashlib.sha256(data).hexdigest()
                        zipped.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
                    zipped.writestr(zipfile.ZipInfo(FILE), json.dumps(hashes, indent=0))
                file.flush()
                os.fsync(file.fileno())
            if _verified(part) != hashes:
                raise NotVerified(
                    f"{out} could not be written as it should; nothing was replaced."
                )
            os.replace(part, out)
            durable.sync_folder(out.absolute().parent)
        except OSError as error:
            raise BadInput(
                f"{out} can't be written ({error.strerror}); choose another place."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
    return len(hashes)


def restore(file: Path, home: Path) -> int:
    """Fill the empty or missing archive at `home` from a backup, every file compared with its
    hash before any is in its place; the number of nights.

    Raises BadInput where `home` holds something already or `file` is no backup, NotVerified where
    a file in it is not what it was, ArchiveUnwritable.
    """
    if home.is_dir() and any(path for path in home.iterdir() if path.name != "example"):
        raise BadInput(
            f"There is an archive in {home} already, and a backup is never mixed into one: set "
            f"ANKLET_HOME to a folder that is not there yet, and restore into that."
        )
    _verified(file)
    try:
        durable.make_folder(home.parent)
        for left in home.parent.glob(UNFINISHED + "*"):  # by a restore that was killed
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(dir=home.parent, prefix=UNFINISHED))
        try:
            with zipfile.ZipFile(file) as zipped:
                for name in zipped.namelist():
                    if name != FILE:
                        durable.write(made / name, zipped.read(name))
            nights = Archive(made).rebuild()
            if home.is_dir():
                for path in home.iterdir():
                    os.replace(path, made / path.name)
                home.rmdir()
            os.replace(made, home)  # all of it is there, or nothing
            durable.sync_folder(home.parent)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except (OSError, ArchiveUnwritable) as error:
        why = error.strerror if isinstance(error, OSError) else "the disk refused"
        raise ArchiveUnwritable(
            f"The backup can't be restored into {home} ({why}), and nothing of it is there; free "
            f"space or choose another folder with ANKLET_HOME, and do it again."
        ) from error
    return nights


def _counts(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.match(durable.PARTS)


def _verified(file: Path) -> dict[str, str]:
    """The hash of each file in a backup, all of them found right. Raises BadInput, NotVerified."""
    try:
        with zipfile.ZipFile(file) as zipped:
            hashes = json.loads(zipped.read(FILE))
            names = [name for name in zipped.namelist() if name != FILE]
            if sorted(names) != sorted(hashes):
                raise NotVerified(f"{file} does not hold the files that it names; use another.")
            for info in zipped.infolist():
                if info.filename == FILE:
                    continue
                if not NAME.fullmatch(info.filename) or ".." in info.filename:
                    raise BadInput(f"{file} is no backup of anklet's: it holds {info.filename!r}.")
                if info.file_size > LARGEST:
                    raise BadInput(f"{file} is no backup of anklet's: a file in it is too large.")
                if hashlib.sha256(zipped.read(info)).hexdigest() != hashes[info.filename]:
                    raise NotVerified(
                        f"{info.filename} in {file} is not what was backed up; use another backup."
                    )
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadInput(f"{file} is no backup that anklet can read ({error}).") from error
    except zlib.error as error:
        raise NotVerified(f"{file} is damaged ({error}); use another backup.") from error
    except OSError as error:
        raise BadInput(f"{file} can't be read ({error.strerror}).") from error
    return hashes
