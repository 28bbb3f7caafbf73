"""What leaves the pages, and what is compared on them: backup, export, nights with and without."""

import datetime as dt
import re
import tempfile
import zipfile
from functools import partial
from pathlib import Path

from flask import Blueprint, Response, render_template, request

from anklet import export
from anklet.archive import bundle
from anklet.archive.journal import Journal
from anklet.archive.journalkeys import KEYS
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.night.grouping import select, shown
from anklet.texts import N_, _
from anklet.trial import compare, comparewords
from anklet.web.people import People

FORMATS = {
    "csv": N_("tables for a spreadsheet (CSV)"),
    "edf": N_("a file a night for sleep software (EDF+)"),
    "json": N_("one JSON file"),
}


def pages(archive: Archive, people: People) -> Blueprint:
    group = Blueprint("sharing", __name__)

    @group.post("/backup")
    def backup() -> Response:
        """Everything that counts in one file; see bundle.py."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "backup.zip")
            bundle.backup(archive, file)
            return _download(file.read_bytes(), "anklet")

    @group.post("/export")
    def exported() -> Response:
        """The person's nights, less those hidden, and the journal, for another program."""
        form = request.form.get("format", "")
        items = shown(select(archive.sessions(), label=people.chosen))
        if form not in FORMATS or not items:
            raise BadInput(_("Choose a format, once there is a night to export."))
        nights = [partial(archive.load, item["session"], item["device"]) for item in items]
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "nights.json" if form == "json" else "nights")
            file = Path(folder, "export.zip")
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for path in export.write(form, nights, Journal(archive.path), out):
                    packed.write(path, path.relative_to(folder))
            return _download(file.read_bytes(), f"anklet-{form}")

    @group.route("/compare", methods=["GET", "POST"])
    def compared() -> str:
        """To compare is a look, which is noted: it takes a button."""
        label, key = people.chosen, request.form.get("key", "")
        entries = Journal(archive.path).entries(label)
        noted = {name for values in entries.values() for name in values}
        found, paragraphs, error = None, [], ""
        if request.method == "POST":
            try:
                found, many, trial = compare.look(archive, label, key)
                paragraphs = comparewords.said(found, many, trial, _("An experiment under Try"))
            except BadInput as wrong:
                error = _on_a_page(key, str(wrong))
        return render_template(
            "compare.html",
            keys=[(name, _(of.label)) for name, of in KEYS.items() if name in noted],
            key=key,
            label=_(KEYS[key].label) if key in KEYS else key,
            rows=comparewords.rows(found) if found else [],
            paragraphs=paragraphs,
            error=error,
        )

    return group


def _download(data: bytes, name: str) -> Response:
    file = f"{name}-{dt.date.today()}.zip"
    headers = {"Content-Disposition": f"attachment; filename={file}"}
    return Response(data, mimetype="application/zip", headers=headers)


def _on_a_page(key: str, sentence: str) -> str:
    """A refusal with the form's name for the key, without the command that comes next."""
    what = re.split(r"[;:] anklet ", sentence)[0].rstrip(".") + "."
    return what.replace(key, _(KEYS[key].label), 1) if key in KEYS else what
