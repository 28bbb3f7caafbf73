"""Runs one shared check on MicroPython: micropython run.py MODULE FUNCTION [FOLDER]."""

import sys

_HERE = sys.argv[0].replace("\\", "/").rsplit("/", 1)[0]
for _folder in ("/../../boards/sim", "/../../firmware", "/../core"):
    sys.path.insert(0, _HERE + _folder)

getattr(__import__(sys.argv[1]), sys.argv[2])(*sys.argv[3:])
