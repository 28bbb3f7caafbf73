"""One A4 side for a doctor: what was measured, what was taken when, what a trial found, limits.

It holds no script and asks for nothing from a network. What a person wrote is escaped.
"""

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

from anklet.archive.journal import KEYS, Journal
from anklet.archive.longterm import FERRITIN, LongTerm, Medicine
from anklet.archive.store import Archive
from anklet.errors import BadInput
from anklet.night import rate
from anklet.night.grouping import by_night, select
from anklet.report.usual import number
from anklet.report.words import LEGS, SHORT_NIGHT
from anklet.texts import N_, _, day, decimal, language, n_, sentence, short_day
from anklet.trial import findings
from anklet.trial import words as trial_words
from anklet.trial.course import GIVEN, courses

Item = dict[str, Any]
Entries = Mapping[str, Mapping[str, Any]]
Period = tuple[str, str, int, str]  # first night, last night, nights noted (0: by dates), what

SHOWN = 120  # nights of the picture
MOST_PERIODS, MOST_CHANGES, MOST_TESTS = 8, 4, 3  # the newest, so that all stays one side
LETTERS = 50  # of what was taken
GAP_DAYS = 3  # so many dates without an entry do not end a period: people forget to note
TAKEN = ("antidepressant", "medicine", "iron_mg", "magnesium_mg")
WIDTH, HEIGHT, LEFT, BOTTOM = 680, 150, 30, 18  # of the picture, in its own units
STYLE = """
@page { size: A4; margin: 14mm }
body { font: 9.5pt/1.35 sans-serif; color: #111; max-width: 182mm; margin: auto }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 10.5pt; margin: 3.5mm 0 .5mm }
p, ul { margin: 0 0 1mm } ul { padding-left: 5mm } .who { margin-bottom: 3mm }
.figure { font-size: 12pt } .quiet { color: #444; font-size: 8.5pt }
svg { width: 100% } text { font: 9px sans-serif } @media print { .screen { display: none } }
"""


def html(archive: Archive, label: str | None = None, nav: str = "") -> str:
    """The page of one person's nights. nav: HTML to stand above it on a screen. Raises BadInput
    without a night, NotVerified where a trial was altered."""
    nights = [n for n in by_night(select(archive.sessions(), label=label)) if _counts(n)]
    if not nights:
        raise BadInput(
            _("There is no night with 4 hours in bed yet, so nothing to tell a doctor.")
        )
    entries = Journal(archive.path).entries(label)
    legs: dict[str, list[Item]] = {}
    for night in nights:
        legs.setdefault(LEGS.get(night["leg"]) or night["leg"], []).append(night)
    noted = list(periods(entries))
    longer = LongTerm(Journal(archive.path))
    medicines = longer.medicines(label)
    taken = sorted([*noted, *(_of_medicine(one, nights[-1]["night"]) for one in medicines)])
    lasting = [f"{one.name} {one.dose} ({one.when})" for one in medicines[-MOST_PERIODS:]]
    room = MOST_PERIODS - len(lasting)
    sections = [
        (_("Measured"), "".join(f"<p>{_baseline(leg, of)}</p>" for leg, of in legs.items())),
        (_("Nights"), "".join(map(_picture, legs.values()))),
        (_("Medicines, as the person dates them"), _listed(lasting)),
        (_("Noted as taken"), _listed([_period(p) for p in noted[max(0, len(noted) - room) :]])),
        (_("Blood tests"), _listed(_tests(longer.ferritin(label)))),
        (_("Before and after"), _listed(list(_changes(taken, legs))[-MOST_CHANGES:])),
        (_("Trials"), _listed(_trials(archive, label))),
        (_("Limits"), _listed([_(text) for text in LIMITS])),
    ]
    body = "".join(f"<h2>{title}</h2>{text}" for title, text in sections if text)
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_('For a doctor')}</title><style>{STYLE}</style>{nav}"
        f"<h1>{_('Leg movements at night, measured at home')}</h1>"
        f'<p class="who">{_("Name")} ______________________________ &nbsp; {_("born")}'
        f" ______________ &nbsp; {_('date')} ______________</p>{body}</html>\n"
    )


