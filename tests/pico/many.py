"""Many sessions of 3 to 600 s on one flash, the power cut at the end of each: `make many`.

    python tests/pico/many.py [SESSIONS]

Most are short, as of a loose plug. MicroPython on this computer lives through EVERY of them (see
tests/soak/sessions.py), then the emulated Pico starts on the flash as they left it: the first
sample has to come in START_S, it records for two minutes, all that was flushed in any session is
synced, and HEAP bytes are free. The flash that the Pico leaves is that of the next EVERY.
"""

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

import device_files
import image
import picoflash
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.repl import Repl
from anklet.night import nightfile
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import DEVICE, EmulatedPico
from mpremote.transport_serial import SerialTransport

from tests import soak

RATE = 50
START_S = 5.0
RECORDED_S = 130
HEAP = 100_000
EVERY = 200  # as many as leave a flash of 848 KiB nearly full


def heap(pico: EmulatedPico) -> int:
    """Bytes free once the firmware was interrupted."""
    transport = SerialTransport(pico.port, timeout=300)
    transport.enter_raw_repl(soft_reset=False, timeout_overall=300)
    free = transport.exec("import gc; gc.collect(); print(gc.mem_free())")
    transport.close()
    return int(free)


def lived(flash: Path, raw: bytes, archive: Archive) -> dict[str, float]:
    """The Pico starts on this flash, records, is synced and ended."""
    with EmulatedPico(raw, flash_file=flash) as pico:
        pico.until(1)
        start_s = pico.stats()["simulated_s"]
        pico.until(RECORDED_S * RATE)
        pico.speed(1)
        synced = sync(pico.port, archive)
        found = {"start_s": start_s, "synced": len(synced["downloaded"]), "free": heap(pico)}
        last = archive.load(max(synced["downloaded"]))
        if len(last.epochs) < RECORDED_S // 60:
            raise RuntimeError(f"the Pico recorded {len(last.epochs)} minutes")
    return found


def lost(due: dict[str, list], archive: Archive) -> list[str]:
    """The sessions of which something that was flushed is not in the archive."""
    missing = []
    for session, (size, sha) in due.items():
        path = archive.raw(DEVICE.hex(), session)
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data[:size]).hexdigest() != sha or nightfile.parse(data).damage:
            missing.append(session)
    return missing


def main(sessions: int) -> int:
    Repl.silence_s = 120  # of a busy computer that emulates
    night = make_night(2, seed=1, plm_per_hour=60)
    raw = to_raw(Acceleration(night.rate, night.acc), night.rate)
    slowest, least, torn, due, most = 0.0, 1 << 30, 0, 0, 0
    with TemporaryDirectory(prefix="anklet-") as folder:
        archive = Archive(Path(folder, "archive"))
        samples, files, flash = (Path(folder, name) for name in ("raw", "files", "flash"))
        samples.write_bytes(raw)
        files.write_bytes(picoflash.file_system(device_files.compiled()))
        whole = picoflash.of_uf2(image.image())
        for first in range(0, sessions, EVERY):
            number = min(EVERY, sessions - first)
            found = soak.short_sessions(first + 1, number, files, samples)
            whole[picoflash.START :] = files.read_bytes()
            flash.write_bytes(whole)
            pico = lived(flash, raw, archive)
            whole[:] = flash.read_bytes()
            files.write_bytes(whole[picoflash.START :])
            gone = [*found["wrong"], *lost(found["due"], archive)]
            slowest, least = max(slowest, pico["start_s"]), min(least, pico["free"])
            torn, due = torn + found["torn"], due + len(found["due"])
            most = max(most, found["files"])
            print(
                f"{first + number} sessions, {torn} cut within an operation; {due} with something "
                f"flushed, {most} on the flash at most; start {slowest:.1f} s, {least} bytes free",
                flush=True,
            )
            if gone or slowest > START_S or least < HEAP:
                print("not there:", *gone)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
