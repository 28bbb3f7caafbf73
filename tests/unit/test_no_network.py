"""The product opens no network connection: its commands run where the interpreter forbids it.

nonet/sitecustomize.py is loaded by every Python process, children included, and reports each try.
"""

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import usb
from anklet.signal import replay
from nightbytes import whole
from patience import PATIENCE_S

HERE = Path(__file__).resolve().parent
# Commands one after another in one process: imports take longer than what they do.
pytestmark = pytest.mark.slow
DRIVER = """
import json, sys
from anklet.cli import main
for line in json.loads(sys.argv[1]):
    try:
        code = main(line)
    except SystemExit as error:
        code = error.code
    print("#", code, *line, flush=True)
"""


@pytest.fixture
def guarded(tmp_path):
    """Runs Python without a network; .tries() lists what was tried."""

    class Guarded:
        folder = tmp_path
        log = tmp_path / "nonet.log"

        def __init__(self):
            self.env = {
                **os.environ,
                "ANKLET_HOME": str(tmp_path / "archive"),
                "NONET_LOG": str(self.log),
                "PYTHONPATH": str(HERE / "nonet"),
            }

        def start(self, *args, **env):
            return subprocess.Popen(
                [sys.executable, *args],
                cwd=tmp_path,
                env={**self.env, **env},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

        def said(self, *args):
            with self.start(*args) as child:
                return child.communicate(timeout=PATIENCE_S)[0]

        def commands(self, *lines):
            """Exit codes by command line."""
            import json  # noqa: PLC0415

            said = self.said("-c", DRIVER, json.dumps([line.split() for line in lines]))
            codes = {line: int(code) for code, line in re.findall(r"^# (\d+) (.*)$", said, re.M)}
            assert set(codes) == set(lines), said
            self.last = said
            return codes

        def tries(self):
            lines = self.log.read_text().splitlines()
            assert lines[0].startswith("guarded")
            return [line for line in lines if line.startswith("network")]

    return Guarded()


@pytest.mark.parametrize(
    "act",
    [
        "socket.create_connection(('192.0.2.1', 80))",
        "socket.getaddrinfo('example.org', 80)",
        "socket.socket().bind(('', 0))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    ],
)
def test_the_guard_notices(guarded, act):
    guarded.said("-c", f"import socket; {act}")
    assert guarded.tries()


def test_the_guard_is_in_children_too(guarded):
    code = "import socket; socket.getaddrinfo('example.org', 80)"
    guarded.said("-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])")
    assert guarded.tries()


def test_no_command_opens_a_connection(guarded):
    (guarded.folder / "lms.csv").write_text(
        "onset,duration\n" + "".join(f"{30 * n + n * n},2\n" for n in range(12))
    )
    raw = guarded.folder / "archive" / "raw" / "e6614103e7452b2f"
    raw.mkdir(parents=True)
    (raw / "00001-1a2b3c4d.plm").write_bytes(whole())
    codes = guarded.commands(
        "simulate --out night.csv --truth truth.json --hours 0.1",
        "replay night.csv",
        "score lms.csv --json",
        "rebuild",
        "nights",
        "nights --json",
        "note --night 2026-11-21 magnesium_mg=300",
        "compare magnesium_mg",
        "report --out all.html",
        "report 2026-11-21 --out night.html",
        "trial plan magnesium_mg=300 --dry-run",
        "trial status",
        "export --format csv --out out",
        "agree lms.csv lms.csv",
        "ports",
        "--help",
    )
    expected = dict.fromkeys(codes, 0) | {
        "compare magnesium_mg": codes["compare magnesium_mg"],  # one night is too few, or is not
        "trial status": 2,  # none was planned
        "ports": codes["ports"],  # a board may be plugged in
    }
    assert codes == expected
    assert guarded.tries() == []


@pytest.mark.skipif(not replay.micropython(), reason="no MicroPython wheel for this computer")
@pytest.mark.parametrize("command", ["ports", "doctor", "sync", "watch --seconds 1"])
def test_no_command_with_a_board_opens_a_connection(guarded, command):
    night = "00001-1a2b3c4d"
    script = usb.script(guarded.folder / "board", {f"{night}.plm": whole(session=night)})
    with usb.board(script) as board:
        (code,) = guarded.commands(f"{command} --port {board.port}").values()
    assert code == 0 or command == "doctor", guarded.last
    assert guarded.tries() == []


def test_a_port_on_the_network_is_refused(guarded):
    lines = [f"{name}://192.0.2.1:80" for name in ("socket", "rfc2217", "SOCKET")]
    codes = guarded.commands(*(f"sync --port {line}" for line in lines))
    assert set(codes.values()) == {3}
    assert guarded.tries() == []


def test_the_local_page_listens_on_this_computer_alone(guarded):
    with guarded.start("-m", "anklet.cli", "web", "--no-open", NONET="web") as server:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", server.stdout.readline())
            assert address, server.stdout.read()
            for page in ("", "journal", "about"):
                with urllib.request.urlopen(address[0] + page) as answer:
                    assert answer.status == 200
        finally:
            server.kill()
            server.wait(PATIENCE_S)
    assert guarded.tries() == []
