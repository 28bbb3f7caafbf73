"""The LIS3DH driver, the register model and the simulated board."""

import io
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import flash
import hw
import pytest
from drivers.bus import I2CBus
from drivers.lis3dh import LIS3DH, ODR_50, SensorError
from lis3dh_model import LIS3DHModel
from patience import PATIENCE_S
from places import REPO

LOST = struct.pack("<3h", -32768, 0, 0)


def numbered(count, first=0):
    """Samples that carry their number in 10-bit steps: 9 bits in x, 9 bits in y, 1 g in z."""
    return b"".join(
        struct.pack("<3h", (k % 512) << 6, (k // 512) << 6, 16384)
        for k in range(first, first + count)
    )


def numbers(raw):
    return [(x >> 6) + 512 * (y >> 6) for x, y, _ in struct.iter_unpack("<3h", raw)]


class Bench:
    """A model on a clock that the test turns."""

    def __init__(self, data, ppm=0, fifo_only=False):
        self.us = 0
        self.model = LIS3DHModel(io.BytesIO(data), lambda: self.us, ppm, fifo_only)
        self.read, self.write = self.model.read_reg, self.model.write_reg

    def stream(self, fifo_ctrl=0x80, ctrl1=0x47):
        self.write(0x24, 0x40)
        self.write(0x2E, fifo_ctrl)
        self.write(0x20, ctrl1)
        return self

    def samples(self, n):
        """Let n sample periods at 50 Hz pass."""
        self.us += n * 20000
        return self

    def burst(self, n, reg=0x28):
        buf = bytearray(n)
        self.model.burst_read(reg, buf, True)
        return bytes(buf)


def driven(data, **options):
    board = hw.board(io.BytesIO(data), **options)
    return board, LIS3DH(board.buses()[0])


# -- the register model


def test_first_sample_comes_one_period_after_the_rate_is_set():
    bench = Bench(numbered(10)).stream()
    bench.us = 19999
    assert bench.model.waiting() == 0
    bench.us = 20000
    assert bench.model.waiting() == 1


@pytest.mark.parametrize("ppm", [-50000, -333, 0, 777, 50000])
def test_output_rate_error_is_exact_over_hours(ppm):
    bench = Bench(bytes(6 * 400_000), ppm).stream()
    bench.us = 2 * 3600 * 1_000_000
    bench.model.waiting()
    taken = 32 + bench.model.overwritten
    assert taken == 2 * 3600 * 50 * (1_000_000 + ppm) // 1_000_000


@pytest.mark.parametrize(("field", "hz"), [(1, 1), (2, 10), (3, 25), (4, 50), (5, 100), (6, 200)])
def test_every_output_rate(field, hz):
    bench = Bench(bytes(6 * 1000)).stream(ctrl1=field << 4 | 7)
    bench.us = 1_000_000
    bench.model.waiting()
    assert min(hz, 32) == bench.model.waiting()
    assert bench.model.overwritten == max(hz - 32, 0)


def test_power_down_makes_no_samples():
    bench = Bench(numbered(10)).stream(ctrl1=0x07).samples(5)
    assert bench.model.waiting() == 0


def test_fifo_src_counts_to_31_and_overrun_means_full():
    bench = Bench(numbered(100)).stream(0x80 | 4)
    assert bench.read(0x2F) == 0x20
    assert bench.samples(4).read(0x2F) == 4
    assert bench.samples(1).read(0x2F) == 0x80 | 5
    assert bench.samples(26).read(0x2F) == 0x80 | 31
    assert bench.samples(1).read(0x2F) == 0xC0 | 31
    bench.burst(6)
    assert bench.read(0x2F) == 0x80 | 31
    bench.burst(6)
    assert bench.read(0x2F) == 0x80 | 30


def test_stream_mode_drops_the_oldest():
    bench = Bench(numbered(100)).stream().samples(40)
    assert numbers(bench.burst(32 * 6)) == list(range(8, 40))
    assert bench.model.overwritten == 8


def test_fifo_mode_stops_when_full_until_bypass():
    bench = Bench(numbered(100)).stream(0x40).samples(40)
    assert numbers(bench.burst(32 * 6)) == list(range(32))
    assert bench.samples(5).model.waiting() == 0
    bench.write(0x2E, 0x00)
    bench.write(0x2E, 0x40)
    assert numbers(bench.samples(1).burst(6)) == [45]


def test_bypass_empties_the_fifo():
    bench = Bench(numbered(100)).stream().samples(40)
    bench.write(0x2E, 0x00)
    assert bench.read(0x2F) == 0x20


def test_burst_wraps_within_a_sample_and_stays_on_the_last_when_empty():
    bench = Bench(numbered(100)).stream().samples(3)
    # 18 bytes from the middle of a sample: 0x2A..0x2D, then 0x28 again for the next one.
    raw = bench.burst(16, reg=0x2A)
    assert raw[4:10] == numbered(1, 1)
    assert bench.burst(12) == numbered(1, 2) * 2


def test_auto_increment_leaves_the_output_registers_while_the_fifo_is_off():
    bench = Bench(numbered(100))
    assert bench.model.next_reg(0x2D) == 0x2E
    bench.stream()
    assert bench.model.next_reg(0x2D) == 0x28


def test_without_auto_increment_one_register_repeats():
    bench = Bench(numbered(1)).stream().samples(1)
    buf = bytearray(6)
    bench.model.burst_read(0x0F, buf, False)
    assert buf == b"\x33" * 6


def test_fifo_keeps_ten_bits_in_every_mode():
    data = struct.pack("<3h", 0x1234, -1, 0x7FFF) * 3
    for ctrl4 in (0x00, 0x08):
        bench = Bench(data).stream()
        bench.write(0x23, ctrl4)
        assert struct.unpack("<3h", bench.samples(1).burst(6)) == (0x1200, -64, 0x7FC0)


@pytest.mark.parametrize(
    ("ctrl1", "ctrl4", "x"), [(0x47, 0x00, 0x1240), (0x47, 0x08, 0x1270), (0x4F, 0x00, 0x1200)]
)
def test_output_registers_without_fifo_have_the_bits_of_the_mode(ctrl1, ctrl4, x):
    bench = Bench(struct.pack("<3h", 0x127F, 0, 0) * 3)
    bench.write(0x20, ctrl1)
    bench.write(0x23, ctrl4)
    assert struct.unpack("<3h", bench.samples(1).burst(6))[0] == x


@pytest.mark.parametrize(("scale", "one_g"), [(0, 16384), (1, 8192), (2, 4096), (3, 1365 & ~63)])
def test_full_scale_divides_the_values(scale, one_g):
    bench = Bench(numbered(3)).stream()
    bench.write(0x23, scale << 4)
    assert struct.unpack("<3h", bench.samples(1).burst(6))[2] == one_g


@pytest.mark.parametrize(("bits", "sign"), [(0x02, 1), (0x04, -1)])
def test_self_test_bits_deflect_the_output(bits, sign):
    bench = Bench(struct.pack("<3h", 0, 640, -640) * 3).stream()
    bench.write(0x23, 0x80 | bits)
    raw = struct.unpack("<3h", bench.samples(1).burst(6))
    assert [v >> 6 for v in raw] == [60 * sign, 10 + 60 * sign, -10 + 100 * sign]


def test_status_tells_new_and_missed_data():
    bench = Bench(numbered(10))
    bench.write(0x20, 0x47)
    assert bench.read(0x27) == 0
    assert bench.samples(1).read(0x27) == 0x0F
    bench.burst(6)
    assert bench.read(0x27) == 0
    assert bench.samples(2).read(0x27) == 0xFF


def test_read_only_and_reserved_registers_ignore_writes_and_boot_clears_itself():
    bench = Bench(b"")
    for reg in (0x0F, 0x27, 0x28, 0x2D, 0x2F, 0x00, 0x10):
        before = bench.read(reg)
        bench.write(reg, 0xA5)
        assert bench.read(reg) == before
    bench.write(0x21, 0x55)
    bench.write(0x24, 0xC0)
    assert (bench.read(0x24), bench.read(0x21)) == (0x40, 0x55)


def test_int1_is_a_level_that_follows_its_source():
    bench = Bench(numbered(100)).stream(0x80 | 4)
    bench.write(0x22, 0x04)
    assert bench.samples(4).model.int1() == 0
    assert bench.samples(1).model.int1() == 1
    bench.write(0x25, 0x02)
    assert bench.model.int1() == 0
    bench.write(0x25, 0x00)
    bench.burst(6)
    assert bench.model.int1() == 0
    bench.write(0x22, 0x02)
    assert bench.samples(28).model.int1() == 1


def test_lost_samples_never_enter_the_fifo():
    data = numbered(3) + LOST * 4 + numbered(5, 7)
    bench = Bench(data).stream()
    assert bench.samples(7).read(0x2F) == 0x80 | 3
    assert numbers(bench.samples(1).burst(24)) == [0, 1, 2, 7]
    assert bench.model.lost == 4


def test_only_x_marks_a_lost_sample():
    data = struct.pack("<3h", 64, -32768, -32768) + struct.pack("<3h", -32704, 0x80, 0)
    bench = Bench(data).stream().samples(2)
    assert bench.burst(12)[:6] == data[:6]
    assert bench.model.lost == 0


def test_end_of_the_source():
    bench = Bench(numbered(3) + b"\x01\x02").stream().samples(3)
    assert (bench.model.waiting(), bench.model.exhausted) == (3, False)
    assert (bench.samples(1).model.waiting(), bench.model.exhausted) == (3, True)


def test_source_may_wait_for_the_fifo():
    bench = Bench(numbered(10), fifo_only=True)
    bench.write(0x20, 0x47)
    assert struct.unpack("<3h", bench.samples(5).burst(6)) == (0, 0, 16384)
    assert bench.read(0x27) == 0
    assert bench.samples(1).read(0x27) == 0x0F
    assert numbers(bench.stream().samples(2).burst(12)) == [0, 1]


# -- the driver


def test_init_leaves_the_documented_setup():
    board, sensor = driven(numbered(100))
    for reg in range(0x20, 0x27):
        board.model.write_reg(reg, 0x7F)
    sensor.init(board.sleep_ms)
    assert sensor.registers() == bytes((ODR_50 | 7, 0, 0x04, 0x80, 0x40, 0, 0x80 | 15))


@pytest.mark.parametrize("ppm", [-50_000, 0, 50_000])
def test_drain_gives_every_sample_in_order_for_minutes(ppm):
    board, sensor = driven(numbered(20_000), odr_error_ppm=ppm)
    sensor.init(board.sleep_ms)
    buf, seen = bytearray(192), []
    with pytest.raises(KeyboardInterrupt):
        while True:
            board.sleep_ms(310)
            n = sensor.drain(buf)
            seen += numbers(buf[: 6 * n])
    assert seen == list(range(20_000))
    assert sensor.overruns == 0
    assert board.ticks_ms() == pytest.approx(20_000 * 20 / (1 + ppm / 1e6), abs=700)


def test_a_small_buffer_takes_the_oldest_samples_first():
    board, sensor = driven(numbered(100))
    sensor.init(board.sleep_ms)
    board.sleep_ms(301)
    small, large = bytearray(60), bytearray(192)
    assert (sensor.drain(small), numbers(small)) == (10, list(range(10)))
    assert sensor.drain(large) == 5
    assert numbers(large[:30]) == list(range(10, 15))


def test_a_stall_of_one_second_loses_what_the_fifo_cannot_hold():
    board, sensor = driven(numbered(500))
    sensor.init(board.sleep_ms)
    buf, seen = bytearray(192), []
    for cycle in range(20):
        if cycle == 10:
            board.stall(700)
        board.sleep_ms(300)
        n = sensor.drain(buf)
        assert sensor.overrun == (cycle == 10)
        if cycle == 10:
            at, lost = len(seen), numbers(buf)[0] - len(seen)
        seen += numbers(buf[: 6 * n])
    assert 17 <= lost <= 19  # 50 came in the second, 32 fit
    assert (sensor.overruns, board.model.overwritten) == (1, lost)
    assert seen == [k if k < at else k + lost for k in range(len(seen))]


def test_level_is_exact_up_to_the_full_fifo():
    board, sensor = driven(numbered(500))
    sensor.init(board.sleep_ms)
    for _ in range(40):
        assert sensor.level() == board.model.waiting()
        board.sleep_ms(19)
    assert (sensor.level(), sensor.overrun) == (32, True)


@pytest.mark.parametrize("ppm", [-50_000, 0, 50_000])
def test_lost_samples_reach_the_driver_as_a_real_overrun(ppm):
    data = numbered(2040) + LOST * 20 + numbered(500, 2060)  # across a chunk of the source
    board, sensor = driven(data, odr_error_ppm=ppm)
    sensor.init(board.sleep_ms)
    buf, seen, missing = bytearray(192), [], []
    last = board.clock.us
    with pytest.raises(KeyboardInterrupt):
        while True:
            board.sleep_ms(150)
            now = board.clock.us
            n = sensor.drain(buf)
            if sensor.overrun:
                missing.append((now - last) * 50 * (1_000_000 + ppm) / 1e12 - n)
            seen += numbers(buf[: 6 * n])
            last = now
    assert seen == [*range(2040), *range(2060, 2560)]
    assert missing == [pytest.approx(20, abs=1)]


def test_the_wrong_chip_is_named():
    board, sensor = driven(numbered(10))
    board.model.who_am_i = 0x3F
    with pytest.raises(SensorError, match="0x3f"):
        sensor.init(board.sleep_ms)


def test_a_sensor_that_forgets_its_settings_is_refused():
    board, sensor = driven(numbered(10))
    write = board.model.write_reg
    board.model.write_reg = lambda reg, value: write(reg, value & 0x7F)
    with pytest.raises(SensorError, match="settings"):
        sensor.init(board.sleep_ms)


def test_no_answer_is_an_oserror():
    board, sensor = driven(numbered(10))
    board.model.nack_next = 1
    with pytest.raises(OSError):
        sensor.init(board.sleep_ms)
    sensor.init(board.sleep_ms)
    board.model.present = False
    with pytest.raises(OSError):
        sensor.level()
    assert board.i2c.scan() == []


def test_only_one_address_answers():
    board, _ = driven(numbered(10))
    low, high = board.buses()
    assert isinstance(low, I2CBus)
    low.read(0x0F, bytearray(1))
    with pytest.raises(OSError):
        high.read(0x0F, bytearray(1))


def test_self_test_passes_and_sets_up_again_without_costing_samples():
    board, sensor = driven(numbered(100))
    sensor.init(board.sleep_ms)
    assert sensor.self_test(board.sleep_ms) == (True, 60, 60, 100)
    board.sleep_ms(200)
    buf = bytearray(192)
    n = sensor.drain(buf)
    assert n in (10, 11)
    assert numbers(buf[: 6 * n]) == list(range(n))


@pytest.mark.parametrize("change", [(60, 0, 100), (60, 16, 100), (361, 60, 100)])
def test_self_test_fails_outside_the_datasheets_bounds(change):
    board, sensor = driven(numbered(100))
    board.model.self_test = change
    assert sensor.self_test(board.sleep_ms) == (False, *change)


def test_a_counterfeit_fifo_gives_zeros():
    board, sensor = driven(numbered(100))
    board.model.zero_fifo = True
    sensor.init(board.sleep_ms)
    board.sleep_ms(100)
    buf = bytearray(b"\xff" * 192)
    n = sensor.drain(buf)
    assert n > 0
    assert not any(buf[: 6 * n])


# -- the board


def test_bus_time_passes_on_the_boards_clock():
    board, _ = driven(numbered(10))
    board.buses()[0].read(0x28, bytearray(6))
    # start, address, register, start, address, 6 bytes, stop: 84 bits at 400 kHz
    assert board.clock.us == 210
    board.buses()[0].write(0x20, 0)
    assert board.clock.us == 210 + 72  # 29 bits are 72.5 us: the half is kept for later
    board.buses()[0].write(0x20, 0)
    assert board.clock.us == 210 + 145


def test_ticks_wrap_as_on_the_device():
    board, _ = driven(b"")
    board.clock.us = ((1 << 30) - 5) * 1000
    before = board.ticks_ms()
    board.stall(20)
    assert board.ticks_ms() == 15
    assert board.ticks_diff(board.ticks_ms(), before) == 20
    assert board.ticks_diff(before, board.ticks_ms()) == -20


def test_the_wall_clock_is_unknown_until_set_and_runs_over_midnight():
    board, _ = driven(b"")
    assert board.utc() is None
    board.set_utc(20_000, 86_399_000, 60)
    board.stall(2_500)
    assert board.utc() == (20_001, 1_500, 60)
    assert hw.board(io.BytesIO(b""), utc=(20_000, 5, -90)).utc() == (20_000, 5, -90)


def test_the_night_ends_even_when_nothing_drains_the_fifo():
    board, sensor = driven(numbered(100))
    sensor.init(board.sleep_ms)
    with pytest.raises(KeyboardInterrupt):
        for _ in range(100):
            board.sleep_ms(1000)
    assert board.ticks_ms() > 60_000


# -- the flash


def test_flash_reads_back_what_was_programmed_and_counts():
    device = flash.RamFlash(4)
    device.ioctl(6, 1)
    device.writeblocks(1, b"anklet" + bytes(250), 256)
    buf = bytearray(8)
    device.readblocks(1, buf, 255)
    assert buf == b"\xffanklet\x00"
    assert (list(device.programs), list(device.erases)) == ([0, 1, 0, 0], [0, 1, 0, 0])
    device.writeblocks(2, bytes(2 * 4096))
    assert list(device.erases) == [0, 1, 1, 1]
    assert (device.ioctl(4, 0), device.ioctl(5, 0)) == (4, 4096)


def test_flash_refuses_to_program_what_was_not_erased():
    device = flash.RamFlash(1)
    page = bytes(256)
    device.writeblocks(0, page, 256)
    with pytest.raises(flash.FlashError):
        device.writeblocks(0, page, 256)
    device.ioctl(6, 0)
    device.writeblocks(0, page, 256)


@pytest.mark.parametrize(("size", "offset"), [(6, 256), (256, 10)])
def test_flash_is_programmed_by_the_page(size, offset):
    with pytest.raises(flash.FlashError):
        flash.RamFlash(1).writeblocks(0, bytes(size), offset)


# -- real MicroPython

ON_MICROPYTHON = """
import io, os, struct, sys
import micropython
import flash, hw
from drivers.lis3dh import LIS3DH

data = b"".join(struct.pack("<3h", k << 6, 0, 16384) for k in range(500))
board = hw.board(io.BytesIO(data))
sensor = LIS3DH(board.buses()[0])
sensor.init(board.sleep_ms)
print(sensor.self_test(board.sleep_ms))
buf = bytearray(192)
total = sensor.drain(buf)
try:
    while True:
        board.sleep_ms(310)
        board.i2c.heap_locked = True
        micropython.heap_lock()
        n = sensor.drain(buf)
        micropython.heap_unlock()
        board.i2c.heap_locked = False
        for k in range(n):
            if struct.unpack_from("<h", buf, 6 * k)[0] >> 6 != total + k:
                raise ValueError("order")
        total += n
except KeyboardInterrupt:
    print(total)

device = flash.mount("/flash", 16)
for i in range(50):
    with open("/flash/night", "ab") as f:
        f.write(bytes(16))
print(os.stat("/flash/night")[6], sum(device.erases) > 0)
"""


def test_micropython_runs_the_same_and_a_drain_allocates_nothing(tmp_path):
    micropython = shutil.which("micropython", path=str(Path(sys.executable).parent))
    if micropython is None:
        pytest.skip("no micropython for this machine")
    script = tmp_path / "run.py"
    paths = [str(REPO / "firmware"), str(REPO / "boards/sim")]
    script.write_text(f"import sys\nsys.path[:0] = {paths!r}\n{ON_MICROPYTHON}")
    done = subprocess.run(
        [micropython, script], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.stdout.splitlines() == ["(True, 60, 60, 100)", "500", "800 True"]
