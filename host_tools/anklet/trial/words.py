"""What the trial commands say, for a person without statistics."""

import math
import shlex
import textwrap
from collections.abc import Iterable, Sequence

from anklet.archive.journal import KEYS
from anklet.trial.analysis import Pair, Result, change
from anklet.trial.observed import Observed
from anklet.trial.plan import CAUTIONS, WITH, Plan, PlannedNight, smallest_p

WIDTH = 95
LIMITS = (
    "This is about movements that an accelerometer at the ankle feels, per hour in bed (recorded, "
    "without upright and off-body time, awake or asleep). Movements are not symptoms: how your "
    "legs and your sleep feel is another question, and both can change without the other. It is "
    "about you and these nights, not about anybody else, and it is no cure and no diagnosis; "
    "speak with a doctor before you change a treatment."
)
SIMULATED = "Planned on a simulated clock: a demonstration, not a person's trial."


def name(plan: Plan) -> str:
    """What is tried, in words: magnesium (300 mg)."""
    item = KEYS[plan.key]
    return f"{item.label.lower()} ({plan.amount:g} {item.unit})"


def planned(plan: Plan, seal: str, chances: Sequence[str]) -> str:
    """What `trial plan` prints."""
    count = f"{plan.pairs} pairs of blocks, {plan.nights} {_nights(plan.nights)} each"
    left_out = " The first night of each block is left out." if plan.washout else ""
    parts = [
        f"Trial {plan.id}, sealed as {seal[:12]}",
        f"Does {name(plan)} change your periodic leg movements? {plan.length} nights, from "
        f"{plan.first} to {plan.last}: {count}. For each pair a coin has said which block is "
        f"with and which without.{left_out}",
        no_p(plan.pairs, plan.alpha),
        *chances,
        CAUTIONS.get(plan.key, ""),
        "Decided now and sealed: what is compared, how, and what is done about missing nights. "
        "The file is not to be changed: a result is refused then. Note the seal, or send it to "
        "somebody, if you want to show later that nothing was.",
        _blind(plan),
        f"Every evening: anklet trial tonight says what to take, anklet note {plan.key}=... keeps "
        f"what you took. Every morning: anklet sync. After {plan.last}: anklet trial result.",
        SIMULATED if plan.simulated else "",
    ]
    return paragraphs(parts)


def expected(plan: Plan, chances: Sequence[str]) -> str:
    """What `trial plan --dry-run` prints."""
    count = f"{plan.pairs} pairs of blocks, {plan.nights} {_nights(plan.nights)} each"
    parts = [
        f"{plan.length} nights, {count}. Nothing was planned.",
        no_p(plan.pairs, plan.alpha),
        *chances,
        CAUTIONS.get(plan.key, ""),
    ]
    return paragraphs(parts)


def _blind(plan: Plan) -> str:
    if not plan.blind:
        return ""
    return (
        "Blind: somebody else fills bottles A and B, by the sheet named below, and you look "
        "neither at it nor at the plan. Results stay hidden until the last night is over. anklet "
        "nights and anklet report still show each night's count."
    )


def bottles(plan: Plan) -> str:
    """The sheet for whoever fills the bottles of a blind trial."""
    item = KEYS[plan.key]
    lines = [f"Trial {plan.id}: for the person who fills the bottles, and nobody else.", ""]
    for arm in "AB":
        holds = f"{plan.amount:g} {item.unit} of {item.label.lower()} for each night"
        if plan.arms[arm] != WITH:
            holds = f"the same without {item.label.lower()} (looks and tastes alike)"
        lines.append(f"  bottle {arm}: {holds}")
    return "\n".join([*lines, "", f"For {plan.length // 2} nights each.", ""])


def no_p(pairs: int, alpha: float) -> str:
    """Why there is no p-value with so few pairs; empty where there is one."""
    least = smallest_p(pairs)
    if least <= alpha:
        return ""
    return (
        f"Estimate and interval only, no p-value: {pairs} {'pair' if pairs == 1 else 'pairs'} can "
        f"be ordered in {2**pairs} ways, so the smallest p that could come out is {least:.4g}, "
        f"above {alpha:g}, and even the clearest difference could not be told from chance by it."
    )


def tonight(plan: Plan, night: PlannedNight) -> str:
    """What `trial tonight` prints."""
    item = KEYS[plan.key]
    if plan.blind:
        what = f"bottle {night.arm}"
    elif plan.arms[night.arm] == WITH:
        what = f"{item.label.lower()}, {plan.amount:g} {item.unit}"
    else:
        what = f"no {item.label.lower()}"
    whose = f" --label {shlex.quote(plan.label)}" if plan.label else ""
    note = f"anklet note --night {night.date}{whose} {plan.takes(night.arm)}"
    told = "" if plan.blind else f" Then: {note}"
    left_out = "" if night.counts else " (the first night of a block, left out of the result)"
    return f"night of {night.date}, pair {night.pair + 1} of {plan.pairs}: {what}{left_out}.{told}"


def status(plan: Plan, seen: Observed, stopped: str) -> str:
    """What `trial status` prints; nothing in it tells a result."""
    past = len(seen.past)
    parts = [
        f"Trial {plan.id}: {past} of {plan.length} nights are over, {len(seen.values)} of them "
        f"count. {_until(plan, past)}",
        stopped,
        *deviations(plan, seen),
        "A night that is missing here may still be on the board: anklet sync."
        if seen.missing
        else "",
    ]
    return paragraphs(parts)


def _until(plan: Plan, past: int) -> str:
    if past < plan.length:
        return f"The last is that of {plan.last}; results come after it."
    return "It is over: anklet trial result."


