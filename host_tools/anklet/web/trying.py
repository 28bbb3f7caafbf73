"""Trials as pages, the tab "Try": plan, seal, tonight, how far it is, the result.

What may be seen when is decided in trial/; here it is asked for and shown.
"""

import datetime as dt
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from anklet.archive.journal import KEYS
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.report.lately import lately
from anklet.texts import _, short_day
from anklet.trial import begin, page, paper, tonight, words
from anklet.trial.course import GIVEN, UNSURE, Course, courses
from anklet.trial.doses import DOSES, NONE
from anklet.trial.plan import NIGHTS, PAIRS, WITH, Plan, schedule
from anklet.trial.power import chances
from anklet.web.people import People

MISSING, THERE = "\N{MULTIPLICATION SIGN}", "\N{BULLET}"
BOX, GAP = 22, 4  # of a night in the picture, px
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def pages(archive: Archive, people: People) -> Blueprint:
    group = Blueprint("trying", __name__)

    def newest() -> Course | None:
        """The newest trial of the person chosen; raises NotVerified where it was altered."""
        found = courses(archive, people.chosen)
        return found[-1] if found else None

    @group.get("/try")
    def index() -> str:
        return show({}, {})

    def show(errors: dict[str, str], expected: dict[str, Any]) -> str:
        if people.chosen is None and len(people.labels) > 1:
            return render_template("home.html", choose=people.labels)
        course = newest()
        going = course is not None and course.running
        return render_template(
            "try.html",
            course=course,
            going=going,
            words=words,
            over=course is not None and course.over,
            asks_guess=course is not None and _asks_guess(course),
            task=lately(archive, people.chosen).task if going else None,
            nights=_picture(course) if course and (going or course.over) else "",
            told=words.deviations(course.plan, course.seen) if course and going else [],
            doses={key: KEYS[key] for key in DOSES},
            limits=DOSES,
            pairs=range(PAIRS[0], PAIRS[1] + 1),
            blocks=range(NIGHTS[0], 8),
            errors=errors,
            given=request.form,
            expected=expected,
            before=[c for c in courses(archive, people.chosen) if c.events(GIVEN)],
        )

    def drawn() -> Plan:
        """The plan that the form asks for. Its order is drawn anew each time, so that looking at
        what to expect can't choose one. Raises BadInput."""
        form = request.form
        amount = form.get("amount", "").strip() or NONE
        start = form.get("start", "")
        try:
            first = dt.date.fromisoformat(start) if start else None
            shape = {name: int(form[name]) for name in ("pairs", "nights") if form.get(name)}
        except ValueError:
            raise BadInput(
                _("Choose the first night, the pairs and the nights from what is offered.")
            ) from None
        return begin.drawn(
            archive,
            f"{form.get('key', '')}={amount}",
            first,
            label=people.chosen,
            blind="blind" in form,
            **shape,
        )

    @group.post("/try/plan")
    def plan() -> AnyResponse | str:
        """What to expect of such a plan, or with the button Seal the plan itself."""
        try:
            made = drawn()
            begin.check_free(archive, made.label)
            if "seal" in request.form:
                begin.seal(archive, made)
                return redirect(url_for(".index"), 303)
        except BadInput as wrong:
            return show({"plan": str(wrong)}, {})
        told = chances(made, archive.sessions(), tonight()[0], ())
        return show({}, {"plan": made, "told": told, "caution": words.caution(made)})

    @group.post("/try/stop")
    def stop() -> AnyResponse | str:
        course, why = newest(), " ".join(request.form.get("why", "").split())
        if course and course.running and not course.over:
            if not why or len(why) > 300:
                return show({"why": _("Say why, in 300 letters at most.")}, {})
            course.trials.note(
                course.plan.id, "stopped", night=course.evening.isoformat(), why=why
            )
        return redirect(url_for(".index"), 303)

    @group.post("/try/guess")
    def guess() -> AnyResponse:
        course, bottle = newest(), request.form.get("bottle")
        if course and _asks_guess(course) and bottle in ("A", "B", UNSURE):
            course.trials.note(course.plan.id, "guessed", bottle=bottle)
        return redirect(url_for(".index"), 303)

    @group.get("/try/bottles/<trial>")
    def bottles(trial: str) -> Response:
        """The sheet for whoever fills the bottles of a blind trial."""
        plan = next((c.plan for c in courses(archive, people.chosen) if c.plan.id == trial), None)
        if plan is None or not plan.blind:
            abort(404)
        return Response(words.bottles(plan), mimetype="text/plain")

    @group.get("/try/calendar/<trial>")
    def calendar(trial: str) -> Response:
        """The evenings for a calendar program; with `paper` as a page to print."""
        course = next((c for c in courses(archive, people.chosen) if c.plan.id == trial), None)
        if course is None or course.over or course.stopped:
            abort(404)
        if "paper" in request.args:
            return Response(
                paper.html(course.plan, _back()), headers={"Content-Security-Policy": POLICY}
            )
        from anklet.trial.calendar import AT, clock, ics  # noqa: PLC0415 - it takes long to load

        return Response(
            ics(course.plan, clock(request.args.get("at") or AT)),
            mimetype="text/calendar",
            headers={"Content-Disposition": f'attachment; filename="{trial}.ics"'},
        )

    @group.route("/try/result/<trial>", methods=["GET", "POST"])
    def result(trial: str) -> AnyResponse | str:
        """The result of a trial that is over. Asking for it the first time is logged."""
        course = next((c for c in courses(archive, people.chosen) if c.plan.id == trial), None)
        if course is None or not course.over or _asks_guess(course):
            return redirect(url_for(".index"), 303)
        first = not course.events(GIVEN)
        if first and request.method == "GET":
            return redirect(url_for(".index"), 303)
        if first and course.seen.broken and "as_planned" not in request.form:
            return show({"broken": ", ".join(course.seen.broken)}, {})
        found = course.answer()
        if first and found.main.effect is not None:
            course.note(found, "result")
        made = page.html(course, found, _back())
        return Response(made, headers={"Content-Security-Policy": POLICY})

    return group


