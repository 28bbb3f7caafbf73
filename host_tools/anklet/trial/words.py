"""What the trial commands say, for a person without statistics."""

import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anklet.archive.journal import KEYS
from anklet.archive.journalkeys import Values
from anklet.texts import N_, _, n_, within
from anklet.trial.doses import DOSES
from anklet.trial.observed import BOTTLE, Observed
from anklet.trial.plan import BY_CHANCE, WITH, Plan, PlannedNight, smallest_p
from anklet.trial.power import EFFECTS, OWN_NIGHTS, TRIALS, Chances

WIDTH = 79  # of a terminal of 80
LIMITS = N_(
    "This is about movements that an accelerometer at the ankle feels, per hour in "
    "bed (recorded, without upright and off-body time, awake or asleep). Movements "
    "are not symptoms: how your legs and your sleep feel is another question, and "
    "both can change without the other. It is about you and these nights, not about "
    "anybody else, and it is no cure and no diagnosis; speak with a doctor before "
    "you change a treatment."
)
SIMULATED = N_("Planned on a simulated clock: a demonstration, not a person's trial.")


def name(plan: Plan) -> str:
    """What is tried, in words: magnesium (300 mg)."""
    item = KEYS[plan.key]
    what = within(_(item.label))
    if not plan.amount:
        return _("no {what} (against as usual)", what=what)
    return _("{what} ({amount:g} {unit})", what=what, amount=plan.amount, unit=item.unit)


def arms(plan: Plan) -> tuple[str, str]:
    """The nights with, and those they are compared with, as they are called in a sentence."""
    what = within(_(KEYS[plan.key].label))
    if not plan.amount:
        return _("nights without {what}", what=what), _("nights as usual")
    return _("nights with {what}", what=what), _("nights without")


def caution(plan: Plan) -> str:
    dose = DOSES.get(plan.key)
    return _(dose.caution) if dose and plan.version > 1 else ""


def planned(plan: Plan, seal: str, chances: Chances, abandoned: Sequence[str]) -> str:
    """What `trial plan` prints. abandoned: sentences on earlier trials that were given up."""
    count = f"{plan.pairs} pairs of blocks, {plan.nights} {nights(plan.nights)} each"
    left_out = " The first night of each block is left out." if plan.washout else ""
    seeded = "" if plan.drawn == BY_CHANCE else f" Drawn {plan.drawn}."
    parts = [
        f"Trial {plan.id}, sealed as {seal[:12]}",
        f"Does {name(plan)} change your periodic leg movements? {plan.length} nights, from "
        f"{plan.first} to {plan.last}: {count}. For each pair a coin has said which block is "
        f"with and which without.{left_out}{seeded}",
        no_p(plan.pairs, plan.alpha),
        *expectation(chances),
        caution(plan),
        plan.stop,
        "Decided now and sealed: what is compared, how, and what is done about missing nights. "
        "The file is not to be changed: a result is refused then. Note the seal, or send it to "
        "somebody, if you want to show later that nothing was.",
        *abandoned,
        _blind(plan),
        f"Every evening: anklet trial tonight says what to take, anklet note "
        f"{'bottle' if plan.blind else plan.key}=... keeps what you took. Every morning: anklet "
        f"sync. After {plan.last}: anklet trial result.",
        SIMULATED if plan.simulated else "",
    ]
    return paragraphs(parts)


def expected(plan: Plan, chances: Chances) -> str:
    """What `trial plan --dry-run` prints."""
    count = f"{plan.pairs} pairs of blocks, {plan.nights} {nights(plan.nights)} each"
    parts = [
        f"{plan.length} nights, {count}. Nothing was planned.",
        no_p(plan.pairs, plan.alpha),
        *expectation(chances),
        caution(plan),
    ]
    return paragraphs(parts)


