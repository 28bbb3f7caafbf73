"""Medicines with their first and last day, and dated blood tests: no evening's form holds them."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from anklet.archive.journal import Journal, label_of
from anklet.archive.longterm import FERRITIN, LongTerm
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.web.people import People


def pages(archive: Archive, people: People) -> Blueprint:
    group = Blueprint("longterm", __name__)
    kept = LongTerm(Journal(archive.path))

    def whose() -> str | None:
        """The person of the page that was asked for. Raises BadInput."""
        given = request.values.get("label")
        return label_of(given, people.labels) if given is not None else people.chosen

    def show(errors: dict[str, str]) -> str:
        if people.chosen is None and len(people.labels) > 1 and "label" not in request.values:
            return render_template("home.html", choose=people.labels)
        label = whose()
        return render_template(
            "medicines.html",
            label=label,
            medicines=kept.medicines(label)[::-1],
            ferritin=kept.ferritin(label)[::-1],
            unit=FERRITIN,
            errors=errors,
            given=request.form if errors else {},
            saved="saved" in request.args,
        )

    def done() -> Response:
        return redirect(url_for(".index", label=whose(), saved=1), 303)

    @group.get("/journal/medicines")
    def index() -> str:
        return show({})

    @group.post("/journal/medicines")
    def take() -> Response | str:
        """Note a medicine, or with another last day the same one again."""
        name, dose, since, until = (
            request.form.get(name, "") for name in ("name", "dose", "since", "until")
        )
        try:
            kept.take(whose(), name, dose, since, until)
            return done()
        except BadInput as wrong:
            return show({"medicine": str(wrong)})

    @group.post("/journal/medicines/untake")
    def untake() -> Response:
        kept.untake(whose(), request.form.get("name", ""), request.form.get("since", ""))
        return done()

    @group.post("/journal/ferritin")
    def test() -> Response | str:
        """Note a blood test; one with a day and no value takes that day's back."""
        try:
            value, back = request.form.get("value", "").strip(), "back" in request.form
            if not value and not back:
                raise BadInput(f"{FERRITIN.label} has to be {FERRITIN.range}.")
            kept.test(whose(), request.form.get("date", ""), "" if back else value)
            return done()
        except BadInput as wrong:
            return show({"ferritin": str(wrong)})

    return group
