"""Whose nights are shown: chosen once, at the top, where several people's are kept.

The person stands in the address of every page from then on, so that two tabs may each show
another, and a form is for the person whose page it is on.
"""

from typing import Any

from flask import Blueprint, Flask, g, has_request_context, redirect, request, url_for
from werkzeug.wrappers import Response

from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.errors import AnkletError

WHOSE = "whose"
NOBODYS = ("static", "style", "people.choose", "languages.choose")


class People:
    """The labels there are, and the one that was chosen in this run of the pages."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._chosen: str | None = None

    @property
    def labels(self) -> list[str]:
        if has_request_context() and "labels" in g:
            return g.labels
        noted = Journal(self._archive.path).labels()
        labels = sorted({item["label"] for item in self._archive.sessions()} | noted)
        if has_request_context():
            g.labels = labels
        return labels

    @property
    def chosen(self) -> str | None:
        """The person whose nights are shown; None where there are several and none was chosen,
        or nobody's yet."""
        labels = self.labels
        if len(labels) == 1:
            return labels[0]
        whose = request.args.get(WHOSE) if has_request_context() else None
        return next((one for one in (whose, self._chosen) if one in labels), None)

    def into_addresses(self, app: Flask) -> None:
        """Put the person into every address that url_for makes while a page is shown."""

        @app.url_defaults
        def add(endpoint: str, values: dict[str, Any]) -> None:
            if endpoint in NOBODYS or not has_request_context():
                return
            try:
                if len(self.labels) > 1 and self.chosen is not None:
                    values.setdefault(WHOSE, self.chosen)
            except AnkletError:  # the page tells it
                pass

    def pages(self) -> Blueprint:
        group = Blueprint("people", __name__)

        @group.get("/who")
        def choose() -> Response:  # changes nothing that is kept, so a link may do it
            self._chosen = request.args.get("label", "")
            return redirect(url_for("home.index", whose=self._chosen))

        return group
