"""Every command that writes, on a disk that fails at each modifying system call in turn.

    python tests/helpers/hostfaults.py [EVERY]

Afterwards nothing is lost that was there, what was said is true, and the same command once more
gives what it gives on a sound disk. Linux on x86-64 (see disk.py).
"""

import contextlib
import hashlib
import io
import os
import shutil
import sqlite3
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest import mock

REPO = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(REPO / folder) for folder in ("tests/helpers", "boards/sim", "firmware")]

import disk  # noqa: E402
from anklet.archive import database  # noqa: E402
from anklet.archive import sync as syncing  # noqa: E402
from anklet.archive.journal import Journal  # noqa: E402
from anklet.archive.store import Archive  # noqa: E402
from anklet.board.boardinfo import Info, NightFile  # noqa: E402
from anklet.cli import main  # noqa: E402
from anklet.errors import AnkletError  # noqa: E402
from anklet.trial import CLOCK, power  # noqa: E402
from anklet.trial.seal import Trials  # noqa: E402
from anklet.web.server import create_app  # noqa: E402
from nightbytes import Builder, add_to, whole  # noqa: E402

DEVICE = "e6614103e7452b2f"
ONE, TWO = "00001-1a2b3c4d", "00002-1a2b3c4d"
POWER = "00001-1a2b3c4d"
NIGHT = "2026-11-21"  # evening of the nights of nightbytes
TRACE = b"a trace" * 30
FILES = {f"{ONE}.plm": whole(session=ONE), f"{TWO}.plm": whole(session=TWO)}
TRACES = {f"{ONE}.trc": TRACE}


class Board:
    """In place of a link to a board: it has FILES and TRACES, and remembers what was acked."""

    acks: ClassVar[Path]

    def __init__(self, port):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def info(self):
        def listed(files):
            return [
                NightFile(name, len(data), (self.acks / name).exists()) for name, data in files
            ]

        nights, traces = listed(FILES.items()), listed(TRACES.items())
        more = {"clock_offset_s": 0.0, "rules": "wasm2016", "micropython": "1.28", "free": 10**6}
        return Info(
            *(DEVICE, "rpi_pico", "0.1", "left", "bed", nights),
            **more,
            **{"flash": "", "utc_ms": 1795300000000, "power": POWER, "up_ms": 10**8},
            traces=traces,
        )

    def sha256(self, night):
        return hashlib.sha256((FILES | TRACES)[night.name]).hexdigest()

    def download(self, night, arrived):
        return (FILES | TRACES)[night.name]

    def ack(self, night, digest):
        (self.acks / night.name).write_text(digest)

    def set_clock(self):
        pass


def _command(*argv):
    return lambda: main(list(argv))


def _planning(*more):
    """A trial planned the same every time: a seed is for a simulated clock alone."""

    def work():
        now = {CLOCK: f"{NIGHT}T21:00"}
        with mock.patch.dict(os.environ, now), mock.patch.multiple(power, TRIALS=40, PATTERNS=2):
            return main([*PLAN, "--seed", "1", *more])

    return work


def _backing_up():
    return main(["backup", str(_backup(Path(os.environ["ANKLET_HOME"])))])


def _restoring():
    return main(["restore", str(Path(os.environ["ANKLET_HOME"]).parents[1] / "safe.zip")])


def _backup(home):
    return home.parent / "backup.zip"


def _save(path, **form):
    """A form of the pages, sent."""

    def work():
        app = create_app(Path(os.environ["ANKLET_HOME"]), "secret")
        answer = app.test_client().post(
            f"/secret{path}", data=form, headers={"Origin": "http://localhost"}
        )
        if answer.status_code != 303:
            print(answer.text, file=sys.stderr)
        return 0 if answer.status_code == 303 else 8

    return work


def _two_nights(home):
    archive = Archive(home)
    with archive.lock():
        for data in FILES.values():
            add_to(archive, data)


def _an_evening(home):
    _two_nights(home)
    Journal(home).set(NIGHT, {"urge": 6}, "bed")


def _undated(home):
    """A night of unknown time, which the next one's clock dates."""
    night = Builder(session=ONE, power=POWER, up=0)
    archive = Archive(home)
    with archive.lock():
        add_to(archive, bytes(night.counts(1000).data))


def _dated(home):
    _undated(home)
    assert main(["date", ONE, "2026-11-20", "22:30"]) == 0


def _outdated(home):
    _two_nights(home)
    with contextlib.closing(sqlite3.connect(home / "anklet.db")) as db:
        db.execute(f"PRAGMA user_version = {database.SCHEMA - 1}")


def _a_trial(home):
    assert main(list(PLAN)) == 0


def _only_a_backup(home):
    _an_evening(home)
    assert main(["backup", str(home.parents[1] / "safe.zip")]) == 0
    shutil.rmtree(home)


