"""Nights found in a folder without a manifest: archives, and files by their names.

Names of people, boards and folders go no further than here: whom they belong to becomes p0001,
p0002 and so on, and a night that names no date n001, n002.
"""

import itertools
import os
import re
from pathlib import Path

from anklet import device
from anklet.archive.store import Archive
from anklet.cohort import manifest
from anklet.cohort.plan import Night
from anklet.errors import BadInput
from anklet.night.grouping import grouped
from anklet.night.session import RECORDING

device.use()  # the record format is the device's own

from plmcore import reader, record  # noqa: E402

NIGHT = ".plm"
KINDS = (NIGHT, ".csv", ".cwa", ".edf", ".bdf")
DATABASE = "anklet.db"
HEAD = 2048  # bytes at a night file's beginning that hold what it says of itself
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LEG = re.compile(r"[-_. ]?(left|right)$", re.IGNORECASE)

# Whose, which night, which leg, file: by the names on this computer.
Named = tuple[str, str, str, str]


def nights(given: Path) -> list[Night]:
    """The nights of a manifest, or those in a folder and the folders below. Raises BadInput.

    An archive's nights are those that `anklet nights` shows, hidden ones left out. Other files:
    PERSON/NIGHT-left.csv, or PERSON_NIGHT-left.csv; night files say themselves whose they are.
    """
    if not given.exists():
        raise BadInput(f"There is no {given}; name a folder or a manifest.")
    if given.is_file():
        if given.suffix not in (".csv", ".parquet"):
            raise BadInput(f"{given} is no manifest: name a folder, or a .csv or .parquet file.")
        return manifest.read(given)
    named: list[Named] = []
    for folder, below, files in os.walk(given.resolve()):
        if DATABASE in files:
            below.clear()
            named += _archived(Path(folder))
        else:
            paths = (Path(folder, name) for name in sorted(files))
            named += [_by_name(p, given.resolve()) for p in paths if p.suffix.lower() in KINDS]
    if not named:
        raise BadInput(f"There are no nights in {given}: it needs {', '.join(KINDS)} files.")
    return manifest.together(_ids(named))


def _archived(folder: Path) -> list[Named]:
    found = []
    for group in grouped(Archive(folder).sessions()):
        first = group[0]
        whose = f"{folder}/{first['label'] or first['device']}"
        apart = "" if first["label"] and first["leg"] else first["device"]
        night = f"{first['night'] or first['session']} {first['rules']} {apart}"
        night += f" {RECORDING}" if RECORDING in first["flags"] else ""
        for item in group:
            raw = folder / "raw" / item["device"] / f"{item['session']}.plm"
            found.append((whose, night, item["leg"], str(raw)))
    return found


def _by_name(path: Path, top: Path) -> Named:
    leg = LEG.search(path.stem)
    stem = path.stem[: leg.start()] if leg else path.stem
    side = leg[1].lower() if leg else ""
    if path.parent != top:
        whose, night = str(path.parent), stem
    else:
        whose, _, night = stem.partition("_")
    if path.suffix.lower() == NIGHT:
        told = _head(path)
        side = side or told.get("leg", "")
        if path.parent == top:
            whose = told.get("label") or told.get("device") or whose
            night = stem
    return whose, night, side if side in manifest.LEGS else "", str(path)


def _head(path: Path) -> dict[str, str]:
    """What a night file says of itself at its beginning."""
    try:
        with open(path, "rb") as file:
            data = file.read(HEAD)
    except OSError:
        return {}  # the worker that reads it says so
    found = [fields for _, kind, _, fields in reader.read(data) if kind == record.META]
    return {str(fields["key"]): str(fields["value"]) for fields in found if "key" in fields}


def _ids(named: list[Named]) -> list[Night]:
    found = []
    named.sort()
    for number, (_, person) in enumerate(itertools.groupby(named, lambda n: n[0]), 1):
        used: set[str] = set()
        nights = itertools.groupby(person, lambda n: n[1])
        for at, (name, files) in enumerate(nights, 1):
            sides = [(leg, Path(file)) for _, _, leg, file in files]
            date = DATE.search(name)
            night = date[0] if date and date[0] not in used else f"n{at:03d}"
            used.add(night)
            for leg, file in sides:
                if file.suffix.lower() != NIGHT and [side for side, _ in sides].count(leg) > 1:
                    raise BadInput(f"{file} has the name of another night: rename one of them.")
                found.append(Night(f"p{number:04d}", night, leg, "", (str(file),)))
    return found
