"""Commands that write, on a disk that fails. All of it: `make faults`."""

import disk
import hostfaults
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not disk.HERE, reason="the disk's faults are made by ptrace, on Linux x86-64"
    ),
]
# Of the faults of a deed, one in so many: a few seconds each.
EVERY = {"sync": 71, "sync of the rest": 83, "rebuild": 23, "nights after an update": 23}
EVERY |= {"date": 37, "date, corrected": 41, "date, taken back": 43}


@pytest.mark.parametrize("name", [name for name in hostfaults.DEEDS if name != "trial tonight"])
def test_what_is_said_is_true_and_once_more_mends_it(name, tmp_path):
    found = hostfaults.disturb(name, tmp_path, EVERY.get(name, 5))
    assert found.wrong == []
    assert found.faults >= 2


def test_what_a_full_disk_would_be_told_is_seen(tmp_path):
    """The harness itself: a call that fails is one that the program is told of."""

    def work():
        try:
            (tmp_path / "file").write_bytes(b"x" * 10)
        except OSError as error:
            return error.errno
        return 0

    code, calls = disk.run(work, tmp_path)
    assert (code, calls) == (0, 2)  # made, written
    (tmp_path / "file").unlink()
    assert disk.run(work, tmp_path, 0, "ENOSPC")[0] == 28
    assert not (tmp_path / "file").exists()
    assert disk.run(work, tmp_path, 1, "EIO")[0] == 5
    assert disk.run(work, tmp_path, 1, "kill")[0] == -9
    assert disk.run(work, tmp_path, 1, "short") == (0, 3)
    assert (tmp_path / "file").read_bytes() == b"x" * 10