PLAN = ("trial", "plan", "magnesium_mg=300")
# name -> (what is there before, what is done)
DEEDS = {
    "sync": (lambda home: None, _command("sync", "--port", "x")),
    "sync of the rest": (_undated, _command("sync", "--port", "x")),
    "note": (lambda home: None, _command("note", "--night", "", "magnesium_mg=300")),
    "note again": (
        _an_evening,
        _command("note", "--night", NIGHT, "--label", "bed", "iron_mg=14"),
    ),
    "date": (_undated, _command("date", ONE, "2026-11-20", "22:30")),
    "date, corrected": (_dated, _command("date", ONE, "2026-11-20", "23:30")),
    "date, taken back": (_dated, _command("date", ONE, "--undo")),
    "rebuild": (_an_evening, _command("rebuild")),
    "backup": (_an_evening, _backing_up),
    "restore": (_only_a_backup, _restoring),
    "nights after an update": (_outdated, _command("nights", "--json")),
    "trial plan": (lambda home: None, _planning()),
    "trial plan, blind": (lambda home: None, _planning("--blind")),
    "trial tonight": (_a_trial, _command("trial", "tonight")),
    "trial stop": (_a_trial, _command("trial", "stop", "--why", "a journey")),
    "the page of the journal": (
        _an_evening,
        _save("/journal", night=NIGHT, label="bed", caffeine_mg="90"),
    ),
    "the page that hides": (_an_evening, _save(f"/night/{DEVICE}/{ONE}/hide", why="the strap")),
    "the page that shows": (_an_evening, _save(f"/night/{DEVICE}/{ONE}/show")),
}


def state(home):
    """All that is kept and shown, by what it is."""
    kept = {}
    for path in (home / "raw").glob("*/*.[pt][lr][mc]"):
        kept["file", path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    with contextlib.suppress(AnkletError), contextlib.redirect_stderr(io.StringIO()):
        for item in Archive(home).sessions():
            kept["night", item["session"]] = repr(sorted(item.items()))
    if _backup(home).exists():
        with zipfile.ZipFile(_backup(home)) as zipped:
            kept |= {("backed up", info.filename): info.CRC for info in zipped.infolist()}
    diary, trials = Journal(home), Trials(home)
    for night, values in diary.entries().items():
        kept |= {("note", night, key): value for key, value in values.items()}
    kept |= {("hidden", *key): why for key, why in diary.reasons().items()}
    for plan in trials.sealed():
        assert trials.verified(plan.id)[0] == plan
        kept["plan", plan.id] = (plan.order, plan.arms["A"])
        kept["sheet", plan.id] = plan.blind and trials.bottles(plan.id).read_text()
        kept["stopped", plan.id] = bool(trials.events(plan.id, "stopped"))
    return kept


@dataclass
class Result:
    faults: int = 0
    calls: int = 0
    wrong: list[str] = field(default_factory=list)


def disturb(name, folder, every=1, first=0):
    """Each fault at one in `every` of the calls of a deed."""
    prepare, deed = DEEDS[name]
    result = Result()
    home, sound, acks = folder / "kept" / "archive", folder / "before", folder / "acks"
    before_env, link = os.environ.get("ANKLET_HOME"), syncing.Link
    os.environ["ANKLET_HOME"] = str(home)
    syncing.Link, Board.acks = Board, acks

    def renew():
        for path in (home.parent, acks):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        if sound.exists():
            shutil.copytree(sound, home)

    def aloud():
        """The deed in this process: its exit code."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return deed()

    try:
        renew()
        with contextlib.redirect_stdout(io.StringIO()):
            prepare(home)
        if home.exists():
            shutil.copytree(home, sound)
        before = state(home) if name != "nights after an update" else {}
        assert aloud() == 0
        after = state(home)
        renew()
        _, result.calls = disk.run(lambda: _silent(deed, folder / "said"), home.parent)
        turn = first
        for at in range(result.calls):
            for fault in disk.FAULTS:
                turn += 1
                if turn % every:
                    continue
                renew()
                code, _ = disk.run(lambda: _silent(deed, folder / "said"), home.parent, at, fault)
                said = (folder / "said").read_text()
                result.faults += 1
                for wrong in _judge(home, acks, code, said, before, after, aloud):
                    result.wrong.append(f"{name}, {fault} at call {at}: {wrong} ({code}) {said}")
    finally:
        syncing.Link = link
        if before_env is None:
            del os.environ["ANKLET_HOME"]
        else:
            os.environ["ANKLET_HOME"] = before_env
    return result


def _silent(deed, said):
    """The deed in a child process, with what it says in a file."""
    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(1, "w")),
        io.TextIOWrapper(io.FileIO(2, "w")),
    )
    code = deed()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _judge(home, acks, code, said, before, after, again):
    """What is wrong after a fault."""
    now = state(home)
    if code not in (0, 8, -9) and not (code == 2 and "backup.zip can't be written" in said):
        yield "no sentence for people"
    if code == 0 and now != after:
        yield "said to be done, and is not"
    if "not saved" in said and now != before:
        yield "said not to be saved, and is"
    for key, value in before.items():
        if key[0] != "night" and now.get(key) not in (value, after.get(key)):
            yield f"{key} is lost"
    for ack in acks.iterdir():
        device_file = home / "raw" / DEVICE / ack.name
        if hashlib.sha256(device_file.read_bytes()).hexdigest() != ack.read_text():
            yield f"{ack.name} is acknowledged and not filed"
    code = again()
    if code and not (code == 2 and now == after):  # "planned already", which is so
        yield f"once more ends with {code}"
    if state(home) != after:
        yield "once more does not give what it should"


def report(every=1):
    """All deeds, a line each; whether all was well."""
    wrong, faults = [], 0
    with TemporaryDirectory() as folder:
        for number, name in enumerate(DEEDS):
            own = Path(folder, str(number))
            own.mkdir()
            found = disturb(name, own, every, number)
            faults += found.faults
            wrong += found.wrong
            print(f"{name}: {found.calls} modifying calls, {found.faults} faults", flush=True)
    print(f"{faults} faults: {len(wrong)} after which something was lost, or said and not so")
    print("\n".join(wrong[:20]))
    return not wrong


if __name__ == "__main__":
    if not disk.HERE:
        sys.exit("The disk's faults are made by ptrace, on Linux x86-64.")
    sys.exit(not report(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
