"""What is not as it was written is found, and said with what to do."""

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.archive.verify import verify
from anklet.cli import main
from anklet.trial.plan import draw
from anklet.trial.seal import Trials
from anklet.web.checking import Checking
from anklet.web.server import create_app
from nightbytes import add_to, whole

DEVICE, SESSION, OTHER = "e6614103e7452b2f", "00001-1a2b3c4d", "00002-1a2b3c4d"
TRACE = b"a trace" * 30


@pytest.fixture
def archive(tmp_path, monkeypatch):
    made = Archive(tmp_path / "archive")
    monkeypatch.setenv("ANKLET_HOME", str(made.path))
    for session in (SESSION, OTHER):
        add_to(made, whole(session=session))
    add_to(made, whole(session=OTHER, label="longer"))
    made.add_trace(TRACE, hashlib.sha256(TRACE).hexdigest(), SESSION, DEVICE)
    for urge in range(3):
        Journal(made.path).set("2026-11-21", {"urge": urge}, "bed")
    Trials(made.path).add(draw("magnesium_mg=300", dt.date(2026, 11, 21), seed=1))
    return made


def change(path, old=None, new=b""):
    data = path.read_bytes()
    path.write_bytes(
        data.replace(old, new) if old else data[:40] + bytes([data[40] ^ 1]) + data[41:]
    )


def row(archive, statement):
    with contextlib.closing(sqlite3.connect(archive.db)) as db:
        db.execute(statement)
        db.commit()


CHANGES = {
    "a raw file": (lambda a: change(a.raw(DEVICE, SESSION)), f"{SESSION}.plm is not what was", ""),
    "a raw file that is gone": (lambda a: a.raw(DEVICE, SESSION).unlink(), "is not there", "sync"),
    "an older raw file": (
        lambda a: change(next(a.path.glob("raw/*/*.plm.*"))),
        "is not what was filed",
        "backup",
    ),
    "a trace": (
        lambda a: change(a.raw(DEVICE, SESSION).with_suffix(".trc")),
        f"{SESSION}.trc is not what was filed",
        "sync",
    ),
    "a journal's line": (
        lambda a: change(a.path / "journal.jsonl", b'"urge": 2', b'"urge": 9'),
        "journal.jsonl, line 3",
        "backup",
    ),
    "a plan": (
        lambda a: change(next((a.path / "trials").glob("*.json")), b'"pairs": ', b'"pairs": 1'),
        "is not what was sealed",
        "seal",
    ),
    "a row": (lambda a: row(a, "UPDATE sessions SET plm = 99"), "raw file does", "rebuild"),
    "a movement": (lambda a: row(a, "DELETE FROM lms WHERE position = 2"), "raw file", "rebuild"),
    "a row that is gone": (
        lambda a: row(a, f"DELETE FROM sessions WHERE session = '{OTHER}'"),
        f"session {OTHER} of {DEVICE} is not there",
        "rebuild",
    ),
    "the database": (lambda a: a.db.write_bytes(b"no" * 4000), "is damaged", "rebuild"),
    "the database that is gone": (lambda a: a.db.unlink(), "no database", "rebuild"),
    "a plan without a seal": (
        lambda a: (a.path / "trials" / "2026-12-01-iron_mg.json").write_bytes(b"{}"),
        "has no seal",
        "removed",
    ),
}


def test_all_is_well(archive):
    found = verify(archive)
    assert found.wrong == []
    assert found.checked == {"files": 4, "unhashed": 0, "lines": 8, "plans": 1, "nights": 2}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_wrong_is_said_with_what_to_do(archive, name, capsys):
    alter, what, todo = CHANGES[name]
    alter(archive)
    found = verify(Archive(archive.path)).wrong
    assert any(what in said and todo in then for said, then in found), found
    assert main(["verify", "--json"]) == 6
    out, err = capsys.readouterr()
    assert json.loads(out)["ok"] is False and err.startswith("anklet: Not all is as")
    assert main(["verify"]) == 6
    assert what in capsys.readouterr().out


def test_a_raw_file_that_rusted_is_found_even_after_a_rebuild(archive):
    change(archive.raw(DEVICE, SESSION))
    archive.rebuild()
    assert any(f"{SESSION}.plm is not what was filed" in what for what, _ in verify(archive).wrong)


def test_files_of_an_older_anklet_are_held_against_the_database(archive):
    (archive.path / "raw" / DEVICE / "hashes.jsonl").unlink()
    found = verify(archive)
    assert found.wrong == [] and found.checked["unhashed"] == 1  # the trace
    change(archive.raw(DEVICE, SESSION))
    assert any("is not what was filed" in what for what, _ in verify(archive).wrong)


def test_nothing_is_changed(archive):
    before = {p: p.read_bytes() for p in archive.path.rglob("*") if p.is_file()}
    verify(archive)
    assert {p: p.read_bytes() for p in archive.path.rglob("*") if p.is_file()} == before


def test_an_archive_that_is_not_there(tmp_path):
    assert verify(Archive(tmp_path / "none")).wrong == []
    assert not (tmp_path / "none").exists()


def test_the_pages_check_in_the_background(archive):
    change(archive.raw(DEVICE, SESSION))
    checking = Checking()
    client = create_app(archive.path, "secret", None, checking).test_client()
    wrong = f"{SESSION}.plm is not what was filed"
    client.get("/secret/who?label=bed")
    assert wrong not in client.get("/secret/").text
    checking.run(archive.path)
    assert wrong in client.get("/secret/").text
