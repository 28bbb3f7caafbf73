"""Both legs of a night: the movements of two boards on one clock, combined by the rules.

Two boards are two clocks. They are laid over each other by what a computer knew when it spoke to
each of them (clock.py); where that is not sure to ALIGNED_MS, the legs stay apart.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from anklet.archive.store import Archive
from anklet.night import away
from anklet.night.grouping import Item, by_night
from anklet.night.recount import LEG_MOVEMENTS
from anklet.night.session import Session
from anklet.scoring import score
from anklet.scoring.bilateral import Movement

ALIGNED_MS = 100  # both clocks' errors together
LEGS = ("left", "right")

Span = tuple[int, int]  # from, to: ms since 1970


def nights(archive: Archive, items: Iterable[Item]) -> list[dict[str, Any]]:
    """The nights of which both legs are there, by night and label; see night().

    items: as Archive.sessions gives them.
    """
    legs: dict[tuple[str, str], dict[str, Item]] = {}
    for item in by_night(items):
        legs.setdefault((item["night"], item["label"]), {})[item["leg"]] = item
    found = []
    for (name, label), sides in sorted(legs.items()):
        if all(leg in sides for leg in LEGS):
            left, right = (
                [archive.load(session, device) for device, session in sides[leg]["sessions"]]
                for leg in LEGS
            )
            counts = {leg: sides[leg]["counts"]["plm"] for leg in LEGS}
            found.append({"night": name, "label": label, "plm": counts, **night(left, right)})
    return found


def night(left: Sequence[Session], right: Sequence[Session]) -> dict[str, Any]:
    """The sessions of one night, of the left and of the right leg, scored together.

    `aligned`: both clocks agree to ALIGNED_MS (`error_s` is what they may differ by); if not,
    `reason` says why, and there is nothing more. `in_bed_s`: the time in which both legs were
    recorded, neither of them upright or off the body; movements at other times do not count, and
    a gap of either leg ends a series. `lms`, `counts`, `series`, `periodicity_index`: as `score
    --json` has them, onsets since `start` (ms since 1970). `plm_per_hour`: of in_bed_s.
    """
    reason = _apart(left, right)
    if reason:
        return {"aligned": False, "reason": reason}
    both = _overlap(_recorded(left), _recorded(right))
    in_bed = _overlap(_overlap(both, _lying(left)), _lying(right))
    start = both[0][0]

    def lms(leg: Sequence[Session]) -> list[Movement]:
        return [(onset - start, ms) for onset, ms in _movements(leg) if _inside(onset, both)]

    holes = [(end - start, begin - end) for (_, end), (begin, _) in pairwise(both)]
    scored = score.score_both(lms(left), lms(right), score.rule_set(left[0].rules), holes)
    in_bed_s = sum(end - begin for begin, end in in_bed) / 1000
    plm = scored["counts"]["plm"]
    return {
        "aligned": True,
        "error_s": _error_ms(left, right) / 1000,
        "start": start,
        "in_bed_s": in_bed_s,
        **scored,
        "plm_per_hour": round(plm * 3600 / in_bed_s, 4) if in_bed_s else None,
    }


def _apart(left: Sequence[Session], right: Sequence[Session]) -> str:
    """Why the legs can't be combined; "" if they can."""
    for leg, sessions in zip(LEGS, (left, right), strict=True):
        if any(session.start is None for session in sessions):
            return f"the time of the {leg} leg is unknown"
    if len({session.rules for session in (*left, *right)}) > 1:
        return "the two boards score by different rules"
    error = _error_ms(left, right)
    if error > ALIGNED_MS:
        return (
            f"the clocks are only sure to {error / 1000:.2f} s and {ALIGNED_MS / 1000} s is "
            f"needed; let anklet sync speak to both boards before and after the night, and leave "
            f"them powered in between"
        )
    if not _overlap(_recorded(left), _recorded(right)):
        return "the two legs were not recorded at the same time"
    return ""


def _error_ms(left: Sequence[Session], right: Sequence[Session]) -> int:
    """What the two clocks may differ by: their errors are independent."""
    return round(math.hypot(*(max(session.error_ms for session in leg) for leg in (left, right))))


def _utc_ms(session: Session, ms: int) -> int:
    when = session.at(ms)
    assert when
    return round(when.timestamp() * 1000)


def _movements(sessions: Iterable[Session]) -> list[Movement]:
    """The LMs, (ms since 1970, ms), in order of onset."""
    return sorted(
        (_utc_ms(session, lm.onset_ms), lm.duration_ms)
        for session in sessions
        for lm in session.lms
        if lm.kind in LEG_MOVEMENTS
    )


def _recorded(sessions: Iterable[Session]) -> list[Span]:
    """The stretches with samples."""
    found = []
    for session in sorted(sessions, key=lambda s: _utc_ms(s, 0)):
        at = 0
        for gap in sorted(session.gaps, key=lambda gap: gap["ms"]):
            found.append((at, gap["ms"], session))
            at = gap["ms"] + gap["lost_ms"]
        found.append((at, session.length_ms, session))
    return _as_utc(found)


def _lying(sessions: Iterable[Session]) -> list[Span]:
    """The stretches neither upright nor off the body."""
    found = []
    for session in sorted(sessions, key=lambda s: _utc_ms(s, 0)):
        at = 0
        for first, last in away.out_of_bed(session):
            found.append((at, first, session))
            at = last
        found.append((at, session.length_ms, session))
    return _as_utc(found)


def _as_utc(spans: list[tuple[int, int, Session]]) -> list[Span]:
    return [(_utc_ms(s, begin), _utc_ms(s, end)) for begin, end, s in spans if end > begin]


def _overlap(one: list[Span], other: list[Span]) -> list[Span]:
    """What both lists of spans have; each is in order and without overlaps."""
    found = []
    i = j = 0
    while i < len(one) and j < len(other):
        begin, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if end > begin:
            found.append((begin, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def _inside(onset: int, spans: list[Span]) -> bool:
    return any(begin <= onset <= end for begin, end in spans)


HEADS = ("night", "label", "in bed, both", "LM", "CLM", "PLM", "PLM per hour", "left", "right")


def table(found: list[dict[str, Any]]) -> str:
    """What nights() found, a row each; left and right: the PLMs of each leg alone."""
    if not found:
        return "There is no night of which both legs are there: label the boards alike."
    rows: list[tuple[str, ...]] = [HEADS]
    for item in found:
        alone = [str(item["plm"][leg]) for leg in LEGS]
        if item["aligned"]:
            counts, rate = item["counts"], item["plm_per_hour"]
            numbers = [f"{item['in_bed_s'] / 3600:.1f} h"]
            numbers += [str(counts[name]) for name in ("lm", "clm", "plm")]
            numbers += ["-" if rate is None else f"{rate:.1f}"]
        else:
            numbers = ["-"] * 5
        rows.append((item["night"], item["label"], *numbers, *alone))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = ["  ".join(t.rjust(w) for t, w in zip(row, widths, strict=True)) for row in rows]
    reasons = [f"{i['night']}: apart, {i['reason']}." for i in found if not i["aligned"]]
    return "\n".join([*lines, *reasons])
