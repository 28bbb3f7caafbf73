"""All nights as a table of the page: the newest first, those of unknown time last."""

from collections.abc import Callable
from html import escape
from itertools import islice
from typing import Any

from anklet.night.damage import plural
from anklet.report import words
from anklet.report.markup import Html, folded, table
from anklet.report.strips import Entries, short
from anklet.report.view import span_text

Item = dict[str, Any]
Link = Callable[[str, str], str]  # the address of a session's page, by device and session

ROWS = 60  # the newest
HEAD = (
    *("Night", "Start", "Leg", "In bed", "PLM/h in bed", "95 % interval"),
    *("PLM", "CLM", "PI", "Remarks", "Journal"),
)
TEXT = ("Leg", "Remarks", "Journal")
REMARKS = {
    "gap": "gap",
    "cut": "cut off",
    "damaged": "damaged",
    "clock": "time unknown",
    "by_hand": "dated by hand",
    "upright": "upright",
    "off_body": "off the body",
    "still": "very still",
    "askew": "sensor askew",
}


def folded_table(
    nights: list[Item],
    alone: list[Item],
    undated: int,
    left_out: int,
    entries: Entries,
    link: Link | None,
) -> str:
    """nights: the oldest first. alone: recordings of unknown time, the newest ROWS of `undated`.
    left_out: so many are hidden."""
    rows = [_row(night, entries, link) for night in islice(reversed(nights), ROWS)]
    rows += [_row(item, {}, link) for item in reversed(alone)]
    more = ""
    if len(nights) > ROWS:
        more = f" The newest {ROWS} of {len(nights)}; anklet nights lists them all."
    if left_out:
        more += f" {plural(left_out, 'hidden recording')} left out."
    if undated:
        more += f" {plural(undated, 'recording')} of unknown time at the end, and on no chart."
    listing = table("The nights", HEAD, rows, TEXT)
    return folded(
        "The nights as a table", f'<p class="quiet">The newest first.{more}</p>{listing}'
    )


def _row(night: Item, entries: Entries, link: Link | None) -> tuple[str, ...]:
    name = night["night"] or "time unknown"
    if link:
        links = [link(*session) for session in night["sessions"]]
        name = Html(
            " ".join(
                f'<a href="{escape(address)}">{escape(name) if not i else f"part {i + 1}"}</a>'
                for i, address in enumerate(links)
            )
        )
    between = night["interval"]
    index = night["periodicity_index"]
    remarks: list[str] = [REMARKS.get(flag) or flag for flag in night["flags"]]
    by_hand = "by_hand" in night["flags"]
    remarks += ["time estimated"] * (night["clock"] == "estimated" and not by_hand)
    remarks += [f"{len(night['sessions'])} parts"] * (len(night["sessions"]) > 1)
    return (
        name,
        night["start"][11:16] if night["start"] else "",
        night["of"],
        span_text(night["in_bed_s"]),
        "" if night["plm_per_hour"] is None else f"{night['plm_per_hour']:.1f}",
        "" if between is None else f"{between[0]:.1f} to {between[1]:.1f}",
        str(night["counts"]["plm"]),
        str(night["counts"]["clm"]),
        "" if index is None else f"{index:.2f}",
        ", ".join(remarks),
        short("; ".join(words.journal_words(entries.get(night["night"] or "", {})))),
    )
