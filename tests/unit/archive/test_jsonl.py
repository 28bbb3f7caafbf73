"""Files that only grow: what is said to be saved is, what is said not to be is not, and what
was altered afterwards is found."""

import errno
import os
import threading

import pytest
from anklet.archive import durable, jsonl
from anklet.archive.journal import Journal
from anklet.errors import ArchiveUnwritable

NIGHT = "2026-11-21"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.jsonl"
    for number in range(3):
        jsonl.append(path, {"number": number})
    return path


def failing(*results):
    """A function that does as `results` say, in turn: an error number, or None to do it."""
    left = list(results)

    def make(real):
        def work(*given):
            number = left.pop(0) if left else None
            if number:
                raise OSError(number, os.strerror(number))
            return real(*given)

        return work

    return make


@pytest.mark.parametrize("name", ["write", "fsync"])
def test_what_is_said_not_to_be_saved_is_not(tmp_path, monkeypatch, name):
    diary = Journal(tmp_path)
    diary.set(NIGHT, {"urge": 3})
    with monkeypatch.context() as patch:
        patch.setattr(os, name, failing(errno.EIO)(getattr(os, name)))
        with pytest.raises(ArchiveUnwritable, match="This was not saved"):
            diary.set(NIGHT, {"iron_mg": 14})
    assert diary.entries() == {NIGHT: {"urge": 3}}
    diary.set(NIGHT, {"iron_mg": 14})
    assert diary.entries() == {NIGHT: {"urge": 3, "iron_mg": 14}}
    assert list(jsonl.altered(diary.file)) == []


def test_what_is_not_known_is_said_so_with_how_to_look(tmp_path, monkeypatch):
    diary = Journal(tmp_path)
    fsync = failing(errno.EIO, errno.EIO)(os.fsync)
    monkeypatch.setattr(os, "fsync", fsync)
    diary.path.joinpath("journal.jsonl").touch()
    with pytest.raises(ArchiveUnwritable, match="not known whether") as caught:
        diary.set(NIGHT, {"urge": 3})
    assert "anklet note --night" in str(caught.value)


def test_a_disk_that_takes_half_leaves_no_half_line(log, monkeypatch):
    real, before = os.write, log.read_bytes()

    def half(handle, data):
        if len(data) < 30:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="space"):
        jsonl.append(log, {"number": 3})
    assert log.read_bytes() == before


def test_the_folder_of_a_new_file_is_brought_onto_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    path = tmp_path / "new" / "journal.jsonl"
    jsonl.append(path, {})
    jsonl.append(path, {})
    assert synced.count(path.parent) == 1


def test_several_writers_at_once(tmp_path):
    path = tmp_path / "log.jsonl"

    def write(who):
        for number in range(20):
            jsonl.append(path, {"who": who, "number": number})

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(list(jsonl.read(path))) == 80
    assert list(jsonl.altered(path)) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda text: text.replace(b'"number": 1', b'"number": 7'), [2, 3]),
        (lambda text: text.replace(b'"number": 2', b'"number": 7'), [3]),
        (lambda text: b"".join(text.splitlines(True)[::2]), [2]),
        (lambda text: text + b'{"number": 3}\n', [4]),
        (lambda text: text + b'{"numb', [4]),
        (lambda text: text, []),
    ],
)
def test_a_line_that_was_altered_or_taken_out_is_found(log, change, where):
    log.write_bytes(change(log.read_bytes()))
    assert [number for number, _ in jsonl.altered(log)] == where


def test_lines_of_an_older_anklet_stay_and_are_followed_by_checked_ones(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"number": 0}\n{"number": 1}\n')
    jsonl.append(path, {"number": 2})
    assert [line["number"] for line in jsonl.read(path)] == [0, 1, 2]
    assert list(jsonl.altered(path)) == []
    path.write_bytes(path.read_bytes().replace(b'"number": 1', b'"number": 5'))
    assert [number for number, _ in jsonl.altered(path)] == [3]
