"""The files of another program that were on a board before ours, as a zip for its owner."""

import io
import zipfile
from pathlib import Path

from anklet.archive import durable
from anklet.board.flashfiles import ForeignFiles
from anklet.errors import ArchiveUnwritable

FOLDER = "before-anklet"


def save(home: Path, foreign: ForeignFiles) -> Path:
    """The zip file that holds them. Its name says what is in it: the same files are there once,
    foreign beside them, and none is overwritten. Raises ArchiveUnwritable."""
    path = home / FOLDER / f"{foreign.device}-{foreign.digest[:16]}.zip"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for name in sorted(foreign.files):
            zipped.writestr(zipfile.ZipInfo(name.lstrip("/")), foreign.files[name])
    try:
        if not path.exists() or path.read_bytes() != data.getvalue():
            durable.write(path, data.getvalue())
    except OSError as error:
        raise ArchiveUnwritable(
            f"What is on the board can't be saved in {path} ({error.strerror}); nothing was "
            f"written to the board."
        ) from error
    return path


def notice(foreign: ForeignFiles, path: Path) -> str:
    """What the person has to know before they agree."""
    count = len(foreign.files)
    files = "a file that is" if count == 1 else f"{count} files that are"
    return (
        f"On the board {'is' if count == 1 else 'are'} {files} not Anklet's: {foreign.names()}. A "
        f"copy is in {path}. None will be removed; those in Anklet's way move into a folder on "
        f"the board, and a main.py among them no longer starts."
    )
