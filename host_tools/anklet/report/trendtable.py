"""All nights as a table of the page: the newest first, those of unknown time last."""

from collections.abc import Callable
from html import escape
from itertools import islice
from typing import Any

from anklet.report import words
from anklet.report.markup import Html, folded, table
from anklet.report.strips import Entries, short
from anklet.report.view import span_text
from anklet.texts import N_, _, decimal, n_, short_day

Item = dict[str, Any]
Link = Callable[[str, str], str]  # the address of a session's page, by device and session

ROWS = 60  # the newest
HEAD = (
    *(N_("Night"), N_("Start"), N_("Leg"), N_("In bed"), N_("PLM/h in bed"), N_("95 % interval")),
    *(N_("PLM"), N_("CLM"), N_("PI"), N_("Remarks"), N_("Journal")),
)
TEXT = ("Leg", "Remarks", "Journal")
REMARKS = {
    "gap": N_("gap"),
    "cut": N_("cut off"),
    "damaged": N_("damaged"),
    "clock": N_("time unknown"),
    "by_hand": N_("dated by hand"),
    "upright": N_("upright"),
    "off_body": N_("off the body"),
    "still": N_("very still"),
    "askew": N_("sensor askew"),
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
    more = [_("The newest first.")]
    if len(nights) > ROWS:
        more.append(
            _("The newest {rows} of {n}; anklet nights lists them all.", rows=ROWS, n=len(nights))
        )
    if left_out:
        more.append(
            n_("{n} hidden recording left out.", "{n} hidden recordings left out.", left_out)
        )
    if undated:
        more.append(
            n_(
                "{n} recording of unknown time at the end, and on no chart.",
                "{n} recordings of unknown time at the end, and on no chart.",
                undated,
            )
        )
    listing = table(_("The nights"), [_(name) for name in HEAD], rows, [_(name) for name in TEXT])
    return folded(_("The nights as a table"), f'<p class="quiet">{" ".join(more)}</p>{listing}')


def _row(night: Item, entries: Entries, link: Link | None) -> tuple[str, ...]:
    name = short_day(night["night"]) if night["night"] else _("time unknown")
    if link:
        links = [link(*session) for session in night["sessions"]]
        name = Html(
            " ".join(
                f'<a href="{escape(address)}">{_("part {n}", n=i + 1) if i else escape(name)}</a>'
                for i, address in enumerate(links)
            )
        )
    between = night["interval"]
    index = night["periodicity_index"]
    remarks: list[str] = [_(REMARKS.get(flag) or flag) for flag in night["flags"]]
    by_hand = "by_hand" in night["flags"]
    remarks += [_("time estimated")] * (night["clock"] == "estimated" and not by_hand)
    remarks += [_("{n} parts", n=len(night["sessions"]))] * (len(night["sessions"]) > 1)
    return (
        name,
        night["start"][11:16] if night["start"] else "",
        night["of"],
        span_text(night["in_bed_s"]),
        "" if night["plm_per_hour"] is None else decimal(night["plm_per_hour"]),
        "" if between is None else _("{low:.1f} to {high:.1f}", low=between[0], high=between[1]),
        str(night["counts"]["plm"]),
        str(night["counts"]["clm"]),
        "" if index is None else decimal(index, ".2f"),
        ", ".join(remarks),
        short("; ".join(words.journal_words(entries.get(night["night"] or "", {})))),
    )
