"""A whole night on the simulated board: raw samples in, night files out.

As a script, on MicroPython or CPython; root is a folder that exists:

    micropython boards/sim/night.py RAW ROOT [leg=right] [label=...] [rules=aasm3] [shank=0]
        [on_mg=16] [odr_error_ppm=0] [utc=DAY,MS_OF_DAY,TZ_MIN]

It prints a line `progress 37` at each percent.
"""

import json
import os
import sys

NUMBERS = ("shank", "on_mg", "odr_error_ppm")


def record(source, root, *, samples=0, settings=None, progress=None, odr_error_ppm=0, utc=None):
    """Run the firmware over `source` until it is exhausted; the night file is in root/nights.

    source: readinto(buf) of raw samples, see LIS3DHModel; `samples` of them. settings: what a host
    would have set on the board, see firmware/settings.py. progress: called with each new percent
    of the samples. utc: as Board.set_utc takes it; None: the clock is not set.
    """
    import hw  # noqa: PLC0415 - a script puts the firmware on sys.path first
    import main  # noqa: PLC0415

    if settings:
        with open(root + "/settings.json", "w") as file:
            json.dump(settings, file)
    told = 0

    def tell(n):
        nonlocal told
        percent = n * 100 // samples
        if percent > told:
            told = percent
            progress(percent)

    board = hw.board(source, odr_error_ppm=odr_error_ppm, root=root, utc=utc)
    main.run(board, tell if progress and samples else None)


def _script(raw, root, *given):
    sys.path.insert(0, sys.argv[0].rsplit("night.py", 1)[0] + "../../firmware")
    settings = dict(item.split("=", 1) for item in given)
    for key in NUMBERS:
        if key in settings:
            settings[key] = int(settings[key])
    board = {"odr_error_ppm": settings.pop("odr_error_ppm", 0)}
    if "utc" in settings:
        board["utc"] = tuple(int(part) for part in settings.pop("utc").split(","))
    with open(raw, "rb") as source:
        record(
            source,
            root,
            samples=os.stat(raw)[6] // 6,
            settings=settings,
            progress=lambda percent: print("progress", percent),
            **board,
        )


if __name__ == "__main__":
    _script(*sys.argv[1:])