def expectation(chances: Chances) -> list[str]:
    """What the plan, and others that could be made, can be expected to find."""
    whose = f"your {chances.nights} nights before it" if chances.nights else "what is usual"
    rows = [
        "plan             nights   finds -50 %      finds -30 %      -50 % after   -50 % that",
        "                                                           a lost week   fades reads as",
    ]
    for each in (chances.mine, *chances.others):
        shape = each.shape
        what = f"{shape.pairs} x {shape.nights}{' washout' if shape.washout else ''}"
        found = [
            f"{_percent(each.power[change]):>4} ({_percent(low)} to {_percent(high)})"
            for change, (low, high) in sorted(each.between.items())
        ]
        rows.append(
            f"{what:<15}  {each.length:6d}   {found[0]:<16} {found[1]:<16}"
            f"{_percent(each.lost):>10}{_percent(-each.faded):>16} fewer"
        )
    sentences = [
        f"What to expect, from {TRIALS} simulated trials a plan, one night in ten missing: share "
        f"of trials that find a true change of PLM per hour, at the variation between nights "
        f"of {whose} (standard deviation of the logarithm {chances.sd:.2f}), in brackets where "
        f"it lies because that variation is not known well. The first plan is this one; --pairs, "
        f"--nights and --washout choose another. Fading: an effect that goes on for two nights "
        f"after its block looks smaller.",
        "\n".join(rows),
    ]
    if not chances.nights:
        sentences.append(
            f"Fewer than {OWN_NIGHTS} nights of your own are in the archive; with them this would "
            f"be about you."
        )
    if chances.mine.power[EFFECTS[-1]] < 0.5:
        sentences.append("That is less than even odds of finding a halving; take more pairs.")
    return sentences


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def abandoned(events: Iterable[Mapping[str, Any]], letters: int = 1000) -> list[str]:
    """Earlier trials of the same item that were given up, a sentence each, with why."""
    return [
        _(
            "Before this one, trial {trial} of the same was given up ({why}).",
            trial=event["trial"],
            why=textwrap.shorten(event["why"], letters, placeholder=" ..."),
        )
        for event in events
    ]


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
    what = within(_(item.label))
    lines = [
        _("Trial {trial}: for the person who fills the bottles, and nobody else.", trial=plan.id),
        "",
    ]
    for arm in "AB":
        holds = _(
            "{amount:g} {unit} of {what} for each night",
            amount=plan.amount,
            unit=item.unit,
            what=what,
        )
        if plan.arms[arm] != WITH:
            holds = _("the same without {what} (looks and tastes alike)", what=what)
        lines.append("  " + _("bottle {arm}", arm=arm) + f": {holds}")
    return "\n".join([*lines, "", _("For {n} nights each.", n=plan.length // 2), ""])


def no_p(pairs: int, alpha: float) -> str:
    """Why there is no p-value with so few pairs; empty where there is one."""
    least = smallest_p(pairs)
    if least <= alpha:
        return ""
    return n_(
        "Estimate and interval only, no p-value: {n} pair can be ordered in {ways} ways, so the "
        "smallest p that could come out is {least:.4g}, above {alpha:g}, and even the clearest "
        "difference could not be told from chance by it.",
        "Estimate and interval only, no p-value: {n} pairs can be ordered in {ways} ways, so the "
        "smallest p that could come out is {least:.4g}, above {alpha:g}, and even the clearest "
        "difference could not be told from chance by it.",
        pairs,
        ways=2**pairs,
        least=least,
        alpha=alpha,
    )


def task(plan: Plan, night: PlannedNight) -> str:
    """What is to be taken that night: "magnesium, 300 mg", "no caffeine", "bottle A"."""
    item = KEYS[plan.key]
    asked = plan.asks(night.arm)
    what = within(_(item.label))
    if plan.blind:
        return _("bottle {arm}", arm=night.arm)
    if asked is None:
        return _("{what} as usual", what=what)
    if not asked:
        return _("no {what}", what=what)
    return _("{what}, {amount:g} {unit}", what=what, amount=asked, unit=item.unit)


def short_task(plan: Plan, night: PlannedNight) -> str:
    """The same for a small box: "300 mg", "none", "as usual", "A"."""
    asked = plan.asks(night.arm)
    if plan.blind:
        return night.arm
    if asked is None:
        return _("as usual")
    if not asked:
        return _("none")
    return _("{amount:g} {unit}", amount=asked, unit=KEYS[plan.key].unit)


def noted(plan: Plan, night: PlannedNight) -> Values:
    """What the journal holds of a night on which the plan was kept; empty for "as usual"."""
    if plan.blind:
        return {BOTTLE: night.arm}
    asked = plan.asks(night.arm)
    return {} if asked is None else {plan.key: asked}


def tonight(plan: Plan, night: PlannedNight) -> str:
    """What `trial tonight` prints."""
    kept = plan.takes(night.arm)
    if plan.blind:
        kept = f"bottle={night.arm}"
    elif plan.asks(night.arm) is None:
        kept = f"{plan.key}=..."
    what = task(plan, night)
    whose = f" --label {shlex.quote(plan.label)}" if plan.label else ""
    then = f" Then: anklet note --night {night.date}{whose} {kept}"
    left_out = "" if night.counts else " (the first night of a block, left out of the result)"
    return f"night of {night.date}, pair {night.pair + 1} of {plan.pairs}: {what}{left_out}.{then}"


def status(plan: Plan, seen: Observed, stopped: str) -> str:
    """What `trial status` prints; nothing in it tells a result."""
    past = len(seen.past)
    parts = [
        f"Trial {plan.id}: {past} of {plan.length} nights are over, {len(seen.nights)} of them "
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
        found.append(_("Missing: {missing}.", missing=dates(seen.missing)))
    if seen.short:
        found.append(
            _(
                "Under {min_hours:g} h in bed, so missing: {short}.",
                min_hours=plan.min_hours,
                short=dates(seen.short),
            )
        )
    if seen.hidden:
        found.append(_("Hidden by you, wholly or in part: {hidden}.", hidden=dates(seen.hidden)))
    if seen.late:
        found.append(
            _("Hidden after the first look, so they stay in: {late}.", late=dates(seen.late))
        )
    if seen.broken:
        days = [date if plan.blind else f"{date} ({it})" for date, it in seen.broken.items()]
        found.append(_("Not as planned, by the journal: {days}.", days=dates(days)))
    if seen.silent:
        count = len(seen.silent)
        found.append(
            n_(
                "Nothing noted of {key} on {n} night; taken as kept.",
                "Nothing noted of {key} on {n} nights; taken as kept.",
                count,
                key=plan.key,
            )
        )
    if seen.detectors:
        by = "; ".join(f"{n}: {dates(when)}" for n, when in sorted(seen.detectors.items()))
        found.append(
            _(
                "Counted by two detectors, whose counts do not compare ({by}): anklet "
                "trial result --rescored scores every night again from its trace, and "
                "says what those counts say.",
                by=by,
            )
        )
    if seen.outside:
        found.append(
            n_(
                "In the archive, but outside of the plan and left out: {n} night.",
                "In the archive, but outside of the plan and left out: {n} nights.",
                seen.outside,
            )
        )
    return found


def dates(items: Iterable[str]) -> str:
    return ", ".join(items)


def nights(count: int) -> str:
    return "night" if count == 1 else "nights"


def paragraphs(parts: Iterable[str]) -> str:
    """The parts that are not empty, wrapped; a part with line breaks stays as it is."""
    shown = (part if "\n" in part else textwrap.fill(part, WIDTH) for part in parts if part)
    return "\n\n".join(shown)
