"""The shank found from the night's own gravity, and what was classed by the wrong axis."""

import math

import pytest
from anklet.archive import sync
from anklet.night import as_json, nightfile
from anklet.report import words
from anklet.report.view import SessionView
from nightbytes import Builder
from plmcore import record

MINUTE = 60_000


def turned(gravity, degrees):
    """As a sensor has it that sits so many degrees askew about its z axis, in 1/64 g."""
    a = math.radians(degrees)
    x, y, z = gravity
    return tuple(
        round(64 * v)
        for v in (x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a), z)
    )


def lying(roll, level=10):
    a, b = math.radians(roll), math.radians(level)
    return math.sin(b), math.cos(b) * math.cos(a), math.cos(b) * math.sin(a)


ROLLS = (0, 90, -80, 20)
STANDING = (0.99, 0.1, 0.1)


def night(degrees, rolls=ROLLS, minutes=240, **meta):
    """Four hours in four positions, ten minutes of them standing; a kick every half minute. The
    device's classes are those of a sensor whose x axis is taken for the shank."""
    made = Builder(**meta).anchor()
    plm = number = standing = 0
    for minute in range(minutes):
        up = 100 <= minute < 110
        leg = STANDING if up else lying(rolls[minute * len(rolls) // minutes])
        gravity = turned(leg, degrees)
        vertical = abs(gravity[0]) > 58
        for second in (5, 35):
            kind = record.UPRIGHT if vertical else 0
            plm += not up
            made.lm(number, minute * MINUTE + 1000 * second, kind=kind)
            number += 1
        made.epoch((minute + 1) * MINUTE, int(vertical), gravity=gravity)
        standing += vertical
    counts = {"lm": number - 2 * standing, "excluded": 2 * standing}
    made.counts(minutes * MINUTE, upright_ms=standing * MINUTE, **counts)
    return nightfile.parse(bytes(made.data)), plm


@pytest.mark.parametrize("degrees", [0, 10, 15])
def test_a_sensor_that_sits_well_is_left_alone(degrees):
    found, _ = night(degrees)
    assert found.askew_deg == pytest.approx(degrees, abs=8)
    assert "askew" not in found.flags
    assert found.counts["plm"] == 0  # as the device had it
    assert "askew_deg" not in as_json.summary(found)


@pytest.mark.parametrize("degrees", [45, 60, 90, 120])
def test_an_askew_one_loses_no_plm(degrees):
    found, plm = night(degrees)
    assert "askew" in found.flags
    off = min(degrees, 180 - degrees)
    assert found.askew_deg == pytest.approx(off, abs=8)
    assert found.counts["upright_ms"] == 10 * MINUTE
    assert found.counts["plm"] == sum(lm.plm for lm in found.lms) == plm
    assert found.counts["excluded"] == 20
    said = " ".join(words.problems(SessionView(found)))
    assert f"The sensor sat {found.askew_deg} degrees askew" in said
    assert as_json.summary(found)["askew_deg"] == found.askew_deg


@pytest.mark.parametrize(("rolls", "minutes"), [((90,), 240), (ROLLS, 100)])
def test_where_nobody_can_tell_nothing_changes(rolls, minutes):
    """A leg that lay in one position alone, or for less than two hours."""
    found, _ = night(90, rolls, minutes)
    assert found.askew_deg is None
    assert "askew" not in found.flags


def test_the_axis_of_the_settings_is_the_one_that_counts():
    found, _ = night(90, shank=1)
    assert "askew" not in found.flags


def test_a_sync_says_that_nobody_has_measured_the_shank():
    assert "run anklet doctor --fit" in sync._fit(night(0, fitted=0)[0])
    assert "degrees askew" in sync._fit(night(90, fitted=1)[0])
    assert sync._fit(night(0, fitted=1)[0]) == ""
    assert sync._fit(night(0)[0]) == ""  # firmware that does not say
