"""The archive: raw files first, a database that can be made again."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from anklet.archive.store import Archive, home
from anklet.errors import ArchiveUnwritable, BadInput, NotVerified
from anklet.night import as_json, nightfile
from nightbytes import Builder, whole

DEVICE = "e6614103e7452b2f"
SESSION = "00001-1a2b3c4d"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def add(archive, **meta):
    data = whole(**meta)
    return archive.add(data, sha(data))


def files(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "nights"))
    assert home() == tmp_path / "nights"
    monkeypatch.delenv("ANKLET_HOME")
    assert home().name == "anklet"


def test_reading_creates_nothing(tmp_path):
    archive = Archive(tmp_path / "none")
    assert archive.sessions() == []
    assert archive.filed(DEVICE, SESSION) is None
    with pytest.raises(BadInput):
        archive.load(SESSION)
    with pytest.raises(BadInput):
        archive.rebuild()
    assert not (tmp_path / "none").exists()


def test_a_night_is_filed_as_it_came(tmp_path):
    archive = Archive(tmp_path / "a")
    add(archive)
    assert (tmp_path / "a/raw" / DEVICE / f"{SESSION}.plm").read_bytes() == whole()
    assert archive.filed(DEVICE, SESSION) == (sha(whole()), len(whole()))
    assert archive.sessions() == [as_json.summary(nightfile.parse(whole()))]
    assert archive.load(SESSION) == nightfile.parse(whole())
    with sqlite3.connect(archive.db) as db:
        assert db.execute("SELECT count(*), sum(plm) FROM lms").fetchone() == (6, 4)


def test_filing_twice_changes_nothing(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    add(archive)
    assert len(archive.sessions()) == 1
    raw = f"raw/{DEVICE}"
    assert sorted(files(tmp_path)) == ["anklet.db", f"{raw}/{SESSION}.plm", f"{raw}/hashes.jsonl"]
    assert len(files(tmp_path)[f"{raw}/hashes.jsonl"].splitlines()) == 1


def test_other_bytes_under_the_same_name_lose_nothing(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    add(archive, label="longer")
    raw = tmp_path / "raw" / DEVICE
    assert (raw / f"{SESSION}.plm").read_bytes() == whole(label="longer")
    assert (raw / f"{SESSION}.plm.{sha(whole())[:8]}").read_bytes() == whole()
    assert [item["label"] for item in archive.sessions()] == ["longer"]
    assert archive.rebuild() == 1


def test_a_wrong_hash_is_not_filed(tmp_path):
    with pytest.raises(NotVerified):
        Archive(tmp_path / "a").add(whole(), sha(b"something else"))
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["../escape", "a/b", "", ".", "x" * 65, "a\n", "ü"])
def test_names_that_are_no_names(tmp_path, name):
    with pytest.raises(BadInput):
        add(Archive(tmp_path / "a"), session=name)
    with pytest.raises(BadInput):
        add(Archive(tmp_path / "a"), device=name)
    assert files(tmp_path) == {}


def test_two_devices_may_have_sessions_of_one_name(tmp_path):
    archive = Archive(tmp_path)
    add(archive, label="one")
    add(archive, device="other", label="two")
    assert archive.load(SESSION, "other").label == "two"
    assert len(archive.sessions()) == 2


def test_rebuild_gives_the_same_database(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    add(archive, session="00002-00000000", label="second")
    before = archive.sessions()
    archive.db.write_bytes(b"no database at all" * 100)
    with pytest.raises(ArchiveUnwritable, match="rebuild"):
        archive.sessions()
    assert archive.rebuild() == 2
    assert archive.sessions() == before
    archive.db.unlink()
    with pytest.raises(BadInput, match="rebuild"):
        archive.sessions()


def test_a_lost_or_changed_raw_file_does_not_count_as_filed(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    raw = tmp_path / "raw" / DEVICE / f"{SESSION}.plm"
    raw.write_bytes(whole()[:-1])
    assert archive.filed(DEVICE, SESSION) is None
    raw.unlink()
    assert archive.filed(DEVICE, SESSION) is None


def test_an_archive_of_a_newer_version_is_left_alone(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    with sqlite3.connect(archive.db) as db:
        db.execute("PRAGMA user_version = 99")
    before = files(tmp_path)
    for use in (archive.sessions, archive.rebuild, lambda: add(archive, session="00002-0")):
        with pytest.raises(ArchiveUnwritable, match="update anklet"):
            use()
    assert files(tmp_path) == before | {"sync.lock": b""}


def test_a_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArchiveUnwritable) as caught:
        add(Archive(tmp_path / "file" / "a"))
    assert caught.value.exit_code == 8
    with pytest.raises(ArchiveUnwritable), Archive(tmp_path / "file" / "a").lock():
        pass
    assert files(tmp_path) == {"file": b"in the way"}


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc")
def test_a_file_system_that_takes_no_files():
    with pytest.raises(ArchiveUnwritable):
        add(Archive(Path("/proc/anklet")))


@pytest.mark.slow
def test_a_database_that_can_not_be_written_leaves_no_raw_file(tmp_path):
    archive = Archive(tmp_path)
    add(archive)
    before = files(tmp_path)
    with sqlite3.connect(archive.db, isolation_level=None, timeout=0) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ArchiveUnwritable):
            add(archive, session="00002-00000000")
        with pytest.raises(ArchiveUnwritable):
            add(archive, label="longer")
        other.execute("ROLLBACK")
    assert archive.load(SESSION).label == "bed"
    del before[f"raw/{DEVICE}/hashes.jsonl"]  # what was about to be filed stands there
    assert {k: v for k, v in files(tmp_path).items() if k in before} == before


def test_two_syncs_are_kept_apart(tmp_path):
    code = (
        "import pathlib, sys, time; from anklet.archive.store import Archive\n"
        "with Archive(pathlib.Path(sys.argv[1])).lock():\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(ArchiveUnwritable, match="Another"), Archive(tmp_path).lock():
            pass
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    with Archive(tmp_path).lock():  # a lock dies with its process
        pass


def test_nights_are_in_order_of_time_unknown_ones_last(tmp_path):
    archive = Archive(tmp_path)
    for session, day in (("00001-a", 20780), ("00002-b", None), ("00003-c", 20779)):
        night = Builder(session=session)
        data = bytes((night.anchor(day=day) if day else night).counts(1000).data)
        archive.add(data, sha(data))
    assert [i["session"] for i in archive.sessions()] == ["00003-c", "00001-a", "00002-b"]


@pytest.mark.slow
def test_a_year_of_nights_is_listed_fast(tmp_path):
    archive = Archive(tmp_path)
    for n in range(60):
        add(archive, session=f"{n:05d}-00000000")
    began = time.monotonic()
    assert len(archive.sessions()) == 60
    assert time.monotonic() - began < 0.5
