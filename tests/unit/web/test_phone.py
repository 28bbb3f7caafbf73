"""The journal on a phone: off unless asked for, behind a PIN with few tries, and nothing else."""

import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.cli import main
from anklet.errors import BadInput
from anklet.web import phone
from anklet.web.phone import DIGITS, MOST_WRONG, Door, create_phone_app
from anklet.web.server import create_app
from nightbytes import add_to, whole
from patience import PATIENCE_S

HOST = "192.168.1.20"
BASE = f"http://{HOST}:5000"
NIGHT = "2026-11-21"


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "archive"
    monkeypatch.setenv("ANKLET_HOME", str(path))
    add_to(Archive(path), whole())
    return path


@pytest.fixture
def door():
    return Door()


@pytest.fixture
def client(home, door):
    return create_phone_app(home, door, HOST).test_client()


def get(client, path="/", **headers):
    return client.get(path, base_url=BASE, headers=headers)


def post(client, path="/", origin=BASE, **form):
    return client.post(path, base_url=BASE, data=form, headers={"Origin": origin})


def wrong(door, count):
    """PINs that are not the door's."""
    return [f"{(int(door.pin) + n) % 10**DIGITS:0{DIGITS}}" for n in range(1, count + 1)]


def inside(door):
    return f"/{door.token}/journal"


def test_the_pin_opens_the_journal_and_it_can_be_filled_in(client, home, door):
    page = get(client)
    assert "unencrypted" in page.text and door.pin not in page.text and door.token not in page.text
    answer = post(client, pin=f" {door.pin} ")
    assert (answer.status_code, answer.location) == (303, inside(door))
    assert "Urge to move the legs" in get(client, inside(door)).text
    saved = post(client, inside(door), night=NIGHT, label="bed", urge="4", was_urge="")
    assert saved.status_code == 303
    assert Journal(home).entries("bed") == {NIGHT: {"urge": 4}}


def test_after_five_wrong_pins_not_even_the_right_one_opens(client, door):
    for pin in wrong(door, MOST_WRONG):
        page = post(client, pin=pin)
        assert page.status_code == 200 and door.token not in page.text
    for _ in range(3):
        page = post(client, pin=door.pin)
        assert page.status_code == 200 and "Too many wrong PINs" in page.text
        assert door.token not in page.text
    assert 'name="pin"' not in get(client).text


def test_the_right_pin_gives_a_guesser_no_new_tries(client, door):
    *some, last = wrong(door, MOST_WRONG)
    for pin in some:
        post(client, pin=pin)
    assert post(client, pin=door.pin).status_code == 303
    post(client, pin=last)
    assert post(client, pin=door.pin).status_code == 200


def test_who_tries_many_at_once_has_no_more_tries(door):
    opened = []
    guesses = [*wrong(door, 40), door.pin]
    start = threading.Barrier(len(guesses))

    def guess(pin):
        start.wait(PATIENCE_S)
        opened.append((pin, door.opens(pin)))

    threads = [threading.Thread(target=guess, args=(pin,)) for pin in guesses]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert door.closed and door._left == 0
    assert {pin for pin, right in opened if right} <= {door.pin}


@pytest.mark.parametrize("pin", ["", "0" * 7, "\N{ARABIC-INDIC DIGIT ONE}" * 6, "x" * 1000])
def test_what_is_no_pin_is_a_wrong_one(client, door, pin):
    assert post(client, pin=pin).status_code == 200
    assert door._left == MOST_WRONG - 1


def test_pins_and_tokens_are_drawn_anew():
    doors = [Door() for _ in range(20)]
    assert len({each.pin for each in doors}) > 1 and len({each.token for each in doors}) == 20
    assert all(re.fullmatch(rf"\d{{{DIGITS}}}", each.pin) for each in doors)


