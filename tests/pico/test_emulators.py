"""The two emulators of the RP2040, each with the same night: what the firmware makes of it is the
same, movement by movement. Their clocks are not compared: a cycle more or less is no fault."""

from dataclasses import asdict

import device_files
import machine_js
import pytest
from anklet.archive.store import Archive
from anklet.archive.sync import sync
from anklet.night.session import Session
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import EmulatedPico
from machine import EMULATORS

RATE = 50
LAST = 62 * RATE  # the first minute is on the flash then


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Session]:
    if not machine_js.there():
        pytest.skip("make setup found no Node")  # and has said so
    night = make_night(0.2, seed=1, plm_per_hour=90, families=("plm", "noise", "breathing"))
    begin = round(night.truth["movements"][0]["onset_s"] - 15) * RATE
    raw = to_raw(Acceleration(rate=RATE, acc=night.acc[begin:]))
    files = device_files.compiled()
    found = {}
    for emulator in EMULATORS:
        archive = Archive(tmp_path_factory.mktemp(emulator))
        with EmulatedPico(raw, files, emulator=emulator) as pico:
            pico.until(20 * RATE)
            pico.command("nack 1")
            pico.until(LAST)
            pico.speed(1)
            (session,) = sync(pico.port, archive)["downloaded"]
        found[emulator] = archive.load(session)
    return found


def test_both_record_without_a_gap_though_the_sensor_did_not_answer_once(nights):
    for night in nights.values():
        assert (night.gaps, night.faults, night.damage) == ([], [], [])
        assert not night.session.endswith("-00000000")  # drawn anew by each board
        assert [epoch["retries"] for epoch in night.epochs[:1]] == [1]


def test_both_find_the_same_movements_at_the_same_samples(nights):
    same = ("number", "n", "peak_mg", "kind", "flags")
    seen = [
        [[asdict(lm)[name] for name in same] for lm in night.lms if lm.n < LAST - 10 * RATE]
        for night in nights.values()
    ]
    assert len(seen[0]) >= 2
    assert seen[0] == seen[1]


def test_both_write_the_same_first_minute(nights):
    one, other = (night.epochs[0] for night in nights.values())
    apart = {name for name in one if one[name] != other[name]}
    assert apart <= {"ms"}  # the sensor's rate is measured anew in each run
    assert abs(one["ms"] - other["ms"]) <= 20
