"""What `trial result` says, for a person without statistics."""

import math
import re
import textwrap
from collections.abc import Iterable

from anklet.archive.journal import KEYS
from anklet.texts import N_, _, decimal, n_, within
from anklet.trial.analysis import Pair, Result, change
from anklet.trial.answer import POINTS, RATIO, SECOND_SCALES, Answer
from anklet.trial.course import UNSURE, Course
from anklet.trial.observed import Observed
from anklet.trial.plan import BY_CHANCE, WITH, Plan, schedule
from anklet.trial.words import (
    LIMITS,
    SIMULATED,
    abandoned,
    arms,
    dates,
    deviations,
    name,
    no_p,
    paragraphs,
)

PER_HOUR = N_("periodic leg movements per hour in bed")
ARMS = {"with": N_("with"), "without": N_("without")}
SECOND_NAMES = {
    "rhythm": N_("the rhythm (time between neighbours in a series)"),
    "urge": N_("the urge to move the legs (0 to 10)"),
    "sleep_quality": N_("the sleep quality (0 to 10)"),
}


def result(course: Course, found: Answer) -> str:
    """What `trial result` prints."""
    plan, seen, main = course.plan, course.seen, found.main
    pairs = "pair" if main.used == 1 else "pairs"
    parts = [
        f"Trial {plan.id}, sealed as {course.seal[:12]}: {name(plan)}",
        verdict(plan, found, course.over, course.stopped),
        _why_p(plan, found, course.over),
        *beside(found),
        table(main.pairs) if course.over and found.scale == RATIO else "",
        f"Planned: {plan.length} nights, {plan.pairs} pairs of {plan.nights} and {plan.nights}. "
        f"Done: {len(seen.recorded)} recorded, {main.nights} count, in {main.used} {pairs}. "
        f"{missing(found)}",
        _sync_first(seen),
        *deviations(plan, seen),
        course.stopped,
        _as_kept(found),
        worst(found),
        *secondary(found),
        *adverse(plan, seen),
        guess(course),
        *looks(course),
        "" if course.over else "This look is recorded and will stand beside the result.",
        *abandoned(course.abandoned()),
        f"Drawn {plan.drawn}, so the order could have been known." if _seeded(plan) else "",
        LIMITS,
        SIMULATED if plan.simulated else "",
    ]
    return paragraphs(parts)


def verdict(plan: Plan, found: Answer, over: bool, stopped: str = "") -> str:
    """The answer, first, with its interval."""
    main = found.main
    if main.effect is None:
        return n_(
            "Cannot tell: {n} night that count are too few to say anything.",
            "Cannot tell: {n} nights that count are too few to say anything.",
            main.nights,
        )
    with_, without = arms(plan)
    if found.says != "cannot tell":
        knew = (
            "" if plan.blind else _(" That you knew what you took is part of what was compared.")
        )
        return _(
            "A difference: on {with_} there were {effect} {outcome} than on "
            "{without}{between}. A coin decided which nights were which, so chance is "
            "an unlikely explanation.{knew}",
            with_=with_,
            effect=amount(main.effect, found.scale),
            outcome=_(PER_HOUR),
            without=without,
            between=between(main, found.scale),
            knew=knew,
        )
    estimate = _(
        "Estimate: {effect} on {with_} than on {without}",
        effect=amount(main.effect, found.scale),
        with_=with_,
        without=without,
    )
    if stopped:
        return _(
            "No answer: the trial was given up. {estimate}, without an interval.",
            estimate=estimate,
        )
    if not over:
        return _(
            "Too early to tell: the last planned night is that of {last}. {estimate} "
            "so far, which may still turn round.",
            last=plan.last,
            estimate=estimate,
        )
    estimate += f"{between(main, found.scale)}."
    if main.p is None:
        return _("Cannot tell by a test. {estimate}", estimate=estimate)
    if main.p <= plan.alpha:
        return _(
            "Cannot tell: the planned analysis finds a difference, and those beside "
            "it, below, do not all agree. {estimate}",
            estimate=estimate,
        )
    return _(
        "Cannot tell: these nights show no difference that chance could not make. "
        "{estimate} That is no proof that {label} does nothing: every change inside "
        "that interval fits them.",
        estimate=estimate,
        label=within(_(KEYS[plan.key].label)),
    )


