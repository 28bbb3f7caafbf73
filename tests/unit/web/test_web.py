"""The pages: who may ask, what the forms refuse, and that nothing then has changed."""

import contextlib
import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import NoBoard
from anklet.texts import day
from anklet.web import server
from anklet.web.jobs import Busy, Jobs, Outcome
from anklet.web.server import create_app
from nightbytes import Builder, add_to, periodic, whole
from patience import PATIENCE_S

DEVICE, SESSION = "e6614103e7452b2f", "00001-1a2b3c4d"
NIGHT = "2026-11-21"
TOKEN = "secret"
OURS = {"Origin": "http://localhost"}


def file(home, data):
    add_to(Archive(home), data)


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "archive"
    monkeypatch.setenv("ANKLET_HOME", str(path))
    file(path, whole())
    return path


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.wait()


@pytest.fixture
def client(home, jobs):
    return create_app(home, TOKEN, jobs).test_client()


def post(client, path, origin="http://localhost", **form):
    return client.post(f"/{TOKEN}{path}", data=form, headers={"Origin": origin} if origin else {})


def files(path):
    return {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}


# --- who may ask


@pytest.mark.parametrize(
    "path", ["/", "/wrong/", "/secre/", "/secret2/", "/static/web.css", "//secret/", "/%ff/"]
)
def test_without_the_token_there_is_nothing(client, path):
    assert client.get(path).status_code == 403


def test_with_the_token_there_are_pages(client):
    for path in ("/", "/journal", "/boards", "/about", "/static/web.css", "/report.css"):
        assert client.get(f"/{TOKEN}{path}").status_code == 200
    assert client.get(f"/{TOKEN}/none").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", ""])
def test_another_name_for_us_is_refused(client, host):
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", None, "http://localhost:9", "https://localhost", "file://"],
)
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/journal", {"night": NIGHT, "label": "bed", "urge": "3"}),
        (f"/night/{DEVICE}/{SESSION}/hide", {"why": "x"}),
        ("/boards/sync", {"port": "/dev/null"}),
    ],
)
def test_another_origin_can_not_post(client, home, origin, path, form):
    before = files(home)
    assert post(client, path, origin, **form).status_code == 403
    assert files(home) == before


def test_every_answer_forbids_what_no_page_needs(client):
    for path in (f"/{TOKEN}/", f"/{TOKEN}/none", "/"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux lists its ports")
def test_the_command_listens_on_this_computer_only(home):
    run = subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", "web", "--no-open"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = run.stdout.readline().split()[-1]
        port, token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([\w-]{20,})/", address).groups()
        with urllib.request.urlopen(address) as page:
            assert b"Nights" in page.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.replace(token, token[::-1]))
        table = Path("/proc/net/tcp").read_text().splitlines()
        listening = [line.split()[1] for line in table if " 0A " in line]
        assert f"0100007F:{int(port):04X}" in listening
        assert f"00000000:{int(port):04X}" not in listening
        assert main(["web", "--no-open", "--port", port]) == 5  # in use
    finally:
        run.terminate()
        try:
            assert run.wait(PATIENCE_S) == 0
        finally:
            run.kill()


def test_a_port_that_can_not_be(home, capsys):
    assert main(["web", "--port", "70000"]) == 2
    assert "65535" in capsys.readouterr().err


