"""The boards: sync, check and set up one that is plugged in; each is a job with progress."""

import re
from functools import partial
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from anklet.archive import foreignfiles, reformat
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board import doctor, firmware, ports
from anklet.board.flashfiles import ForeignFiles
from anklet.board.install import install, summary
from anklet.errors import AnkletError, BadInput
from anklet.texts import N_, _, n_
from anklet.web.jobs import Busy, Job, Jobs, Outcome, Work

# A serial port's name: pyserial also takes URLs, which could be any address.
PORT = re.compile(r"[A-Za-z0-9_./-]{1,100}")
LEGS = {"left": N_("the left leg"), "right": N_("the right leg")}
TITLES = {
    "sync": N_("Sync"),
    "check": N_("Check of the board"),
    "setup": N_("Setting up the board"),
}


def pages(archive: Archive, jobs: Jobs) -> Blueprint:
    group = Blueprint("boards", __name__)

    @group.get("/boards")
    def index() -> str:
        return _page({})

    @group.post("/boards/<any(sync, check, setup):what>")
    def start(what: str) -> Response | str:
        try:
            port = _port(request.form)
        except AnkletError as error:
            return _page({"port": str(error)})
        errors: dict[str, str] = {}
        if what == "setup":
            errors = _check_setup(request.form)
        if errors:
            return _page(errors)
        try:
            work = _work(what, port, archive, request.form.to_dict())
            job = jobs.start(_(TITLES[what]), work, what)
        except Busy as error:
            return _page({"busy": str(error)}, error.job.number)
        return redirect(url_for(".job", number=job.number), 303)

    @group.get("/jobs/<int:number>")
    def job(number: int) -> str:
        return render_template("job.html", job=jobs.get(number) or abort(404))

    @group.get("/jobs/<int:number>.json")
    def progress(number: int) -> dict[str, Any]:
        job = jobs.get(number) or abort(404)
        return {"running": job.running, "text": job.text, "fraction": job.fraction}

    return group


def _page(errors: dict[str, str], running: int | None = None) -> str:
    return render_template(
        "boards.html",
        found=ports.boards(),
        kinds=firmware.boards(),
        legs=LEGS,
        errors=errors,
        running=running,
        given=request.form,
    )


def _port(form: Any) -> str:
    """The port that was typed, else chosen, else the only one. Raises what ports.find does."""
    name = form.get("other", "").strip() or form.get("port", "").strip() or None
    if name and not PORT.fullmatch(name):
        raise BadInput(_("That is no name of a serial port, such as /dev/ttyACM0 or COM3."))
    return ports.find(name)


def _check_setup(form: Any) -> dict[str, str]:
    errors = {}
    if form.get("leg") not in LEGS:
        errors["leg"] = _("Choose the leg that the board is worn on.")
    label = form.get("label", "")
    if len(label) > 40 or not label.isprintable():
        errors["label"] = _("A label has 40 letters at most.")
    if form.get("board", "") not in ("", *firmware.boards()):
        errors["board"] = _("Choose a board from the list.")
    return errors


def _work(what: str, port: str, archive: Archive, form: dict[str, str]) -> Work:
    if what == "sync":
        return lambda job: _sync(job, port, archive)
    if what == "check":
        return lambda job: _check(port, archive)
    return lambda job: _setup(job, port, archive, form)


def _sync(job: Job, port: str, archive: Archive) -> Outcome:
    def arrived(session: str, done: int, size: int) -> None:
        job.tell(_("Downloading recording {session}", session=session), done / max(1, size))

    found = sync(port, archive, arrived)
    new = len(found["downloaded"])
    lines = [
        n_(
            "{n} new recording, {already} filed before. Every one was checked against the board.",
            "{n} new recordings, {already} filed before. Every one was checked against the board.",
            new,
            already=found["already"],
        ),
        _("The board's clock is set, and it records again."),
    ]
    lines += [
        _(
            "Recording {session} came damaged from the board's flash. It is kept as it is.",
            session=session,
        )
        for session in found["damaged"]
    ]
    if "warning" in found:
        lines.insert(0, found["warning"])
    return Outcome(lines, warning=found.get("warning", ""))


def _check(port: str, archive: Archive) -> Outcome:
    found = doctor.examine(port, partial(reformat.warning, archive))
    bad = sum(not check["ok"] for check in found["checks"])
    text = _("All is well.")
    if bad:
        text = _("{bad} of {all} checks need attention.", bad=bad, all=len(found["checks"]))
    return Outcome([text], found["checks"])


def _setup(job: Job, port: str, archive: Archive, form: dict[str, str]) -> Outcome:
    settings = {"leg": form["leg"], "label": form.get("label", "").strip()}

    def agree(foreign: ForeignFiles) -> None:
        path = foreignfiles.save(archive.path, foreign)
        if form.get("agreed") != foreign.digest:
            raise _ToAsk(foreignfiles.notice(foreign, path), foreign.digest)

    try:
        found = install(
            port,
            board=form.get("board") or None,
            settings=settings,
            progress=lambda done, size: job.tell(_("Copying the firmware"), done / max(1, size)),
            agree=agree,
        )
    except _ToAsk as question:
        return Outcome(
            [str(question), _("Nothing was written to the board yet.")],
            ask={**form, "other": port, "agreed": question.digest},
        )
    return Outcome(summary(found).splitlines())


class _ToAsk(BadInput):
    """The person has to agree first; digest: to what."""

    def __init__(self, text: str, digest: str):
        super().__init__(text)
        self.digest = digest