METHOD = N_(
    "An LIS3DH accelerometer at the ankle, all night; leg movements found and "
    "periodic ones scored on the device (WASM 2016 or AASM v3 rules on one leg). No "
    "EEG, no EMG, no respiration."
)
LIMITS = (
    METHOD,
    N_(
        "The figure is periodic leg movements per hour in bed, awake or asleep: not a "
        "PLMS index, and thresholds such as 15 per hour do not apply to it. In one study "
        "39 % of the leg movements that EMG saw moved no accelerometer (Terrill 2013)."
    ),
    N_(
        "It does not diagnose: restless legs syndrome is a diagnosis by interview, and "
        "movements that come with pauses in breathing are among those counted."
    ),
)


def _counts(night: Item) -> bool:
    return night["in_bed_s"] >= SHORT_NIGHT and night["plm_per_hour"] is not None


def _baseline(leg: str, nights: Sequence[Item]) -> str:
    rates = [night["plm_per_hour"] for night in nights]
    hours = median(night["in_bed_s"] for night in nights) / 3600
    index = [n["periodicity_index"] for n in nights if n["periodicity_index"] is not None]
    told = n_(
        "{leg}, {n} night from {first} to {last} with at least 4 hours in bed (median"
        " {hours:.1f} h):",
        "{leg}, {n} nights from {first} to {last} with at least 4 hours in bed (median"
        " {hours:.1f} h):",
        len(nights),
        leg=escape(sentence(_(leg))),
        first=day(nights[0]["night"]),
        last=day(nights[-1]["night"]),
        hours=hours,
    )
    figure = _("{rate} periodic leg movements (PLM) per hour in bed", rate=number(median(rates)))
    about = [_("median")]
    for text, ends in (
        (N_("95 % interval {low} to {high}"), rate.median_interval(rates)),
        (N_("middle half of the nights {low} to {high}"), rate.usual(rates)),
        (N_("lowest {low}, highest {high}"), (min(rates), max(rates))),
    ):
        if ends:
            about.append(_(text, low=number(ends[0]), high=number(ends[1])))
    told += f' <b class="figure">{figure}</b> ({"; ".join(about)}).'
    if index:
        told += " " + _("Periodicity index (PLM / CLM) {index:.2f}.", index=median(index))
    return told


def periods(entries: Entries) -> Iterator[Period]:
    """Periods of what was taken, by their beginning: equal entries with less than GAP_DAYS dates
    between. An amount of 0 is none."""
    found: list[Period] = []
    for key in TAKEN:
        item = KEYS[key]
        open_: Period | None = None
        for night, values in sorted(entries.items()):
            value = values.get(key)
            if not value:
                continue
            amount = f"{item.shown(value)} {item.unit}" if item.unit else str(value)
            what = f"{_(item.label)} {amount}" if item.unit else amount
            if open_ and open_[3] == what and _days(open_[1], night) <= GAP_DAYS:
                open_ = (open_[0], night, open_[2] + 1, what)
                continue
            if open_:
                found.append(open_)
            open_ = (night, night, 1, what)
        if open_:
            found.append(open_)
    yield from sorted(found)


def _of_medicine(medicine: Medicine, newest: str) -> Period:
    """newest: the last night there is, up to which what is still taken was."""
    what = f"{medicine.name} {medicine.dose}"
    return medicine.since, min(medicine.until or newest, newest), 0, what


def _tests(ferritin: Sequence[tuple[str, float]]) -> list[str]:
    told = [f"{value:g} {FERRITIN.unit} ({day})" for day, value in ferritin[-MOST_TESTS:]]
    return [f"{FERRITIN.label} {', '.join(told)}"] if told else []


