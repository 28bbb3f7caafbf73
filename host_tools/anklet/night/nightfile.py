"""Reads a night file into a Session.

Nothing in a night file is trusted: damage is listed, text is made printable, and what can't be
right is left out.
"""

from collections.abc import Iterable
from typing import Any, cast

from anklet.night import away, clock
from anklet.night.damage import Losses
from anklet.night.recount import recount
from anklet.night.session import COUNTS, LM, RECORDING, RECORDINGS, Session, reader, record

LIMIT = 1 << 30  # every sample number and every time in a night file lies below
# Bounds for what a broken board could send, far above those of 12 days, the longest session.
MOST_RECORDS = 65_536
MOST_KEYS = 100
_TIMES = ("gap_ms", "upright_ms", "off_body_ms")


def parse(data: bytes, session: str = "", device: str = "") -> Session:
    """Read a night file. It never fails: what can't be read is in `damage`.

    session, device: what the file was filed under, if that is known; else its header says.
    """
    night = Session(session, device)
    losses = Losses()
    if not data:
        losses.stretch(0, 0)
    lists = {
        record.EPOCH: night.epochs,
        record.GAP: night.gaps,
        record.ANCHOR: night.anchors,
        record.MARKER: night.markers,
        record.FAULT: night.faults,
        record.STILL: night.stills,
    }
    by_number: dict[int, LM] = {}
    last = None  # COUNTS
    known = lost_ms = 0
    records = cast(Iterable[tuple[int, int, int, Any]], reader.read(data))
    for offset, kind, sequence, fields in records:
        if "damaged" in fields:
            losses.stretch(offset, fields["damaged"])
            continue
        losses.record(offset, sequence)
        if "raw" in fields:
            continue  # a record type of later firmware
        known += 1
        if known > MOST_RECORDS:
            losses.stretch(offset, len(data) - offset)
            break
        if kind in reader.FIELDS:
            gaps_ms = lost_ms + fields["lost_ms"] if kind == record.GAP else 0
            if max(fields.values()) >= LIMIT or gaps_ms >= LIMIT:  # nothing that can be measured
                losses.stretch(offset, record.HEAD + data[offset + 1] + record.TAIL)
                continue
            lost_ms = max(lost_ms, gaps_ms)
            ms = fields["onset_ms" if kind == record.LM else "ms"]
            losses.moment(ms)
            night.length_ms = max(night.length_ms, ms)
        if kind == record.META:
            key = _printable(fields["key"])
            if len(night.meta) < MOST_KEYS:
                night.meta.setdefault(key, _printable(fields["value"]))
        elif kind == record.LM:
            lm = _lm(fields)
            by_number[lm.number] = lm
            night.lms.append(lm)
            night.length_ms = max(night.length_ms, lm.onset_ms + lm.duration_ms)
        elif kind == record.SERIES:
            for number in fields["numbers"]:
                if earlier := by_number.get(number):
                    earlier.plm, earlier.series = True, fields["series"]
        elif kind == record.COUNTS:
            last = fields
        elif kind == record.GAP and fields["cause"] == record.RESTART:
            night.restart = fields
        elif kind in lists:
            lists[kind].append(fields)
    for gap in night.gaps:
        night.length_ms = max(night.length_ms, gap["ms"] + gap["lost_ms"])
    night.damage = losses.found
    night.session = night.session or night.meta.get("session", "")
    night.device = night.device or night.meta.get("device", "")
    night.lms.sort(key=lambda lm: lm.onset_ms)
    _count(night, last)
    from anklet.night import shank  # noqa: PLC0415 - numpy is slow to import

    shank.settle(night)
    clock.settle(night)
    return night


def _printable(text: str) -> str:
    """A board could send escape sequences to the terminal, or markup to the page's source."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _lm(fields: dict[str, int]) -> LM:
    kind = fields["kind"]
    return LM(
        number=fields["number"],
        n=fields["n"],
        onset_ms=fields["onset_ms"],
        duration_ms=fields["duration_ms"],
        peak_mg=fields["peak_mg"],
        kind=reader.KINDS[kind] if kind < len(reader.KINDS) else f"kind{kind}",
        flags=fields["flags"],
        plm=bool(fields["flags"] & record.PLM),
        series=fields["series"],
    )


def _count(night: Session, last: dict[str, int] | None) -> None:
    """Set counts, length and flags: by the device's final record, else by the records."""
    if last and last["reason"] != record.CHECKPOINT:
        night.counts = {name: last[name] for name in (*COUNTS, *_TIMES)}
        night.length_ms = last["ms"]
        cut = last["reason"] == record.RECOVERED
    else:
        night.counts = recount(night, last)
        cut = True
    if cut:
        night.stills += away.unfinished(night)
    for flag, holds in (
        ("gap", night.counts["gap_ms"]),
        ("cut", cut),
        ("damaged", night.damage),
        ("upright", night.counts["upright_ms"]),
        ("off_body", night.counts["off_body_ms"]),
        ("still", away.still(night)),
        ("fault", night.faults),
        ("newer", night.meta.get("format", "1") != "1"),
        (RECORDING, night.device.startswith(RECORDINGS)),
    ):
        if holds:
            night.flags.append(flag)
