"""A shortcut that opens the pages from the computer's own menu, without a terminal to type in.

Each opens a small window of its own that shows the address; closing it ends the pages.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from anklet.errors import ArchiveUnwritable

COMMENT = "Periodic leg movements, night by night"


def install(
    platform: str = sys.platform, home: Path | None = None, environ: Mapping[str, str] = os.environ
) -> Path:
    """Write the shortcut, over an older one, and return where it is. platform: as sys.platform.

    Raises ArchiveUnwritable.
    """
    home = home or Path.home()
    program = [sys.executable, "web"]
    if not getattr(sys, "frozen", False):  # a program in one file needs no module
        program[1:1] = ["-m", "anklet"]
    if platform == "win32":
        programs = Path(environ.get("APPDATA", home / "AppData" / "Roaming"))
        file = programs / "Microsoft" / "Windows" / "Start Menu" / "Programs" / "Anklet.cmd"
        text = "@" + " ".join(f'"{word.replace("%", "%%")}"' for word in program) + "\n"
    elif platform == "darwin":
        file = home / "Applications" / "Anklet.command"
        text = f"#!/bin/sh\nexec {shlex.join(program)}\n"
    else:
        data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        file = data / "applications" / "anklet.desktop"
        text = (
            "[Desktop Entry]\nType=Application\nVersion=1.0\nName=Anklet\n"
            f"Comment={COMMENT}\nExec={' '.join(map(_exec, program))}\nTerminal=true\n"
            "Categories=Science;MedicalSoftware;\n"
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if platform == "darwin":
            file.chmod(0o755)
    except OSError as error:
        raise ArchiveUnwritable(
            f"The shortcut {file} can't be written ({error.strerror}); start the pages with "
            f"anklet web."
        ) from error
    return file


def _exec(word: str) -> str:
    """A word of a desktop file's Exec line: quoted once for it and once for the file."""
    for special in '\\"`$':
        word = word.replace(special, "\\" + special)
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'
