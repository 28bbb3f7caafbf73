"""A trial's nights, all scored again from their traces by one detector."""

from collections.abc import Callable, Collection
from typing import Any

from anklet.archive.store import Archive
from anklet.night import trace
from anklet.scoring import rescore

Item = dict[str, Any]


def again(
    archive: Archive, items: Collection[Item], progress: Callable[[float], None]
) -> list[Item]:
    """The sessions with the counts that their traces give, without those that have no trace.

    items: as Archive.sessions gives them. progress: takes the fraction done. About a second a
    night.
    """
    found = []
    for number, item in enumerate(items):
        data = archive.trace(item["session"], item["device"])
        if data:
            night = archive.load(item["session"], item["device"])
            counts = rescore.run(night, trace.parse(data, night.session))["counts"]
            found.append(item | {"counts": item["counts"] | counts})
        progress((number + 1) / len(items))
    return found
