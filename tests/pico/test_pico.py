"""A night on an emulated Pico, from its FIFO over USB to the archive."""

import device_files
import numpy as np
import pytest
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.night import nightfile
from anklet.night.session import Session
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import DEVICE, EmulatedPico
from plmcore import reader, record

RATE = 50
MINUTES = 10
DEVICE_ID = DEVICE.hex()


def part(family: str, seed: int, hours: float, start_s: int, stop_s: int) -> np.ndarray:
    night = make_night(hours, seed=seed, plm_per_hour=90, families=(family, "noise", "breathing"))
    return night.acc[start_s * RATE : stop_s * RATE]


@pytest.fixture(scope="module")
def raw() -> bytes:
    """Ten minutes: a series of PLMs, and two kicks far from it; the leg lies otherwise in each."""
    parts = (
        part("plm", 1, 0.1, 0, 360),
        part("isolated", 2, 0.5, 1170, 1300),
        part("isolated", 3, 0.5, 1500, 1700),
    )
    return to_raw(Acceleration(rate=RATE, acc=np.concatenate(parts)))


class Run:
    """What came of it: the first sync, one right after it, and one a minute later."""

    def __init__(self, raw: bytes, archive: Archive):
        with EmulatedPico(raw, device_files.compiled()) as pico:
            pico.until(MINUTES * 60 * RATE)
            self.recorded = pico.stats()
            pico.speed(1)
            self.first = sync(pico.port, archive)
            self.second = sync(pico.port, archive)
            pico.until(pico.stats()["taken"] + 30 * RATE)
            pico.speed(1)
            self.third = sync(pico.port, archive)
            self.flash = pico.files()
        self.raw = raw
        self.files = {
            session: (archive.path / "raw" / DEVICE_ID / f"{session}.plm").read_bytes()
            for found in (self.first, self.third)
            for session in found["downloaded"]
        }

    def night(self, number: int) -> Session:
        return nightfile.parse(list(self.files.values())[number - 1])

    def samples(self, number: int) -> int:
        """How many samples the firmware saw in a session."""
        *_, (_, kind, _, last) = reader.read(list(self.files.values())[number - 1])
        assert kind == record.COUNTS
        return int(last["n"])


@pytest.fixture(scope="module")
def run(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(raw, Archive(tmp_path_factory.mktemp("archive")))


def test_the_night_is_recorded_without_a_gap(run):
    night = run.night(1)
    assert night.meta["board"] == "rpi_pico"
    assert night.meta["device"] == DEVICE_ID
    assert (night.gaps, night.faults, night.damage) == ([], [], [])
    assert run.recorded["overwritten"] == 0
    assert run.samples(1) >= MINUTES * 60 * RATE - 32


def test_it_is_what_replay_makes_of_the_same_samples(run):
    night = run.night(1)
    expected = nightfile.parse(replay.record_raw(run.raw[: 6 * run.samples(1)]))
    assert night.counts == expected.counts
    assert night.counts["plm"] >= 8
    kinds = [lm.kind for lm in expected.lms]
    assert "posture" in kinds
    assert sum(lm.kind == "clm" and not lm.plm for lm in expected.lms) == 2
    same = ("number", "n", "peak_mg", "kind", "flags", "plm", "series")
    for lm, other in zip(night.lms, expected.lms, strict=True):
        for name in same:
            assert getattr(lm, name) == getattr(other, name), (name, lm, other)
        # The sensor's rate is measured anew in each run: within a sample.
        assert abs(lm.duration_ms - other.duration_ms) < 1000 / RATE
        assert abs(lm.onset_ms - other.onset_ms) < 1000 / RATE


def test_sync_files_the_night_and_does_not_fetch_it_again(run):
    assert run.first["verified"]
    assert len(run.first["downloaded"]) == 1
    assert run.first["clock_offset_s"] is None
    assert run.second["downloaded"] == []
    assert run.second["already"] == 1


def test_recording_goes_on_after_a_sync(run):
    assert len(run.third["downloaded"]) == 1
    assert [session[:6] for session in run.files] == ["00001-", "00002-"]
    night = run.night(2)
    assert "clock" not in night.flags
    assert run.samples(2) >= 20 * RATE  # of 30 s; the board started in the others
    assert (night.gaps, night.damage) == ([], [])


def test_the_flash_still_has_every_night(run):
    for session, data in run.files.items():
        assert run.flash[f"/nights/000/{session}.plm"] == data
