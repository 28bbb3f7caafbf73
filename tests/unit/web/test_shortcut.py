"""The shortcut of each system starts this very program; none but Linux's was seen by a menu."""

import configparser
import subprocess
import sys

import pytest
from anklet.cli import main
from anklet.errors import ArchiveUnwritable
from anklet.web import shortcut

STARTS = [sys.executable, "-m", "anklet", "web"]


def words_of(command):
    """What a shell makes of it."""
    run = ["sh", "-c", f"printf '%s\\n' {command}"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()


def test_linux_finds_it_among_the_applications(tmp_path):
    file = shortcut.install("linux", tmp_path, {})
    assert file == tmp_path / ".local" / "share" / "applications" / "anklet.desktop"
    entry = configparser.ConfigParser(interpolation=None)
    entry.read_string(file.read_text())
    assert words_of(entry["Desktop Entry"]["Exec"]) == STARTS
    assert entry["Desktop Entry"]["Terminal"] == "true"


def test_an_odd_folder_of_python_survives_both_quotings(tmp_path, monkeypatch):
    odd = '/a "b" $c `d` \\e 100%/python'
    monkeypatch.setattr(sys, "executable", odd)
    line = shortcut.install("linux", tmp_path, {}).read_text().split("Exec=")[1].splitlines()[0]
    once = line.replace("\\\\", "\\")  # as a file's string is read
    assert words_of(once)[0].replace("%%", "%") == odd


def test_macos_starts_it_by_a_double_click(tmp_path):
    file = shortcut.install("darwin", tmp_path, {})
    assert file == tmp_path / "Applications" / "Anklet.command"
    assert file.stat().st_mode & 0o777 == 0o755
    first, starts = file.read_text().splitlines()
    assert first == "#!/bin/sh"
    assert words_of(starts.removeprefix("exec ")) == STARTS


def test_windows_finds_it_in_the_start_menu(tmp_path):
    file = shortcut.install("win32", tmp_path, {"APPDATA": str(tmp_path / "Roaming")})
    assert file.parent.parts[-5:] == ("Roaming", "Microsoft", "Windows", "Start Menu", "Programs")
    assert file.read_text() == f'@"{sys.executable}" "-m" "anklet" "web"\n'


def test_a_program_in_one_file_starts_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert (
        f'Exec="{sys.executable}" "web"\n' in shortcut.install("linux", tmp_path, {}).read_text()
    )


def test_a_menu_that_cannot_be_written(tmp_path):
    (tmp_path / ".local").write_text("a file")
    with pytest.raises(ArchiveUnwritable, match="start the pages with anklet web"):
        shortcut.install("linux", tmp_path, {})


def test_the_command_says_where_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert main(["web", "--install-shortcut"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert list(tmp_path.rglob("*nklet*"))
