"""What may stand in the journal: its items, as data, and what a person types for them."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from anklet.errors import BadInput
from anklet.texts import _, decimal

Value = float | str
Values = dict[str, Value | None]  # None takes the entry back


@dataclass(frozen=True)
class Key:
    """An item of the journal.

    kind: "number" (low to high), "whole" (the same without decimals), "choice" or "text" (high:
    letters at most). part: of the form it stands in. note: help for whoever fills it in;
    influence: what is known of it that the report should say. outcome: it says how the night was,
    so it is asked first and never filled in from another night. others: what else a person may
    write behind a number, and how much of `unit` that is.
    """

    kind: str
    label: str
    unit: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    part: str = "evening"
    note: str = ""
    influence: str = ""
    outcome: bool = False
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def scale(self) -> bool:
        """It is one of a few steps, such as 0 to 10."""
        return self.kind == "whole" and self.high <= 10

    def shown(self, value: object) -> str:
        """A value as a person reads it."""
        if self.kind == "choice":
            return _(str(value))
        return decimal(value, "") if isinstance(value, float) else str(value)

    @property
    def range(self) -> str:
        """What is allowed, in words."""
        if self.kind == "choice":
            return _("one of {choices}", choices=", ".join(map(self.shown, self.choices)))
        if self.kind == "text":
            return _("a text of {n} letters at most", n=self.high)
        span = {"low": self.low, "high": f"{self.high} {self.unit}".rstrip()}
        if self.kind == "whole":
            return _("a whole number from {low} to {high}", **span)
        return _("a number from {low} to {high}", **span)


GRAMS = {"g": 1000}  # in mg

# Items of our own: the symptom scales of others are under copyright.
KEYS = {
    "magnesium_mg": Key(
        *("number", "Magnesium", "mg", 0, 2000),
        note="Elemental magnesium, as the pack says it.",
        others=GRAMS,
    ),
    "magnesium_form": Key(
        "choice",
        "Magnesium, form",
        choices=(
            *("citrate", "glycinate", "oxide", "chloride", "malate", "sulfate", "threonate"),
            "other",
        ),
    ),
    "route": Key(
        "choice",
        "Magnesium, route",
        choices=("food", "oral", "skin"),
        note="In food, by mouth as a supplement, or on the skin.",
    ),
    "iron_mg": Key("number", "Iron", "mg", 0, 500, others=GRAMS),
    "caffeine_mg": Key(
        *("number", "Caffeine", "mg", 0, 2000),
        note="All day. A cup of coffee holds about 90 mg: 2 cups may be written.",
        others=GRAMS | dict.fromkeys(("cup", "cups", "tasse", "tassen"), 90),
    ),
    "alcohol_g": Key(
        *("number", "Alcohol", "g", 0, 500),
        note="Pure alcohol. A small beer holds about 13 g: 2 beers may be written.",
        others=dict.fromkeys(("beer", "beers", "bier"), 13),
    ),
    "exercise_min": Key(
        *("number", "Exercise", "min", 0, 1440),
        others=dict.fromkeys(("h", "hour", "hours", "stunde", "stunden"), 60),
    ),
    "antidepressant": Key(
        "text",
        "Antidepressant",
        high=200,
        note="Name and dose. Never stop one on your own.",
        influence="Antidepressants are a known influence on periodic leg movements.",
    ),
    "medicine": Key("text", "Other medicines", high=500, note="Names and doses, with commas."),
    "urge": Key(
        "whole",
        "Urge to move the legs",
        high=10,
        note="0: none. 10: as strong as it can be.",
        outcome=True,
    ),
    "sleep_quality": Key(
        *("whole", "Sleep quality"),
        high=10,
        part="morning",
        note="0: very bad. 10: very good.",
        outcome=True,
    ),
    "wakeups": Key("whole", "Times awake", high=50, part="morning", outcome=True),
    "text": Key("text", "Anything else", high=2000, part="morning"),
    "adverse_event": Key(
        "text",
        "Anything unwanted",
        high=300,
        part="morning",
        note="What it was, how bad, how long. More than mild, or again: stop, and see a doctor.",
    ),
    "bottle": Key(
        "choice",
        "Bottle of a blind trial",
        choices=("A", "B", "neither"),
        note="Which one you took from: anklet trial tonight says which it should be.",
    ),
}


def texts() -> Iterator[str]:
    """What the items say on a page, for the catalogue."""
    for item in KEYS.values():
        yield from filter(None, (item.label, item.note, item.influence, *item.choices))


def unknown(key: str) -> BadInput:
    """What to raise for a key that there is none of; names the one that was perhaps meant."""
    like = get_close_matches(key.lower(), KEYS, 1)
    meant = f"; did you mean {like[0]}? It" if like else "; it"
    return BadInput(f"The journal has no {key!r}{meant} has {', '.join(KEYS)}.")


def check(key: str, value: object) -> Value | None:
    """The value as it is kept; None for an empty one, which takes the entry back.

    Raises BadInput naming what is wrong and what is allowed.
    """
    item = KEYS.get(key)
    if item is None:
        raise unknown(key)
    return checked(key, item, value)


def checked(name: str, item: Key, value: object) -> Value | None:
    """The same of any item, which is called `name` where it is refused."""
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    if item.kind == "text":
        text = "".join(c if c.isprintable() else " " for c in text)
        if len(text) <= item.high:
            return text
    elif item.kind == "choice":
        for choice in item.choices:
            if text.lower() == choice.lower():
                return choice
    elif (number := _number(text, item)) is not None and item.low <= number <= item.high:
        if number.is_integer():
            return int(number)
        if item.kind == "number":
            return number
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    raise BadInput(
        _("{what} has to be {range}, not {given}.", what=name, range=item.range, given=repr(shown))
    )


def _number(text: str, item: Key) -> float | None:
    """The number of "300", "300 mg", "0,3 g" or "2 cups", in the item's unit; None for no such."""
    found = re.fullmatch(r"([+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(\D*)", text)
    unit = found[2].lower() if found else ""
    times = {"": 1.0, item.unit.lower(): 1.0, **item.others}.get(unit)
    if found is None or times is None:
        return None
    return round(float(found[1].replace(",", ".")) * times, 9)


def parse(words: Iterable[str]) -> Values:
    """The values of KEY=VALUE words, as a person types them; a sentence without a key is `text`.

    Raises BadInput.
    """
    values: Values = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not re.fullmatch(r"\s*[A-Za-z_]+\s*", key) or not equals:
            if not re.search(r"\S\s+\S", word):
                raise BadInput(f"{word!r} is no entry; write KEY=VALUE, as in magnesium_mg=300.")
            key, value = "text", word
        key = key.strip()
        if key in values:
            raise BadInput(f"{key} is given twice; give it once.")
        values[key] = check(key, value)
    return values


def is_kept(key: str, value: object) -> bool:
    """A value of a line is as `check` keeps it: the file may come from a later version."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return False
    try:
        return check(key, value) == value
    except BadInput:
        return False
