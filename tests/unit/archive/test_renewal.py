"""A database of an older anklet is made again by one of those who want to read it."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from anklet.archive import database
from anklet.archive.store import Archive
from nightbytes import add_to, whole
from patience import PATIENCE_S

READERS = 8
READ = """
import pathlib, sys
from anklet.archive.store import Archive
archive = Archive(pathlib.Path(sys.argv[1]))
sys.stdin.readline()
print(len(archive.sessions()))
"""


@pytest.fixture
def old(tmp_path):
    archive = Archive(tmp_path / "archive")
    for number in range(20):
        add_to(archive, whole(session=f"{number:05d}-1a2b3c4d"))
    with contextlib.closing(sqlite3.connect(archive.db)) as db:
        db.execute(f"PRAGMA user_version = {database.SCHEMA - 1}")
    return archive


@pytest.mark.slow
def test_readers_after_an_update_all_see_every_night(old):
    command = [sys.executable, "-c", READ, str(old.path)]
    readers = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    for reader in readers:
        reader.stdin.write("now\n")
        reader.stdin.flush()
    told = [reader.communicate(timeout=PATIENCE_S) for reader in readers]
    assert [out for out, _ in told] == ["20\n"] * READERS, told
    assert sum("making the database again" in error for _, error in told) == 1


def test_who_waits_says_so(old, capsys):
    with old._locked() as ours:
        assert ours
        found = []
        reader = threading.Thread(target=lambda: found.append(Archive(old.path).sessions()))
        reader.start()
        said = ""
        while "waiting for it" not in said:
            assert reader.is_alive()
            said += capsys.readouterr().err
        assert not found
    reader.join(60)
    assert len(found[0]) == 20


def test_threads_of_one_program_renew_once(old, capsys):
    found = []
    threads = [threading.Thread(target=lambda: found.append(old.sessions())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(items) for items in found] == [20] * 6
    assert capsys.readouterr().err.count("making the database again 100 %") == 1


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_the_renewed_database_is_its_owners(old):
    old.sessions()
    assert old.db.stat().st_mode & 0o077 == 0