def test_no_other_page_is_reachable_with_or_without_the_pin(home, client, door):
    """Every address that the pages on the computer have is tried."""
    own = create_app(home, "own")
    paths = {
        re.sub("<[^>]*>", "x", rule.rule)[len("/own") :]
        for rule in own.url_map.iter_rules()
        if rule.rule.startswith("/own/")
    }
    assert {"/nights", "/doctor", "/try", "/journal/medicines", "/boards"} <= paths
    reached = set()
    for path in paths | {"/static/web.css"}:
        for method in (client.get, client.post):
            headers = {"Origin": BASE}
            assert method(path, base_url=BASE, headers=headers).status_code in (403, 405) or (
                path == "/"
            )
            answer = method(f"/{door.token}{path}", base_url=BASE, headers=headers)
            if answer.status_code not in (403, 404, 405):
                reached.add(path)
    assert reached == {"/journal", "/journal/sheet", "/report.css", "/static/web.css"}


def test_the_journal_there_leads_nowhere_else(client, door, home):
    Journal(home).set(NIGHT, {"magnesium_mg": 300}, "bed")
    Journal(home).set(NIGHT, {"magnesium_mg": 300}, "anna")
    for query in ("", "?label=anna", f"?label=bed&night={NIGHT}"):
        page = get(client, inside(door) + query)
        assert page.status_code == 200
        for address in re.findall(r'(?:href|src|action)="([^"#]+)"', page.text):
            assert address.startswith("data:") or get(client, address).status_code == 200


@pytest.mark.parametrize("path", ["/secret/journal", "/x", "/%ff/", "/static/web.css", "/journal"])
def test_without_the_token_there_is_nothing(client, path):
    assert get(client, path).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "192.168.1.21"])
def test_another_name_for_the_computer_is_refused(client, door, host):
    for path in ("/", inside(door)):
        assert client.get(path, base_url=f"http://{host}:5000").status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"http://{HOST}"])
def test_another_origin_can_not_post(client, door, home, origin):
    assert post(client, origin=origin, pin=door.pin).status_code == 403
    assert post(client, inside(door), origin=origin, night=NIGHT, urge="4").status_code == 403
    assert Journal(home).entries() == {}


def test_every_answer_forbids_what_no_page_needs(client, door):
    for path in ("/", inside(door), "/x"):
        headers = get(client, path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize("address", ["192.168.1.20", "10.0.0.3", "172.16.5.4", "127.0.0.1"])
def test_an_address_of_a_home_network_is_taken(address):
    assert phone.home_address(address) == address


@pytest.mark.parametrize("address", ["0.0.0.0", "8.8.8.8", "100.64.0.1", "::", "home", "10.0.0"])
def test_any_other_address_is_refused(address, home, capsys):
    with pytest.raises(BadInput, match=r"192\.168"):
        phone.home_address(address)
    assert main(["web", "--no-open", "--phone", address]) == 2


def test_a_computer_that_is_itself_in_the_internet_is_refused(monkeypatch):
    monkeypatch.setattr(phone, "_own", lambda: "93.184.216.34")
    with pytest.raises(BadInput, match="no address of a home network"):
        phone.home_address()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux lists its ports")
def test_the_command_says_address_pin_and_risk_and_serves_both(home):
    """At 127.0.0.2, which stands for the computer's address at home."""
    run = subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", "web", "--no-open", "--phone", "127.0.0.2"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        own = run.stdout.readline().split()[-1]
        told = "".join(run.stdout.readline() for _ in range(4))
        there, pin = re.search(r"(http://127\.0\.0\.2:\d+/) with PIN (\d+)", told).groups()
        assert "unencrypted (plain HTTP)" in told
        origin = {"Origin": there.rstrip("/")}
        data = urllib.parse.urlencode({"pin": pin}).encode()
        asked = urllib.request.Request(there, data, origin)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as page:
            assert b"Urge to move the legs" in page.read()
            assert page.url.startswith(there) and page.url.endswith("/journal")
        with urllib.request.urlopen(own, timeout=PATIENCE_S) as page:
            assert b"Nights" in page.read()
        theirs = urllib.parse.urlsplit(own).path
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(there.rstrip("/") + theirs, timeout=PATIENCE_S)
        listening = [
            line.split()[1]
            for line in Path("/proc/net/tcp").read_text().splitlines()
            if " 0A " in line
        ]
        port = urllib.parse.urlsplit(there).port
        assert f"0200007F:{port:04X}" in listening and f"00000000:{port:04X}" not in listening
        run.terminate()
        assert run.wait(PATIENCE_S) == 0
    finally:
        run.kill()
        run.wait()
