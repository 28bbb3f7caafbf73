"""All text that a person meets on a page, in the language of whoever reads it.

The source holds the English text, `languages/de.po` the German one of each; `make texts` brings
that catalogue up to the source. What a program may read (JSON, CSV, files), and most of what a
terminal shows, is not from here. It is gettext's form without its compiled files, so that a
checkout and a wheel hold the same one thing; Babel, 30 MB, is but the tests' second reader.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

LANGUAGES = {"en": "English", "de": "Deutsch"}
SOURCE = "en"

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """All text that is made meanwhile is in this language, one of LANGUAGES."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """The language that text is made in."""
    return _language.get()


def of_environment() -> str:
    """The language that the environment asks for, as gettext reads it; else English."""
    names = (os.environ.get(name, "") for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    asked = next((name for name in names if name), SOURCE)
    return next((tag for each in asked.split(":") if (tag := each[:2]) in LANGUAGES), SOURCE)


def N_(text: str) -> str:
    """Mark a text that is written in one place, for the catalogue, and shown from another."""
    return text


def _(text: str, /, **values: object) -> str:
    """The text in the reader's language; each {name} in it is a value, as str.format has it."""
    found = _catalogue(language()).get(text) or (text,)
    return _filled(found[0], values)


def n_(one: str, many: str, n: int, /, **values: object) -> str:
    """The text for n things; {n} is their number."""
    found = _catalogue(language()).get(one) or (one, many)
    return _filled(found[0 if n == 1 else 1], {"n": n, **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    return text.format(**values) if language() == SOURCE else _COMMA.vformat(text, (), values)


class _Comma(Formatter):
    """Writes numbers with the decimal comma."""

    _exchanged = str.maketrans(".,", ",.")

    def format_field(self, value: Any, format_spec: str) -> str:
        text = format(value, format_spec)
        return text.translate(self._exchanged) if isinstance(value, int | float) else text


_COMMA = _Comma()


def decimal(value: float, form: str = ".1f") -> str:
    """A number for a person, with the decimal sign of the language. form: as format() has it."""
    return format(value, form) if language() == SOURCE else _COMMA.format_field(value, form)


def sentence(text: str) -> str:
    """The text with a capital letter first."""
    return text[:1].upper() + text[1:]


def within(label: str) -> str:
    """A label as it stands within a sentence: German nouns keep their capital letter."""
    return label if language() == "de" else label.lower()


WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)
SHORT_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June")),
    *(N_("July"), N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
SHORT_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)


def day(date: dt.date | str) -> str:
    """A date with its weekday, "Saturday 21 November 2026"; str: in its ISO form."""
    date = _date(date)
    weekday, month = _(WEEKDAYS[date.weekday()]), _(MONTHS[date.month - 1])
    return _("{weekday} {day} {month} {year}", **_parts(date, weekday, month))


def short_day(date: dt.date | str) -> str:
    """The same, short: "Sat 21 Nov 2026"."""
    date = _date(date)
    weekday, month = _(SHORT_WEEKDAYS[date.weekday()]), _(SHORT_MONTHS[date.month - 1])
    return _("{weekday} {day} {month} {year}", **_parts(date, weekday, month))


def day_and_month(date: dt.date) -> str:
    """ "21 Nov"."""
    return _("{day} {month}", day=str(date.day), month=_(SHORT_MONTHS[date.month - 1]))


def _date(date: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(date) if isinstance(date, str) else date


def _parts(date: dt.date, weekday: str, month: str) -> dict[str, str]:
    return {"weekday": weekday, "day": str(date.day), "month": month, "year": str(date.year)}


Catalogue = Mapping[str, Sequence[str]]


@cache
def _catalogue(language: str) -> Catalogue:
    if language == SOURCE:
        return {}
    return read(files("anklet").joinpath(f"languages/{language}.po").read_text(encoding="utf-8"))


def read(po: str) -> Catalogue:
    """The translations of each text in a .po file: one, or the one and the many.

    Raises ValueError where it is none.
    """
    found: dict[str, Sequence[str]] = {}
    entry: dict[str, str] = {}
    key = ""
    for line in [*po.splitlines(), ""]:
        if not line:
            if entry.get("msgid"):
                found[entry["msgid"]] = [v for k, v in entry.items() if k.startswith("msgstr")]
            entry = {}
        elif not line.startswith("#"):
            if not line.startswith('"'):
                key, _space, line = line.partition(" ")  # noqa: PLW2901
                entry[key] = ""
            entry[key] += json.loads(line)  # its escapes are those of .po
    return found
