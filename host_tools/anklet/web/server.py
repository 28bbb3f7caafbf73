"""The server: which pages there are, and the address they are at (see framing.py for its token).

The token never stands in the arguments of a program, which every user of the computer can read:
the browser is handed a file that only its owner can, and that leads on.
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

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import create_server

from anklet.archive.store import Archive
from anklet.errors import PortBusy
from anklet.texts import N_
from anklet.web import (
    adding,
    boards,
    example,
    journal,
    languages,
    longterm,
    nights,
    sharing,
    trying,
)
from anklet.web import home as first
from anklet.web.checking import Checking
from anklet.web.framing import ADDRESS, LARGEST, framed
from anklet.web.jobs import Jobs
from anklet.web.people import People
from anklet.web.phone import Door, create_phone_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

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
    archive = Archive(home)
    people = People(archive)
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
        groups += [boards.pages(archive, jobs), adding.pages(archive, people, jobs)]
        tabs.insert(-1, ("boards.index", N_("Boards")))
    return framed(people, token, tabs, groups, EXAMPLE=jobs is None, OTHER=other)


def serve(home: Path, port: int = 0, open_browser: bool = True, phone: str | None = None) -> None:
    """Serve until Ctrl-C; prints the address. port 0: any free one. phone: this computer's address
    in the home network, at which the journal can be had with a PIN (see phone.py). Raises
    PortBusy."""
    token, jobs, checking = secrets.token_urlsafe(16), Jobs(), Checking()
    server, address = _listen(create_app(home, token, jobs, checking), ADDRESS, port)
    address += f"{token}/"
    # nohup, and a script that goes on behind it, keep Ctrl-C away from us.
    unheard = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    end = f"kill {os.getpid()}" if unheard else "Ctrl-C"
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as held:
        held.callback(jobs.wait)
        held.callback(server.close)
        print(
            f"Anklet is at {address}\nfor you alone, on this computer. {end} ends it.", flush=True
        )
        if phone is not None:
            door = Door()
            there, at = _listen(create_phone_app(home, door, phone), phone, 0)
            print(door.said(at), flush=True)
            threading.Thread(target=there.run, daemon=True).start()
        if open_browser:
            file = held.enter_context(_door(address))
            print("If no browser opens, or it shows nothing, open that address yourself.")
            # Some browsers come back only when they are closed.
            threading.Thread(target=webbrowser.open, args=(file,), daemon=True).start()
        checking.start(home)
        server.run()


def _listen(app: Flask, host: str, port: int) -> tuple[Any, str]:
    """A server that runs once it is told to, and its address. Raises PortBusy."""
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise PortBusy(
            f"Port {port} of {host} can't be used ({error.strerror}); leave out --port for a free "
            f"one."
        ) from error
    server: Any = create_server(app, sockets=[listening], ident=None, **LIMITS)
    server.channel_class = Impatient
    return server, f"http://{host}:{listening.getsockname()[1]}/"


@contextlib.contextmanager
def _door(address: str) -> Iterator[str]:
    """A file that nobody else can read and that leads on to the address: its own address."""
    with tempfile.TemporaryDirectory(prefix="anklet-") as folder:
        file = Path(folder, "anklet.html")
        file.write_text(DOOR.format(address=address), encoding="utf-8")
        yield file.as_uri()
