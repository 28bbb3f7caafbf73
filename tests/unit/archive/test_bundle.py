"""A backup is whole or refused, and comes back byte for byte."""

import datetime as dt
import json
import random
import zipfile

import pytest
from anklet.archive.bundle import FILE, backup, restore
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.archive.verify import verify
from anklet.cli import main
from anklet.errors import BadInput, NotVerified
from anklet.simulate import example
from anklet.trial.plan import draw
from anklet.trial.seal import Trials
from anklet.web.server import create_app
from nightbytes import add_to, whole


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "archive")
    for number in range(1, 6):
        add_to(made, whole(session=f"{number:05d}-1a2b3c4d"))
    Journal(made.path).set("2026-11-21", {"urge": 3}, "bed")
    Trials(made.path).add(draw("magnesium_mg=300", dt.date(2026, 11, 21), seed=1))
    (made.path / "example").mkdir()
    (made.path / "example" / "x").write_text("made up")
    return made


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for name in ("raw", "trials", "journal.jsonl")
        for p in sorted([folder / name, *(folder / name).rglob("*")])
        if p.is_file()
    }


def test_it_comes_back_byte_for_byte(archive, tmp_path):
    out, there = tmp_path / "b.zip", tmp_path / "new" / "home"
    assert backup(archive, out) == len(files(archive.path))
    assert restore(out, there) == 5
    assert files(there) == files(archive.path)
    assert Archive(there).sessions() == archive.sessions()
    assert verify(Archive(there)).wrong == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archive", "b.zip", "new"]
    assert not (there / "example").exists()


@pytest.mark.slow
def test_400_nights_come_back_byte_for_byte(tmp_path):
    archive, rng = Archive(tmp_path / "archive"), random.Random(3)
    evening = dt.datetime(2025, 1, 1, 22, tzinfo=dt.UTC)
    nights = [example.night(evening, 10 + 5 * seed, seed)[1] for seed in range(8)]
    folder = archive.path / "raw" / example.DEVICE
    folder.mkdir(parents=True)
    for number in range(400):
        file = folder / f"{number:05d}-1a2b3c4d.plm"
        file.write_bytes(nights[number % 8])
        file.with_suffix(".trc").write_bytes(rng.randbytes(300))
    out, there = tmp_path / "b.zip", tmp_path / "new"
    backup(archive, out)
    assert restore(out, there) == 400
    assert files(there) == files(archive.path)
    assert len(files(there)) == 800


def test_an_archive_that_holds_something_is_never_mixed_with(archive, tmp_path):
    out = tmp_path / "b.zip"
    backup(archive, out)
    before = files(archive.path)
    with pytest.raises(BadInput, match="already"):
        restore(out, archive.path)
    assert files(archive.path) == before


@pytest.mark.parametrize("step", range(0, 100, 9))
def test_a_damaged_backup_restores_nothing(archive, tmp_path, step):
    out, there = tmp_path / "b.zip", tmp_path / "new"
    backup(archive, out)
    data = bytearray(out.read_bytes())
    data[len(data) * step // 100 + 40] ^= 0x10
    out.write_bytes(data)
    try:
        restore(out, there)
    except (BadInput, NotVerified):
        assert not there.exists()
    else:  # the bit lay where nothing of a file is, as in a date
        assert files(there) == files(archive.path)


@pytest.mark.parametrize("name", ["../x", "raw/../../x", "/etc/x", "other/x", "anklet.db"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    out = tmp_path / "b.zip"
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, b"")
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        zipped.writestr(FILE, json.dumps({name: empty}))
    with pytest.raises(BadInput, match="no backup of anklet's"):
        restore(out, tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["b.zip"]


def test_what_is_no_backup_is_refused_with_one_sentence(tmp_path):
    for data in (b"", b"PK", b"rubbish" * 99):
        (tmp_path / "b.zip").write_bytes(data)
        with pytest.raises(BadInput, match="no backup that anklet can read"):
            restore(tmp_path / "b.zip", tmp_path / "new")
    with pytest.raises(BadInput, match="can't be read"):
        restore(tmp_path / "none.zip", tmp_path / "new")


def test_the_commands_and_the_button(archive, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANKLET_HOME", str(archive.path))
    out = str(tmp_path / "b.zip")
    assert main(["backup", out]) == 0
    answer = (
        create_app(archive.path, "t")
        .test_client()
        .post("/t/backup", headers={"Origin": "http://localhost"})
    )
    assert answer.data == (tmp_path / "b.zip").read_bytes()
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "new"))
    assert main(["restore", out]) == 0
    assert "5 nights restored" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "none" / "b.zip")]) == 2
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "empty"))
    assert main(["backup", out]) == 2
