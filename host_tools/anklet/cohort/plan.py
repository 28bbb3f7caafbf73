"""What is to be done, as data: nights, settings, and the parts that a worker takes one at a time.

All of it is sent to workers and compared with what they wrote, so it holds plain values alone.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from anklet.errors import BadInput

NIGHTS_A_PART = 32  # what a killed worker has to do again: some seconds of work
MOST_PARTS = 4096  # files a dataset: what DuckDB and object stores open without complaint
PART = "part-*-of-*.parquet"


@dataclass(frozen=True)
class Night:
    """What one leg did in one night. person, night, group: ids, free of names; leg: "left",
    "right" or ""; files: absolute paths of its recordings, in their order."""

    person: str
    night: str
    leg: str
    group: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """How every night is scored: once for each of `rules` and each of `onset_mg`; none of either
    means the night's own. rate: of recordings without a time column, Hz. key: 32 bytes by which
    dates are shifted, or none."""

    rules: tuple[str, ...] = ()
    onset_mg: tuple[int, ...] = ()
    rate: float | None = None
    key: bytes = b""

    def grid(self) -> list[tuple[str | None, int | None]]:
        """Each pair of a rule set and an onset threshold."""
        return list(itertools.product(self.rules or (None,), self.onset_mg or (None,)))

    def told(self) -> str:
        """The settings as JSON, for the output; of the key only its hash."""
        key = hashlib.sha256(self.key).hexdigest()[:16] if self.key else None
        return json.dumps(
            {
                "rules": self.rules or "own",
                "onset_mg": self.onset_mg or "own",
                "rate": self.rate,
                "dates_shifted_by": key,
            }
        )


@dataclass(frozen=True)
class Part:
    """Some people's nights, sorted, and all that a worker has to know. versions: see versions.py;
    both it and the settings' text stand in every row of the output's `run`."""

    name: str
    out: str
    nights: tuple[Night, ...]
    settings: Settings
    versions: str

    def units(self) -> Iterator[list[Night]]:
        """The legs of each night together."""
        for _, legs in itertools.groupby(self.nights, lambda n: (n.person, n.night)):
            yield list(legs)

    def file(self, dataset: str) -> Path:
        return Path(self.out, dataset, f"{self.name}.parquet")


def parts(
    nights: Iterable[Night], out: Path, settings: Settings, versions: str, shard: tuple[int, int]
) -> list[Part]:
    """The parts of shard i of n (i from 1), the largest first; people are spread by a hash of
    their id, so that a new one changes one part only.

    An output that is there keeps its number of parts.
    """
    everyone = sorted(nights, key=lambda n: (n.person, n.night, n.leg))
    there = {path.stem for path in (out / "run").glob(PART)}
    of = next((int(name[-4:]) for name in there), 0) or _how_many(len(everyone))
    members: dict[int, list[Night]] = {}
    for night in everyone:
        digest = hashlib.blake2b(night.person.encode(), digest_size=8).digest()
        members.setdefault(int.from_bytes(digest) % of, []).append(night)
    # One that has lost all its people is given out empty, to be removed.
    numbers = set(members) | {int(name.split("-")[1]) for name in there}
    which, n = shard
    mine = [
        Part(f"part-{i:04d}-of-{of:04d}", str(out), tuple(members.get(i, ())), settings, versions)
        for i in sorted(numbers)
        if i % n == which - 1
    ]
    return sorted(mine, key=lambda part: (-len(part.nights), part.name))


def _how_many(nights: int) -> int:
    wanted = -(-nights // NIGHTS_A_PART)
    return min(MOST_PARTS, 1 << (wanted - 1).bit_length())


def shard(text: str) -> tuple[int, int]:
    """ "2/8" as (2, 8). Raises BadInput."""
    found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise BadInput(f"--shard {text} is none: give I/N with I from 1 to N, like 2/8.")
    return int(found[1]), int(found[2])
