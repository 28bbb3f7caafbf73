"""Acceleration from files: what is read, how it is resampled, what is refused."""

from datetime import datetime

import numpy as np
import pytest
from anklet.errors import BadInput
from anklet.signal.inputs import Acceleration, read_acceleration, to_raw
from anklet.signal.resample import resample
from places import DATA


def write(path, header, rows, form="%.5f"):
    np.savetxt(path, rows, form, ",", header=header, comments="")
    return path


def counts(raw):
    return np.frombuffer(raw, "<i2").reshape(-1, 3)


def tone(rate, hertz, seconds=20.0, start=0.0):
    t = start + np.arange(int(seconds * rate)) / rate
    return np.column_stack([np.sin(2 * np.pi * hertz * t)] * 3)


def test_columns_go_by_name(tmp_path):
    rows = [[7, 3, 0.00, 1, 2], [7, 3.5, 0.02, 1.5, 2.5], [7, 3, 0.04, 1, 2]]
    read = read_acceleration(
        write(tmp_path / "a.csv", "q,Z, t,X,y", np.array(rows) / [1, 9, 1, 9, 9])
    )
    assert read.rate == pytest.approx(50)
    assert read.start is None
    assert np.allclose(read.acc[1] * 9, [1.5, 2.5, 3.5], atol=1e-3)


def test_rate_makes_up_for_missing_times(tmp_path):
    read = read_acceleration(write(tmp_path / "a.csv", "x,y,z", np.zeros((4, 3))), 100)
    assert (read.rate, read.acc.shape) == (100, (4, 3))


@pytest.mark.parametrize("rate", [20, 33, 50, 99.7, 200])
def test_rate_comes_from_t_in_whole_milliseconds(rate, tmp_path):
    n = np.arange(2000)
    rows = np.column_stack([n / rate, np.zeros((2000, 3))])
    read = read_acceleration(write(tmp_path / "a.csv", "t,x,y,z", rows, "%.3f"))
    assert read.rate == pytest.approx(rate, rel=1e-5)
    assert not np.isnan(read.acc).any()


def test_gaps_in_t_are_lost_samples(tmp_path):
    n = np.array([0, 1, 2, 5, 6, 7, 9, 10])
    rows = np.column_stack([n / 50, n / 100, n, n])
    rows[:, 2:] = 0
    read = read_acceleration(write(tmp_path / "a.csv", "t,x,y,z", rows))
    assert np.flatnonzero(np.isnan(read.acc[:, 0])).tolist() == [3, 4, 8]
    raw = counts(to_raw(read))
    assert np.flatnonzero(raw[:, 0] == -32768).tolist() == [3, 4, 8]
    assert raw[5].tolist() == [round(0.05 * 16384), 0, 0]


def test_50_hz_is_not_touched_and_saturates_under_the_mark():
    acc = np.array([[-9.0, 9.0, 1.0], [-2.0, 1.99, 0.5], [0.0001, -1.0, 0.0]])
    assert counts(to_raw(Acceleration(50.0, acc))).tolist() == [
        [-32704, 32704, 16384],
        [-32704, 32604, 8192],
        [2, -16384, 0],
    ]


@pytest.mark.parametrize("rate", [25, 32.1, 49.9, 52.3, 100, 104.17, 200])
@pytest.mark.parametrize("hertz", [0.0, 0.3, 5.0, 8.0])
def test_the_band_of_movements_survives_resampling(rate, hertz):
    out = resample(tone(rate, hertz) + 1, rate, 50)
    middle = slice(100, 900)
    assert out[middle] == pytest.approx((tone(50, hertz) + 1)[middle], abs=2e-3)


@pytest.mark.parametrize("hertz", [26, 42, 49, 60])
def test_what_50_hz_cant_hold_does_not_alias(hertz):
    out = resample(tone(200, hertz), 200, 50)
    assert np.abs(out[50:-50]).max() < 1e-3


def test_a_gap_stays_a_gap_and_does_not_ring():
    acc = np.full((3000, 3), 0.7)
    acc[1000:1200] = np.nan
    acc[1200:] = -0.4
    out = resample(acc, 100, 50)
    assert np.flatnonzero(np.isnan(out[:, 0])).tolist() == list(range(500, 600))
    assert out[:500] == pytest.approx(0.7)
    assert out[600:] == pytest.approx(-0.4)


