"""What the host has set on a board: settings.json in its root folder.

Whatever is missing or wrong there falls back to its default: a night with default settings is
better than none. The header of the night says which were used.
"""

import json

from plmcore.detector import ON_MG
from plmcore.native import const
from plmcore.rules import DEFAULT, RULES

FIRMWARE = "0.2.0"
_MOST = const(2048)  # characters: more than that no host of ours has written


def load(root):
    """What the host has set: a dict, empty before it has set anything. Raises ValueError for a
    file that holds anything else; it never takes much memory."""
    try:
        with open(root + "/settings.json") as file:
            text = file.read(_MOST + 1)
    except OSError:
        return {}
    try:
        given = json.loads(text) if len(text) <= _MOST else None
    except RuntimeError:  # nested too deep
        given = None
    if not isinstance(given, dict):
        raise ValueError("settings are no object")
    return given


class Settings:
    """leg "left" or "right"; label text; rules; shank 0..2 (axis along the shank, x by default;
    fitted: it was measured on the leg);
    on_mg 5..200 (least onset threshold); doubt_s 0..3600: how long the data may stay the same, or
    far from 1 g, before the sensor counts as broken (0, for recordings: for ever); away_min
    0..1440: minutes of nobody in bed that end a session (0, for recordings: it never ends by
    itself); trace: whether one is kept; low_power: whether the board sleeps deeply, see
    boards/README.md. `fault`: the file could not be used."""

    def __init__(self, root):
        self.firmware = FIRMWARE
        self.leg = "left"
        self.label = ""
        self.rules = RULES[DEFAULT]
        self.shank = 0
        self.fitted = False
        self.on_mg = ON_MG
        self.doubt_s = 120  # as long, the sensor's noise alone changes the last bits of some axis
        self.away_min = 120
        self.trace = True
        self.low_power = False
        self.fault = False
        try:
            self._take(load(root))
        except ValueError:
            self.fault = True

    def _take(self, given):
        if given.get("leg") in ("left", "right"):
            self.leg = given["leg"]
        if isinstance(given.get("label"), str):
            self.label = given["label"][:40]
        rules = given.get("rules")
        if isinstance(rules, str) and rules in RULES:
            self.rules = RULES[rules]
        if given.get("shank") in (0, 1, 2):
            self.shank = given["shank"]
            self.fitted = True
        on_mg = given.get("on_mg")
        if isinstance(on_mg, int) and 5 <= on_mg <= 200:
            self.on_mg = on_mg
        doubt_s = given.get("doubt_s")
        if isinstance(doubt_s, int) and 0 <= doubt_s <= 3600:
            self.doubt_s = doubt_s
        away_min = given.get("away_min")
        if isinstance(away_min, int) and 0 <= away_min <= 1440:
            self.away_min = away_min
        if isinstance(given.get("trace"), bool):
            self.trace = given["trace"]
        self.low_power = given.get("low_power") is True
