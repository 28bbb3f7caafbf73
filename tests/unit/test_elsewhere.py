"""Windows and macOS, by fakes for what is not here: locks, folders, names of ports.

No test ran on either system; host_tools/README.md says what was run where.
"""

import errno
import os
import sys
from types import ModuleType, SimpleNamespace

import pytest
from anklet.archive import durable, jsonl
from anklet.board import ports
from anklet.web import boards


class Windows:
    """The module os, as it calls itself there."""

    name = "nt"

    def __getattr__(self, name):
        return getattr(os, name)


@pytest.fixture
def windows(monkeypatch):
    """Its locks: a byte of a file belongs to one handle at a time. Gives who has which."""
    held = {}

    def locking(handle, mode, size):
        file, at = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR)
        assert (mode, size) == (2, 1)
        if held.setdefault((file, at), handle) != handle:
            raise OSError(errno.EACCES, "Permission denied")

    msvcrt = ModuleType("msvcrt")
    msvcrt.locking, msvcrt.LK_NBLCK = locking, 2
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(durable, "os", Windows())
    return held


def test_a_lock_on_windows_keeps_others_out_and_nobody_from_reading(windows, tmp_path):
    path = tmp_path / "lock"
    path.write_text("read me")
    with durable.lock(path) as ours:
        assert ours
        with durable.lock(path) as theirs:
            assert not theirs
    ((_, at),) = windows  # behind any byte that somebody reads or writes
    assert at > 1 << 29
    assert path.read_text() == "read me"


def test_a_line_is_appended_on_windows_though_the_file_is_locked_far_behind_it(windows, tmp_path):
    path = tmp_path / "log.jsonl"
    for number in range(2):
        jsonl.append(path, {"number": number})
        windows.clear()  # its handle is closed
    assert [line["number"] for line in jsonl.read(path)] == [0, 1]
    assert list(jsonl.altered(path)) == []


def test_a_folder_is_not_opened_on_windows(windows, tmp_path):
    durable.sync_folder(tmp_path / "not there")
    durable.close_to_others(tmp_path / "not there", [])
    durable.write(tmp_path / "new" / "file", b"whole")
    assert (tmp_path / "new" / "file").read_bytes() == b"whole"


@pytest.mark.parametrize(
    "name", ["COM3", "COM12", "/dev/cu.usbmodem14101", "/dev/tty.usbmodem1", "/dev/ttyACM0"]
)
def test_a_board_is_known_by_its_usb_numbers_whatever_its_port_is_called(monkeypatch, name):
    entry = SimpleNamespace(device=name, vid=ports.RASPBERRY_PI, pid=0x0005, serial_number="e6")
    other = SimpleNamespace(device="COM1", vid=None, pid=None, serial_number=None)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [other, entry])
    assert ports.find() == name
    assert boards.PORT.fullmatch(name)