def test_an_odd_rate_keeps_the_time_of_a_movement_over_a_night_with_gaps():
    rate, hours = 25.37, 2
    acc = np.zeros((int(rate * 3600 * hours), 3))
    acc[5000:5100] = np.nan
    late = len(acc) - 5000
    acc[late - 3 : late + 4] = 1
    out = resample(acc, rate, 50)
    centre = np.nansum(out[-20000:, 0] * np.arange(len(out) - 20000, len(out))) / np.nansum(
        out[-20000:, 0]
    )
    assert centre / 50 == pytest.approx(late / rate, abs=0.002)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seconds", "start"),
    [
        ("ax3_testfile", 175.98, datetime(2019, 2, 26, 10, 55, 6)),
        ("ax6_testfile", 114.28, datetime(2019, 12, 23, 21, 4, 7)),
    ],
)
def test_axivity(name, seconds, start, capfd):
    read = read_acceleration(DATA / f"{name}.cwa")
    assert len(read.acc) / read.rate == pytest.approx(seconds, abs=0.1)
    assert abs((read.start - start).total_seconds()) < 2
    assert np.median(np.linalg.norm(read.acc, axis=1)) == pytest.approx(1, abs=0.1)
    assert len(to_raw(read)) / 6 == pytest.approx(seconds * 50, abs=5)
    assert capfd.readouterr().out == ""


CWA = (DATA / "ax3_testfile.cwa").read_bytes()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no Axivity"),
        (CWA[:1], "no Axivity"),
        (CWA[:1024], "cut off"),
        (CWA[:40000], "cut off"),
        (CWA[:5000] + b"\1" + CWA[5001:], "block 8 is damaged"),
        (CWA[:1024] + bytes(1024), "block 1 is damaged"),
        (np.random.default_rng(1).bytes(8192), "no Axivity"),
    ],
)
def test_damaged_cwa(data, says, tmp_path):
    path = tmp_path / "night.cwa"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=says):
        read_acceleration(path)


GOOD = "t,x,y,z\n0,0,0,1\n0.02,0,0,1\n0.04,0,0,1\n"


@pytest.mark.parametrize(
    ("text", "rate", "says"),
    [
        ("", None, "empty"),
        ("t,x,y,z\n", None, "no sample"),
        ("t,x,y,z\n\n\n", None, "no sample"),
        ("t,x,z\n0,0,1\n", None, "line 1: there is no column y"),
        ("0,0,0,1\n0.02,0,0,1\n", None, "line 1: there is no column x"),
        (GOOD + "0.06,0,oops,1\n", None, "line 5, column y: 'oops'"),
        (GOOD + "\n0.06,0,oops,1\n", None, "line 6, column y: 'oops'"),
        (GOOD + "0.06,0,nan,1\n", None, "line 5, column y: nan"),
        (GOOD + "0.06,-inf,0,1\n", None, "line 5, column x: -inf"),
        (GOOD + "0.06,0,0\n", None, "line 5, column z: there is no value"),
        (GOOD + "0.04,0,0,1\n", None, "line 5: t does not increase"),
        (GOOD + "\n0.01,0,0,1\n", None, "line 6: t does not increase"),
        ("t,x,y,z\n0,0,0,1\n", None, "one sample"),
        ("t,x,y,z\n0,0,0,1\n20,0,0,1\n40,0,0,1\n", None, "implies 0.05 Hz"),
        ("t,x,y,z\n0,0,0,1\n0.001,0,0,1\n", None, "implies 1000 Hz"),
        (GOOD + "9000000,0,0,1\n", None, "12 days"),
        (GOOD, 100, "leave --rate out"),
        ("x,y,z\n0,0,1\n", None, "--rate"),
        ("x,y,z\n0,0,1\n", 19.9, "20 to 200 Hz"),
        ("x,y,z\n0,0,1\n", 201, "20 to 200 Hz"),
        ("x,y,z\n0,0,1\n", float("nan"), "20 to 200 Hz"),
        ("x,y,z\n0,0,9.81\n", 50, "m/s²"),
        ("PK\3\4\0\0\xff\xfe\0", None, "CSV"),
        ("x,y,z\n0,0,1\n\xff\xfe\0\0", 50, "CSV"),
    ],
)
def test_files_that_cant_be_used(text, rate, says, tmp_path):
    path = tmp_path / "night.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput) as error:
        read_acceleration(path, rate)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path):
    for name in ("none.csv", "none.cwa"):
        with pytest.raises(BadInput, match="does not exist"):
            read_acceleration(tmp_path / name)
    with pytest.raises(BadInput, match="is a folder"):
        read_acceleration(tmp_path)
