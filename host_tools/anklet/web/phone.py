"""The journal on a phone in the home network: only when asked for (`anklet web --phone`).

The computer then listens at its address in that network too, where every device can knock. What
answers there is a door that asks for a PIN and, behind it, the journal's form: no nights, no
board, no trial. The PIN is drawn anew at each start and shown on the computer alone; MOST_WRONG
wrong ones, whoever sent them, close the door until the next start. Who gave the right one is led
on to an address that holds a token, as the pages on the computer have one (see framing.py). All of
it goes over the network as it is written, for a home network has no certificates: that is said
where it is switched on, and on the door.
"""

import ipaddress
import secrets
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.texts import N_
from anklet.web import journal, languages
from anklet.web.framing import HEADERS, LARGEST, framed, same_origin
from anklet.web.people import People

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DIGITS, MOST_WRONG = 6, 5  # a guesser's chance is 5 in a million
NOWHERE = ("192.0.2.1", 9)  # reserved for documentation (RFC 5737)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def home_address(given: str = "") -> str:
    """This computer's address in the home network, or the one given. Raises BadInput for one that
    others than the home network could reach."""
    text = given or _own()
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise BadInput(f"{text!r} is no address; write it as in 192.168.1.20.") from None
    if not address.is_private or address.is_unspecified:
        raise BadInput(
            f"{address} is no address of a home network, and Anklet answers at no other; connect "
            f"this computer to yours, or name its address there: --phone 192.168.1.20."
        )
    return str(address)


def _own() -> str:
    """The address that this computer's packets would carry. None is sent: a UDP socket that is
    connected has but looked up the way."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect(NOWHERE)
            return way.getsockname()[0]
    except OSError:
        raise BadInput(
            "This computer has no address in a network; connect it to yours, or name its address "
            "there: --phone 192.168.1.20."
        ) from None


class Door:
    """The PIN, the wrong ones there were, and the token behind it."""

    def __init__(self) -> None:
        self.pin = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self.token = secrets.token_urlsafe(16)
        self._left = MOST_WRONG
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """No PIN opens it any more, not even the right one."""
        return self._left <= 0

    def opens(self, pin: str) -> bool:
        """Whether this is the PIN; one that is not counts."""
        with self._lock:
            if self.closed:
                return False
            right = secrets.compare_digest(pin.strip().encode(), self.pin.encode())
            self._left -= not right
            return right

    def said(self, address: str) -> str:
        """What the computer tells its owner."""
        return (
            f"The journal on your phone, in the same home network: {address} with PIN {self.pin}\n"
            f"It travels there unencrypted (plain HTTP): whoever is in that network, or has its "
            f"password,\ncan read along. {MOST_WRONG} wrong PINs close it. Leave out --phone "
            f"where you don't trust the network."
        )


def create_phone_app(home: Path, door: Door, host: str) -> Flask:
    """The door at /, and the journal alone behind it, for who comes to `host`."""
    archive = Archive(home)
    people = People(archive)
    tabs = [("journal.form", N_("Journal"))]
    groups = [journal.pages(archive, people)]
    inside = framed(people, door.token, tabs, groups, (host,), PHONE=True).wsgi_app
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    languages.prepare(app)

    @app.before_request
    def guard() -> None:
        ours = urlsplit(f"//{request.host}").hostname == host
        if not ours or not (request.method in ("GET", "HEAD") or same_origin()):
            abort(403)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(HEADERS | {"Content-Security-Policy": POLICY})
        return response

    @app.route("/", methods=["GET", "POST"])
    def knock() -> AnyResponse | str:
        wrong = request.method == "POST"
        if wrong and door.opens(request.form.get("pin", "")):
            return redirect(f"/{door.token}/journal", 303)
        return render_template("phone.html", wrong=wrong, closed=door.closed, digits=DIGITS)

    outside = app.wsgi_app

    def either(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        at_door = environ["PATH_INFO"] in ("", "/")
        return (outside if at_door else inside)(environ, start_response)

    app.wsgi_app = either
    return app
