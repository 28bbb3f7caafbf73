"""The result of a trial as one printed page (A4), to keep or to give to a doctor.

It holds no script and asks for nothing from a network. All that a person wrote is escaped.
"""

import datetime as dt
from html import escape

from anklet.texts import N_, _, day_and_month, decimal, language, n_, short_day
from anklet.trial import findings, words
from anklet.trial.answer import RATIO, Answer
from anklet.trial.course import Course
from anklet.trial.plan import WITH, schedule

WIDTH, HEIGHT, LEFT, BOTTOM = 680, 190, 34, 22  # of the picture, in its own units
MOST_LISTED = 4  # unwanted things, and looks, that are printed one by one
LETTERS = 60  # of each unwanted thing, and of why a trial was given up
STYLE = """
@page { size: A4; margin: 14mm }
body { font: 9.5pt/1.3 sans-serif; color: #111; max-width: 182mm; margin: auto }
h1 { font-size: 15pt; margin: 0 0 1mm } h2 { font-size: 10.5pt; margin: 3mm 0 .5mm }
p { margin: 0 0 1mm } .answer { font-size: 11.5pt; border-left: 1mm solid #111; padding-left: 3mm }
.quiet { color: #444; font-size: 8.5pt }
.beside { display: grid; grid-template-columns: 3fr 1fr; gap: 4mm }
svg { width: 100% } text { font: 9px sans-serif }
@media print { .screen { display: none } }
"""
DOCTOR = N_(
    "For a doctor: one person's randomised crossover (N-of-1) trial, {blind}; the "
    "outcome is periodic leg movements per hour in bed from an accelerometer at one "
    "ankle, not a PLMS index (no EEG, no EMG), and published thresholds do not apply "
    "to it. {answer}"
)


def html(course: Course, found: Answer, nav: str = "") -> str:
    """The page, one A4 side. nav: HTML to stand above it on a screen."""
    plan, seen, main = course.plan, course.seen, found.main
    with_, without = words.arms(plan)
    adherence = _(
        "{past} of {length} nights are over, {nights} count in {used} pairs. "
        "{missing} Not as planned by the journal: {broken}; not noted: {silent}; "
        "hidden: {hidden}.",
        past=len(seen.past),
        length=plan.length,
        nights=main.nights,
        used=main.used,
        missing=findings.missing(found),
        broken=len(seen.broken),
        silent=len(seen.silent),
        hidden=len(seen.hidden),
    )
    blind = _("blind") if plan.blind else _("open")
    answer = findings.verdict(plan, found, course.over, course.stopped)
    parts = [
        (
            _("Asked"),
            _(
                "Does {name} change PLM per hour in bed? {pairs} pairs of {nights} and "
                "{nights} nights, from {first} to {last}, order drawn {drawn}, {blind}. "
                "Primary outcome: PLM per hour in bed.",
                name=words.name(plan),
                pairs=plan.pairs,
                nights=plan.nights,
                first=short_day(plan.first),
                last=short_day(plan.last),
                drawn=_(plan.drawn),
                blind=blind,
            ),
        ),
        (_("Nights"), ""),
        (_("Adherence"), adherence),
        (_("Beside it"), " ".join([*findings.beside(found), findings.worst(found)])),
        (_("Secondary outcomes"), " ".join(findings.secondary(found))),
        (_("Unwanted"), " ".join(findings.adverse(plan, seen, MOST_LISTED, LETTERS))),
        (
            _("Looks"),
            " ".join(
                [
                    "" if course.events("looked") else _("Nobody looked before the end."),
                    *findings.looks(course, MOST_LISTED),
                    findings.guess(course),
                    *words.abandoned(course.abandoned()[-2:], LETTERS),
                ]
            ),
        ),
        ("", _(DOCTOR, blind=blind, answer=_interval(found))),
    ]
    sections = []
    for title, text in parts:
        head = f"<h2>{escape(title)}</h2>" if title else "<hr>"
        body = f"<p>{escape(text)}</p>"
        if title == _("Nights"):
            body = f'<div class="beside">{_picture(course, found)}{_pairs(found)}</div>'
        if text.strip() or title == _("Nights"):
            sections.append(head + body)
    legend = _(
        "filled: {with_}; hollow: {without}; pale: left out as washout",
        with_=with_,
        without=without,
    )
    points = _("Points are nights ({legend}).", legend=legend)
    title_ = escape(_("Trial {trial}", trial=plan.id))
    simulated = f"<p><b>{escape(_(words.SIMULATED))}</b></p>" if plan.simulated else ""
    return (
        f'<!doctype html><html lang="{language()}"><meta charset="utf-8"><title>{title_}'
        f"</title><style>{STYLE}</style>{nav}<h1>{title_}</h1>{simulated}"
        f'<p class="answer">{escape(answer)}</p>{"".join(sections)}'
        f'<p class="quiet">{escape(points)} {escape(_(words.LIMITS))}'
        f" {_('Sealed as {seal}.', seal=course.seal[:16])}</p></html>\n"
    )


