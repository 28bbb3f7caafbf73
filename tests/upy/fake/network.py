"""MicroPython's `network` of a board with a wireless chip: what was asked of it."""

STA_IF = 0
AP_IF = 1
active = {}
deinits = 0


class WLAN:
    def __init__(self, interface):
        self._interface = interface

    def active(self, on):
        active[self._interface] = on

    def deinit(self):
        global deinits  # noqa: PLW0603
        deinits += 1
