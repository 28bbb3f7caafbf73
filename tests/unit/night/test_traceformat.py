"""A reader of trace files made from LOGFORMAT.md alone, against the device's and the host's."""

import functools

import logformat_reader
import numpy as np
from anklet.night import trace
from anklet.signal import replay
from anklet.signal.inputs import Acceleration, to_raw
from anklet.simulate import make_night
from hypothesis import given, settings
from hypothesis import strategies as st
from plmcore import trace as core

MAGIC = bytes.fromhex("41 4e 4b 54 52 43 31 0a")
PAGE = logformat_reader.PAGE.read_text(encoding="utf-8").split("\n## The trace\n")[1]


def by_the_page(data):
    """{sample number: level} and META, from an undamaged file."""
    assert data[:8] == MAGIC
    at, sequence, levels, meta = 8, 0, {}, {}
    while at < len(data):
        kind, number, payload, at = logformat_reader.framed(data, at)
        assert number == sequence
        sequence = (sequence + 1) % 65536
        if kind == 0x50:
            n = int.from_bytes(payload[:4], "little")
            levels |= {n + 10 * i: level for i, level in enumerate(payload[4:])}
        elif kind == 1:
            key, _, value = payload.decode().partition("=")
            meta[key] = value
    return levels, meta


def middle(level):
    """The page's sum of squares of a level."""
    e, m = level // 8 - 1, 8 + level % 8
    return level if level < 16 else (2 * m + 1) * 2 ** (e - 1)


@functools.cache
def recorded():
    night = make_night(hours=0.5, seed=3, plm_per_hour=60)
    night.acc[30_000:32_000] = np.nan
    raw = to_raw(Acceleration(night.rate, night.acc), 50)
    return replay.record_files(raw)[".trc"]


def test_both_readers_find_the_same():
    levels, meta = by_the_page(recorded())
    ours = trace.parse(recorded())
    assert ours.damage == []
    assert ours.meta == meta
    assert meta.keys() == {"format", "session", "device", "samples"}
    assert all(f"`{key}`" in PAGE for key in meta)
    dense = np.full(max(levels) // 10 + 1, 255)
    for n, level in levels.items():
        dense[n // 10] = level
    assert (ours.levels == dense).all()
    assert 190 <= np.count_nonzero(dense == 255) <= 210
    assert dense[dense != 255].max() > 100


def test_the_pages_sums_are_the_devices():
    assert [middle(level) for level in range(199)] == [core.power_of(i) for i in range(199)]
    assert (core.HIGHEST, core.HOLE, core.BLOCK, core.MAGIC) == (198, 255, 0x50, MAGIC)
    assert (trace.POWERS[:199] == [middle(level) for level in range(199)]).all()


@given(st.binary(max_size=300), st.integers(0, 3000), st.integers(0, 300))
@settings(max_examples=60, deadline=None)
def test_damage_costs_no_more_than_its_blocks(noise, at, cut):
    hurt = trace.parse(recorded()[:at] + noise + recorded()[at + cut :])
    whole = trace.parse(recorded())
    assert len(hurt.levels) == len(whole.levels)
    differ = np.flatnonzero(hurt.levels != whole.levels)
    assert (hurt.levels[differ] == core.HOLE).all()
    blocks = 3 + (cut + len(noise)) // core.RECORD
    assert len(differ) <= blocks * core.LEVELS


@given(st.binary(max_size=2000))
@settings(max_examples=30, deadline=None)
def test_any_bytes_can_be_read(data):
    found = trace.parse(MAGIC + data)
    assert len(found.levels) <= trace.LAST // core.SAMPLES
