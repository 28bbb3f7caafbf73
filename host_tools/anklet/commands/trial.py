"""anklet trial: a single-person experiment, randomised and decided beforehand."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from anklet.commands import Command, print_json
from anklet.errors import BadInput

if TYPE_CHECKING:
    from anklet.trial.observed import Observed
    from anklet.trial.plan import Plan
    from anklet.trial.seal import Trials


def add(command: Command) -> None:
    text = "an experiment with yourself, randomised and decided beforehand"
    trial = command("trial", _plan, text, False)
    trial.description = (
        "Does it change my movements? Plan first, sleep through the nights as the coin said, look "
        "at the end. The plan is sealed, and the result says what chance could have made."
    )
    actions = trial.add_subparsers(title="actions", required=True, metavar="ACTION")

    def action(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--debug", action="store_true", default=argparse.SUPPRESS)
        sub.add_argument("--json", action="store_true", help="print one JSON value")
        sub.add_argument("--label", metavar="TEXT", help="whose nights, where there are several")
        return sub

    sub = action("plan", _plan, "draw a trial and seal it, before its first night")
    sub.add_argument("what", metavar="KEY=AMOUNT", help="of the journal: magnesium_mg=300")
    sub.add_argument("--pairs", type=int, default=6, help="of blocks, 4 to 12 (6)")
    sub.add_argument("--nights", type=int, default=3, help="of a block, 1 to 14 (3)")
    sub.add_argument("--washout", action="store_true", help="leave out a block's first night")
    sub.add_argument("--blind", action="store_true", help="bottles A and B, filled by another")
    sub.add_argument("--start", metavar="DATE", help="evening of the first night (tonight)")
    sub.add_argument("--leg", choices=("left", "right"), help="else both, where both are there")
    sub.add_argument("--min-hours", type=float, default=3.0, help="in bed, for a night to count")
    sub.add_argument("--dry-run", action="store_true", help="what to expect; nothing is sealed")
    sub.add_argument("--seed", type=int, help="draw by this number: for simulations")

    sub = action("tonight", _tonight, "what the plan says for tonight")
    sub.add_argument("--night", metavar="DATE", help="another night, by its evening")

    action("status", _status, "how far it is, and which nights are missing; no results")

    sub = action("result", _result, "what the nights say; before the last night it is recorded")
    sub.add_argument(
        "--as-planned",
        action="store_true",
        help="where the journal says otherwise on some nights: count them as planned, say so",
    )
    sub.add_argument("--unblind", action="store_true", help="look into a blind trial early")

    sub = action("stop", _stop, "give the trial up, to plan another")
    sub.add_argument("--why", metavar="TEXT", required=True)


def _plan(args: argparse.Namespace) -> None:
    from anklet.archive import lines
    from anklet.archive.journal import label_of
    from anklet.archive.store import Archive, home
    from anklet.trial import forms, tonight, words
    from anklet.trial import plan as planning
    from anklet.trial.power import chances
    from anklet.trial.seal import Trials

    evening, simulated = tonight()
    start = _date(args.start) if args.start else evening
    if not evening <= start <= evening + dt.timedelta(days=planning.AHEAD_DAYS):
        raise BadInput(
            f"--start {start} can't be: a plan is made before its first night, at most "
            f"{planning.AHEAD_DAYS} days ahead ({evening} or later)."
        )
    items = Archive(home()).sessions()
    label = label_of(args.label, [item["label"] for item in items])
    trials = Trials(home())
    plan = planning.draw(
        args.what,
        start,
        label=label,
        leg=args.leg,
        pairs=args.pairs,
        nights=args.nights,
        washout=args.washout,
        blind=args.blind,
        min_hours=args.min_hours,
        seed=args.seed,
        made=lines.now(),
        simulated=simulated,
        taken={other.id for other in trials.sealed()},
    )
    running = trials.latest(label)
    if args.dry_run:
        running = None
    if running and running.last >= evening and not trials.events(running.id, "stopped"):
        raise BadInput(
            f"Trial {running.id} is planned already, up to {running.last}; finish it first, or "
            f"give it up with anklet trial stop."
        )
    told = chances(plan, items, evening)
    if args.dry_run:
        if args.json:
            print_json(forms.expected(plan, told))
        else:
            print(words.expected(plan, told.sentences))
        return
    seal = trials.add(plan, words.bottles(plan) if plan.blind else "")
    if args.json:
        print_json(
            {
                **forms.head(plan, seal),
                "nights": plan.length,
                "file": str(trials.folder / f"{plan.id}.json"),
                **forms.expected(plan, told),
            }
        )
        return
    print(words.planned(plan, seal, told.sentences))
    print(f"\nplan: {trials.folder / f'{plan.id}.json'}")
    if plan.blind:
        print(f"sheet for the bottles, not for you: {trials.bottles(plan.id)}")


def _tonight(args: argparse.Namespace) -> None:
    from anklet.trial import forms, tonight, words
    from anklet.trial.plan import arm_of

    plan, seal, trials = _current(args)
    night = arm_of(plan, args.night or tonight()[0].isoformat())
    if stopped := _stopped(trials, plan):
        raise BadInput(stopped)
    if args.json:
        told = {"bottle": night.arm} if plan.blind else {"take": plan.takes(night.arm)}
        print_json(
            {
                **forms.head(plan, seal),
                "night": night.date,
                "pair": night.pair + 1,
                **told,
                "counts": night.counts,
            }
        )
    else:
        print(words.tonight(plan, night))


def _status(args: argparse.Namespace) -> None:
    from anklet.trial import forms, words

    plan, seal, trials = _current(args)
    seen, finished = _seen(plan)
    if args.json:
        print_json(
            {**forms.head(plan, seal), "finished": finished, "done": forms.done(plan, seen)}
        )
    else:
        print(words.status(plan, seen, _stopped(trials, plan)))


def _result(args: argparse.Namespace) -> None:
    from anklet.trial import forms, words
    from anklet.trial.analysis import analyse

    plan, seal, trials = _current(args)
    seen, finished = _seen(plan)
    stopped = _stopped(trials, plan)
    if plan.blind and not (finished or stopped) and not args.unblind:
        raise BadInput(
            f"Trial {plan.id} is blind, and its results stay hidden until the night of "
            f"{plan.last} is over (--unblind looks early, and that is recorded)."
        )
    if seen.broken and not args.as_planned:
        raise BadInput(
            f"On {len(seen.broken)} of the nights the journal says otherwise than the plan "
            f"({words.dates(seen.broken)}): if that is a slip, correct it with anklet note before "
            f"you look, else run anklet trial result --as-planned, which counts them as the plan "
            f"does and names them."
        )
    finished = finished and not stopped
    found = analyse(plan, seen.values)
    kept = analyse(plan, seen.kept) if seen.broken else None
    earlier = trials.events(plan.id, "looked")
    if found.effect is not None and not (finished or stopped):
        trials.note(plan.id, "looked", nights=len(seen.values), unblinded=plan.blind)
    looks = trials.events(plan.id, "looked")
    if args.json:
        print_json(
            {
                **forms.head(plan, seal),
                "finished": finished,
                "says": words.says(plan, found, finished),
                **forms.numbers(found, finished),
                "as_kept": forms.numbers(kept, False) if kept else None,
                "looks": [{"at": look["at"], "nights": look["nights"]} for look in looks],
                "done": forms.done(plan, seen),
            }
        )
        return
    told = []
    if earlier:
        times = words.dates(f"{e['at'][:16]} UTC ({e['nights']} nights)" for e in earlier)
        told.append(
            f"Looked at before the end: {times}. Whoever looks early may act on it; weigh the "
            f"result with that in mind."
        )
    if found.effect is not None and not (finished or stopped):
        told.append("This look is recorded and will stand beside the result.")
    print(words.result(plan, seal, seen, found, kept, told, finished, stopped))


def _stop(args: argparse.Namespace) -> None:
    from anklet.trial import tonight

    plan, _, trials = _current(args)
    if stopped := _stopped(trials, plan):
        raise BadInput(stopped)
    evening = tonight()[0]
    if evening > plan.last:
        raise BadInput(f"Trial {plan.id} is over; anklet trial result shows what it found.")
    trials.note(plan.id, "stopped", night=evening.isoformat(), why=" ".join(args.why.split()))
    if args.json:
        print_json({"trial": plan.id, "stopped": evening.isoformat()})
    else:
        print(f"Trial {plan.id} is given up; what there is stays, and so does this note of it.")


def _current(args: argparse.Namespace) -> "tuple[Plan, str, Trials]":
    """The newest trial of the person asked for, its seal unbroken."""
    from anklet.archive.journal import label_of
    from anklet.archive.store import Archive, home
    from anklet.trial.seal import Trials

    trials = Trials(home())
    planned = {plan.label for plan in trials.sealed()} - {None}
    if args.label is None and len(planned) == 1:
        label = planned.pop()  # the only one a trial was planned for
    else:
        there = [item["label"] for item in Archive(home()).sessions()]
        label = label_of(args.label, there)
    latest = trials.latest(label)
    if latest is None:
        whose = f" for {label!r}" if label else ""
        raise BadInput(f"No trial is planned{whose}; anklet trial plan KEY=AMOUNT makes one.")
    return *trials.verified(latest.id), trials


def _seen(plan: "Plan") -> "tuple[Observed, bool]":
    """What was done so far, and whether the last night is over."""
    from anklet.archive.journal import Journal
    from anklet.archive.store import Archive, home
    from anklet.trial import tonight
    from anklet.trial.observed import observe

    evening = tonight()[0]
    entries = Journal(home()).entries(plan.label)
    return observe(plan, Archive(home()).sessions(), entries, evening), evening > plan.last


def _stopped(trials: "Trials", plan: "Plan") -> str:
    events = trials.events(plan.id, "stopped")
    if not events:
        return ""
    return f"Trial {plan.id} was given up before the night of {events[0]['night']}: " + (
        f"{events[0]['why']}."
    )


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no date; write it as in 2026-11-21.") from None
