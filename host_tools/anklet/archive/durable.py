"""Files that survive a power cut whole, for their owner alone, and locks that die with their
process."""

import contextlib
import os
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PARTS = ".*.part"  # what write() leaves when the process is killed
OURS = 0o600  # a journal holds medicines: no other user of the computer may read it
OUR_FOLDER = 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO
_POLL_S = 0.05
_FAR = 1 << 30  # behind the end of any file that is locked


def write(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there whole, or not at all."""
    make_folder(path.parent)
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
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, so that a power cut does not take it away again."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=OUR_FOLDER, exist_ok=True)
        with contextlib.suppress(PermissionError):  # a folder that may be written but not read
            sync_folder(path.parent)


def open_own(path: str | Path, flags: int) -> int:
    """An opener for open(): what it makes is its owner's alone."""
    return os.open(path, flags, OURS)


def close_to_others(folder: Path, inside: Iterable[Path]) -> None:
    """Take an archive of an older anklet away from the computer's other users: `inside`, then the
    folder, which is the mark that all of it is done. Windows keeps a user's folders by itself."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # not there yet, another's, or on a disk without modes
        mode = folder.stat().st_mode
        if mode & OTHERS:
            for path in inside:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & ~OTHERS & 0o7777)
            folder.chmod(mode & ~OTHERS & 0o7777)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder onto the disk."""
    if os.name != "nt":  # a folder can't be opened there
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Lock by this file until the end of the block; False when another process has it."""
    with open(path, "a+b", opener=open_own) as file:  # closing it unlocks, also when we die
        yield _lock(file.fileno())


class Lock:
    """lock() for the threads of a program: one at a time, and that one as often as it likes."""

    def __init__(self, path: Path):
        self._path = path
        self._thread = threading.RLock()
        self._ours = False

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Hold it until the end of the block; False when another program has it. Raises
        OSError."""
        with self._thread:
            if self._ours:
                yield True
                return
            make_folder(self._path.parent)
            with lock(self._path) as ours:
                self._ours = ours
                try:
                    yield ours
                finally:
                    self._ours = False


def wait_for(handle: int) -> None:
    """Lock an open file until it is closed, as soon as nobody else has it."""
    while not _lock(handle):
        time.sleep(_POLL_S)


def _lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt  # noqa: PLC0415 - only there

            os.lseek(handle, _FAR, os.SEEK_SET)  # nobody can read or write a byte that is locked
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            finally:
                os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
