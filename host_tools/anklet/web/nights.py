"""The nights: the list, the report's pages, hiding a bad night."""

import datetime as dt
from importlib.resources import files

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from anklet import report
from anklet.archive import dating
from anklet.archive.journal import Journal
from anklet.archive.store import Archive
from anklet.errors import AnkletError
from anklet.night.grouping import Item, by_night, grouped, select, undated
from anklet.night.session import RECORDING
from anklet.report import about, letter
from anklet.texts import _
from anklet.web import sharing
from anklet.web.people import People

SHOWN = 60  # nights on the list, unless all are asked for


def pages(archive: Archive, people: People) -> Blueprint:
    group = Blueprint("nights", __name__)
    diary = Journal(archive.path)

    def session(device: str, name: str) -> Item:
        for item in archive.sessions():
            if (item["device"], item["session"]) == (device, name):
                return item
        abort(404)

    def shown() -> list[Item]:
        """The sessions of the person chosen; of all, where nobody was."""
        return select(archive.sessions(), label=people.chosen)

    @group.get("/nights")
    def index() -> str:
        items, reasons = shown(), diary.reasons()
        nights = by_night(items)[::-1]
        everything = "all" in request.args
        return render_template(
            "nights.html",
            nights=nights if everything else nights[:SHOWN],
            more=0 if everything else max(0, len(nights) - SHOWN),
            made=by_night(items, recordings=True)[::-1],
            undated=undated(items),
            hidden=[
                item | {"why": reasons[item["device"], item["session"]]}
                for item in items
                if "hidden" in item["flags"]
            ],
            by_hand={
                (item["device"], item["session"]) for item in items if "by_hand" in item["flags"]
            },
            starts={(item["device"], item["session"]): item["start"] for item in items},
            labels=len({item["label"] for item in items}) > 1,
            formats=sharing.FORMATS.items(),
        )

    @group.get("/night/<device>/<name>")
    def night(device: str, name: str) -> Response:
        asked = session(device, name)
        together = grouped(select(archive.sessions(), label=asked["label"]))
        items = next((found for found in together if _has(found, asked)), [asked])
        beside = render_template("beside.html", item=asked, **_neighbours(together, items))
        return _framed(report.night(archive, items, _bar() + beside))

    @group.get("/trend")
    def trend() -> Response:
        def link(device: str, name: str) -> str:
            return url_for(".night", device=device, name=name)

        return _framed(report.trend(archive, shown(), newest=False, link=link, nav=_bar()))

    @group.route("/night/<device>/<name>/hide", methods=["GET", "POST"])
    def hide(device: str, name: str) -> AnyResponse | str:
        item, error = session(device, name), ""
        if request.method == "POST":
            try:
                diary.hide(device, name, request.form.get("why", ""))
                return redirect(url_for(".index") + "#hidden", 303)
            except AnkletError as wrong:
                error = str(wrong)
        why = request.form.get("why", "")
        return render_template("hide.html", item=item, error=error, why=why)

    @group.post("/night/<device>/<name>/show")
    def show(device: str, name: str) -> AnyResponse:
        session(device, name)
        diary.show(device, name)
        return redirect(url_for(".index"), 303)

    @group.route("/night/<device>/<name>/date", methods=["GET", "POST"])
    def date(device: str, name: str) -> AnyResponse | str:
        item, error = session(device, name), ""
        if request.method == "POST":
            try:
                given = f"{request.form.get('day', '')} {request.form.get('time', '')}"
                start = None if "undo" in request.form else dating.when(given)
                if start:
                    dating.check(archive, item, start)
                elif not dating.can_be_dated(item):
                    abort(404)
                archive.date(name, device, start)
                return redirect(url_for(".index"), 303)
            except AnkletError as wrong:
                error = str(wrong)
        elif not dating.can_be_dated(item):
            abort(404)
        said = item["start"] and dt.datetime.fromisoformat(item["start"])
        when = said or dating.proposal(archive, item)
        day, time = when.strftime("%Y-%m-%d %H:%M").split() if when else ("", "")
        day, time = request.form.get("day", day), request.form.get("time", time)
        return render_template("date.html", item=item, day=day, time=time, said=said, error=error)

    @group.get("/doctor")
    def doctor() -> Response:
        bar = Markup('<p class="screen quiet"><a href="{}">{}</a> &nbsp; {}</p>').format(
            url_for("home.index"),
            _("Back to Anklet"),
            _("Print this page with your browser."),
        )
        if current_app.config["EXAMPLE"]:
            bar += Markup("<p><b>{}</b></p>").format(_("An example: these nights are made up."))
        page = letter.html(archive, people.chosen, bar)
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        return Response(page, headers={"Content-Security-Policy": policy})

    @group.get("/about")
    def what_it_tells() -> str:
        return render_template("about.html", text=Markup(about.html()))

    return group


def _has(items: list[Item], asked: Item) -> bool:
    """The session that was asked for is one of these (its flags may be others)."""
    return any(i["device"] == asked["device"] and i["session"] == asked["session"] for i in items)


def _neighbours(groups: list[list[Item]], items: list[Item]) -> dict[str, Item | None]:
    """The first session of the night before and of the one after, of the same leg."""
    of_leg = [
        group
        for group in groups
        if group[0]["leg"] == items[0]["leg"]
        and group[0]["night"]
        and (RECORDING in group[0]["flags"]) == (RECORDING in items[0]["flags"])
    ]
    at = of_leg.index(items) if items in of_leg else None
    if at is None:
        return {"before": None, "after": None}
    before = of_leg[at - 1][0] if at else None
    after = of_leg[at + 1][0] if at + 1 < len(of_leg) else None
    return {"before": before, "after": after}


def _bar() -> str:
    """Our navigation for a page of the report, which takes no style from elsewhere."""
    css = files("anklet.web").joinpath("static/nav.css").read_text(encoding="utf-8")
    return f"<style>{css}</style>{render_template('nav.html')}"


def _framed(page: str) -> Response:
    """A page of the report. It brings a stricter policy of its own."""
    return Response(page, headers={"Content-Security-Policy": "frame-ancestors 'none'"})
