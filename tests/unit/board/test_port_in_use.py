"""A port that another program has for a moment, as one that looks at what was plugged in."""

import os
import threading
import time

import pytest
import serial
from anklet.board import serialport
from anklet.errors import PortBusy


@pytest.fixture
def port():
    ours, theirs = os.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_a_port_that_is_let_go_is_opened(port):
    other = serial.Serial(port, exclusive=True)
    threading.Timer(0.3, other.close).start()
    serialport.open_port(port).close()


def test_one_that_is_kept_is_busy(port, monkeypatch):
    monkeypatch.setattr(serialport, "BUSY_S", 0.3)
    with serial.Serial(port, exclusive=True):
        begun = time.monotonic()
        with pytest.raises(PortBusy, match="used by another program"):
            serialport.open_port(port)
        assert time.monotonic() - begun >= 0.3