def between(found: Result, scale: str) -> str:
    """The interval, as the rest of a sentence; empty where there is none."""
    if found.low is None or found.high is None or found.level is None:
        return ""
    return _(
        " (interval of {level:.1f} %: from {low} to {high})",
        level=100 * found.level,
        low=amount(found.low, scale),
        high=amount(found.high, scale),
    )


def amount(effect: float, scale: str = RATIO) -> str:
    """An effect in words: 48 % fewer, 3.1 fewer, 1.5 points lower."""
    if scale == RATIO:
        percent = round(100 * change(effect))
        return _("{n} % fewer", n=-percent) if percent < 0 else _("{n} % more", n=percent)
    if scale == POINTS:
        text = _("{n:.1f} points lower") if effect < 0 else _("{n:.1f} points higher")
    else:
        text = _("{n:.1f} fewer") if effect < 0 else _("{n:.1f} more")
    return text.replace("{n:.1f}", decimal(abs(effect)))


def _why_p(plan: Plan, found: Answer, over: bool) -> str:
    main = found.main
    if main.effect is None:
        return ""
    if not over:
        return (
            "No interval and no p-value without all planned nights: stopping when they look clear "
            "would make them so."
        )
    if main.p is None:
        return no_p(main.used, plan.alpha)
    return (
        f"p = {main.p:.2g}: of the {main.orders} ways in which the coin could have ordered the "
        f"pairs, {main.as_far} give a difference as clear, either way."
    )


def beside(found: Answer) -> list[str]:
    """The analyses that have to agree before there is a difference."""
    sentences = []
    for name_, other in found.beside.items():
        what = _analysis(name_)
        if other.effect is None:
            sentences.append(_("The analysis {what}: too little is left.", what=what))
            continue
        p = "" if other.p is None else f", p = {decimal(other.p, '.2g')}"
        effect = amount(other.effect, found.scale)
        sentences.append(
            _(
                "The analysis {what}: {effect}{between}{p}.",
                what=what,
                effect=effect,
                between=between(other, found.scale),
                p=p,
            )
        )
    return sentences


def _analysis(name_: str) -> str:
    """What an analysis is called, in the reader's language; a number in it is of nights."""
    count = re.search(r"\d+", name_)
    return _(re.sub(r"\d+", "{n}", name_), n=count[0]) if count else _(name_)


def table(pairs: Iterable[Pair]) -> str:
    """PLM/h of each pair's typical nights: the geometric means, as the outcome is a logarithm."""
    lines = ["pair    with  without   change   (PLM per hour in bed, a typical night)"]
    for number, pair in enumerate(pairs, 1):
        moved = "-"
        if pair.with_ is not None and pair.without is not None:
            moved = f"{100 * change(pair.with_ - pair.without):+.0f} %"
        lines.append(f"{number:4d}  {_rate(pair.with_)}   {_rate(pair.without)}  {moved:>7}")
    return "\n".join(lines)


def _rate(value: float | None) -> str:
    return f"{'-':>6}" if value is None else f"{math.exp(value):6.1f}"


def missing(found: Answer) -> str:
    """The nights that are missing, by arm."""
    if not any(found.missing.values()):
        return _("None is missing.")
    return _(
        "Missing: {with_} with, {without} without.",
        with_=found.missing["with"],
        without=found.missing["without"],
    )


def _sync_first(seen: Observed) -> str:
    if not seen.missing:
        return ""
    return (
        "Nights that are missing here may still be on the board: run anklet sync before anything "
        "else. Nights that come after the first result change it only where both agree."
    )


def _as_kept(found: Answer) -> str:
    kept = found.as_kept
    if kept is None:
        return ""
    if kept.effect is None:
        return "Without the nights that were not as planned too little is left to estimate."
    effect = amount(kept.effect, found.scale)
    return f"Without the nights that were not as planned: {effect}{between(kept, found.scale)}."


