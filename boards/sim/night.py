"""A whole night on the simulated board: raw samples in, night files out.

As a script, on MicroPython or CPython; root is a folder that exists:

    micropython boards/sim/night.py RAW ROOT [leg=right] [label=...] [rules=aasm3] [shank=0]
        [on_mg=16] [doubt_s=120] [trace=1] [odr_error_ppm=0] [device_id=...]
        [utc=DAY,MS_OF_DAY,TZ_MIN] [idle_s=0] [flash=BLOCKS]

With flash, ROOT is where a new littlefs of that many 4 KiB blocks in RAM is mounted (MicroPython
only): with `micropython -i` the board then waits in the REPL with its nights, as on USB.
It prints a line `runtime ...` first, then a line `progress 37` at each percent.
"""

import json
import os
import sys

NUMBERS = ("shank", "on_mg", "doubt_s", "away_min", "trace", "odr_error_ppm", "flash", "idle_s")
BOARD = ("idle_s", "odr_error_ppm", "device_id", "utc")


def record(source, root, *, samples=0, settings=None, progress=None, idle_s=0, **board):
    """Run the firmware over `source` until it is exhausted; the night file is in root/nights.

    source: readinto(buf) of raw samples, see LIS3DHModel; `samples` of them. settings: what a host
    would have set on the board, see firmware/settings.py. progress: called with each new percent
    of the samples. idle_s: so long the board lies there before anybody speaks to it. board: what
    hw.board takes beside these, all with defaults.
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
        if progress and percent > told:
            told = percent
            progress(percent)

    here = hw.board(source, root=root, **board)
    main.run(here, tell if progress and samples else None)
    here.clock.us += idle_s * 1000000


def _script(raw, root, *given):
    sys.path.insert(0, sys.argv[0].rsplit("night.py", 1)[0] + "../../firmware")
    settings = dict(item.split("=", 1) for item in given)
    for key in NUMBERS:
        if key in settings:
            settings[key] = int(settings[key])
    if "trace" in settings:
        settings["trace"] = settings["trace"] == 1
    blocks = settings.pop("flash", 0)
    if blocks:
        import flash  # noqa: PLC0415 - of this folder

        flash.mount(root, blocks)
    board = {key: settings.pop(key) for key in BOARD if key in settings}
    if "utc" in board:
        board["utc"] = tuple(int(part) for part in board["utc"].split(","))
    implementation = sys.implementation
    print("runtime", implementation.name, ".".join(str(v) for v in implementation.version[:3]))
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
