"""What goes wrong in a bedroom, on the emulated Pico: each time the night goes on."""

import random
from collections.abc import Callable

import device_files
import pytest
from anklet.night import nightfile
from anklet.night.session import Session, reader
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from emulator import PATIENCE_S, EmulatedPico
from mpremote.transport_serial import SerialTransport

RATE = 50
TIMES = 4
CAUSES = reader.CAUSES
FAULTS = reader.FAULTS


@pytest.fixture(scope="module")
def start() -> Callable[[], EmulatedPico]:
    """Starts a Pico with the firmware, on a night that is long enough."""
    night = make_night(0.2, seed=1, plm_per_hour=90, families=("plm", "noise", "breathing"))
    raw = to_raw(Acceleration(rate=RATE, acc=night.acc))
    files = device_files.compiled()
    return lambda: EmulatedPico(raw, files)


def after(pico: EmulatedPico, seconds: float) -> None:
    """Simulate so many seconds more; without a sensor too."""
    pico.command(f"pass {seconds}")


def repl(pico: EmulatedPico) -> SerialTransport:
    """Ctrl-C, and the prompt that follows."""
    pico.speed(1)
    transport = SerialTransport(pico.port, timeout=PATIENCE_S)
    transport.enter_raw_repl(soft_reset=False, timeout_overall=PATIENCE_S)
    return transport


def nights(pico: EmulatedPico) -> list[Session]:
    """The nights on the flash as they are now."""
    files = pico.files()
    return [nightfile.parse(files[path]) for path in sorted(files) if path.endswith(".plm")]


def closed(pico: EmulatedPico) -> list[Session]:
    """The nights after a Ctrl-C."""
    repl(pico).close()
    pico.command("hold")
    return nights(pico)


def gaps(night: Session) -> list[tuple[str, float]]:
    """Cause and seconds of each."""
    return [(CAUSES[gap["cause"]], gap["lost_ms"] / 1000) for gap in night.gaps]


def test_the_sensor_is_unplugged_for_20_s_and_comes_back(start):
    with start() as pico:
        after(pico, 12)
        pico.command("plug 0")
        after(pico, 20)
        pico.command("plug 1")
        after(pico, 8)
        (night,) = closed(pico)
    ((cause, seconds),) = gaps(night)
    assert cause == "sensor"
    assert 19 < seconds < 23
    assert [FAULTS[fault["code"]] for fault in night.faults] == ["no_sensor"]
    # The span of the same samples at the rate known then and at the rate known at the end.
    assert abs(night.counts["gap_ms"] - seconds * 1000) < 20
    assert "cut" not in night.flags
    assert 36 < night.length_ms / 1000 < 40


def test_50_calls_without_an_answer(start):
    with start() as pico:
        after(pico, 8)
        pico.command("nack 50")
        after(pico, 8)
        (night,) = closed(pico)
    ((cause, seconds),) = gaps(night)
    assert cause == "sensor"
    assert seconds < 3
    assert 10 < night.recorded_s < 14


@pytest.mark.parametrize("when_s", [0, 8], ids=["at start", "in the night"])
def test_a_sensor_that_holds_the_bus(start, when_s):
    with start() as pico:
        if when_s:
            after(pico, when_s)
        pico.command("stick 7")
        after(pico, 8)
        (night,) = closed(pico)
    # In the night a drain that is tried again may be enough, or the sensor is set up anew.
    assert [cause for cause, _ in gaps(night)] in ([[], ["sensor"]] if when_s else [[]])
    lost_s = sum(seconds for _, seconds in gaps(night))
    assert lost_s < 1
    assert night.recorded_s + lost_s > when_s + 4  # of when_s + 8, less the start and the window
    assert "cut" not in night.flags


HANG = """
import hostlink, main, monitor, time
cycle = monitor.Monitor.cycle
def hang(self):
    cycle(self)
    if self.time.n > 3100:  # what is cut before its first minute leaves no file
        time.sleep(1000)
monitor.Monitor.cycle = hang
main.run(hostlink._get())
"""


def test_the_loop_hangs_and_the_watchdog_starts_the_next_session(start):
    with start() as pico:
        after(pico, 3)
        transport = repl(pico)
        transport.exec_raw_no_follow(HANG)
        after(pico, 85)  # 62 s of recording, 8 s of the watchdog, start and the window
        transport.close()
        first, hung, night = closed(pico)
        state = pico.files()["/state.json"]
    assert "cut" in hung.flags
    assert night.meta["start"] == "watchdog"
    assert night.restart is not None
    assert [FAULTS[fault["code"]] for fault in night.faults] == ["hang"]
    assert gaps(night) == []
    assert 5 < night.recorded_s < 15
    assert b'"start": "watchdog"' in state
    # One power-up: 62 s of recording, 8 s of the watchdog, start and 2 s of the window.
    assert first.session == hung.meta["power"] == night.meta["power"]
    assert 71_500 < int(night.meta["uptime_ms"]) - int(hung.meta["uptime_ms"]) < 75_500


def test_a_computer_that_dies_in_the_first_two_seconds_does_not_end_the_night(start):
    with start() as pico:
        after(pico, 1)
        transport = repl(pico)
        steps = transport.exec("print(_board._host_steps)")
        transport.exec("_board._host_steps = 1")  # the test need not wait for all ten minutes
        transport.close()  # and never a soft reset
        before = nights(pico)
        pico.speed(0)
        after(pico, 25)  # the last step, 8 s of the watchdog, start and the window
        (night,) = closed(pico)
    assert 250 < int(steps) <= 300  # of 2 s
    assert before == []
    assert night.recorded_s > 5


def test_the_power_is_cut_in_the_middle(start):
    with start() as pico:
        after(pico, 75)
        pico.command("power")
        after(pico, 10)
        cut, night = closed(pico)
    assert cut.damage == []
    assert cut.flags.count("cut") == 1
    assert cut.recorded_s >= 60  # what was flushed each minute
    assert len(cut.epochs) == 1
    assert night.meta["start"] == "power"
    assert night.restart is not None
    assert night.session[:5] == "00002"
    assert night.recorded_s > 4
    assert (cut.meta["power"], night.meta["power"]) == (cut.session, night.session)


def test_ctrl_c_at_any_moment(start):
    moments = random.Random(1)
    with start() as pico:
        for _ in range(TIMES):
            after(pico, 4 + moments.random())
            transport = repl(pico)
            pico.deliver(b"\x02\x04", transport.serial)  # to the prompt, and a soft reset
            transport.close()
        pico.command("hold")
        recorded = nights(pico)
    assert len(recorded) >= TIMES
    assert [night.meta["start"] for night in recorded] == ["first"] + ["host"] * (
        len(recorded) - 1
    )
    for night in recorded[:TIMES]:
        assert (night.damage, night.gaps, night.faults) == ([], [], [])
        assert "cut" not in night.flags
    for night in recorded[1:]:
        assert night.restart is not None
        assert 0 < night.restart["lost_ms"] < 10000
