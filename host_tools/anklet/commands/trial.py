"""anklet trial: a single-person experiment, randomised and decided beforehand."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from anklet.commands import Command, actions, print_json, writing
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.trial.course import Course


def add(command: Command) -> None:
    text = "an experiment with yourself, randomised and decided beforehand"
    trial = command("trial", _plan, text, False)
    trial.description = (
        "Does it change my movements? Plan first, sleep through the nights as the coin said, look "
        "at the end. The plan is sealed, and the result says what chance could have made."
    )
    plain = actions(trial)

    def action(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        sub = plain(name, run, text)
        sub.add_argument("--json", action="store_true", help="print one JSON value")
        sub.add_argument("--label", metavar="TEXT", help="whose nights, where there are several")
        return sub

    sub = action("plan", _plan, "draw a trial and seal it, before its first night")
    sub.add_argument("what", metavar="KEY=AMOUNT", help="magnesium_mg=300, or caffeine_mg=none")
    sub.add_argument("--pairs", type=int, help="of blocks, 4 to 12 (by the item: 8 or 9)")
    sub.add_argument("--nights", type=int, help="of a block, 1 to 14 (by the item: 3 or 2)")
    sub.add_argument(
        "--washout",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="leave out a block's first night (by the item: of what is swallowed)",
    )
    sub.add_argument("--blind", action="store_true", help="bottles A and B, filled by another")
    sub.add_argument("--start", metavar="DATE", help="evening of the first night (tonight)")
    sub.add_argument("--leg", choices=("left", "right"), help="else both, where both are there")
    sub.add_argument("--min-hours", type=float, default=3.0, help="in bed, for a night to count")
    sub.add_argument("--dry-run", action="store_true", help="what to expect; nothing is sealed")
    sub.add_argument("--seed", type=int, help="draw by this number: on a simulated clock")

    sub = action("tonight", _tonight, "what the plan says for tonight")
    sub.add_argument("--night", metavar="DATE", help="another night, by its evening")

    sub = action("calendar", _calendar, "every evening for a calendar program, or on paper")
    sub.add_argument("--at", metavar="HH:MM", default="21:00", help="of the reminder (21:00)")
    sub.add_argument("--out", type=Path, metavar="FILE.ics", help="else named as the trial")
    sub.add_argument("--paper", type=Path, metavar="FILE.html", help="one A4 side to tick instead")

    action("status", _status, "how far it is, and which nights are missing; no results")

    sub = action("result", _result, "what the nights say; before the last night it is recorded")
    sub.add_argument(
        "--as-planned",
        action="store_true",
        help="where the journal says otherwise on some nights: count them as planned, say so",
    )
    sub.add_argument("--unblind", action="store_true", help="look into a blind trial early")
    sub.add_argument(
        "--rescored",
        action="store_true",
        help="where two detectors counted: score every night again from its trace, too",
    )
    sub.add_argument(
        "--page", type=Path, metavar="FILE.html", help="write it as one printed page too"
    )

    sub = action(
        "guess", _guess, "which bottle of a blind trial was the one with, before the result"
    )
    sub.add_argument("bottle", choices=("A", "B", "unsure"))

    sub = action("export", _export, "a finished trial as JSON, for pooling with other people's")
    sub.add_argument(
        "--out", type=Path, metavar="FILE.csv", help="effects alone, for anklet cohort pool"
    )

    sub = action("stop", _stop, "give the trial up, to plan another")
    sub.add_argument("--why", metavar="TEXT", required=True)


def _plan(args: argparse.Namespace) -> None:
    from anklet.archive.journal import label_of
    from anklet.archive.store import Archive, home
    from anklet.trial import as_json, begin, tonight, words
    from anklet.trial.course import Course
    from anklet.trial.power import chances
    from anklet.trial.seal import Trials

    evening, simulated = tonight()
    if args.seed is not None and not simulated and not args.dry_run:
        raise BadInput(
            "--seed draws an order that could be known beforehand, so it is for a simulated clock "
            "(ANKLET_TRIAL_NOW); leave it out."
        )
    archive = Archive(home())
    items = archive.sessions()
    label = label_of(args.label, [item["label"] for item in items])
    plan = begin.drawn(
        archive,
        args.what,
        _date(args.start) if args.start else None,
        label=label,
        leg=args.leg,
        pairs=args.pairs,
        nights=args.nights,
        washout=args.washout,
        blind=args.blind,
        min_hours=args.min_hours,
        seed=args.seed,
    )
    if not args.dry_run:
        begin.check_free(archive, label)
    chance = chances(plan, items, evening)
    if args.dry_run:
        if args.json:
            print_json(as_json.expected(plan, chance))
        else:
            print(words.expected(plan, chance))
        return
    trials = Trials(home())
    before = Course(archive, trials, plan, "").abandoned()
    seal = begin.seal(archive, plan)
    if args.json:
        print_json(
            {
                **as_json.head(plan, seal),
                "nights": plan.length,
                "file": str(trials.folder / f"{plan.id}.json"),
                **as_json.expected(plan, chance),
            }
        )
        return
    print(words.planned(plan, seal, chance, words.abandoned(before)))
    print(f"\nplan: {trials.folder / f'{plan.id}.json'}")
    if plan.blind:
        print(f"sheet for the bottles, not for you: {trials.bottles(plan.id)}")


def _tonight(args: argparse.Namespace) -> None:
    from anklet.night.named import dated
    from anklet.trial import as_json, tonight, words
    from anklet.trial.plan import arm_of

    course = _current(args)
    plan, evening = course.plan, tonight()[0]
    night = arm_of(plan, dated(args.night or "", evening) or evening.isoformat())
    if course.stopped:
        raise BadInput(course.stopped)
    if args.json:
        dose = {"bottle": night.arm} if plan.blind else {"take": plan.takes(night.arm)}
        print_json(
            {
                **as_json.head(plan, course.seal),
                "night": night.date,
                "pair": night.pair + 1,
                **dose,
                "counts": night.counts,
            }
        )
    else:
        print(words.tonight(plan, night))


def _calendar(args: argparse.Namespace) -> None:
    from anklet.trial import paper
    from anklet.trial.calendar import clock, ics

    course = _current(args)
    plan, at = course.plan, clock(args.at)
    if course.over or course.stopped:
        raise BadInput(course.stopped or f"Trial {plan.id} is over: no evening is left to plan.")
    out = args.paper or args.out or Path(f"{plan.id}.ics")
    with writing(out):
        out.write_bytes(paper.html(plan).encode() if args.paper else ics(plan, at))
    if args.json:
        print_json({"trial": plan.id, "file": str(out), "nights": plan.length})
    else:
        print(f"wrote {out}: open it with your {'browser' if args.paper else 'calendar'}.")


def _status(args: argparse.Namespace) -> None:
    from anklet.trial import as_json, words

    course = _current(args)
    plan, seen = course.plan, course.seen
    if args.json:
        head = as_json.head(plan, course.seal)
        over = course.evening > plan.last
        print_json({**head, "finished": over, "done": as_json.done(plan, seen)})
    else:
        print(words.status(plan, seen, course.stopped))


def _result(args: argparse.Namespace) -> None:
    from anklet import texts
    from anklet.progress import percent
    from anklet.trial import as_json, findings, page

    course = _current(args)
    _may_be_seen(course, args.unblind)
    seen = course.seen
    if seen.broken and not args.as_planned:
        raise BadInput(
            f"On {len(seen.broken)} of the nights the journal says otherwise than the plan "
            f"({', '.join(seen.broken)}): if that is a slip, correct it with anklet note before "
            f"you look, else run anklet trial result --as-planned, which counts them as the plan "
            f"does and names them."
        )
    rescored = course.rescored(percent("scoring again", every=10)) if args.rescored else None
    found = course.answer(rescored)
    if found.main.effect is not None:  # logged before it is shown
        course.note(found, "result", unblinded=course.plan.blind and not course.over)
    if args.page:
        with writing(args.page), texts.speaking(texts.of_environment()):
            args.page.write_text(page.html(course, found), encoding="utf-8")
    if args.json:
        print_json(as_json.result(course, found))
    else:
        print(findings.result(course, found))


def _may_be_seen(course: "Course", unblind: bool) -> None:
    """Raise BadInput where a blind trial's result has to wait."""
    plan = course.plan
    if not plan.blind:
        return
    if not (course.over or course.stopped) and not unblind:
        raise BadInput(
            f"Trial {plan.id} is blind, and its results stay hidden until the night of "
            f"{plan.last} is over (--unblind looks early, and that is recorded)."
        )
    if course.over and plan.version > 1 and not course.guess:
        raise BadInput(
            "Before the result, say which bottle you think was the one with: anklet trial guess "
            "A, B or unsure; that tells how blind you were."
        )


