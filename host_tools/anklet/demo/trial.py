"""`make demo-trial`: two simulated people, one trial each, by the commands alone.

    anklet trial plan
        -> 36 times: anklet trial tonight, anklet note, a night on the firmware (MicroPython)
        -> anklet sync -> anklet trial result

What Ada takes halves her movements, what Ben takes does nothing; neither the firmware nor the
commands know. Both have 36 nights, of which each forgets the board on two. The trial commands
believe that it is 40 days ago and later, by ANKLET_TRIAL_NOW; the plan and the result say so. That
is why there is one sync, at the end: a sync dates nights by the computer's own clock.

Run as `python -m anklet.demo.trial [FOLDER]`.
"""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anklet import device, simulate
from anklet.night import clock
from anklet.signal import inputs, replay
from anklet.trial import CLOCK

HOURS = 6.0
TRIED = "magnesium_mg=300"
SHAPE = ("--pairs", "6", "--nights", "3", "--no-washout")  # 36 nights
FORGOTTEN = (7, 22)  # nights without the board
DAYS_AGO = 40
USUAL_PLM_PER_HOUR = 35.0
SD, LIKENESS = 0.385, 0.3  # of log PLM/h from night to night (a CV of 0.4), and of neighbours


@dataclass(frozen=True)
class Person:
    """factor: what the thing tried does to PLM/h. says: what `result --json` has to say."""

    name: str
    device: str
    seed: int
    factor: float
    says: str


PEOPLE = (
    Person("ada", "ada0000000000001", 1, 0.5, "fewer"),
    Person("ben", "be00000000000002", 2, 1.0, "cannot tell"),
)


class Bed:
    """A person's folder, board and evenings."""

    def __init__(self, person: Person, folder: Path):
        self.person, self.home, self.board = person, folder / "archive", folder / "board"
        self.board.mkdir(parents=True)
        self.first = dt.date.today() - dt.timedelta(days=DAYS_AGO)
        self.raw = folder / "night.raw"

    def anklet(self, day: int, *words: str) -> str:
        """Run a command on the evening of a day (0: the first); what it printed."""
        evening = dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time(21))
        return _run(
            *(sys.executable, "-m", "anklet.cli", *words),
            ANKLET_HOME=str(self.home),
            **{CLOCK: evening.isoformat()},
        )

    def trial(self, day: int, *words: str) -> str:
        return self.anklet(day, "trial", *words, "--label", self.person.name)

    def trial_json(self, day: int, *words: str) -> dict[str, Any]:
        return json.loads(self.trial(day, *words, "--json"))

    def sleep(self, day: int, plm_per_hour: float) -> None:
        """A night on the board."""
        seed = 1000 * self.person.seed + day
        night = simulate.make_night(hours=HOURS, seed=seed, plm_per_hour=plm_per_hour)
        self.raw.write_bytes(inputs.to_raw(inputs.Acceleration(night.rate, night.acc)))
        bed = dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time(22, 30))
        _run(
            *(str(replay.micropython()), "-X", "heapsize=8m"),
            *(str(device.folder("boards") / "sim" / "night.py"), str(self.raw), str(self.board)),
            *(f"device_id={self.person.device}", f"label={self.person.name}", "leg=left"),
            "utc=" + ",".join(map(str, clock.board_time(bed))),
        )

    def sync(self, day: int) -> str:
        """Plug the board in: a new power-up, in which nothing was recorded yet."""
        from anklet.board.simboard import SimBoard  # noqa: PLC0415 - no pseudo-terminals on Windows

        with SimBoard([str(replay.micropython()), "-i", "-c", self._plugged()]) as board:
            return self.anklet(day, "sync", "--port", board.port)

    def _plugged(self) -> str:
        """MicroPython's start of the board on USB, nothing recorded since it has power."""
        path = [str(device.folder("firmware")), str(device.folder("boards") / "sim")]
        now = clock.board_time(dt.datetime.now())
        board = f"root={str(self.board)!r}, device_id={self.person.device!r}, utc={now!r}"
        return (
            f"import io, sys; sys.path[:0] = {path!r}; import hw, hostlink; "
            f"hostlink.attach(hw.board(io.BytesIO(b''), {board}))"
        )


def _run(*command: str, **env: str) -> str:
    """What a command printed. Raises ChildProcessError with what it said when it fails."""
    ran = subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ChildProcessError(f"{' '.join(command)}: {ran.stderr.strip()}")
    return ran.stdout


def live(person: Person, folder: Path) -> tuple[bool, str]:
    """A person's trial from plan to result; whether it says the right thing, and what it says."""
    bed = Bed(person, folder / person.name)
    planned = bed.trial(0, "plan", TRIED, *SHAPE, "--seed", str(person.seed))
    transcript = [f"$ anklet trial plan {TRIED}", planned]
    plan = bed.trial_json(0, "status")
    nights = plan["done"]["nights_planned"]
    rng = np.random.default_rng(person.seed)
    level = rng.normal(0.0, SD)
    for day in range(nights):
        evening = bed.trial_json(day, "tonight")
        bed.anklet(
            day, "note", "--label", person.name, "--night", evening["night"], evening["take"]
        )
        factor = person.factor if evening["take"] == TRIED else 1.0
        if day not in FORGOTTEN:
            bed.sleep(day, USUAL_PLM_PER_HOUR * float(np.exp(level)) * factor)
        level = LIKENESS * level + rng.normal(0.0, SD * np.sqrt(1 - LIKENESS**2))
        if (day + 1) % (nights // 6) == 0:
            print(f"   {person.name}: {day + 1} of {nights} nights", flush=True)
    transcript += ["$ anklet sync", bed.sync(nights)]
    transcript += ["$ anklet trial status", bed.trial(nights, "status")]
    transcript += ["$ anklet trial result", bed.trial(nights, "result")]
    found = bed.trial_json(nights, "result")
    right = found["says"] == person.says
    covers = found["low"] <= person.factor - 1 <= found["high"]
    truth = f"{person.factor - 1:+.0%}" if person.factor != 1 else "no effect"
    transcript.append(
        f"The truth was {truth}; the result says {found['says']!r}"
        f"{'' if right else f', NOT {person.says!r}'}, and its interval "
        f"{'holds' if covers else 'does not hold'} the truth."
    )
    return right, "\n".join(transcript)


def main(folder: str = "demo-trial") -> int:
    if replay.micropython() is None:
        print("MicroPython has no package for this computer, and this demo needs its USB side.")
        return 0
    home = Path(folder).resolve()
    shutil.rmtree(home, ignore_errors=True)
    print(f"Two simulated people, 36 nights of {HOURS:g} hours each, both at once:", flush=True)
    with ProcessPoolExecutor(len(PEOPLE)) as pool:
        lives = [pool.submit(live, person, home) for person in PEOPLE]
        results = [each.result() for each in lives]
    for person, (_, transcript) in zip(PEOPLE, results, strict=True):
        print(f"\n===== {person.name}: what is tried changes PLM/h by {person.factor - 1:.0%}\n")
        print(transcript)
    return 0 if all(right for right, _ in results) else 1


if __name__ == "__main__":
    started = time.monotonic()
    try:
        code = main(*sys.argv[1:2])
    except ChildProcessError as error:
        print(f"demo-trial: {error}", file=sys.stderr)
        code = 1
    print(f"\n   {time.monotonic() - started:.0f} s in all")
    sys.exit(code)
