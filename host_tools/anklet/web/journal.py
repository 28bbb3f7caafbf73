"""The journal's form: the evening, the morning after, and what the board's button marked."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from anklet import texts
from anklet.archive.journal import Journal, label_of, night_of, tonight
from anklet.archive.journalkeys import KEYS, Value, Values, check
from anklet.archive.longterm import LongTerm
from anklet.archive.store import Archive
from anklet.errors import ArchiveUnwritable, BadInput
from anklet.night.grouping import select
from anklet.texts import N_, _
from anklet.web.people import People

PARTS = (  # how it was comes first, before a person is reminded of what was taken
    (N_("How it was"), lambda item: item.outcome),
    (N_("That evening"), lambda item: item.part == "evening" and not item.outcome),
    (N_("Anything else"), lambda item: item.part == "morning" and not item.outcome),
)
SHEET = ("urge", "sleep_quality", "wakeups", "magnesium_mg", "caffeine_mg", "alcohol_g")
SHEET_NIGHTS = 28
EARLIER = 14  # nights listed below the form
OURS = ("night", "label")  # what the form sends beside the entries
WAS = "was_"  # before a key: what the field held when the page was made
CHIP = "chip"  # the button pressed: KEY=VALUE, or KEY= to take it back
CHIPS, CHIP_NIGHTS, CHIP_LETTERS = 6, 28, 40  # at most; of so many dates; of its text


def pages(archive: Archive, people: People) -> Blueprint:
    group = Blueprint("journal", __name__)
    diary = Journal(archive.path)

    @group.get("/journal")
    def form() -> str:
        return _page(archive, diary, people, request.args, {})

    @group.get("/journal/sheet")
    def sheet() -> str:
        """Four weeks from tonight on, to fill in by hand at the bedside."""
        first = tonight()
        nights = [first + dt.timedelta(days=n) for n in range(SHEET_NIGHTS)]
        return render_template(
            "sheet.html", nights=nights, keys=[KEYS[key] for key in SHEET], who=people.chosen
        )

    @group.post("/journal")
    def save() -> Response | str:
        items = archive.sessions()
        errors: dict[str, str] = {}
        values: Values = {}
        given = request.form.copy()
        if chip := given.pop(CHIP, ""):  # it fills in its field, whatever that held
            key, _equals, given[key] = chip.partition("=")
        for key in given:
            if key in OURS or key.startswith(WAS) or _untouched(key, given):
                continue
            try:
                values[key] = check(key, given[key])
            except BadInput as wrong:
                errors[key] = _in_words(key, str(wrong))
        try:
            label = label_of(given.get("label"), [item["label"] for item in items])
            night = night_of(given.get("night"), {item["night"] for item in items})
        except BadInput as wrong:
            errors["night"] = str(wrong)
        else:
            errors |= _meanwhile(diary.entries(label).get(night, {}), values, given)
        try:
            if not errors:
                diary.set(night, values, label)
        except ArchiveUnwritable as wrong:
            errors["save"] = str(wrong)
        if errors:
            return _page(archive, diary, people, given, errors)
        return redirect(url_for(".form", night=night, label=label, saved=1), 303)

    return group


def _page(
    archive: Archive,
    diary: Journal,
    people: People,
    given: MultiDict[str, str],
    errors: dict[str, str],
) -> str:
    """The form, filled with what is noted, or with what was just sent and is wrong."""
    items = archive.sessions()
    labels = people.labels
    label = given.get("label", people.chosen)
    night = tonight().isoformat()
    try:
        night = night_of(given.get("night"), {item["night"] for item in items})
    except BadInput as wrong:
        errors.setdefault("night", str(wrong))
    entries = diary.entries(label)
    now = {key: str(value) for key, value in entries.get(night, {}).items()}
    before = max((other for other in entries if other < night), default="")
    shown = now | {key: given[key] for key in KEYS if key in given and not _untouched(key, given)}
    like = bool(given.get("like") and before)
    if like:  # the evening before, to be changed and saved
        evening = {k: str(v) for k, v in entries[before].items() if copied(k)}
        shown = evening | now
    day = dt.date.fromisoformat(night)
    return render_template(
        "journal.html",
        keys=KEYS,
        parts=[(title, [k for k in KEYS if fits(KEYS[k])]) for title, fits in PARTS],
        night=night,
        asked=given.get("night") or night,
        today=dt.date.today().isoformat(),
        previous=(day - dt.timedelta(days=1)).isoformat(),
        following=(day + dt.timedelta(days=1)).isoformat(),
        before=before,
        label=label,
        labels=labels,
        whose=label is None and len(labels) > 1,
        now=now,
        chips=_chips(entries, day),
        medicines=[one for one in LongTerm(diary).medicines(label) if one.at(night)],
        shown=shown,
        errors=errors,
        like=like,
        saved="saved" in given,
        history=[(_local(line["at"]), line["set"]) for line in diary.history(night, label)],
        markers=_markers(archive, items, night, label),
        earlier=[(other, entries[other]) for other in sorted(entries, reverse=True)][:EARLIER],
    )


def _chips(entries: Mapping[str, Mapping[str, Value]], day: dt.date) -> list[tuple[str, str, str]]:
    """(what it says, KEY=VALUE, "true" where it is noted) of what this person noted most often in
    the evenings up to this one: a tap notes it, another takes it back."""
    since = (day - dt.timedelta(days=CHIP_NIGHTS)).isoformat()
    night = day.isoformat()
    times = Counter(
        (key, value)
        for date, values in entries.items()
        if since <= date <= night
        for key, value in values.items()
        if copied(key) and KEYS[key].kind != "choice" and len(str(value)) <= CHIP_LETTERS
    )
    now = entries.get(night, {})
    found = []
    for (key, value), _times in times.most_common(CHIPS):
        item, noted = KEYS[key], now.get(key) == value
        said = item.shown(value)
        if item.unit:
            said = f"{_(item.label)} {said} {item.unit}"
        found.append((said, f"{key}={'' if noted else value}", str(noted).lower()))
    return found


def copied(key: str) -> bool:
    """It may be filled in from another evening: what was taken, never how it was."""
    return KEYS[key].part == "evening" and not KEYS[key].outcome


def _in_words(key: str, sentence: str) -> str:
    """A refusal with the name that the form has for the key."""
    return sentence.replace(key, _(KEYS[key].label), 1) if key in KEYS else sentence


def _untouched(key: str, given: MultiDict[str, str]) -> bool:
    """The field is as the page was made; another page may have saved something there since."""
    return given[key].strip() == given.get(WAS + key)


def _meanwhile(
    now: Mapping[str, Value], values: Values, given: MultiDict[str, str]
) -> dict[str, str]:
    """What another page has saved since this one was made, where this one has something else."""
    return {
        key: _(
            "{what}: another page saved {value} here in the meantime; press Save again if yours is"
            " right.",
            what=_(KEYS[key].label),
            value=KEYS[key].shown(now[key]) if key in now else _("nothing"),
        )
        for key, value in values.items()
        if WAS + key in given and str(now.get(key, "")) not in (given[WAS + key], str(value))
    }


def _markers(
    archive: Archive, items: list[dict[str, Any]], night: str, label: str | None
) -> list[tuple[str, str]]:
    """(time, leg) of each press of the board's button in this night."""
    found = []
    for item in select(items, night, label=label):
        session = archive.load(item["session"], item["device"])
        for marker in session.markers:
            if when := session.at(marker["ms"]):
                found.append((f"{when:%H:%M:%S}", session.leg))
    return sorted(found)


def _local(at: str) -> str:
    try:
        when = dt.datetime.fromisoformat(at).astimezone()
    except ValueError:
        return at
    return f"{texts.day(when.date())}, {when:%H:%M}"
