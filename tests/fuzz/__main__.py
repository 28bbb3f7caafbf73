"""`python -m tests.fuzz`: read fuzzed night files, print what it cost, exit 1 if that is too much.

One file in a thousand is as large as a board's flash. Nothing may raise; what goes into the
archive has to be JSON; and this process, Python and all, may need no more than 64 MiB.
"""

import argparse
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from anklet.night import as_json, nightfile
from anklet.night.session import Session

from .files import Fuzzer

LIMIT_MIB = 64
LARGE = 1000  # one in so many


def read_as_sync_does(data: bytes, large: bool) -> Session:
    """What sync and rebuild make of a night file, and replay of one of ordinary size."""
    night = nightfile.parse(data)
    json.dumps(as_json.summary(night), allow_nan=False)
    if not large:
        json.dumps(as_json.result(night), allow_nan=False)
    return night


def peak_mib() -> float:
    """The most memory that this process has had at once."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what the parent had into ru_maxrss
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    args = parser.parse_args()
    fuzzer, flags = Fuzzer(), Counter[str]()
    size, slowest, began = 0, (0.0, 0), time.monotonic()
    for number in range(args.first, args.first + args.files):
        large = number % LARGE == LARGE // 2
        data = fuzzer.large(number // LARGE) if large else fuzzer.fuzzed(number)
        before = time.process_time()
        try:
            night = read_as_sync_does(data, large)
        except Exception:
            print(f"file {number} ({len(data)} bytes) is not read:", file=sys.stderr)
            raise
        if large:
            slowest = max(slowest, (time.process_time() - before, number))
        size += len(data)
        flags.update(night.flags or ["nothing"])
        del night
    peak = peak_mib()
    print(
        f"{args.files} fuzzed night files, {size >> 20} MiB, in {time.monotonic() - began:.0f} s"
    )
    print(f"found: {', '.join(f'{name} {count}' for name, count in flags.most_common())}")
    print(f"slowest of {1441792 >> 10} KiB: {slowest[0]:.1f} s of CPU (file {slowest[1]})")
    print(f"memory: {peak:.0f} MiB at most, Python and all; limit {LIMIT_MIB} MiB")
    return int(peak > LIMIT_MIB)


if __name__ == "__main__":
    raise SystemExit(main())