def worst(found: Answer) -> str:
    """The estimate with the missing nights filled against it."""
    filled = found.worst
    if filled is None or filled.effect is None:
        return ""
    return _(
        "The arms miss different numbers of nights. Were all those missing among the "
        "ones that speak against the estimate, it would be {effect}{between}.",
        effect=amount(filled.effect, found.scale),
        between=between(filled, found.scale),
    )


def secondary(found: Answer) -> list[str]:
    """The secondary outcomes, labelled, with how many there were."""
    tested = len(found.second)
    sentences = []
    for name_, other in found.second.items():
        if other.effect is None:
            continue
        scale = SECOND_SCALES[name_]
        moved = amount(other.effect, scale)
        if name_ == "rhythm":
            percent = round(100 * change(other.effect))
            moved = _("{n} % longer", n=percent)
            if other.effect < 0:
                moved = _("{n} % shorter", n=-percent)
        p = "" if other.p is None else f", p = {decimal(other.p, '.2g')}"
        sentences.append(
            _(
                "Secondary outcome (1 of {tested} tested; it explains and does not "
                "decide): {outcome}, {moved} with than without{p}.",
                tested=tested,
                outcome=_(SECOND_NAMES[name_]),
                moved=moved,
                p=p,
            )
        )
    return sentences


def adverse(plan: Plan, seen: Observed, most: int = 1000, letters: int = 1000) -> list[str]:
    """What was unwanted, by night and arm; the first `most`, so many letters of each."""
    arm = {night.date: plan.arms[night.arm] for night in schedule(plan)}
    if not seen.adverse:
        return [_("Nothing unwanted was noted (anklet note adverse_event=...).")]
    counts = [sum(arm[date] == side for date in seen.adverse) for side in ("with", "without")]
    listed = "; ".join(
        f"{date} ({_(ARMS[arm[date]])}): {textwrap.shorten(what, letters, placeholder=' ...')}"
        for date, what in [*seen.adverse.items()][:most]
    )
    if len(seen.adverse) > most:
        listed += _("; and {n} more", n=len(seen.adverse) - most)
    return [
        _(
            "Unwanted, on {with_} nights with and {without} without: {listed}.",
            with_=counts[0],
            without=counts[1],
            listed=listed,
        )
    ]


def guess(course: Course) -> str:
    """Which bottle the person took for the one with; empty where nobody was asked."""
    if not course.guess:
        return ""
    if course.guess == UNSURE:
        return _("Asked before the result, you could not say which bottle was the one with.")
    text = N_(
        "Asked before the result, you took bottle {bottle} for the one with, which was wrong."
    )
    if course.plan.arms[course.guess] == WITH:
        text = N_(
            "Asked before the result, you took bottle {bottle} for the one with, which was right: "
            "you may have noticed."
        )
    return _(text, bottle=course.guess)


def looks(course: Course, most: int = 1000) -> list[str]:
    """Who looked when, before the end (the first `most`) and after it."""
    early, given = course.events("looked"), course.events("result")
    sentences = []
    if early:
        times = dates(
            _("{at} UTC ({n} nights)", at=e["at"][:16], n=e["nights"]) for e in early[:most]
        )
        if len(early) > most:
            times += _(" and {n} more", n=len(early) - most)
        sentences.append(
            _(
                "Looked at before the end: {times}. Whoever looks early may act on it; "
                "weigh the result with that in mind.",
                times=times,
            )
        )
    if given:
        first = given[0]
        p = _("no p") if first["p"] is None else f"p = {decimal(first['p'], '.2g')}"
        sentences.append(
            _(
                "Results given so far: {given}, the first on {at} UTC ({nights} nights, {p}).",
                given=len(given),
                at=first["at"][:16],
                nights=first["nights"],
                p=p,
            )
        )
    return sentences


def _seeded(plan: Plan) -> bool:
    return plan.drawn != BY_CHANCE
