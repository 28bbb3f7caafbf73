"""Each constant of the detector moved by 20 % either way: what F1 and the count do.

    python -m tests.accuracy.sensitivity [--seeds 3] [--constant NAME ...]

Flat is good; a cliff is a reason to change the rule. Each row runs a copy of the firmware with one
number in its source replaced, on nights of the hard plan that no constant was chosen on.
"""

import argparse
import ast
import importlib
import shutil
import statistics
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from anklet import device

device.use()

import numpy as np  # noqa: E402
from anklet.night import nightfile  # noqa: E402
from anklet.signal import inputs, replay  # noqa: E402
from anklet.simulate.hard import make_hard_night  # noqa: E402

from .__main__ import SHOWING  # noqa: E402
from .match import Score, f1, score  # noqa: E402
from .night import BY_NAME  # noqa: E402
from .table import rows_of  # noqa: E402

# What the detector decides by: (module of plmcore, name). Layouts and units are not among them.
CONSTANTS = (
    ("detector", "ON_MG"),
    ("detector", "FLOOR_FACTOR"),
    ("pieces", "_HOLD"),
    ("pieces", "_AWAY2"),
    ("pieces", "_SWAY_PART"),
    ("pieces", "_BACK"),
    ("pieces", "_SLOWEST"),
    ("pieces", "_JOIN_REST"),
    ("pieces", "_EDGES_REST"),
    ("pieces", "_UNREST_BLOCKS"),
    ("pieces", "_UNREST_SPREAD"),
    ("pieces", "_REST"),
    ("pieces", "_NO_REST"),
    ("pieces", "_AROUND"),
    ("pieces", "_LONGEST"),
    ("pieces", "PLATEAU"),
    ("pieces", "_SHIFT2"),
    ("pieces", "_SHIFT_LEAST"),
    ("pieces", "_TURN_SPREAD"),
    ("pieces", "_TURN_PLATEAU"),
    ("pieces", "_TURN_LEAST"),
    ("pieces", "_BOUT_REST"),
    ("pieces", "_BOUT"),
    ("kernel", "EDGE"),
    ("kernel", "_QUIET"),
    ("kernel", "_LULL"),
    ("kernel", "_OFF_RATIO"),
    ("kernel", "_HUSH_SHIFT"),
    ("posture", "_CHANGE2"),
    ("posture", "HELD"),
    ("posture", "_UNREST"),
    ("floor", "SPAN"),
    ("floor", "QUANTILE"),
)
FAMILIES = ("life", "held")
STEPS = (-0.2, 0.0, 0.2)


def moved(value: int, by: float) -> int:
    """`value` changed by the share `by`, by at least 1."""
    new = round(value * (1 + by))
    return new if new != value or not by else value + (1 if by > 0 else -1)


def rewrite(source: str, name: str, value: int) -> str:
    """`source` with the module's constant `name` set to `value`. Raises KeyError without it."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == [name]:
            lines = source.splitlines(keepends=True)
            lines[node.lineno - 1 : node.end_lineno] = [f"{name} = const({value})\n"]
            return "".join(lines)
    raise KeyError(name)


def firmware(at: Path, module: str, name: str, value: int) -> None:
    """A copy of the device's sources at `at` with one constant set."""
    for tree in ("firmware", "boards"):
        shutil.copytree(device.folder(tree), at / tree)
    file = at / "firmware" / "plmcore" / f"{module}.py"
    file.write_text(rewrite(file.read_text("utf-8"), name, value), "utf-8")


def record(sources: Path, raw: Path) -> nightfile.Session:
    """The night that the firmware in `sources` makes of a file of raw samples."""
    with TemporaryDirectory(prefix="anklet-") as root:
        script = sources / "boards" / "sim" / "night.py"
        command = [
            replay.micropython() or sys.executable,
            script,
            raw,
            root,
            "doubt_s=0",
            "trace=0",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (night,) = Path(root, "nights").glob("*.plm")
        return nightfile.parse(night.read_bytes())


def nights(folder: Path, seeds: range) -> list[tuple[Path, dict, float]]:
    """Raw samples (files in `folder`), truth and least envelope of all nights."""
    made = []
    for family in (BY_NAME[name] for name in FAMILIES):
        for seed in seeds:
            night = make_hard_night(seed=seed, **family.make)
            path = folder / f"{family.name}{seed}"
            path.write_bytes(inputs.to_raw(inputs.Acceleration(night.rate, night.acc), night.rate))
            made.append((path, night.truth, family.least_mg))
    return made


def judge(module: str, name: str, value: int, made: list[tuple[Path, dict, float]]) -> list[Score]:
    """Scores of all nights with one constant set."""
    scores = []
    with TemporaryDirectory(prefix="anklet-") as folder:
        firmware(Path(folder), module, name, value)
        for raw, truth, least_mg in made:
            night = record(Path(folder), raw)
            clms = [
                (m.onset_ms / 1000, m.duration_ms / 1000) for m in night.lms if m.kind == "clm"
            ]
            scores.append(score(truth, clms, night.counts["plm"], night.in_bed_s, least_mg))
    return scores


def _cells(scores: list[Score]) -> list[str]:
    errors = np.abs([s.plm_error for s in scores])
    return [f"{f1(scores):.3f}", f"{statistics.median(errors):.1%} / {errors.max():.1%}"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.sensitivity")
    parser.add_argument("--seeds", type=int, default=3, help="nights of each family")
    parser.add_argument("--constant", nargs="+", choices=[n for _, n in CONSTANTS], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    seeds = range(SHOWING, SHOWING + args.seeds)
    rows = []
    with TemporaryDirectory(prefix="anklet-") as folder, ProcessPoolExecutor(args.jobs) as pool:
        made = nights(Path(folder), seeds)
        tasks = []
        for module, name in CONSTANTS:
            if args.constant and name not in args.constant:
                continue
            value = getattr(importlib.import_module(f"plmcore.{module}"), name)
            for by in STEPS if not tasks else (STEPS[0], STEPS[2]):  # as it is: once
                new = moved(value, by)
                tasks.append(
                    (module, name, value, by, pool.submit(judge, module, name, new, made))
                )
        for module, name, value, by, task in tasks:
            label = f"{module}.{name} = {value}" if by else "as it is"
            change = f"{moved(value, by)}" if by else ""
            rows.append([label, change, *_cells(task.result())])
            print(*rows[-1], file=sys.stderr)
    rows.sort(key=lambda row: row[0] != "as it is")
    print(
        f"Each constant 20 % (at least 1) lower and higher, on {args.seeds} nights each of the "
        f"families {' and '.join(FAMILIES)} of the hard plan, seeds {seeds[0]} to {seeds[-1]}."
    )
    print()
    head = ["constant", "moved to", "F1", "PLM count error, median / worst"]
    print(rows_of(head, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
