"""Dates moved by whole weeks, each person's by another number, the same for all their nights.

The order, the distances and the weekdays of a person's nights stay; when they were is known to
whoever has the key.
"""

import datetime as dt
import hmac
import os
import re
from collections.abc import Iterable
from pathlib import Path

from anklet.cohort.plan import Night
from anklet.errors import BadInput

BYTES = 32
WEEKS = 52  # most, either way
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NO_DATE = re.compile(r"[A-Za-z_-]{0,8}[0-9]{0,3}")  # a night's id that can't be taken for a date


def key(path: Path, out: Path) -> bytes:
    """The key in the file `path`, drawn at random when there is none yet. Raises BadInput."""
    if path.resolve().is_relative_to(out.resolve()):
        raise BadInput(f"{path} lies in {out}: keep the key of the dates away from the results.")
    try:
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(os.urandom(BYTES))
        found = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} can't be used ({error.strerror}): choose another file.") from error
    if len(found) != BYTES:
        raise BadInput(
            f"{path} is no key of dates ({BYTES} bytes): name a file that is not there."
        )
    return found


def check(nights: Iterable[Night]) -> None:
    """Raises BadInput for a night whose id may tell its date without being one."""
    for night in nights:
        if not (DATE.fullmatch(night.night) or NO_DATE.fullmatch(night.night)):
            raise BadInput(
                f"Night {night.night} can't be shifted: with --shift-dates a night is a date "
                f"(2026-11-21) or a short id (n001)."
            )


def days(secret: bytes, person: str) -> int:
    """By how many days this person's dates move; 0 without a key."""
    if not secret:
        return 0
    draw = int.from_bytes(hmac.digest(secret, person.encode(), "sha256")[:8])
    return 7 * (draw % (2 * WEEKS + 1) - WEEKS)


def moved(text: str, by: int) -> str:
    """A date, or a local time that begins with one, `by` days later; other texts as they are."""
    if not by or not DATE.match(text):
        return text
    date = dt.date.fromisoformat(text[:10]) + dt.timedelta(days=by)
    return date.isoformat() + text[10:]
