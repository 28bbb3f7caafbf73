"""The command line: `anklet COMMAND`. What a command needs is imported when it runs."""

# ruff: noqa: PLC0415 - start-up stays fast

import argparse
import contextlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from anklet.errors import AnkletError, BadInput

RULES = ("wasm2016", "aasm3")
RUNTIMES = ("cpython", "micropython")


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns its exit code (see errors.py; 2 for bad usage)."""
    args = _parser().parse_args(argv, argparse.Namespace(debug=False))
    try:
        args.run(args)
        sys.stdout.flush()
        return 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone: no reason for a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except AnkletError as error:
        if args.debug:
            traceback.print_exc()
        print(f"anklet: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if args.debug:
            traceback.print_exc()
        print(
            f"anklet: a fault of ours: {type(error).__name__}: {error}. Please report it with "
            f"what --debug prints.",
            file=sys.stderr,
        )
        return 1


def _parser() -> argparse.ArgumentParser:
    # --debug may stand before or behind the command.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
    parser = argparse.ArgumentParser(
        prog="anklet",
        description="Open bedside monitor for periodic leg movements: the computer's side.",
        parents=[common],
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str, json_too: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        if json_too:
            added.add_argument("--json", action="store_true", help="print one JSON value")
        return added

    sub = command("simulate", _simulate, "write an ankle night with known movements", False)
    sub.add_argument("--out", type=Path, required=True, metavar="NIGHT.csv")
    sub.add_argument("--truth", type=Path, metavar="TRUTH.json")
    sub.add_argument("--hours", type=float, default=8.0)
    sub.add_argument("--rate", type=float, default=50.0, help="samples a second, 20 to 200")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--plm-per-hour", type=float, default=25.0)
    sub.add_argument("--family", nargs="+", metavar="NAME", help="what happens; else all usual")

    sub = command("replay", _replay, "run the device's own chain over recorded acceleration")
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--rate", type=float, metavar="HZ", help="for a file without a time column")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])
    sub.add_argument("--runtime", choices=RUNTIMES, default=RUNTIMES[0])

    sub = command("score", _score, "apply the rules to a list of leg movements")
    sub.add_argument("file", type=Path, metavar="FILE")
    sub.add_argument("--other-leg", type=Path, metavar="FILE")
    sub.add_argument("--rules", choices=RULES, default=RULES[0])

    port = "serial port, where several boards are"
    sub = command("ports", _ports, "boards that are plugged in")
    sub.description = (
        "Lists the boards that are plugged in and asks each what it is. That ends the session "
        "that a board is recording and starts the next one, a few seconds later."
    )
    sub.add_argument("--port", metavar="PORT", help="ask this serial port alone")

    sub = command("install", _install, "put the firmware on a board or update it; nights stay")
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument("--board", metavar="NAME", help="else found by itself")
    sub.add_argument("--leg", choices=("left", "right"))
    sub.add_argument("--label", metavar="TEXT", help="a name for this board, 40 letters at most")
    sub.add_argument("--rules", choices=RULES)

    sub = command("doctor", _doctor, "check the board, the sensor, the flash and the clock")
    sub.description = (
        "Checks a board, its sensor, flash and clock; each line says ok or what to do. Lay the "
        "sensor still for these few seconds. Exit code 6: something needs attention. That ends "
        "the session that the board is recording and starts the next one."
    )
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument(
        "--fit",
        action="store_true",
        help="instead: stand still for five seconds, to store which way the shank points",
    )

    sub = command("watch", _watch, "the movement signal live, to fit the strap", False)
    sub.description = (
        "Draws the movement signal until Ctrl-C, eight minutes at most; then the board records "
        "the next session."
    )
    sub.add_argument("--port", metavar="PORT", help=port)
    sub.add_argument("--seconds", type=int, default=480, help="end by itself, 480 at most")

    sub = command("sync", _sync, "download, verify and file the nights of a board")
    sub.add_argument("--port", metavar="PORT", help=port)

    command("nights", _nights, "the table of nights")

    sub = command("report", _report, "the picture of one night, or of all of them", False)
    sub.add_argument("night", nargs="?", metavar="NIGHT", help="its date or its session")
    sub.add_argument("--out", type=Path, metavar="FILE.html")
    sub.add_argument("--open", action="store_true", help="open it in the browser")

    command("rebuild", _rebuild, "make the database again from the raw night files", False)
    return parser


def _print_json(value: Any) -> None:
    print(json.dumps(value, allow_nan=False))


def _readable(*paths: Path | None) -> None:
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            raise BadInput(f"{path} is a folder; name a file.")
        if not path.exists():
            raise BadInput(f"There is no file {path}; check its name.")
        if not os.access(path, os.R_OK):
            raise BadInput(f"{path} can't be read; check its permissions.")


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """An output file that can't be written is bad usage."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{path} can't be written ({error.strerror}); choose another place with --out."
        ) from error


def _simulate(args: argparse.Namespace) -> None:
    from anklet.progress import percent
    from anklet.simulate import make_night, write_csv, write_truth

    night = make_night(
        hours=args.hours,
        rate=args.rate,
        seed=args.seed,
        plm_per_hour=args.plm_per_hour,
        families=args.family,
        progress=percent("simulating"),
    )
    with _writing(args.out):
        write_csv(night, args.out, progress=percent("writing"))
    print(f"wrote {args.out}")
    if args.truth:
        with _writing(args.truth):
            write_truth(night, args.truth)
        print(f"wrote {args.truth}")


