"""What the trial commands print for programs, with --json."""

import math
from dataclasses import asdict
from typing import Any

from anklet.trial.analysis import Result, change
from anklet.trial.answer import RATIO, SECOND_SCALES, Answer, values
from anklet.trial.course import UNSURE, Course
from anklet.trial.observed import Observed
from anklet.trial.plan import WITH, Plan, schedule, smallest_p
from anklet.trial.power import Chances, Prospect


def head(plan: Plan, seal: str) -> dict[str, Any]:
    """What every action's object begins with."""
    return {
        "schema": 1,
        "trial": plan.id,
        "label": plan.label,
        "seal": seal,
        "key": plan.key,
        "amount": plan.amount,
        "first": plan.start,
        "last": plan.last.isoformat(),
        "pairs_planned": plan.pairs,
        "blind": plan.blind,
        "simulated_clock": plan.simulated,
    }


def expected(plan: Plan, told: Chances) -> dict[str, Any]:
    """power: share of simulated trials that find a change, by change; power_range: the same where
    it lies because the variation is not known well; sd of log PLM/h."""
    return {
        "smallest_p": smallest_p(plan.pairs),
        **_prospect(told.mine),
        "sd": round(told.sd, 4),
        "sd_nights": told.nights,
        "other_plans": [
            {**asdict(each.shape), "nights_in_all": each.length, **_prospect(each)}
            for each in told.others
        ],
    }


def _prospect(each: Prospect) -> dict[str, Any]:
    return {
        "power": {f"{change:g}": share for change, share in each.power.items()},
        "power_range": {f"{change:g}": list(ends) for change, ends in each.between.items()},
        "power_after_lost_week": each.lost,
        "halving_reads_as_if_it_fades": round(each.faded, 3),
    }


def done(plan: Plan, seen: Observed) -> dict[str, Any]:
    """What was done beside what was planned; nights as ISO dates."""
    return {
        "nights_planned": plan.length,
        "nights_over": len(seen.past),
        "nights_counted": len(seen.nights),
        "missing": seen.missing,
        "short": seen.short,
        "hidden": seen.hidden,
        "hidden_after_a_look": seen.late,
        "not_as_planned": sorted(seen.broken),
        "not_noted": seen.silent,
        "nights_outside": seen.outside,
    }


def numbers(found: Result, scale: str = RATIO) -> dict[str, Any]:
    """The change with against without: of a RATIO relative (-0.5 is half as many), else in the
    outcome's unit. In `pairs` the means of each. p: null before the end and where the smallest
    one is too large."""

    def relative(effect: float | None) -> float | None:
        if effect is None:
            return None
        return round(change(effect) if scale == RATIO else effect, 4)

    def rate(value: float | None) -> float | None:
        if value is None:
            return None
        return round(math.exp(value) if scale == RATIO else value, 3)

    return {
        "change": relative(found.effect),
        "low": relative(found.low),
        "high": relative(found.high),
        "level": found.level,
        "p": found.p,
        "smallest_p": found.smallest_p,
        "orders": found.orders,
        "pairs_used": found.used,
        "pairs": [{"with": rate(p.with_), "without": rate(p.without)} for p in found.pairs],
    }


def result(course: Course, found: Answer) -> dict[str, Any]:
    """What `result --json` prints. looks: those before the end; results: those after it."""

    def maybe(other: Result | None) -> dict[str, Any] | None:
        return None if other is None else numbers(other, found.scale)

    return {
        **head(course.plan, course.seal),
        "finished": course.over,
        "says": found.says,
        "scale": found.scale,
        **numbers(found.main, found.scale),
        "as_kept": maybe(found.as_kept),
        "beside": {name: numbers(other, found.scale) for name, other in found.beside.items()},
        "worst_case": maybe(found.worst),
        "secondary": {
            name: numbers(other, SECOND_SCALES[name]) for name, other in found.second.items()
        },
        "missing_by_arm": found.missing,
        "adverse": course.seen.adverse,
        "guess": course.guess or None,
        "drawn": course.plan.drawn,
        "given_up_before": [event["trial"] for event in course.abandoned()],
        "looks": [
            {"at": look["at"], "nights": look["nights"], "how": look.get("how", "result")}
            for look in course.events("looked")
        ],
        "results": [
            {name: event[name] for name in ("at", "nights", "says", "p")}
            for event in course.events("result")
        ],
        "done": done(course.plan, course.seen),
    }


def export(course: Course, found: Answer) -> dict[str, Any]:
    """One person's trial for pooling with other people's, without a name, a date or a label.

    The order of items follows CENT 2015 (Vohra and others, BMJ 2015;350:h1738), which extends
    CONSORT to trials of one person. effect and se are of `outcome`: a logarithm of a ratio where
    the scale is "ratio", so that exp(effect) - 1 is the relative change.
    """
    plan, seen, main = course.plan, course.seen, found.main
    return {
        "schema": 1,
        "report": "CENT 2015",
        "design": {
            "seal": course.seal,
            "item": plan.key,
            "amount": plan.amount,
            "against": "none" if plan.amount else "as usual",
            "pairs": plan.pairs,
            "nights_of_a_block": plan.nights,
            "washout_nights": int(plan.washout),
            "blind": plan.blind,
            "sequence": [
                "with-first" if plan.arms[o[0]] == WITH else "without-first" for o in plan.order
            ],
            "drawn": plan.drawn,
            "simulated_clock": plan.simulated,
        },
        "outcomes": {"primary": "PLM per hour in bed", "secondary": list(plan.second)},
        "nights": [
            {
                "day": night.day,
                "pair": night.pair + 1,
                "arm": plan.arms[night.arm],
                "counts": night.counts,
                "plm_per_hour": round(there.rate, 3) if there else None,
                "outcome": round(values(seen.nights, found.scale)[night.date], 5)
                if there
                else None,
                "kept": night.date not in seen.broken,
                "adverse": night.date in seen.adverse,
            }
            for night in schedule(plan)
            for there in [seen.nights.get(night.date)]
        ],
        "result": {
            "finished": course.over,
            "scale": found.scale,
            "effect": main.effect,
            "se": main.se,
            "low": main.low,
            "high": main.high,
            "level": main.level,
            "p": main.p,
            "says": found.says,
            "pairs_used": main.used,
            "missing_by_arm": found.missing,
            "looks_before_the_end": len(course.events("looked")),
            "given_up_before": len(course.abandoned()),
            "guess_right": None
            if course.guess in ("", UNSURE)
            else plan.arms[course.guess] == WITH,
        },
    }


def poolable(course: Course, found: Answer) -> list[dict[str, Any]]:
    """The rows that `anklet cohort pool` takes of one person, who is named by the plan's seal:
    the outcomes whose effect is the logarithm of a ratio."""
    plan = course.plan
    key = plan.key if plan.amount else f"{plan.key}=none"
    effects = [("plm_per_hour", found.scale, found.main)]
    effects += [(name, SECOND_SCALES[name], other) for name, other in found.second.items()]
    return [
        {
            "person": course.seal[:12],
            "key": key,
            "outcome": name,
            "effect": round(result.effect, 6),
            "se": round(result.se, 6),
        }
        for name, scale, result in effects
        if scale == RATIO and result.effect is not None and result.se
    ]
