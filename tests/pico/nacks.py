"""Two hours with a sensor that does not answer once every five seconds: `make nacks`.

    python tests/pico/nacks.py [HOURS]

A loose cable. The emulated Pico records the same simulated night twice, with and without, and has
to find the same PLMs and to lose no sample. About half an hour of a processor.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import device_files
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.repl import Repl
from anklet.night.session import Session
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import EmulatedPico

RATE = 50
EVERY = 5 * RATE
PLM = 60  # an hour


def lived(raw: bytes, folder: Path, nacks: bool) -> Session:
    archive = Archive(folder)
    began = time.monotonic()
    with EmulatedPico(raw, device_files.compiled()) as pico:
        for sample in range(EVERY, len(raw) // 6 - EVERY, EVERY):
            pico.until(sample)
            if nacks:
                pico.command("nack 1")
        pico.speed(1)
        (session,) = sync(pico.port, archive)["downloaded"]
    night = archive.load(session)
    retries = sum(epoch["retries"] for epoch in night.epochs)
    print(
        f"{'a NACK every 5 s' if nacks else 'undisturbed'}: {night.counts['plm']} PLM, "
        f"{night.counts['clm']} CLM, {retries} retries, {len(night.gaps)} gaps, "
        f"{night.recorded_s / 3600:.2f} h, in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return night


def main(hours: float) -> int:
    Repl.silence_s = 120  # of a busy computer that emulates
    night = make_night(hours, seed=1, plm_per_hour=PLM)
    raw = to_raw(Acceleration(rate=RATE, acc=night.acc))
    with TemporaryDirectory() as folder, ProcessPoolExecutor(2) as both:
        runs = [
            both.submit(lived, raw, Path(folder, str(nacks)), nacks) for nacks in (False, True)
        ]
        without, with_ = (run.result() for run in runs)
    same = [
        [(lm.onset_ms // 100, lm.kind, lm.plm) for lm in found.lms] for found in (without, with_)
    ]
    alike = sum(a == b for a, b in zip(*same, strict=False))
    print(f"{alike} of {len(same[0])} movements are alike in onset (0.1 s), kind and PLM")
    return 0 if with_.counts["plm"] == without.counts["plm"] and not with_.gaps else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0))