def _guess(args: argparse.Namespace) -> None:
    course = _current(args)
    if not course.plan.blind:
        raise BadInput(f"Trial {course.plan.id} is not blind, so there is nothing to guess.")
    if not course.over:
        raise BadInput(f"Guess after the last night, that of {course.plan.last}.")
    if course.guess:
        raise BadInput(f"The guess was given already: {course.guess}. The first one counts.")
    course.trials.note(course.plan.id, "guessed", bottle=args.bottle)
    if args.json:
        print_json({"trial": course.plan.id, "guess": args.bottle})
    else:
        print(f"Noted: {args.bottle}. Now: anklet trial result.")


def _export(args: argparse.Namespace) -> None:
    from anklet.trial import as_json

    course = _current(args)
    if not (course.over or course.stopped):
        raise BadInput(f"Trial {course.plan.id} is exported after its last night.")
    _may_be_seen(course, False)
    found = course.answer()
    course.note(found, "export")
    if not args.out:
        print_json(as_json.export(course, found))
        return
    rows = as_json.poolable(course, found)
    if not rows:
        raise BadInput(
            "This trial has no effect that can be pooled: its result is a difference, or too few "
            "nights count; anklet trial export without --out has what there is."
        )
    with writing(args.out), args.out.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    print(f"wrote {args.out}")


def _stop(args: argparse.Namespace) -> None:
    course = _current(args)
    plan = course.plan
    if course.stopped:
        raise BadInput(course.stopped)
    if course.over:
        raise BadInput(f"Trial {plan.id} is over; anklet trial result shows what it found.")
    evening = course.evening.isoformat()
    course.trials.note(plan.id, "stopped", night=evening, why=" ".join(args.why.split()))
    if args.json:
        print_json({"trial": plan.id, "stopped": evening})
    else:
        print(f"Trial {plan.id} is given up; what there is stays, and so does this note of it.")


def _current(args: argparse.Namespace) -> "Course":
    """The newest trial of the person asked for, its seal unbroken."""
    from anklet.archive.store import Archive, home
    from anklet.trial.course import current

    return current(Archive(home()), args.label)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no date; write it as in 2026-11-21.") from None
