"""Who may ask, and what every page has in common: for the computer's pages and for the phone's.

A form that can't be taken comes back with the reasons, as a page (200) like any other: a browser
would log an answer of 400 as a fault of the page.

The token is the first part of every address. Another site can't know it, and it needs no cookie,
which every other program on this computer's loopback address would be sent too.
"""

import secrets
from collections.abc import Container, Iterable, Sequence
from importlib.resources import files
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

from anklet.errors import AnkletError
from anklet.texts import _
from anklet.web import languages
from anklet.web.people import People

ADDRESS = "127.0.0.1"
HOSTS = (ADDRESS, "localhost")  # another name is a page that has pointed its own name at us
LARGEST = 64 << 10  # bytes of a form; the journal's, filled to the brim, has 20 kB
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


def framed(
    people: People,
    token: str,
    tabs: Sequence[tuple[str, str]],
    groups: Iterable[Blueprint],
    hosts: Container[str | None] = HOSTS,
    **config: object,
) -> Flask:
    """These pages at /<token>/, for whoever has the token and comes to one of these hosts."""
    app = Flask(__name__, static_url_path=f"/{token}/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    app.config |= config
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    languages.prepare(app)
    people.into_addresses(app)

    @app.context_processor
    def head() -> dict[str, object]:
        try:
            return {"tabs": tabs, "people": people.labels, "who": people.chosen}
        except AnkletError:  # the page tells it
            return {"tabs": tabs, "people": [], "who": None}

    @app.get(f"/{token}/report.css")
    def style() -> Response:
        css = files("anklet.report").joinpath("page.css").read_text(encoding="utf-8")
        return Response(css, mimetype="text/css")

    @app.before_request
    def guard() -> None:
        given = request.path.split("/")[1].encode()
        known = secrets.compare_digest(given, token.encode())
        ours = urlsplit(f"//{request.host}").hostname in hosts
        safe = request.method in ("GET", "HEAD")
        if not known or not ours or not (safe or same_origin()):
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


def same_origin() -> bool:
    return request.headers.get("Origin") == f"http://{request.host}"
