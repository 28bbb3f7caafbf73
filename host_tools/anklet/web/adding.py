"""Files from elsewhere: a watch's or an oximeter's beside the nights, recordings as nights.

A file stays where it is on this computer and is read there: a week of acceleration is too large to
be sent through a form.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from anklet.archive import dating, made
from anklet.archive.store import Archive
from anklet.archive.watchfiles import WatchFiles
from anklet.errors import AnkletError, BadInput
from anklet.night import watch
from anklet.night.grouping import Item, select
from anklet.signal import recording
from anklet.texts import N_, _, n_
from anklet.web.jobs import Busy, Job, Jobs, Outcome
from anklet.web.people import People

KINDS = (".csv", ".cwa")
OFFERED = 12  # files, the newest
ROLES = {
    "time": N_("Time, or begin"),
    "date": N_("Date, where it stands apart"),
    "end": N_("End"),
    "stage": N_("Stage of sleep"),
    "heart": N_("Heart rate"),
    "spo2": N_("SpO2"),
}
LEGS = {"left": N_("the left leg"), "right": N_("the right leg")}


def pages(archive: Archive, people: People, jobs: Jobs) -> Blueprint:
    group = Blueprint("adding", __name__)
    watches = WatchFiles(archive.path)

    def page(errors: dict[str, str] | None = None, **more: Any) -> str:
        if people.chosen is None and len(people.labels) > 1:
            return render_template("home.html", choose=people.labels)
        return render_template(
            "add.html",
            **{"file": None, "names": None, "columns": {}} | more,
            errors=errors or {},
            offered=list(_offered()),
            given=request.form,
            roles=ROLES,
            legs=LEGS,
            kept="kept" in request.args,
            before=[
                line | {"night": _night(archive, line)}
                for line in watches.listed()[::-1]
                if line["label"] == (people.chosen or "")
            ][:OFFERED],
        )

    @group.get("/add")
    def index() -> str:
        return page()

    @group.post("/add")
    def choose() -> str:
        """The file is named: what is in it, and what there is to say of it."""
        try:
            file = _file()
            if recording.is_one(file):
                return page(file=file)
            names = watch.header(file.read_bytes())
            return page(file=file, names=names, columns=watch.guess(names))
        except (AnkletError, OSError) as wrong:
            return page({"file": str(wrong)})

    @group.post("/add/watch")
    def add_watch() -> Response | str:
        names: list[str] = []
        columns = {role: request.form.get(role, "") for role in ROLES}
        try:
            file = _file()
            data = file.read_bytes()
            names = watch.header(data)
            watches.add(data, file.name, people.chosen or "", columns)
        except (AnkletError, OSError) as wrong:
            if not names:
                return page({"file": str(wrong)})
            return page({"columns": str(wrong)}, file=file, names=names, columns=columns)
        return redirect(url_for(".index", kept=1), 303)

    @group.post("/add/recording")
    def add_recording() -> Response | str:
        try:
            file = _file()
        except AnkletError as wrong:
            return page({"file": str(wrong)})
        form, errors = request.form, {}
        if form.get("leg") not in LEGS:
            errors["leg"] = _("Choose the leg that wore the recorder.")
        start, rate = None, None
        try:
            if form.get("day") or file.suffix.lower() != ".cwa":
                start = dating.when(f"{form.get('day', '')} {form.get('time', '')}")
        except BadInput as wrong:
            errors["start"] = str(wrong)
        try:
            rate = float(form["rate"].replace(",", ".")) if form.get("rate") else None
        except ValueError:
            errors["rate"] = _("The rate is a number of samples a second, 20 to 200.")
        if errors:
            return page(errors, file=file)
        label = people.chosen or ""

        def work(job: Job) -> Outcome:
            found = []
            job.tell(_("Finding the movements"))
            for night in recording.nights(
                file,
                form["leg"],
                label,
                start=start,
                rate=rate,
                progress=lambda share: job.tell(_("Finding the movements"), share),
            ):
                made.keep(archive, night.device, night.session, night.files)
                found.append(f"{night.start:%Y-%m-%d %H:%M}")
            return Outcome(
                [
                    n_(
                        "{n} night was made from the recording, from {begin} on. Nights lists it "
                        "under Made from recordings.",
                        "{n} nights were made from the recording, from {begin} on. Nights lists "
                        "them under Made from recordings.",
                        len(found),
                        begin=found[0],
                    )
                ]
            )

        try:
            job = jobs.start(_("Adding a recording"), work, "recording")
        except Busy as error:
            return page({"file": str(error)}, file=file)
        return redirect(url_for("boards.job", number=job.number), 303)

    return group


def folders() -> list[Path]:
    """Where a person's files are."""
    named = (
        platformdirs.user_downloads_dir(),
        platformdirs.user_desktop_dir(),
        platformdirs.user_documents_dir(),
    )
    return [Path(name) for name in named]


def _offered() -> Iterator[tuple[Path, str, float]]:
    """The newest files that may be meant: path, date, MB."""
    found = []
    for folder in folders():
        try:
            for path in folder.iterdir():
                if path.suffix.lower() in KINDS and path.is_file():
                    found.append((path.stat().st_mtime, path.stat().st_size, path))
        except OSError:  # there is no such folder
            continue
    for when, size, path in sorted(found, reverse=True)[:OFFERED]:
        yield path, f"{dt.datetime.fromtimestamp(when):%Y-%m-%d}", size / 1e6


def _file() -> Path:
    """The file that the form names: the path that was typed, else the one chosen."""
    name = request.form.get("other", "").strip() or request.form.get("file", "")
    if not name:
        raise BadInput(_("Choose a file, or write where it is."))
    file = Path(name.strip('"')).expanduser()
    if not file.is_file():
        raise BadInput(_("There is no file {name}; look for how it is called.", name=name))
    return file


def _night(archive: Archive, line: dict[str, Any]) -> Item | None:
    """The newest night of which this file says something."""
    first, last = str(line.get("from"))[:10], str(line.get("to"))[:10]
    items = select(archive.sessions(), label=line["label"])
    return max(
        (i for i in items if i["night"] and first <= _after(i["night"]) and i["night"] <= last),
        key=lambda item: item["night"],
        default=None,
    )


def _after(night: str) -> str:
    return (dt.date.fromisoformat(night) + dt.timedelta(days=1)).isoformat()
