"""What lies on a board's flash, and which of it is not ours.

Ours is what one of our manifests names with the very hash that it names, and what the firmware
itself writes. Everything else belongs to somebody: it is kept, whatever its name.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from anklet.board.boardinfo import LARGEST_FLASH, read_json, text, whole
from anklet.board.link import Link
from anklet.errors import NotVerified

MANIFEST = "/anklet.json"  # board, version and the hashes of all files; see install.py
NEW = ".new"  # behind the name of a file that has arrived and is not yet in its place
FINISHER_FILE = "/anklet.py.new"  # until it takes the place of main.py, see install.py
NIGHTS = "/nights/"  # the firmware's; no installation touches anything in it
MARK = "/flash.id"  # the firmware has recorded on this flash
DATA = ("/settings.json", "/settings.json.new", "/state.json", "/zone", MARK)
KEPT = "/before_anklet"  # the folder for what was in our way
FLASH_S = 180  # until all is hashed or moved: an erase may take 0.4 s, and there are many
DIGEST = re.compile("[0-9a-f]{64}")
LONGEST_PATH = 1000

# Prints [path, bytes, hash] of each file and [path, 0, ""] of each folder, which ends in "/". What
# ilistdir gives without a size is another file system, mounted there.
LISTING = """
import binascii, hashlib, json, os
buf = bytearray(512)
view = memoryview(buf)
def listing():
    folders = ["/"]
    while folders:
        folder = folders.pop()
        for entry in os.ilistdir(folder if folder == "/" else folder[:-1]):
            path = folder + entry[0]
            if entry[1] & 0x4000:
                path += "/"
                if len(entry) == 4 and path != "/nights/":
                    print(json.dumps([path, 0, ""]))
                    folders.append(path)
                continue
            digest = hashlib.sha256()
            size = 0
            with open(path, "rb") as file:
                while True:
                    n = file.readinto(buf)
                    if not n:
                        break
                    digest.update(view[:n])
                    size += n
            print(json.dumps([path, size, binascii.hexlify(digest.digest()).decode()]))
"""


@dataclass(frozen=True)
class File:
    """A file on the board, or a folder: size 0, hash ""."""

    size: int
    sha256: str


@dataclass(frozen=True)
class ForeignFiles:
    """The files of a board that are not ours: path -> content. device: its serial number."""

    device: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """Names exactly these files with exactly this content."""
        hashes = {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}
        return digest(hashes)

    def names(self, most: int = 8) -> str:
        """Their paths, for a person."""
        shown = [printable(path) for path in sorted(self.files)[:most]]
        more = len(self.files) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def digest(hashes: Mapping[str, str]) -> str:
    """One hash over paths and hashes; "" of none."""
    lines = "".join(f"{json.dumps(path)} {hashes[path]}\n" for path in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest() if lines else ""


def printable(path: str) -> str:
    return text(path, LONGEST_PATH)


def listing(link: Link) -> dict[str, File]:
    """Every file and folder of the board but the nights. Raises NotVerified, as Link does."""
    link.run(LISTING)
    return list_again(link)


def list_again(link: Link) -> dict[str, File]:
    """The same, on a board that `listing` has looked at before."""
    lines = link.run("listing()", FLASH_S).splitlines()
    with link.making_sense():
        return dict(_entry(*read_json(line)) for line in lines)


def manifest(link: Link, there: Mapping[str, File], path: str) -> dict[str, Any]:
    """What an installation wrote in the file `path`; {} where that is missing or damaged."""
    if path not in there or there[path].size > LARGEST_FLASH >> 8:
        return {}
    try:
        found = json.loads(fetch(link, path, there[path]))
        files = found["files"]
        texts = (found["board"], found.get("finisher", ""))
        if not all(isinstance(given, str) for given in texts):
            return {}
        if not all(map(DIGEST.fullmatch, files.values())):
            return {}
        return found if all(map(_is_module, files)) else {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # as if it were not there


def fetch(link: Link, path: str, file: File) -> bytes:
    """A file's content. Raises NotVerified when what arrives is not what is there."""
    data = link.get(path, file.size)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise NotVerified(
            f"What arrives of {printable(path)} from the board at {link.port} is not what is "
            f"there; nothing was written to the board. Try another cable and run {link.command} "
            f"again."
        )
    return data


def foreign(
    there: Mapping[str, File],
    manifests: Collection[Mapping[str, Any]],
    hashes: Mapping[str, str],
    settled: bool,
) -> dict[str, str]:
    """Path -> hash of the files that are not ours.

    manifests: those found there, of a finished installation and of one that was cut. hashes: of
    the files to be installed. settled: the firmware was here before, so that its data are its own.
    """
    named = [hashes, *(found["files"] for found in manifests if found)]
    known = {(path, sha256) for files in named for path, sha256 in files.items()}
    known |= {("/main.py", found.get("finisher")) for found in manifests if found}
    arriving = {path + NEW for files in named[1:] for path in files}
    ours = {MANIFEST, MANIFEST + NEW, FINISHER_FILE, *arriving, *(DATA if settled else ())}
    return {
        path: file.sha256
        for path, file in there.items()
        if file.sha256 and path not in ours and (path, file.sha256) not in known
    }


def in_the_way(
    there: Mapping[str, File], foreign: Collection[str], files: Collection[str]
) -> dict[str, str]:
    """Files and folders that are not ours and must go elsewhere -> where to: those that bear the
    name of one of ours, or that MicroPython would import instead of it (a folder before a .py file
    before an .mpy file), or stand where a folder of ours goes."""
    modules = {path.rpartition(".")[0] for path in files}
    folders = {path.rpartition("/")[0] for path in files} - {""}
    names = {f"{module}{end}" for module in modules for end in ("/", ".py", ".mpy")}
    names |= {*files, *folders, *(path + NEW for path in files), *DATA, NIGHTS.rstrip("/")}
    found = [path for path in there if path in names and (path in foreign or path[-1] == "/")]
    taken, number = KEPT, 1
    while taken in there or f"{taken}/" in there:
        number += 1
        taken = f"{KEPT}_{number}"
    return {path.rstrip("/"): taken + path.rstrip("/") for path in sorted(found)}


def new_path(path: str, aside: Mapping[str, str]) -> str:
    """Where a file is after what is in the way has gone."""
    for old, new in aside.items():
        if path == old or path.startswith(f"{old}/"):
            return new + path[len(old) :]
    return path


def _is_module(path: str) -> bool:
    return path.startswith("/") and path.endswith((".py", ".mpy"))


def _entry(path: Any, size: Any, sha256: Any) -> tuple[str, File]:
    """A line of LISTING. Raises ValueError or TypeError for what can't be."""
    if not isinstance(path, str) or not 1 < len(path) <= LONGEST_PATH or path[0] != "/":
        raise ValueError("no path")
    if {"", ".", ".."} & set(path.strip("/").split("/")):
        raise ValueError("a path that leads elsewhere")
    if not (sha256 == "" and path[-1] == "/") and not DIGEST.fullmatch(sha256):
        raise ValueError("no hash")
    return path, File(whole(size, LARGEST_FLASH), sha256)
