"""Modules that are needed for a moment: at the start of a session, at its end, between two.

A board has 200 kB for programs and data, and what is imported at the top of a file stays there for
the night. So:

    with Briefly():
        from recovery import complete

        complete(root)

What is imported for the first time within the block, and what that imports, leaves memory with the
last reference to it. The next time it is read from the flash anew.
"""

import sys

from plmcore.native import MICROPYTHON


class Briefly:
    def __enter__(self):
        self._before = set(sys.modules)

    def __exit__(self, *_):
        if not MICROPYTHON:  # a computer has room, and its tests hold on to modules
            return
        for name in list(sys.modules):
            if name not in self._before:
                sys.modules.pop(name)
                package, _, module = name.rpartition(".")
                if package:
                    delattr(sys.modules[package], module)
