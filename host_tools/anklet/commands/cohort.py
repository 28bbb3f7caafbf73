"""anklet cohort: the nights of many people, scored alike."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: start-up stays fast

import argparse
from pathlib import Path

from anklet.commands import RULES, Command, actions, print_json, writing
from anklet.errors import BadInput, SomeFailed

ONSET_MG = range(5, 201)  # what a board can be set to


def add(command: Command) -> None:
    cohort = command("cohort", _run, "the nights of many people, scored alike", False)
    cohort.description = (
        "Scores every night of a folder, of archives or of a manifest by the device's own core "
        "and writes one table: Parquet, for DuckDB, Polars, Spark and Dask. What is interrupted "
        "is finished by running it again. Names stay here: the output has ids alone."
    )
    action = actions(cohort)

    sub = action("run", _run, "score what is missing or has changed")
    sub.add_argument(
        "given", type=Path, metavar="IN", help="a folder, an archive, or a manifest (CSV, Parquet)"
    )
    sub.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of the tables")
    sub.add_argument("--rules", nargs="+", choices=RULES, default=(), help="else each night's own")
    sub.add_argument(
        "--onset-mg",
        nargs="+",
        type=int,
        default=(),
        metavar="MG",
        help="least onset thresholds, each with each of --rules; else each night's own",
    )
    sub.add_argument("--rate", type=float, metavar="HZ", help="of files without a time column")
    sub.add_argument("--workers", type=int, metavar="N", help="of this computer; else its cores")
    sub.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask cluster's, instead")
    sub.add_argument("--shard", default="1/1", metavar="I/N", help="only this share of the people")
    sub.add_argument(
        "--shift-dates", type=Path, metavar="KEY", help="move dates, by a key in this file"
    )
    sub.add_argument(
        "--remove", action="store_true", help="let nights go that are not given any more"
    )
    sub.add_argument("--json", action="store_true", help="print one JSON value")

    sub = action("manifest", _manifest, "write the manifest of what is found, to look at and keep")
    sub.add_argument("given", type=Path, metavar="IN")
    sub.add_argument("--out", type=Path, required=True, metavar="FILE.csv")

    sub = action("report", _report, "one page: rates by group, night to night, rhythm, failures")
    sub.add_argument("given", type=Path, metavar="OUT", help="the folder of a run")
    sub.add_argument("--out", type=Path, metavar="FILE.html", help="else report.html in it")

    sub = action("pool", _pool, "trials of several people, pooled: random effects, forest plot")
    sub.add_argument("trials", type=Path, nargs="+", metavar="TRIAL")
    sub.add_argument("--out", type=Path, metavar="FILE.html", help="a page with the forest plot")
    sub.add_argument("--json", action="store_true", help="print one JSON value")


def _run(args: argparse.Namespace) -> None:
    if args.workers is not None and args.workers < 1:
        raise BadInput("--workers takes 1 or more.")
    for mg in args.onset_mg:
        if mg not in ONSET_MG:
            raise BadInput(f"An onset threshold has 5 to 200 mg, not {mg}.")
    from anklet.cohort import dates, plan, run
    from anklet.progress import percent

    outcome = run.run(
        args.given,
        args.out,
        plan.Settings(
            tuple(sorted(set(args.rules))),
            tuple(sorted(set(args.onset_mg))),
            args.rate,
            dates.key(args.shift_dates, args.out) if args.shift_dates else b"",
        ),
        workers=args.workers,
        scheduler=args.scheduler,
        shard=plan.shard(args.shard),
        remove=args.remove,
        progress=percent("scoring", every=10),
    )
    if args.json:
        print_json(run.as_json(outcome))
    else:
        print(run.words(outcome))
    if outcome.failed:
        raise SomeFailed(
            f"{outcome.failed} of {outcome.nights} nights failed: {args.out}/failures and anklet "
            f"cohort report say why; the others are done."
        )


def _manifest(args: argparse.Namespace) -> None:
    from anklet.cohort import found, manifest

    nights = found.nights(args.given)
    with writing(args.out):
        manifest.write(nights, args.out)
    people = len({night.person for night in nights})
    print(f"wrote {args.out}: {len(nights)} nights of {people} people; it holds names, keep it")


def _report(args: argparse.Namespace) -> None:
    from anklet.cohort import report

    page = report.page(args.given)
    out = args.out or args.given / "report.html"
    with writing(out):
        out.write_text(page, encoding="utf-8")
    print(f"wrote {out}")


def _pool(args: argparse.Namespace) -> None:
    from anklet.cohort import pooled

    found = pooled.pool(pooled.read(args.trials))
    if args.out:
        with writing(args.out):
            args.out.write_text(pooled.page(found), encoding="utf-8")
    if args.json:
        print_json(pooled.as_json(found))
    else:
        print(pooled.words(found))
