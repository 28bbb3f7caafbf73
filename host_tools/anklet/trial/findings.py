"""What `trial result` says, for a person without statistics."""

import math
import textwrap
from collections.abc import Iterable

from anklet.archive.journal import KEYS
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
    nights,
    no_p,
    paragraphs,
)

PER_HOUR = "periodic leg movements per hour in bed"
SECOND_NAMES = {
    "rhythm": "the rhythm (time between neighbours in a series)",
    "urge": "the urge to move the legs (0 to 10)",
    "sleep_quality": "the sleep quality (0 to 10)",
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
        return (
            f"Cannot tell: {main.nights} {nights(main.nights)} that count are too few to say "
            f"anything."
        )
    with_, without = arms(plan)
    if found.says != "cannot tell":
        knew = "" if plan.blind else " That you knew what you took is part of what was compared."
        return (
            f"A difference: on {with_} there were {amount(main.effect, found.scale)} "
            f"{PER_HOUR} than on {without}{between(main, found.scale)}. A coin decided "
            f"which nights were which, so chance is an unlikely explanation.{knew}"
        )
    estimate = f"Estimate: {amount(main.effect, found.scale)} on {with_} than on {without}"
    if stopped:
        return f"No answer: the trial was given up. {estimate}, without an interval."
    if not over:
        return (
            f"Too early to tell: the last planned night is that of {plan.last}. {estimate} so "
            f"far, which may still turn round."
        )
    estimate += f"{between(main, found.scale)}."
    if main.p is None:
        return f"Cannot tell by a test. {estimate}"
    if main.p <= plan.alpha:
        return (
            f"Cannot tell: the planned analysis finds a difference, and those beside it, below, "
            f"do not all agree. {estimate}"
        )
    return (
        f"Cannot tell: these nights show no difference that chance could not make. {estimate} "
        f"That is no proof that {KEYS[plan.key].label.lower()} does nothing: every change inside "
        f"that interval fits them."
    )


def between(found: Result, scale: str) -> str:
    """The interval, as the rest of a sentence; empty where there is none."""
    if found.low is None or found.high is None or found.level is None:
        return ""
    return (
        f" (interval of {100 * found.level:.1f} %: from {amount(found.low, scale)} to "
        f"{amount(found.high, scale)})"
    )


def amount(effect: float, scale: str = RATIO) -> str:
    """An effect in words: 48 % fewer, 3.1 fewer, 1.5 points lower."""
    if scale == RATIO:
        percent = round(100 * change(effect))
        return f"{abs(percent)} % {'fewer' if percent < 0 else 'more'}"
    if scale == POINTS:
        return f"{abs(effect):.1f} points {'lower' if effect < 0 else 'higher'}"
    return f"{abs(effect):.1f} {'fewer' if effect < 0 else 'more'}"


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
    for what, other in found.beside.items():
        if other.effect is None:
            sentences.append(f"The analysis {what}: too little is left.")
            continue
        p = "" if other.p is None else f", p = {other.p:.2g}"
        effect = amount(other.effect, found.scale)
        sentences.append(f"The analysis {what}: {effect}{between(other, found.scale)}{p}.")
    return sentences


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
        return "None is missing."
    return f"Missing: {found.missing['with']} with, {found.missing['without']} without."


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
    return (
        f"The arms miss different numbers of nights. Were all those missing among the ones that "
        f"speak against the estimate, it would be {amount(filled.effect, found.scale)}"
        f"{between(filled, found.scale)}."
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
            moved = f"{abs(100 * change(other.effect)):.0f} % " + (
                "shorter" if other.effect < 0 else "longer"
            )
        p = "" if other.p is None else f", p = {other.p:.2g}"
        sentences.append(
            f"Secondary outcome (1 of {tested} tested; it explains and does not decide): "
            f"{SECOND_NAMES[name_]}, {moved} with than without{p}."
        )
    return sentences


def adverse(plan: Plan, seen: Observed, most: int = 1000, letters: int = 1000) -> list[str]:
    """What was unwanted, by night and arm; the first `most`, so many letters of each."""
    arm = {night.date: plan.arms[night.arm] for night in schedule(plan)}
    if not seen.adverse:
        return ["Nothing unwanted was noted (anklet note adverse_event=...)."]
    counts = [sum(arm[date] == side for date in seen.adverse) for side in ("with", "without")]
    listed = "; ".join(
        f"{date} ({arm[date]}): {textwrap.shorten(what, letters, placeholder=' ...')}"
        for date, what in [*seen.adverse.items()][:most]
    )
    if len(seen.adverse) > most:
        listed += f"; and {len(seen.adverse) - most} more"
    return [f"Unwanted, on {counts[0]} nights with and {counts[1]} without: {listed}."]


def guess(course: Course) -> str:
    """Which bottle the person took for the one with; empty where nobody was asked."""
    if not course.guess:
        return ""
    if course.guess == UNSURE:
        return "Asked before the result, you could not say which bottle was the one with."
    right = course.plan.arms[course.guess] == WITH
    return (
        f"Asked before the result, you took bottle {course.guess} for the one with, which was "
        f"{'right: you may have noticed' if right else 'wrong'}."
    )


def looks(course: Course, most: int = 1000) -> list[str]:
    """Who looked when, before the end (the first `most`) and after it."""
    early, given = course.events("looked"), course.events("result")
    sentences = []
    if early:
        times = dates(f"{e['at'][:16]} UTC ({e['nights']} nights)" for e in early[:most])
        if len(early) > most:
            times += f" and {len(early) - most} more"
        sentences.append(
            f"Looked at before the end: {times}. Whoever looks early may act on it; weigh the "
            f"result with that in mind."
        )
    if given:
        first = given[0]
        p = "no p" if first["p"] is None else f"p = {first['p']:.2g}"
        sentences.append(
            f"Results given so far: {len(given)}, the first on {first['at'][:16]} UTC "
            f"({first['nights']} nights, {p})."
        )
    return sentences


def _seeded(plan: Plan) -> bool:
    return plan.drawn != BY_CHANCE