PEEK = """
import json, os, stat, sys, urllib.parse, urllib.request
at = sys.argv[-1]
path = urllib.request.url2pathname(urllib.parse.urlsplit(at).path)
modes = [stat.S_IMODE(os.stat(p).st_mode) for p in (path, os.path.dirname(path))]
page = urllib.request.urlopen(at).read().decode()
with open(sys.argv[1], "w") as out:
    json.dump({"argv": sys.argv, "modes": modes, "page": page}, out)
os.rename(sys.argv[1], sys.argv[1] + ".done")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's folders by itself")
def test_no_other_user_of_the_computer_is_told_the_token(home, tmp_path):
    peek, seen = tmp_path / "peek.py", tmp_path / "seen"
    peek.write_text(PEEK)
    run = subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", "web"],
        env={**os.environ, "BROWSER": f"{sys.executable} {peek} {seen} %s"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = run.stdout.readline().split()[-1]
        done = Path(f"{seen}.done")
        while not done.exists():
            assert run.poll() is None
            time.sleep(0.05)
        found = json.loads(done.read_text())
        token = address.split("/")[3]
        assert not any(token in word for word in found["argv"])  # everybody reads these
        assert not any(mode & 0o077 for mode in found["modes"][1:])
        assert f'content="0;url={address}"' in found["page"]
        assert "default-src 'none'" in found["page"]
        run.terminate()
        assert run.wait(PATIENCE_S) == 0
        assert not Path(urlsplit(found["argv"][-1]).path).exists()
    finally:
        run.kill()
        run.wait()


@pytest.fixture
def served(home):
    """The host and port of pages that the real server serves, and the token."""
    run = subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", "web", "--no-open"], stdout=subprocess.PIPE, text=True
    )
    try:
        address = urlsplit(run.stdout.readline().split()[-1])
        yield (address.hostname, address.port), address.path
    finally:
        run.kill()
        run.wait()


@pytest.mark.slow
def test_a_body_that_is_no_form_is_refused_before_it_is_read(served):
    with socket.create_connection(served[0], timeout=PATIENCE_S) as caller:
        head = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\n\r\n"
        caller.sendall(head.encode())
        assert b" 413 " in caller.recv(1000)


@pytest.mark.slow
def test_silent_connections_do_not_keep_the_owner_waiting(served):
    with contextlib.ExitStack() as held:
        for _ in range(server.LIMITS["connection_limit"] + 20):
            held.enter_context(socket.create_connection(served[0], timeout=PATIENCE_S))
        host, port = served[0]
        with urllib.request.urlopen(
            f"http://{host}:{port}{served[1]}", timeout=PATIENCE_S
        ) as page:
            assert b"Nights" in page.read()


@pytest.mark.slow
def test_connections_that_drip_do_not_keep_the_owner_waiting(served):
    """Each is never silent, and never says what it wants."""
    over = threading.Event()
    with contextlib.ExitStack() as held:
        drips = [
            held.enter_context(socket.create_connection(served[0], timeout=10))
            for _ in range(server.LIMITS["connection_limit"] + 20)
        ]

        def drip():
            while not over.wait(0.5):
                for each in drips:
                    with contextlib.suppress(OSError):
                        each.sendall(b"G")

        dripping = threading.Thread(target=drip)
        dripping.start()
        held.callback(dripping.join)
        held.callback(over.set)
        host, port = served[0]
        with urllib.request.urlopen(f"http://{host}:{port}{served[1]}", timeout=30) as page:
            assert b"Nights" in page.read()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("unheard", [False, True])
def test_a_server_started_in_the_background_can_be_ended(home, number, unheard):
    """As by nohup, or `&` in a script, which ignore Ctrl-C for us."""
    # What nohup ignores for us stays ignored, for these tests as well, unless it is said.
    heard = f"import signal; signal.signal(signal.{number}, signal.SIG_DFL);"
    ignore = "signal.signal(signal.SIGINT, signal.SIG_IGN);" if unheard else ""
    code = (
        f"{heard}{ignore}from anklet.cli import main; raise SystemExit(main(['web', '--no-open']))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", heard + ignore + code], stdout=subprocess.PIPE, text=True
    )
    try:
        run.stdout.readline()
        said = run.stdout.readline()
        assert (f"kill {run.pid} ends it" in said) == unheard
        run.send_signal(getattr(signal, number))
        assert run.wait(PATIENCE_S) == 0
    finally:
        run.kill()
        run.wait()


# --- the journal


def test_the_form_saves_and_shows_again(client, home):
    done = post(client, "/journal", night=NIGHT, label="bed", urge="6", magnesium_mg="300")
    assert done.status_code == 303
    assert Journal(home).entries("bed") == {NIGHT: {"urge": 6, "magnesium_mg": 300}}
    page = client.get(done.location).text
    assert f"Saved for the night of {day(NIGHT)}" in page
    assert 'value="300"' in page


def test_what_was_not_touched_is_not_written(client, home):
    diary = Journal(home)
    diary.set(NIGHT, {"iron_mg": 14}, "bed")  # behind the page's back
    post(client, "/journal", night=NIGHT, label="bed", urge="6", iron_mg="", was_iron_mg="")
    assert diary.entries("bed") == {NIGHT: {"iron_mg": 14, "urge": 6}}
    post(client, "/journal", night=NIGHT, label="bed", urge="", was_urge="6", text="hm")
    assert diary.entries("bed") == {NIGHT: {"iron_mg": 14, "text": "hm"}}


def beside(page, key):
    """The sentence beside a field that is marked as wrong."""
    assert re.search(rf'id="{key}"[^>]*aria-invalid="true"', page)
    return re.search(rf'id="wrong-{key}">([^<]*)<', page)[1]


@pytest.mark.parametrize(
    ("form", "key", "says"),
    [
        ({"urge": "11"}, "urge", "0 to 10"),
        ({"caffeine_mg": "much"}, "caffeine_mg", "0 to 2000 mg"),
        ({"route": "nose"}, "route", "food, oral, skin"),
        ({"night": (dt.date.today() + dt.timedelta(1)).isoformat()}, "night", "future"),
        ({"night": "2026-02-30"}, "night", "no night"),
        ({"night": "1999-12-31"}, "night", "no night"),
    ],
)
def test_what_can_not_be_is_told_beside_the_field(client, home, form, key, says):
    before = files(home)
    sent = {"night": NIGHT, "label": "bed", "iron_mg": "14", **form}
    answer = post(client, "/journal", **sent)
    assert answer.status_code == 200
    assert says in beside(answer.text, key)
    assert 'name="iron_mg" value="14"' in answer.text  # what was typed is not lost
    assert files(home) == before


def test_an_unknown_key_is_refused(client, home):
    before = files(home)
    answer = post(client, "/journal", night=NIGHT, label="bed", iron_mg="14", nonsense="1")
    assert "The journal has no &#39;nonsense&#39;" in answer.text
    assert files(home) == before


def test_markup_shows_as_text(client, home):
    evil = "<script>alert(1)</script>"
    done = post(client, "/journal", night=NIGHT, label="bed", text=evil, medicine='"><img src=x>')
    page = client.get(done.location).text
    assert evil not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_several_people_have_to_choose(client, home):
    file(home, whole(session="00002-00000000", label="anna"))
    assert "choose whose" in client.get(f"/{TOKEN}/journal").text
    assert "choose whose" in post(client, "/journal", night=NIGHT, urge="6").text
    assert Journal(home).entries() == {}
    post(client, "/journal", night=NIGHT, label="anna", urge="6")
    assert Journal(home).entries("anna") == {NIGHT: {"urge": 6}}
    assert Journal(home).entries("bed") == {}


def test_the_markers_of_the_night_stand_beside_it(client, home):
    from plmcore import record  # noqa: PLC0415 - on the path only now

    night = periodic(session="00003-00000000").add(record.MARKER, 0, 3_600_000, 1)
    file(home, bytes(night.counts(7_200_000).data))
    assert "23:58:03" in client.get(f"/{TOKEN}/journal?night={NIGHT}&label=bed").text


# --- nights


def test_a_bad_night_is_hidden_and_shown_again_and_its_file_stays(client, home):
    before = files(home / "raw")
    path = f"/night/{DEVICE}/{SESSION}"
    assert "Say why" in beside(post(client, f"{path}/hide", why=" ").text, "why")
    post(client, f"{path}/hide", why="<b>strap</b>")
    assert Journal(home).hidden() == {(DEVICE, SESSION)}
    page = client.get(f"/{TOKEN}/nights").text
    assert "&lt;b&gt;strap" in page and "Recorded" not in page
    assert files(home / "raw") == before
    post(client, f"{path}/show")
    assert "Recorded" in client.get(f"/{TOKEN}/nights").text


@pytest.mark.parametrize(
    "path", ["/night/x/y", f"/night/{DEVICE}/none", f"/night/..%2f..%2fetc/{SESSION}", "/jobs/9"]
)
def test_what_is_not_there(client, path):
    assert client.get(f"/{TOKEN}{path}").status_code == 404


def test_a_night_is_the_report_with_our_navigation(client):
    page = client.get(f"/{TOKEN}/night/{DEVICE}/{SESSION}").text
    assert "Saturday 21 November 2026" in page
    assert f'href="/{TOKEN}/journal"' in page


def test_a_failure_is_one_sentence(client, home):
    (home / "anklet.db").unlink()
    answer = client.get(f"/{TOKEN}/")
    assert "rebuild" in answer.text and "Traceback" not in answer.text


# --- boards


@pytest.mark.parametrize("port", ["socket://10.0.0.1:80", "spy:///dev/x?file=/tmp/x", "a b"])
def test_a_port_is_a_name_and_no_address(client, port):
    answer = post(client, "/boards/sync", other=port)
    assert "no name of a serial port" in answer.text


def test_a_port_that_is_not_there(client):
    answer = post(client, "/boards/check", other="/dev/anklet-none")
    assert "There is no port /dev/anklet-none" in answer.text


def test_set_up_asks_for_the_leg(client):
    answer = post(client, "/boards/setup", other="/dev/null", label="me")
    assert "Choose the leg" in answer.text and 'value="me"' in answer.text


def test_a_failure_of_a_board_is_shown_on_the_page(client, jobs):
    done = post(client, "/boards/sync", other="/dev/null")
    jobs.wait()
    page = client.get(done.location).text
    assert "/dev/null" in page and 'role="alert"' in page


def test_a_button_pressed_while_another_job_runs_says_so_and_keeps_the_form(client, jobs):
    end = threading.Event()
    first = jobs.start("Sync", lambda job: end.wait(PATIENCE_S) and Outcome(["3 new recordings"]))
    page = post(client, "/boards/setup", other="/dev/null", leg="left", label="anna")
    end.set()
    jobs.wait()
    assert page.status_code == 200
    assert "Sync is still running, so this was not begun" in page.text
    assert f'/jobs/{first.number}"' in page.text and 'value="anna"' in page.text
    assert "3 new recordings" not in page.text


def test_one_job_at_a_time(jobs):
    end = threading.Event()

    def work(job):
        job.tell("half", 0.5)
        end.wait(PATIENCE_S)
        raise NoBoard("gone")

    first = jobs.start("first", work)
    with pytest.raises(Busy, match=r"^first is still running") as refused:
        jobs.start("second", lambda job: Outcome(["second"]))
    assert refused.value.job is first
    end.set()
    jobs.wait()
    assert (first.running, first.error, first.fraction) == (False, "gone", 0.5)
    assert jobs.start("third", lambda job: Outcome(["done"])) is not first


# --- anklet note


def note(*argv):
    return main(["note", *argv])


def test_note_and_what_it_prints(home, capsys):
    assert note("--night", NIGHT, "magnesium_mg=300", "route=oral", "legs quiet at first") == 0
    out = capsys.readouterr().out
    assert NIGHT in out and "300 mg" in out
    assert Journal(home).entries("bed") == {
        NIGHT: {"magnesium_mg": 300, "route": "oral", "text": "legs quiet at first"}
    }
    assert note("--night", NIGHT, "route=", "--json") == 0
    assert '"entries": {"magnesium_mg": 300, "text": "legs quiet at first"}' in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "argv",
    [
        ("nonsense=1",),
        ("urge=11", "iron_mg=14"),
        ("--night", (dt.date.today() + dt.timedelta(1)).isoformat(), "urge=1"),
        ("--night", "2026-02-30", "urge=1"),
        ("--night", "1999-12-31", "urge=1"),
        ("magnesium_mg", "300"),
    ],
)
def test_note_refuses_with_one_sentence(home, capsys, argv):
    before = files(home)
    assert note(*argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("anklet: ")) == ("", 1, True)
    assert files(home) == before


def test_note_before_any_night(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANKLET_HOME", str(tmp_path / "new"))
    assert note("urge=6") == 0
    assert len(Journal(tmp_path / "new").entries("me")) == 1


def test_a_journal_that_can_not_be_written(home, capsys):
    if os.geteuid() == 0:
        (home / "journal.jsonl").mkdir()
    else:
        home.chmod(0o500)
    assert note("--night", NIGHT, "urge=6") == 8
    home.chmod(0o700)


def test_a_night_of_unknown_time_is_dated_and_undated_again(client, home):
    name = "00002-1a2b3c4d"
    file(home, bytes(Builder(session=name).counts(3_600_000).data))
    path = f"/night/{DEVICE}/{name}/date"
    assert f"/{TOKEN}{path}" in client.get(f"/{TOKEN}/nights").text
    assert "When did it begin?" in client.get(f"/{TOKEN}{path}").text
    wrong = post(client, path, day="2026-11-21", time="22:00").text
    assert "recording the one before it" in wrong and 'value="22:00"' in wrong
    assert post(client, path, day="2026-11-22", time="23:10").status_code == 303
    page = client.get(f"/{TOKEN}/nights").text
    assert "2026-11-22" in page and "dated by hand" in page
    assert 'value="23:10"' in client.get(f"/{TOKEN}{path}").text
    post(client, path, undo="1")
    assert "time unknown" in client.get(f"/{TOKEN}/nights").text
    known = f"/night/{DEVICE}/{SESSION}/date"
    assert client.get(f"/{TOKEN}{known}").status_code == 404
    assert "is known" in post(client, known, day="2026-11-22", time="23:10").text


def test_how_it_was_is_asked_first_and_never_filled_in_from_another_evening(client, home):
    diary = Journal(home)
    diary.set("2026-11-20", {"urge": 9, "magnesium_mg": 300, "sleep_quality": 2}, "bed")
    page = client.get(f"/{TOKEN}/journal?night={NIGHT}&like=1").text
    assert page.index('id="urge"') < page.index('id="sleep_quality"') < page.index('id="iron_mg"')
    assert 'id="magnesium_mg" name="magnesium_mg" value="300"' in page
    urge = page[page.index('id="urge"') : page.index("</fieldset>", page.index('id="urge"'))]
    assert 'value="9" checked' not in urge and 'value="" checked' in urge


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("magnesium_mg", "300 mg", 300),
        ("magnesium_mg", "0,3 g", 300),
        ("caffeine_mg", "2 cups", 180),
        ("caffeine_mg", "1 Cup", 90),
        ("alcohol_g", "1.5 beers", 19.5),
        ("exercise_min", "1.5h", 90),
        ("iron_mg", "14", 14),
    ],
)
def test_units_are_taken_and_converted(client, home, key, given, kept):
    post(client, "/journal", night=NIGHT, label="bed", **{key: given})
    assert Journal(home).entries("bed")[NIGHT] == {key: kept}


@pytest.mark.parametrize(
    ("key", "given"),
    [("magnesium_mg", "2 cups"), ("urge", "5 mg"), ("caffeine_mg", "9 kg"), ("iron_mg", "1 g")],
)
def test_a_unit_that_does_not_fit_is_refused(client, home, key, given):
    page = post(client, "/journal", night=NIGHT, label="bed", **{key: given}).text
    assert "has to be" in page and given in page
    assert Journal(home).entries("bed") == {}


def test_four_weeks_can_be_printed_to_fill_in_by_hand(client):
    page = client.get(f"/{TOKEN}/journal/sheet").text
    assert page.count('<th scope="row">') == 28
    assert page.index("Urge to move the legs") < page.index("Magnesium, mg")
