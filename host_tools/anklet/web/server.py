"""The server: who may ask, and what every page has in common.

A form that can't be taken comes back with the reasons, as a page (200) like any other: a browser
would log an answer of 400 as a fault of the page.

The token is the first part of every address. Another site can't know it, and it needs no cookie,
which every other program on this computer's loopback address would be sent too. It never stands
in the arguments of a program, which every user of the computer can read: the browser is handed a
file that only its owner can, and that leads on.
"""

import contextlib
import os
import secrets
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, render_template, request
from waitress.channel import HTTPChannel
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

from anklet.archive.store import Archive
from anklet.errors import AnkletError, PortBusy
from anklet.texts import N_, _
from anklet.web import boards, example, journal, languages, longterm, nights, sharing, trying
from anklet.web import home as first
from anklet.web.checking import Checking
from anklet.web.jobs import Jobs
from anklet.web.people import People

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESS = "127.0.0.1"
HOSTS = (ADDRESS, "localhost")  # another name is a page that has pointed its own name at us
LARGEST = 64 << 10  # bytes of a form; the journal's, filled to the brim, has 20 kB
LIMITS = {  # of waitress, which reads a request before it asks us whether it may be made
    "max_request_body_size": LARGEST,
    "max_request_header_size": 16 << 10,
    "connection_limit": 200,  # a browser opens six
    "channel_timeout": 5,  # seconds that a connection may be silent while nothing is asked
    "cleanup_interval": 1,  # seconds
    "asyncore_use_poll": True,
}


class Impatient(HTTPChannel):
    """A connection to which a request that drips in, byte by byte, is no activity: it is closed
    like a silent one, `channel_timeout` after its first byte."""

    _began = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self._began = self.last_activity
        taken = super().received(data)
        if self.request is not None:  # a part of one
            self.last_activity = self._began
        return taken


DOOR = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={address}">
<title>Anklet</title>
<p><a href="{address}">Open Anklet</a></p>
"""
TABS = (
    ("home.index", N_("Home")),
    ("nights.index", N_("Nights")),
    ("trying.index", N_("Try")),
    ("journal.form", N_("Journal")),
    ("nights.what_it_tells", N_("About")),
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with it a browser hides the origin of a form's post.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(
    home: Path, token: str, jobs: Jobs | None = None, checking: Checking | None = None
) -> Flask:
    """The pages over the archive at `home`, at /<token>/, and over the example in it, at
    /<token>-example/. checking: of that archive."""
    own = _app(home, token, jobs or Jobs(), checking or Checking(), f"/{token}-example/")
    made = _app(home / example.FOLDER, f"{token}-example", None, Checking(), f"/{token}/")
    own_pages, made_pages = own.wsgi_app, made.wsgi_app

    def either(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        of_example = environ["PATH_INFO"].startswith(f"/{token}-example/")
        return (made_pages if of_example else own_pages)(environ, start_response)

    own.wsgi_app = either
    return own


def _app(home: Path, token: str, jobs: Jobs | None, checking: Checking, other: str) -> Flask:
    """jobs: None for the example, which has no board. other: the address of the other pages."""
    app = Flask(__name__, static_url_path=f"/{token}/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    languages.prepare(app)
    app.config["EXAMPLE"], app.config["OTHER"] = jobs is None, other
    archive = Archive(home)
    people = People(archive)
    people.into_addresses(app)
    groups = [
        first.pages(archive, people, checking),
        people.pages(),
        languages.pages(),
        nights.pages(archive, people),
        trying.pages(archive, people),
        journal.pages(archive, people),
        longterm.pages(archive, people),
        sharing.pages(archive, people),
    ]
    tabs = list(TABS)
    if jobs:
        groups.append(boards.pages(archive, jobs))
        tabs.insert(-1, ("boards.index", N_("Boards")))

    @app.context_processor
    def head() -> dict[str, object]:
        try:
            return {"tabs": tabs, "people": people.labels, "who": people.chosen}
        except AnkletError:  # the page tells it
            return {"tabs": tabs, "people": [], "who": None}

    @app.before_request
    def guard() -> None:
        given = request.path.split("/")[1].encode()
        known = secrets.compare_digest(given, token.encode())
        ours = urlsplit(f"//{request.host}").hostname in HOSTS
        safe = request.method in ("GET", "HEAD")
        if not known or not ours or not (safe or _same_origin()):
            abort(403)

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        if code == 403:  # tells nothing to who may not ask
            return "403: open the address that anklet web prints.\n", code
        text = _("There is no such page.") if code == 404 else error.description
        return render_template("error.html", text=text), code

    @app.errorhandler(AnkletError)
    def failed(error: AnkletError) -> tuple[str, int]:
        return render_template("error.html", text=str(error)), 404 if error.exit_code == 2 else 500

    for group in groups:
        app.register_blueprint(group, url_prefix=f"/{token}")
    return app


def _same_origin() -> bool:
    return request.headers.get("Origin") == f"http://{request.host}"


def serve(home: Path, port: int = 0, open_browser: bool = True) -> None:
    """Serve until Ctrl-C; prints the address. port 0: any free one. Raises PortBusy."""
    token, jobs, checking = secrets.token_urlsafe(16), Jobs(), Checking()
    app = create_app(home, token, jobs, checking)
    try:
        listening = socket.create_server((ADDRESS, port))
    except OSError as error:
        raise PortBusy(
            f"Port {port} can't be used ({error.strerror}); leave out --port for a free one."
        ) from error
    server: Any = create_server(app, sockets=[listening], ident=None, **LIMITS)
    server.channel_class = Impatient
    address = f"http://{ADDRESS}:{listening.getsockname()[1]}/{token}/"
    # nohup, and a script that goes on behind it, keep Ctrl-C away from us.
    unheard = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    end = f"kill {os.getpid()}" if unheard else "Ctrl-C"
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as held:
        held.callback(jobs.wait)
        held.callback(server.close)
        print(
            f"Anklet is at {address}\nfor you alone, on this computer. {end} ends it.", flush=True
        )
        if open_browser:
            door = held.enter_context(_door(address))
            print("If no browser opens, or it shows nothing, open that address yourself.")
            # Some browsers come back only when they are closed.
            threading.Thread(target=webbrowser.open, args=(door,), daemon=True).start()
        checking.start(home)
        server.run()


@contextlib.contextmanager
def _door(address: str) -> Iterator[str]:
    """A file that nobody else can read and that leads on to the address: its own address."""
    with tempfile.TemporaryDirectory(prefix="anklet-") as folder:
        file = Path(folder, "anklet.html")
        file.write_text(DOOR.format(address=address), encoding="utf-8")
        yield file.as_uri()
