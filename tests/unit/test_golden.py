"""What version 0.1.0 filed, printed and exported is read and written byte for byte as it was."""

import json
import shutil
from pathlib import Path

import pytest
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.night import as_json, nightfile
from places import DATA

GOLDEN = DATA / "golden"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """The archive of that version, database included."""
    home = tmp_path / "archive"
    shutil.copytree(GOLDEN / "archive", home)
    monkeypatch.setenv("ANKLET_HOME", str(home))
    return Archive(home)


def files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(list(argv)) == 0
    return capsys.readouterr().out


def test_the_archive_is_listed(archive, capsys):
    assert printed(capsys, "nights", "--json") == (GOLDEN / "nights.json").read_text()
    assert printed(capsys, "nights") == (GOLDEN / "nights.txt").read_text()
    assert printed(capsys, "nights", "--both-legs", "--json") == (GOLDEN / "both.json").read_text()


def test_its_database_is_made_again_from_the_raw_files_alone(archive, capsys):
    raw = files(archive.path / "raw")
    archive.db.unlink()
    printed(capsys, "rebuild")
    assert printed(capsys, "nights", "--json") == (GOLDEN / "nights.json").read_text()
    assert files(archive.path / "raw") == raw
    journal = (archive.path / "journal.jsonl").read_bytes()
    assert journal == (GOLDEN / "archive" / "journal.jsonl").read_bytes()


@pytest.mark.parametrize(("form", "what"), [("csv", "csv"), ("json", "export.json")])
def test_exports(archive, tmp_path, form, what):
    out = tmp_path / what
    assert main(["export", "--format", form, "--out", str(out)]) == 0
    if out.is_dir():
        assert files(out) == files(GOLDEN / what)
    else:
        assert out.read_bytes() == (GOLDEN / what).read_bytes()


def test_edf(archive, tmp_path):
    out = tmp_path / "edf"
    assert main(["export", "--format", "edf", "--out", str(out), "2026-11-21"]) == 0
    assert files(out) == files(GOLDEN / "edf")


@pytest.mark.parametrize("name", ["night", "cut", "damaged", "newer"])
def test_what_replay_says_of_a_night_file(name):
    night = nightfile.parse((DATA / "nights" / f"{name}.plm").read_bytes())
    assert json.dumps(as_json.result(night), indent=1) == (GOLDEN / f"{name}.json").read_text()


def test_the_score_of_a_list(capsys):
    """A later version may say more."""
    said = json.loads(printed(capsys, "score", str(GOLDEN / "score.csv"), "--json"))
    golden = json.loads((GOLDEN / "score.json").read_text())
    assert {name: said[name] for name in golden} == golden