def _replay(args: argparse.Namespace) -> None:
    _readable(args.file)
    from anklet import replay
    from anklet.progress import percent

    show = percent("replaying")
    found = replay.run(
        args.file,
        rate=args.rate,
        rules=args.rules,
        runtime=args.runtime,
        progress=lambda percent: show(percent / 100),
    )
    if args.json:
        _print_json(found)
        return
    print(f"recorded {found['recorded_s'] / 3600:.2f} h, in bed {found['in_bed_s'] / 3600:.2f} h")
    _print_counts(found)
    rate = found["plm_per_hour"]
    print("PLM per hour in bed: " + ("-" if rate is None else f"{rate:.1f}"))


def _score(args: argparse.Namespace) -> None:
    _readable(args.file, args.other_leg)
    from anklet import score

    found = score.run(args.file, other_leg=args.other_leg, rules=args.rules)
    if args.json:
        _print_json(found)
    else:
        _print_counts(found)


def _print_counts(found: dict[str, Any]) -> None:
    counts, index = found["counts"], found["periodicity_index"]
    print(f"rules {found['rules']}")
    print(
        f"LM {counts['lm']}, CLM {counts['clm']}, PLM {counts['plm']} in {counts['series']} series"
    )
    print(
        f"isolated CLMs {counts['isolated']}, short intervals (IMI) {counts['short_imi']}, PLM by "
        f"the other reading of the short interval {counts['plm_strict']}"
    )
    print("PLM / CLM: " + ("-" if index is None else f"{index:.2f}"))


def _ports(args: argparse.Namespace) -> None:
    from anklet import ports
    from anklet.errors import NoBoard

    try:
        found = ports.ask(args.port)
    except NoBoard:
        if args.json:
            _print_json([])
        raise
    if args.json:
        _print_json(found)
    else:
        print(ports.table(found))


def _install(args: argparse.Namespace) -> None:
    from anklet import ports
    from anklet.install import install, summary
    from anklet.progress import percent

    given = {"leg": args.leg, "label": args.label, "rules": args.rules}
    show = percent("copying")
    found = install(
        ports.find(args.port),
        board=args.board,
        settings={name: value for name, value in given.items() if value is not None},
        progress=lambda done, size: show(done / size),
    )
    if args.json:
        _print_json(found)
    else:
        print(summary(found))


def _doctor(args: argparse.Namespace) -> None:
    from anklet import doctor, ports
    from anklet.errors import NotVerified

    port = ports.find(args.port)
    if args.fit:
        seconds = doctor.WAIT_S + doctor.FIT_S
        print(f"Stand upright and still for the next {seconds} seconds.", file=sys.stderr)
        fitted = doctor.fit(port)
        if args.json:
            _print_json(fitted)
        else:
            kept = "stored" if fitted["changed"] else "as it was"
            print(
                f"the shank lies along {fitted['axis']} ({fitted['tilt_deg']} degrees off), {kept}"
            )
        return
    found = doctor.examine(port)
    if args.json:
        _print_json(found)
    else:
        print(doctor.table(found))
    bad = sum(not check["ok"] for check in found["checks"])
    if bad:
        sys.stdout.flush()
        raise NotVerified(f"{bad} of {len(found['checks'])} checks need attention, see above.")


def _watch(args: argparse.Namespace) -> None:
    from anklet import ports
    from anklet.watch import watch

    if args.seconds < 1:
        raise BadInput("--seconds has to be 1 or more.")
    watch(ports.find(args.port), args.seconds)


def _sync(args: argparse.Namespace) -> None:
    from anklet import ports
    from anklet.archive import Archive, home
    from anklet.sync import sync

    archive = Archive(home())
    found = sync(ports.find(args.port), archive, _arriving)
    for session in found["damaged"]:
        print(
            f"anklet: night {session} came damaged from the board's flash; it is kept as it is, "
            f"and marked.",
            file=sys.stderr,
        )
    if args.json:
        _print_json(found)
        return
    new = len(found["downloaded"])
    print(f"device {found['device']}: {new} new, {found['already']} already filed, all verified")
    offset = found["clock_offset_s"]
    if offset is None:
        print("the board had no time; its clock is set now")
    else:
        print(f"the board's clock was {offset:+.1f} s off; it is set now")


def _arriving(session: str, done: int, size: int) -> None:
    if sys.stderr.isatty():
        share = 100 * done // max(1, size)
        end = "\n" if done >= size else ""
        print(f"\r{session}  {done:8d} bytes  {share:3d} %", end=end, file=sys.stderr, flush=True)
    elif done >= size:
        print(f"{session}  {done} bytes", file=sys.stderr)


def _nights(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home
    from anklet.nights import table

    items = Archive(home()).sessions()
    if args.json:
        _print_json(items)
    else:
        print(table(items))


def _report(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home

    archive = Archive(home())
    items = archive.sessions()
    if args.night:
        items = [item for item in items if args.night in (item["night"], item["session"])]
        if not items:
            raise BadInput(f"There is no night {args.night}; anklet nights lists them.")
    elif not items:
        raise BadInput("There are no nights yet; anklet sync files those of a board.")
    sessions = [archive.load(item["session"], item["device"]) for item in items]
    from anklet import report

    out = args.out or Path(f"anklet-{args.night or 'nights'}.html")
    with _writing(out):
        report.write(sessions, out)
    print(f"wrote {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())


def _rebuild(args: argparse.Namespace) -> None:
    from anklet.archive import Archive, home

    archive = Archive(home())
    print(f"{archive.rebuild()} nights in {archive.db}")


if __name__ == "__main__":
    sys.exit(main())
