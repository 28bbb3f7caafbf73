"""Where trials are kept, so that a plan can't change unnoticed once it is made.

trials/<id>.json    a plan, as a person can read it
trials/log.jsonl    one line an event, appended and never changed: a plan's seal (the SHA-256 of
                    its file) with a copy of it, each look at results, a trial given up

The file has to be byte for byte what was sealed; where it is not, the copy tells what was altered.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from anklet.archive import durable, jsonl
from anklet.errors import AnkletError, ArchiveUnwritable, BadInput, NotVerified
from anklet.trial.plan import Plan, from_text, to_text

Event = dict[str, Any]
LOOK = "anklet trial status shows it."
NAMED = 3  # altered places that are named


class Trials:
    """The trials of the archive at `path`. Nothing is created before one is planned."""

    def __init__(self, path: Path):
        self.folder = path / "trials"
        self.log = self.folder / "log.jsonl"

    def add(self, plan: Plan, bottles: str = "") -> str:
        """Write and seal a plan; returns the seal. bottles: the sheet of a blind one.

        The line in the log comes last and makes it a trial: without it there are files that the
        next plan of that name writes over. Raises ArchiveUnwritable.
        """
        text = to_text(plan)
        seal = _hash(text.encode())
        try:
            if bottles:
                durable.write(self.bottles(plan.id), bottles.encode())
            durable.write(self._file(plan.id), text.encode())
        except OSError as error:
            raise jsonl.unwritable(error, self.folder, LOOK) from error
        self.note(plan.id, "planned", sha256=seal, plan=text)
        return seal

    def bottles(self, trial: str) -> Path:
        """The sheet that says what is in the bottles of a blind trial."""
        return self.folder / f"{trial}-bottles.txt"

    def note(self, trial: str, event: str, **more: Any) -> None:
        """Append an event to the log. Raises ArchiveUnwritable."""
        line = {"at": jsonl.now(), "trial": trial, "event": event, **more}
        try:
            jsonl.append(self.log, line)
        except OSError as error:
            raise jsonl.unwritable(error, self.log, LOOK) from error

    def sealed(self) -> list[Plan]:
        """Every plan as it was sealed, oldest first."""
        return [from_text(event["plan"]) for event in self._events() if _is_seal(event)]

    def events(self, trial: str, event: str) -> list[Event]:
        """A trial's events of one kind, oldest first."""
        return [e for e in self._events() if (e["trial"], e["event"]) == (trial, event)]

    def latest(self, label: str | None) -> Plan | None:
        """The newest plan for this label, as it was sealed."""
        plans = [p for p in self.sealed() if label is None or p.label in (None, label)]
        return plans[-1] if plans else None

    def verified(self, trial: str) -> tuple[Plan, str]:
        """A trial's plan and seal, after its file was found to be what was sealed.

        Raises NotVerified saying what was altered.
        """
        seals = [event for event in self.events(trial, "planned") if _is_seal(event)]
        if not seals:
            raise NotVerified(f"There is no seal of trial {trial} in {self.log}.")
        sealed, seal = seals[-1]["plan"].encode(), seals[-1]["sha256"]
        if _hash(sealed) != seal:
            raise NotVerified(
                f"The seal of trial {trial} in {self.log} was altered after it was made, so no "
                f"result can be given; bring the line back from a backup."
            )
        try:
            found = self._file(trial).read_bytes()
        except OSError as error:
            raise NotVerified(
                f"The plan {self._file(trial)} can't be read ({error.strerror}), so no result can "
                f"be given; bring it back from a backup, or from the copy in {self.log}."
            ) from error
        if found != sealed:
            raise NotVerified(
                f"The plan {self._file(trial)} was altered after it was sealed, so no result can "
                f"be given: {_altered(sealed, found)}. Put that back as it was."
            )
        return from_text(found.decode()), seal

    def _file(self, trial: str) -> Path:
        return self.folder / f"{trial}.json"

    def _events(self) -> Iterator[Event]:
        try:
            for event in jsonl.read(self.log):
                match event:
                    case {"at": str(), "trial": str(), "event": str()}:
                        yield event
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> AnkletError:
        return ArchiveUnwritable(
            f"{self.folder} can't be read ({error.strerror}); correct its permissions, or set "
            f"ANKLET_HOME to another folder."
        )


def _is_seal(event: Event) -> bool:
    match event:
        case {"event": "planned", "sha256": str(), "plan": str(text)}:
            try:
                return from_text(text).id == event["trial"]
            except (BadInput, ValueError, TypeError, KeyError):
                return False
    return False


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _altered(sealed: bytes, found: bytes) -> str:
    """What differs, in words; the two do differ."""
    pairs = zip(sealed, found, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(sealed), len(found)))
    line = sealed[:at].count(b"\n") + 1
    try:
        before, after = dict(_leaves(json.loads(sealed))), dict(_leaves(json.loads(found)))
    except ValueError:
        return f"line {line} is no longer as it was, from byte {at} on"
    changed = [
        f"{name} was {_short(before, name)} and is {_short(after, name)}"
        for name in sorted(before.keys() | after.keys())
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]
    if not changed:
        return f"spaces, line breaks or the way of writing in line {line} (byte {at}), no value"
    more = f", and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return "; ".join(changed[:NAMED]) + more


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each value in a plan under its name: order[2], arms.A."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield f"number of {name}", len(value)
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{at}]")
    else:
        yield name, json.dumps(value, ensure_ascii=False)


def _short(values: dict[str, Any], name: str) -> str:
    text = str(values.get(name, "not there"))
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 120 else f"{text[:57]} ... {text[-57:]}"
