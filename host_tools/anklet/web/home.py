"""The first page: last night, the nights before it, tonight, what needs attention."""

import datetime as dt
from collections.abc import Sequence

from flask import Blueprint, current_app, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.board import ports
from anklet.errors import AnkletError
from anklet.report.lately import lately
from anklet.texts import _, day_and_month, short_day
from anklet.web import example
from anklet.web.checking import Checking
from anklet.web.people import People

STEP, HEIGHT = 24, 96  # of the strip: a night's width, and the height of all


def pages(archive: Archive, people: People, checking: Checking) -> Blueprint:
    group = Blueprint("home", __name__)
    diary = Journal(archive.path)

    @group.get("/")
    def index() -> str:
        labels, who = people.labels, people.chosen
        if len(labels) > 1 and who is None:
            return render_template("home.html", choose=labels)
        now = lately(archive, who)
        plugged: list[str] = []
        if not current_app.config["EXAMPLE"]:
            try:
                plugged = list(ports.boards())
            except AnkletError:
                plugged = []
        usual = now.last[0].before.usual if len(now.last) == 1 else None
        return render_template(
            "home.html",
            now=now,
            strip=_strip(now.strip, usual) if now.last else "",
            plugged=plugged,
            checking=checking,
            nights=bool(archive.sessions()),
            made=(archive.path / example.FOLDER).is_dir(),
        )

    @group.post("/taken")
    def taken() -> Response:
        """Note tonight's task of the trial as done."""
        task = lately(archive, people.chosen).task
        if task and task.values:
            diary.set(task.night, task.values, task.label if task.label else people.chosen)
        return redirect(url_for(".index"), 303)

    @group.post("/example")
    def show_example() -> Response:
        example.fill(archive.path / example.FOLDER)
        return redirect(current_app.config["OTHER"], 303)

    @group.post("/example/remove")
    def remove_example() -> Response:
        if current_app.config["EXAMPLE"]:
            example.remove(archive.path)
            return redirect(current_app.config["OTHER"], 303)
        example.remove(archive.path / example.FOLDER)
        return redirect(url_for(".index"), 303)

    return group


def _strip(
    nights: Sequence[tuple[dt.date, float | None]], usual: tuple[float, float] | None
) -> Markup:
    """The last nights as dots, higher with more PLM per hour; a tick where nothing was recorded.
    The band is the usual range."""
    top = max([*(rate for _, rate in nights if rate is not None), (usual or (0, 0))[1], 10])
    wide, ground = STEP * len(nights), HEIGHT - 20

    def y(rate: float) -> float:
        return round(ground - (ground - 8) * rate / top, 1)

    drawn = []
    if usual:
        low, high = usual
        drawn.append(
            f'<rect x="0" y="{y(high)}" width="{wide}" height="{round(y(low) - y(high), 1)}"'
            ' fill="var(--track)"/>'
        )
    for i, (date, rate) in enumerate(nights):
        x, name = STEP * i + STEP // 2, short_day(date)
        if rate is None:
            drawn.append(
                f'<path d="M{x} {ground - 4}v4" stroke="var(--other)"><title>'
                f"{_('{night}: no recording', night=name)}</title></path>"
            )
        else:
            colour = "var(--plm)" if i == len(nights) - 1 else "var(--other)"
            drawn.append(
                f'<circle cx="{x}" cy="{y(rate)}" r="5" fill="{colour}"><title>'
                f"{_('{night}: {rate:.0f} PLM an hour', night=name, rate=rate)}</title></circle>"
            )
        if date.weekday() == 0 and STEP < x < wide - STEP:  # there its name has room
            drawn.append(
                f'<text x="{x}" y="{HEIGHT - 4}" text-anchor="middle">{day_and_month(date)}</text>'
            )
    there = sum(rate is not None for _, rate in nights)
    label = _(
        "PLM per hour of the last {n} nights, {there} of them recorded", n=len(nights), there=there
    )
    return Markup(  # numbers and dates alone
        f'<svg class="strip" viewBox="0 0 {wide} {HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(drawn)}</svg>"
    )