def deviations(plan: Plan, seen: Observed) -> list[str]:
    """What was done otherwise than planned, a sentence each."""
    found = []
    if seen.missing:
        found.append(f"Missing: {dates(seen.missing)}.")
    if seen.short:
        found.append(f"Under {plan.min_hours:g} h in bed, so missing: {dates(seen.short)}.")
    if seen.hidden:
        found.append(f"Hidden by you, wholly or in part: {dates(seen.hidden)}.")
    if seen.broken:
        told = [date if plan.blind else f"{date} ({it})" for date, it in seen.broken.items()]
        found.append(f"Not as planned, by the journal: {dates(told)}.")
    if seen.silent:
        count = len(seen.silent)
        found.append(f"Nothing noted of {plan.key} on {count} {_nights(count)}; taken as kept.")
    if seen.outside:
        outside = f"{seen.outside} {_nights(seen.outside)}"
        found.append(f"In the archive, but outside of the plan and left out: {outside}.")
    return found


def result(
    plan: Plan,
    seal: str,
    seen: Observed,
    found: Result,
    kept: Result | None,
    looks: Iterable[str],
    finished: bool,
    stopped: str,
) -> str:
    """What `trial result` prints. kept: the result without the nights that were not kept."""
    parts = [
        f"Trial {plan.id}, sealed as {seal[:12]}: {name(plan)}",
        verdict(plan, found, finished, stopped),
        _numbers(found),
        _why_p(plan, found, finished),
        table(found.pairs),
        f"Planned: {plan.length} nights, {plan.pairs} pairs of {plan.nights} and {plan.nights}. "
        f"Done: {len(seen.recorded)} recorded, {found.nights} count, in {found.used} "
        f"{'pair' if found.used == 1 else 'pairs'}.",
        *deviations(plan, seen),
        stopped,
        _as_kept(kept),
        *looks,
        LIMITS,
        SIMULATED if plan.simulated else "",
    ]
    return paragraphs(parts)


def verdict(plan: Plan, found: Result, finished: bool, stopped: str = "") -> str:
    """The answer, first."""
    if found.effect is None:
        return (
            f"Cannot tell: {found.nights} {_nights(found.nights)} that count are too few to say "
            f"anything."
        )
    what = KEYS[plan.key].label.lower()
    if says(plan, found, finished) != "cannot tell":
        knew = "" if plan.blind else " That you knew what you took is part of what was compared."
        return (
            f"A difference: on nights with {what} there were {amount(found.effect)} periodic leg "
            f"movements per hour in bed than on nights without. A coin decided which nights were "
            f"which, so chance is an unlikely explanation.{knew}"
        )
    if stopped:
        return "No answer: the trial was given up. What there is, is the estimate below."
    if not finished:
        return f"Too early to tell: the last planned night is that of {plan.last}."
    if found.p is None:
        return "Cannot tell by a test; what these nights say is the estimate and its interval."
    return (
        f"Cannot tell: these nights show no difference that chance could not make. That is no "
        f"proof that {what} does nothing: every change inside the interval below fits them."
    )


def says(plan: Plan, found: Result, finished: bool) -> str:
    """The answer in a word for programs: "fewer", "more" or "cannot tell"."""
    if not finished or found.p is None or found.effect is None or found.p > plan.alpha:
        return "cannot tell"
    return "fewer" if found.effect < 0 else "more"


def _numbers(found: Result) -> str:
    if found.effect is None:
        return ""
    if found.low is None or found.high is None or found.level is None:
        return f"Estimate: {amount(found.effect)} with than without. Too little for an interval."
    return (
        f"Estimate: {amount(found.effect)} with than without. Interval of "
        f"{100 * found.level:.1f} %: from {amount(found.low)} to {amount(found.high)}."
    )


def _why_p(plan: Plan, found: Result, finished: bool) -> str:
    if found.effect is None:
        return ""
    if not finished:
        return "No p-value without all planned nights: stopping when it is small would make it so."
    if found.p is None:
        return no_p(found.used, plan.alpha)
    return (
        f"p = {found.p:.2g}: of the {found.orders} ways in which the coin could have ordered the "
        f"pairs, {found.as_far} give a difference at least as large, either way."
    )


def table(pairs: Iterable[Pair]) -> str:
    """PLM/h of each pair: the means that a logarithm's mean stands for."""
    lines = ["pair    with  without   change   (PLM per hour in bed)"]
    for number, pair in enumerate(pairs, 1):
        moved = "-"
        if pair.with_ is not None and pair.without is not None:
            moved = f"{100 * change(pair.with_ - pair.without):+.0f} %"
        lines.append(f"{number:4d}  {_rate(pair.with_)}   {_rate(pair.without)}  {moved:>7}")
    return "\n".join(lines)


def _rate(value: float | None) -> str:
    return f"{'-':>6}" if value is None else f"{math.exp(value):6.1f}"


def _as_kept(kept: Result | None) -> str:
    if kept is None:
        return ""
    if kept.effect is None:
        return "Without the nights that were not as planned too little is left to estimate."
    return f"Without the nights that were not as planned: {_numbers(kept)[10:]}"


def amount(effect: float) -> str:
    """An effect on the logarithm in words: 48 % fewer."""
    percent = round(100 * change(effect))
    return f"{abs(percent)} % {'fewer' if percent < 0 else 'more'}"


def dates(items: Iterable[str]) -> str:
    return ", ".join(items)


def _nights(count: int) -> str:
    return "night" if count == 1 else "nights"


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that are not empty, wrapped; a part with line breaks stays as it is."""
    shown = (part if "\n" in part else textwrap.fill(part, WIDTH) for part in parts if part)
    return "\n\n".join(shown)
