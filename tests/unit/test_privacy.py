"""Another user of the same computer: the archive and the pages are closed to them."""

import contextlib
import datetime as dt
import os
import stat

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.trial.plan import draw
from anklet.trial.seal import Trials
from nightbytes import add_to, whole

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folders by itself")

NOBODY = 65534
EVERYBODY = 0o000  # umask


@pytest.fixture
def home(tmp_path):
    """An archive with everything in it, made by a user whose files everybody may read."""
    before = os.umask(EVERYBODY)
    try:
        path = tmp_path / "home" / "archive"
        archive = Archive(path)
        with archive.lock():
            add_to(archive, whole())
        Journal(path).set("2026-11-21", {"medicine": "pramipexole 0.18 mg"})
        Trials(path).add(draw("magnesium_mg=300", dt.date(2026, 11, 21), blind=True), "A: salt\n")
    finally:
        os.umask(before)
    return path


def open_to_others(path):
    there = [path, *path.rglob("*")]
    return [p for p in there if stat.S_IMODE(p.stat().st_mode) & 0o077]


def test_nobody_else_may_read_the_archive(home):
    assert {"anklet.db", "journal.jsonl", "sync.lock"} < {p.name for p in home.iterdir()}
    assert open_to_others(home) == []


def test_an_older_archive_is_closed(home):
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    Archive(home)
    assert open_to_others(home) == []


def test_what_is_not_ours_in_its_folder_stays_as_it_is(home):
    other = home / "notes.txt"
    other.touch()
    other.chmod(0o644)
    home.chmod(0o755)
    Archive(home)
    assert open_to_others(home) == [other]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become another user"
)
def test_another_user_reads_neither_journal_nor_nights(home):
    paths = [p for p in home.rglob("*") if p.is_file()]
    assert len(paths) >= 4
    shared = home.parent / "shared.txt"
    shared.write_text("for everybody")
    barred = [p for p in home.parents if not p.stat().st_mode & stat.S_IXOTH]
    for folder in barred:  # the test's own folders are not to be what is in the way
        folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    try:
        assert read_by_another(*paths, shared) == [shared]
    finally:
        for folder in barred:
            folder.chmod(folder.stat().st_mode & ~stat.S_IXOTH)


def read_by_another(*paths):
    """Those that another user can read."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            for number, path in enumerate(paths):
                with contextlib.suppress(PermissionError):
                    path.read_bytes()
                    os.write(theirs, bytes([number]))
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    with open(ours, "rb") as pipe:
        return [paths[number] for number in pipe.read()]
