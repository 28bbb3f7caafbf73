"""Whose nights are shown: chosen once, at the top, where several people's are kept."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from anklet.archive.journal import Journal
from anklet.archive.store import Archive


class People:
    """The labels there are, and the one that was chosen in this run of the pages."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._chosen: str | None = None

    @property
    def labels(self) -> list[str]:
        noted = Journal(self._archive.path).labels()
        return sorted({item["label"] for item in self._archive.sessions()} | noted)

    @property
    def chosen(self) -> str | None:
        """The person whose nights are shown; None where there are several and none was chosen,
        or nobody's yet."""
        labels = self.labels
        if len(labels) == 1:
            return labels[0]
        return self._chosen if self._chosen in labels else None

    def pages(self) -> Blueprint:
        group = Blueprint("people", __name__)

        @group.get("/who")
        def choose() -> Response:  # changes nothing that is kept, so a link may do it
            self._chosen = request.args.get("label", "")
            return redirect(url_for("home.index"))

        return group
