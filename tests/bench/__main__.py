"""`make bench`: every figure as a ratio against a rival of the same run, with its target.

    python -m tests.bench [--minutes 60] [--only pico|host|flash|sync|trace ...]

Pico: the emulated one, or the board that ANKLET_PORT names. The emulated cycles are about 10 %
optimistic (no waits for the flash on instruction fetch).
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import pico

PARTS = ("pico", "flash", "sync", "host", "trace")


@dataclass
class Row:
    """A line of the table. met: None where there is no target."""

    figure: str
    ours: str
    rival: str
    ratio: str
    target: str
    met: bool | None
    how: str


def pico_rows(minutes: int) -> Iterator[Row]:
    found = pico.measure(minutes, os.environ.get("ANKLET_PORT"))
    bus_100k = 4 * found.bus_400k
    yield Row(
        "busy time of a batch, us", f"{found.busy:.0f}", f"{bus_100k:.0f}",
        f"{found.busy / bus_100k:.2f}", "", None,
        f"mean of {found.cycles} cycles of {found.batch:.1f} samples, all but sleep and writes "
        f"(typical {found.typical}, longest {found.longest}); rival: the same bits on the wire",
    )  # fmt: skip
    faster = found.busy - bus_100k + found.bus_400k
    ratio = faster / found.bus_400k
    yield Row(
        "  at 400 kHz", f"{faster:.0f}", f"{found.bus_400k:.0f}", f"{ratio:.2f}", "<= 1.4",
        ratio <= 1.4, "as measured at 100 kHz, less what the same bits take longer there",
    )  # fmt: skip
    times = found.usual / found.outside
    yield Row(
        "a sample outside the bus, us", f"{found.outside:.1f}", f"{found.usual:.1f}",
        f"{times:.1f}", ">= 20", times >= 20,
        "rival: usual_way.py, the same job in floats, sample by sample; each less its bus",
    )  # fmt: skip
    for name, us in (("bus", found.bus), ("driver", found.driver), ("detector", found.detector)):
        yield Row(
            f"  {name} of a sample, us", f"{us:.1f}", "", f"{us / found.usual:.2f}", "", None,
            "with a stop-watch around it",
        )  # fmt: skip
    yield Row(
        "duty cycle at 50 Hz", f"{found.duty:.2%}", f"{found.usual_duty:.1%}",
        f"{found.usual_duty / found.duty:.1f}", "", None,
        f"whole firmware, writes ({found.flash:.2%}) and waking up with it; at the 100 kHz of a "
        f"cable the bits alone take {bus_100k / found.batch * pico.RATE / 1e6:.2%}",
    )  # fmt: skip
    duty = found.duty - (bus_100k - found.bus_400k) / found.batch * pico.RATE / 1e6
    yield Row(
        "  at 400 kHz", f"{duty:.2%}", f"{found.usual_duty:.1%}", f"{found.usual_duty / duty:.1f}",
        "<= 1.5 %", duty <= 0.015, "reckoned as above",
    )  # fmt: skip
    yield Row(
        "heap allocated by recording, bytes", f"{found.allocated}", "", "", "0",
        found.allocated == 0, f"sum over {minutes} minutes, but for writes to the flash",
    )  # fmt: skip
    yield Row(
        "free heap, bytes", f"{found.free_end}", f"{found.free_begin}",
        f"{found.free_end / found.free_begin:.3f}", ">= 120000, ratio 1",
        found.free_end >= 120000 and found.free_end == found.free_begin,
        f"after {minutes} simulated minutes; rival: after the first",
    )  # fmt: skip


def flash_rows() -> Iterator[Row]:
    from tests import soak  # noqa: PLC0415 - the parts do not need each other

    found = soak.wear(30)
    erases = found["erases"] / found["flushes"]
    how = "30 nights of 8 h with 300 LMs on littlefs of the Pico's size"
    if "bytes" in found:
        size = found["bytes"]
        yield Row("flash: bytes of a night", f"{size:.0f}", "", "", "<= 24 kB", size <= 24000, how)
        both = size + found["trace"]
        yield Row(
            "flash: with its trace", f"{both:.0f}", "", "", "<= 200 kB", both <= 200_000, how
        )
    yield Row("flash: erases of a flush", f"{erases:.2f}", "", "", "<= 1.5", erases <= 1.5, how)
    years = found["years"]
    yield Row("flash: life, years", f"{years:.0f}", "", "", "> 50", years > 50, how)


def sync_rows() -> Iterator[Row]:
    from tests.bench import sync_rate  # noqa: PLC0415

    found = sync_rate.emulated()
    times = found["ratio"]  # of wall time: in the board's own the answer to a turn takes none
    yield Row(
        "sync: bytes/s, wall time", f"{found['ours']:.0f}",
        f"{found['mpremote']:.0f}", f"{times:.1f}", ">= 6", times >= 6,
        "20 kB, emulated Pico on a quiet machine; rival: mpremote fs cp of the same file",
    )  # fmt: skip


def host_rows() -> Iterator[Row]:
    from tests.bench import host  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        whole, chain = host.replay_night(Path(folder))
        yield Row(
            "replay of an 8 h night, s", f"{whole:.1f}", f"{8 * 3600}", f"{8 * 3600 / whole:.0f}",
            ">= 2000", 8 * 3600 / whole >= 2000,
            f"one core, from CSV to result ({chain:.1f} s without reading); rival: real time",
        )  # fmt: skip
        few, many = (host.score_movements(n) for n in (5000, 50000))
        yield Row(
            "scoring 50,000 LMs, ms", f"{1000 * many:.0f}", f"{1000 * few:.1f}",
            f"{many / few:.1f}", "8 to 12", 8 <= many / few <= 12,
            f"{50000 / many:.0f} LMs a second; rival: 5,000 LMs",
        )  # fmt: skip
        bare = host.start_up(tool=(sys.executable, "-c", "pass"))
        took = host.start_up("--help")
        yield Row(
            "anklet --help, s", f"{took:.2f}", f"{bare:.2f}", f"{took / bare:.1f}", "<= 0.3",
            took <= 0.3, "best of five; rival: Python that does nothing",
        )  # fmt: skip
        home = host.ten_nights(Path(folder, "home"))
        took = host.start_up("nights", home=home)
        yield Row(
            "anklet nights, s", f"{took:.2f}", f"{bare:.2f}", f"{took / bare:.1f}", "<= 0.5",
            took <= 0.5, "ten nights in the archive; rival as above",
        )  # fmt: skip


def trace_rows() -> Iterator[Row]:
    from tests.bench import rescored  # noqa: PLC0415

    for seed, mg, ours, full in rescored.nights():
        error = ours / full - 1
        yield Row(
            f"PLM of night {seed} rescored, {mg} mg", f"{ours}", f"{full}", f"{1 + error:.3f}",
            "0.95 to 1.05", abs(error) <= 0.05, "8 h at 5 Hz; rival: replay of the full signal",
        )  # fmt: skip


def line(row: Row) -> str:
    met = {None: "", True: "yes", False: "NO"}[row.met]
    numbers = f"{row.figure:36}{row.ours:>10}{row.rival:>9}{row.ratio:>8}"
    return f"{numbers}  {row.target:20}{met:5}{row.how}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Every figure against a rival and its target.")
    parser.add_argument("--minutes", type=int, default=60, help="simulated ones on the Pico")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    given = parser.parse_args()
    head = Row("figure", "ours", "rival", "ratio", "target (met?)", None, "how it was measured")
    print(line(head))
    for part, measured in (
        ("pico", lambda: pico_rows(given.minutes)),
        ("flash", flash_rows),
        ("sync", sync_rows),
        ("host", host_rows),
        ("trace", trace_rows),
    ):
        if part in given.only:
            print(f"measuring: {part}", file=sys.stderr, flush=True)
            for row in measured():
                print(line(row), flush=True)


if __name__ == "__main__":
    main()