def _pairs(found: Answer) -> str:
    """Each pair as two dots with a line between: its nights without, and its nights with. On the
    scale that is compared, so that equal slopes are equal changes."""
    pairs = [
        (pair.without, pair.with_)
        for pair in found.main.pairs
        if pair.with_ is not None and pair.without is not None
    ]
    if not pairs:
        return ""
    wide, low = 200, min(map(min, pairs))
    high = max(map(max, pairs))
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 16) * (value - low) / span - 6, 1)

    lines = "".join(
        f'<path d="M50 {y(without)}L150 {y(with_)}" stroke="#777"/>'
        f'<circle cx="50" cy="{y(without)}" r="4" fill="#fff" stroke="#111"/>'
        f'<circle cx="150" cy="{y(with_)}" r="4" fill="#111"/>'
        for without, with_ in pairs
    )
    fewer = sum(with_ < without for without, with_ in pairs)
    label = n_(
        "{n} pair, without and with: in {fewer} there were fewer with",
        "{n} pairs, without and with: in {fewer} there were fewer with",
        len(pairs),
        fewer=fewer,
    )
    return (
        f'<svg viewBox="0 0 {wide} {HEIGHT}" role="img" aria-label="{label}">{lines}'
        f'<text x="50" y="{HEIGHT - 8}" text-anchor="middle">{_("without")}</text>'
        f'<text x="150" y="{HEIGHT - 8}" text-anchor="middle">{_("with")}</text></svg>'
    )


def _interval(found: Answer) -> str:
    main = found.main
    if main.effect is None:
        return ""
    p = "" if main.p is None else _(", p = {p:.2g} (exact randomisation test)", p=main.p)
    between = findings.between(main, found.scale)
    return _(
        "Estimate: {amount}{between}{p}.",
        amount=findings.amount(main.effect, found.scale),
        between=between,
        p=p,
    )


def _picture(course: Course, found: Answer) -> str:
    """Every night's PLM per hour by date, points by arm; never joined, for nights are apart."""
    plan, nights = course.plan, course.seen.nights
    top = max((night.rate for night in nights.values()), default=1.0) or 1.0
    step = (WIDTH - LEFT - 12) / plan.length
    high = HEIGHT - BOTTOM

    def y(rate: float) -> float:
        return high - (high - 8) * rate / top

    drawn = [
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ccc"/>'
        f'<text x="{LEFT - 4}" y="{y(tick) + 3:.1f}" text-anchor="end">'
        f"{decimal(tick, '.3g')}</text>"
        for tick in (0, top / 2, top)
    ]
    for night in schedule(plan):
        x = LEFT + step * (night.day + 0.5)
        if not night.day % 7:
            name = day_and_month(dt.date.fromisoformat(night.date))
            drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{name}</text>')
        there = nights.get(night.date)
        if there is None:
            continue
        fill = "#111" if plan.arms[night.arm] == WITH else "#fff"
        pale = "" if night.counts else ' opacity="0.3"'
        drawn.append(
            f'<circle cx="{x:.1f}" cy="{y(there.rate):.1f}" r="3.5" fill="{fill}" stroke="#111"'
            f"{pale}/>"
        )
    what = _("PLM per hour in bed, each night")
    if found.scale == RATIO:
        what = _("PLM per hour in bed, typical nights compared, each night")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what}">'
        f"{''.join(drawn)}</svg>"
    )
