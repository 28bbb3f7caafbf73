"""The report: self-contained HTML pages of one night, or of all of them.

Nothing on a page asks the network for anything. Data flows one way:

    night:  raw file -> Session -> view.SessionView -> figures, timeline -> svg -> onenight -> page
    trend:  database -> grouping.by_night, journal, trials -> strips, trendfigures, weeks -> svg,
            trendtable -> trend -> page
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from anklet.archive.journal import Journal
from anklet.archive.longterm import LongTerm
from anklet.archive.store import Archive
from anklet.archive.watchfiles import WatchFiles
from anklet.errors import BadInput
from anklet.night import grouping
from anklet.night.session import RECORDING, Session
from anklet.night.watch import Watch
from anklet.report import onenight
from anklet.report.page import document
from anklet.report.trend import Trend
from anklet.report.usual import Earlier, earlier
from anklet.texts import _
from anklet.trial import bands

__all__ = ["html", "night", "trend", "write"]

Items = Sequence[dict[str, Any]]
Noted = Callable[[str, str], Mapping[str, Any]]  # night, label -> journal's values
Before = Callable[[Session], Earlier]
Watched = Callable[[Session], Watch | None]


def html(
    sessions: Sequence[Session],
    noted: Noted | None = None,
    nav: str = "",
    before: Before | None = None,
    watched: Watched | None = None,
) -> str:
    """The page of these sessions, each in full on a sheet of its own, the newest first.

    Raises BadInput without a session.
    """
    if not sessions:
        raise BadInput(
            _("There is no night to report: run anklet sync with the board plugged in.")
        )
    body, title = onenight.sheets(sessions, noted, before, watched)
    return document(title, body, nav)


def night(archive: Archive, items: Items, nav: str = "") -> str:
    """The page of these sessions (some of Archive.sessions), those of one night joined.

    nav: HTML to stand above it. Raises BadInput without one.
    """
    noted = _noted(cache(Journal(archive.path).entries))
    shown = _joined(archive, items, traced=True)
    return html(shown, noted, nav, _before(archive.sessions()), WatchFiles(archive.path).of)


def trend(
    archive: Archive,
    items: Items,
    newest: bool = True,
    link: Callable[[str, str], str] | None = None,
    nav: str = "",
) -> str:
    """The page of all nights of these sessions, from the database alone.

    newest: the newest night follows in full; its raw file is the only one read. link: the address
    of a session's page, by device and session. nav: as for night(). Raises BadInput without a
    session.
    """
    items = [item for item in items if RECORDING not in item["flags"]]
    if not items:
        raise BadInput(_("There are no nights yet; anklet sync files those of a board."))
    journal = Journal(archive.path)
    entries = cache(journal.entries)
    made = Trend(items, entries, partial(bands, archive.path), link, LongTerm(journal).medicines)
    body = made.page()
    groups = [group for group in grouping.grouped(items) if group[0]["night"]]
    if newest and groups:
        joined = _joined(archive, groups[-1])
        sheet, _title = onenight.sheets(joined, _noted(entries), _before(items))
        body += f'<div class="new-sheet">{sheet}</div>'
    return document(_("All nights"), body, nav)


def write(page: str, out: Path) -> None:
    """Write a page to the file `out`, which is replaced as a whole or not at all.

    Raises BadInput when it can't be written.
    """
    out = Path(out)
    part = out.with_name(out.name + ".part")
    try:
        if out.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        part.write_text(page, encoding="utf-8")
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        why = error.strerror or error
        raise BadInput(
            f"The report can't be written to {out} ({why}): choose another file with --out."
        ) from error


def _joined(archive: Archive, items: Items, traced: bool = False) -> list[Session]:
    """traced: the counts at other thresholds come from the traces, a second or two a night."""
    shown = [{**item, "flags": [f for f in item["flags"] if f != "hidden"]} for item in items]
    return [grouping.joined(_loaded(archive, group, traced)) for group in grouping.grouped(shown)]


def _loaded(archive: Archive, group: Items, traced: bool) -> list[Session]:
    """The sessions of one night, with their traces where the archive has them."""
    sessions, traces = [], []
    for item in group:
        loaded = archive.load(item["session"], item["device"])
        found = None
        if data := archive.trace(item["session"], item["device"]):
            from anklet.night import trace  # noqa: PLC0415 - numpy is slow to import

            found = trace.parse(data, item["session"])
            loaded.trace = trace.drawn(loaded, found)
        sessions.append(loaded)
        traces.append(found)
    from anklet.scoring import robust  # noqa: PLC0415 - SciPy is slow to import

    known = traced and all(traces)
    for session, found in zip(sessions, traces, strict=True):
        session.plm_at = robust.at_thresholds(session, found if known else None)
    return sessions


def _before(items: Items) -> Before:
    """What the nights before a session's night say of it; nothing where it has none."""
    nights = grouping.by_night(items)
    of = {session: night for night in nights for session in night["sessions"]}

    def before(session: Session) -> Earlier:
        night = of.get((session.device, session.session.partition(" ")[0]))
        return earlier(nights, night) if night else Earlier()

    return before


def _noted(entries: Callable[[str], Mapping[str, Mapping[str, Any]]]) -> Noted:
    return lambda night, label: entries(label).get(night, {})
