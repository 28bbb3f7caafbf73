"""What the host has set on a board: settings.json in its root folder.

Whatever is missing or wrong there falls back to its default: a night with default settings is
better than none. The header of the night says which were used.
"""

import json

from plmcore.detector import ON_MG
from plmcore.rules import DEFAULT, RULES

FIRMWARE = "0.1.0"


class Settings:
    """leg "left" or "right"; label text; rules; shank 0..2 (axis along the shank, x by default);
    on_mg 5..200 (least onset threshold). `fault`: the file could not be used."""

    def __init__(self, root):
        self.firmware = FIRMWARE
        self.leg = "left"
        self.label = ""
        self.rules = RULES[DEFAULT]
        self.shank = 0
        self.on_mg = ON_MG
        self.fault = False
        try:
            with open(root + "/settings.json") as file:
                self._take(json.load(file))
        except OSError:
            pass  # no settings were written yet
        except ValueError:
            self.fault = True

    def _take(self, given):
        if not isinstance(given, dict):
            raise ValueError("settings are no object")
        if given.get("leg") in ("left", "right"):
            self.leg = given["leg"]
        if isinstance(given.get("label"), str):
            self.label = given["label"][:40]
        rules = given.get("rules")
        if isinstance(rules, str) and rules in RULES:
            self.rules = RULES[rules]
        if given.get("shank") in (0, 1, 2):
            self.shank = given["shank"]
        on_mg = given.get("on_mg")
        if isinstance(on_mg, int) and 5 <= on_mg <= 200:
            self.on_mg = on_mg
