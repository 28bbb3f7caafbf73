"""How far long work is."""

import io
import sys

import pytest
from anklet.progress import bar, transfer


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_has_the_rate_and_the_time_left():
    line = bar("00001-1a2b3c4d", 5000, 20_000, 2.0)
    assert line == (
        "00001-1a2b3c4d [######..................]  25%      5.0 kB     2.5 kB/s     6 s left"
    )


def test_a_bar_keeps_its_length():
    moments = [
        (0, 20, 0),
        (0, 20, 1),
        (10, 20, 0.001),
        (20, 20, 3),
        (0, 0, 0),
        (4 << 20, 4 << 20, 9),
    ]
    assert len({len(bar("night", *moment)) for moment in moments}) == 1


def test_on_a_terminal_a_line_a_night(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with transfer() as show:
        for done in (0, 10, 20):
            show("one", done, 20)
        show("two", 0, 0)
    lines = sys.stderr.getvalue().split("\n")
    assert [line.count("\r") for line in lines] == [3, 1, 0]
    assert lines[0].rpartition("\r")[2].startswith("one [########################] 100%")


def test_what_breaks_off_leaves_the_cursor_on_a_line_of_its_own(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(OSError), transfer() as show:
        show("one", 0, 20)
        raise OSError
    assert sys.stderr.getvalue().endswith("\n")


def test_elsewhere_a_line_when_all_is_there(capsys):
    with transfer() as show:
        for done in (0, 10, 20):
            show("one", done, 20)
    assert capsys.readouterr().err == "one  20 bytes\n"
