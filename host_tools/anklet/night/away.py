"""When the sensor was not in bed, and when it may not have been.

The device leaves time out of the hours in bed as off the body only where more than stillness
speaks for it (firmware/plmcore/still.py); what is very still and no more stays in. Either may be
wrong, so such a night has a range beside its rate.
"""

import bisect

from anklet.night.session import OFF_BODY, Session, reader, record

LEAST = 15  # minutes of a stretch that is told: that of the device
Span = tuple[int, int]  # from, to: ms of the session


def upright(night: Session) -> list[Span]:
    return flagged(night, record.EPOCH_UPRIGHT)


def off_body(night: Session) -> list[Span]:
    """What is left out of the hours in bed as off the body."""
    stills = [_span(still) for still in night.stills if still["evidence"] & OFF_BODY]
    return _apart([*flagged(night, record.EPOCH_OFF_BODY), *stills])


def still(night: Session) -> list[Span]:
    """What was very still and counts as in bed."""
    return _apart([_span(still) for still in night.stills if not still["evidence"] & OFF_BODY])


def out_of_bed(night: Session) -> list[Span]:
    """Upright or off the body: in order, without overlaps."""
    return _apart([*upright(night), *off_body(night)])


def flagged(night: Session, flag: int) -> list[Span]:
    """The epochs that carry this flag, neighbours joined."""
    out: list[Span] = []
    before = 0
    for epoch in night.epochs:
        if epoch["ms"] > before:
            if epoch["flags"] & flag:
                joined = out and out[-1][1] == before
                out.append((out.pop()[0] if joined else before, epoch["ms"]))
            before = epoch["ms"]
    return out


def inside(ms: float, spans: list[Span]) -> bool:
    """Whether a moment lies in one of the spans, which are in order and apart."""
    at = bisect.bisect_left(spans, (ms, ms)) - 1
    return at >= 0 and ms <= spans[at][1]


def evidence(still: dict[str, int]) -> list[str]:
    """The names of reader.EVIDENCE that a STILL record has."""
    return [name for bit, name in enumerate(reader.EVIDENCE) if still["evidence"] >> bit & 1]


def unfinished(night: Session) -> list[dict[str, int]]:
    """The stretch in which a session was cut off, as a STILL record without evidence."""
    length = minutes = 0
    before = [0, *(epoch["ms"] for epoch in night.epochs)]
    for epoch, begin in zip(reversed(night.epochs), reversed(before[:-1]), strict=True):
        if not epoch["flags"] & record.EPOCH_STILL:
            break
        minutes += 1
        length = night.epochs[-1]["ms"] - begin
    if minutes < LEAST:
        return []
    end = night.epochs[-1]
    return [{"n": end["n"], "ms": end["ms"], "length_ms": length, "evidence": 0}]


def _apart(spans: list[Span]) -> list[Span]:
    """In order, those that overlap or touch joined."""
    out: list[Span] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return out


def _span(still: dict[str, int]) -> Span:
    return max(0, still["ms"] - still["length_ms"]), still["ms"]