def _back() -> Markup:
    """What stands above a page to print, on a screen."""
    return Markup('<p class="quiet screen"><a href="{}">{}</a></p>').format(
        url_for("trying.index"), _("Back to Anklet")
    )


def _asks_guess(course: Course) -> bool:
    return course.plan.blind and course.plan.version > 1 and course.over and not course.guess


def _picture(course: Course) -> Markup:
    """The plan's nights, a row a pair: filled with, hollow without (a blind trial's by bottle), a
    dot where the night is there, a cross where it is missing. No result is in it."""
    plan, seen = course.plan, course.seen
    drawn = []
    wide = 40 + 2 * plan.nights * (BOX + GAP) + 10
    for night in schedule(plan):
        at = night.block * plan.nights + night.day % plan.nights
        x, y = 40 + at * (BOX + GAP) + 10 * night.block, 4 + night.pair * (BOX + GAP)
        with_ = not plan.blind and plan.arms[night.arm] == WITH
        fill = "var(--high)" if with_ else "var(--card)"
        edge = "var(--ink)" if night.date == course.evening.isoformat() else "var(--other)"
        mark = night.arm if plan.blind else ""
        if night.date in seen.missing:
            mark = MISSING
        elif night.date in seen.nights:
            mark = THERE
        what = f"{short_day(night.date)}: {words.task(plan, night)}"
        what += _(", missing") if mark == MISSING else _(", recorded") if mark == THERE else ""
        drawn.append(
            f'<g><title>{escape(what)}</title><rect x="{x}" y="{y}" width="{BOX}" height="{BOX}"'
            f' rx="4" fill="{fill}" stroke="{edge}" stroke-width="{2 if "ink" in edge else 1}"/>'
            f'<text x="{x + BOX / 2}" y="{y + 16}" text-anchor="middle">{mark}</text></g>'
        )
    drawn += [
        f'<text x="0" y="{4 + pair * (BOX + GAP) + 16}">{_("Pair {n}", n=pair + 1)}</text>'
        for pair in range(plan.pairs)
    ]
    label = _(
        "{nights} nights in {pairs} pairs, {past} of them over",
        nights=plan.length,
        pairs=plan.pairs,
        past=len(seen.past),
    )
    high = 8 + plan.pairs * (BOX + GAP)
    return Markup(
        f'<svg class="plan" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img"'
        f' aria-label="{label}">{"".join(drawn)}</svg>'
    )
