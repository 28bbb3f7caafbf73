"""A small cohort of night files and lists, and what a run makes of it."""

import csv
import random
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
from nightbytes import whole

PLAN = ("person", "night", "leg", "session", "group", "file")


def movements(seed: int, many: int = 120) -> str:
    """A list of leg movements as CSV."""
    rng = random.Random(seed)
    at, lines = 10.0, ["onset,duration"]
    for _ in range(many):
        at += rng.uniform(4, 70)
        lines.append(f"{at:.3f},{rng.uniform(0.4, 3.5):.2f}")
    return "\n".join(lines)


def write_manifest(path: Path, rows) -> Path:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([PLAN, *rows])
    return path


def small(folder: Path, people: int = 8, nights: int = 3, many: int = 120) -> Path:
    """A manifest of people with night files on the left leg and lists on the right; one of each
    kind is no such file."""
    rows = []
    for p in range(people):
        for n in range(nights):
            night = folder / f"night{p}-{n}.plm"
            night.write_bytes(whole(session=f"{n:05d}-{p:08x}", label="Jane Doe"))
            legs = folder / f"list{p}-{n}.csv"
            legs.write_text(movements(100 * p + n, many))
            date = f"2026-03-{n + 1:02d}"
            group = "rls" if p % 2 else "control"
            rows.append((f"p{p}", date, "", "", group, night.name))
            rows.append((f"p{p}", f"list{n}", "left", "", group, legs.name))
    (folder / "night0-0.plm").write_bytes(b"not a night")
    (folder / "list1-1.csv").write_text("onset,duration\n12.0,Jane Doe\n")
    return write_manifest(folder / "plan.csv", rows)


def tables(out: Path) -> dict[str, bytes]:
    """Every file of the output but the page, by its name in it."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.suffix != ".html"
    }


def read(out: Path, name: str) -> list[dict]:
    """The rows of a table."""
    rows = []
    for path in (out / name).glob("*.parquet"):
        rows += pq.read_table(path).to_pylist()
    return sorted(rows, key=lambda row: (row["person"], row["night"], row["leg"]))


def anklet(*args, **more) -> subprocess.Popen:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "anklet.cli", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
