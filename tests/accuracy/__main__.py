"""`python -m tests.accuracy`: run all families, print the table, exit 1 if anything is missed."""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from anklet import device

device.use()

from .families import Outcomes  # noqa: E402
from .night import BY_NAME, FAMILIES, run  # noqa: E402
from .table import report  # noqa: E402

# Constants are chosen on the nights of one hundred seeds, and what is shown comes from another.
CHOOSING, SHOWING = 1, 301


def measure(names: list[str], seeds: range, jobs: int) -> dict[str, Outcomes]:
    """Outcomes of each family in order of seed; progress on standard error."""
    results: dict[str, Outcomes] = {name: [] for name in names}
    with ProcessPoolExecutor(jobs) as pool:
        tasks = [pool.submit(run, name, seed) for name in names for seed in seeds]
        for done, task in enumerate(as_completed(tasks), 1):
            outcome = task.result()
            results[outcome.family].append(outcome)
            print(
                f"{done}/{len(tasks)} {outcome.family} {outcome.seed}: {outcome.clm} CLMs, "
                f"{len(outcome.score.missed)} missed, {len(outcome.score.extra)} extra",
                file=sys.stderr,
            )
    for outcomes in results.values():
        outcomes.sort(key=lambda o: o.seed)
    for outcome, nominal in (
        pair
        for name, outcomes in results.items()
        if BY_NAME[name].against_nominal
        for pair in zip(outcomes, results["nominal"], strict=True)
    ):
        outcome.undisturbed = nominal.score.plm_per_hour
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="nights of each family")
    parser.add_argument("--family", nargs="+", choices=list(BY_NAME), metavar="NAME")
    parser.add_argument("--plan", choices=("easy", "hard"), help="one plan's families alone")
    parser.add_argument(
        "--choosing",
        action="store_true",
        help=f"nights to choose constants on: seeds from {CHOOSING}, else from {SHOWING}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="every number of every night")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    if args.seeds < 1 or args.jobs < 1:
        parser.error("--seeds and --jobs start at 1")
    wanted = set(args.family or (f.name for f in FAMILIES if args.plan in (None, f.plan)))
    if any(BY_NAME[name].against_nominal for name in wanted):
        wanted.add("nominal")
    names = [family.name for family in FAMILIES if family.name in wanted]
    first = CHOOSING if args.choosing else SHOWING
    seeds = range(first, first + args.seeds)
    results = measure(names, seeds, args.jobs)
    if args.json:
        values = {name: [asdict(o) for o in outcomes] for name, outcomes in results.items()}
        args.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    text, good = report(results, seeds, args.choosing)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