def _period(period: Period) -> str:
    first, last, count, what = period
    when = short_day(first)
    if first != last:
        when = _(
            "{first} to {last}, noted on {n} nights", first=when, last=short_day(last), n=count
        )
    return f"{_short(what)} ({when})"


def _short(text: str) -> str:
    return textwrap.shorten(text, LETTERS, placeholder=" ...")


def _changes(taken: Sequence[Period], legs: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    """The medians of the 28 dates before and from the first night of what lasted, of each leg."""
    for first, last, _count, what in taken:
        if _days(first, last) < rate.POOLED_NIGHTS // 2:
            continue
        for leg, nights in legs.items():
            before = [n["plm_per_hour"] for n in nights if 0 < _days(n["night"], first) <= 28]
            after = [
                n["plm_per_hour"]
                for n in nights
                if 0 <= _days(first, n["night"]) < 28 and n["night"] <= last
            ]
            if min(len(before), len(after)) < rate.LEAST_USUAL:
                continue
            yield _(
                "{what}, begun {first}, {leg}: median {before} PLM per hour before ({nights}"
                " nights), {since} since ({nights_since}). Described, not tested: nights drift by"
                " themselves.",
                what=_short(what),
                first=short_day(first),
                leg=_(leg),
                before=number(median(before)),
                nights=len(before),
                since=number(median(after)),
                nights_since=len(after),
            )


def _trials(archive: Archive, label: str | None) -> list[str]:
    """The answers of the trials whose result was asked for."""
    told = []
    for course in courses(archive, label):
        if course.events(GIVEN):
            said = findings.verdict(course.plan, course.answer(), course.over, course.stopped)
            blind = _("blind") if course.plan.blind else _("open")
            simulated = f" {_(trial_words.SIMULATED)}" if course.plan.simulated else ""
            told.append(
                _(
                    "{what}, randomised, {blind}, {first} to {last}.",
                    what=sentence(trial_words.name(course.plan)),
                    blind=blind,
                    first=short_day(course.plan.first),
                    last=short_day(course.plan.last),
                )
                + f" {said}{simulated}"
            )
    return told[-3:]


def _listed(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _days(first: str, last: str) -> int:
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days


def _picture(nights: Sequence[Item]) -> str:
    """Points by date, never joined; the line across is their median."""
    shown = nights[-SHOWN:]
    rates = [night["plm_per_hour"] for night in shown]
    top, days = max(*rates, 10.0), max(1, _days(shown[0]["night"], shown[-1]["night"]))
    ground = HEIGHT - BOTTOM

    def y(value: float) -> float:
        return round(ground - (ground - 8) * value / top, 1)

    def x(night: str) -> float:
        return round(LEFT + 8 + (WIDTH - LEFT - 16) * _days(shown[0]["night"], night) / days, 1)

    drawn = [
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(tick)}" y2="{y(tick)}" stroke="#ccc"/>'
        f'<text x="{LEFT - 4}" y="{y(tick) + 3}" text-anchor="end">{decimal(tick, ".3g")}</text>'
        for tick in (0, top / 2, top)
    ]
    middle = y(median(rates))
    drawn.append(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{middle}" y2="{middle}" stroke="#111"'
        ' stroke-dasharray="4 3"/>'
    )
    drawn += [
        f'<circle cx="{x(n["night"])}" cy="{y(n["plm_per_hour"])}" r="2.6" fill="#111"/>'
        for n in shown
    ]
    for night, anchor in ((shown[0], "start"), (shown[-1], "end")):
        at = LEFT if anchor == "start" else WIDTH
        name = day(night["night"])
        drawn.append(f'<text x="{at}" y="{HEIGHT - 4}" text-anchor="{anchor}">{name}</text>')
    label = _("PLM per hour in bed of {n} nights", n=len(shown))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(drawn)}</svg>"
    )
