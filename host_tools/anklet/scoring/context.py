"""What else a night's scorer marked, set beside the movements: sleep, arousals, breathing.

Respiratory-related movements: WASM 2016 counts PLMs with them first and then without them. A CLM
is left out when any part of it lies from 2.0 s before to 10.25 s after the end of a respiratory
event (Ferri et al. 2016, by the analysis of Manconi et al. 2015), and the intervals are measured
anew between those that stay. The AASM manual, version 3, leaves out what lies from 0.5 s before
the event to 0.5 s after it. A CLM belongs to an arousal when they overlap or less than 0.5 s lies
between them, whichever comes first (both rule sets).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anklet.scoring.bilateral import Movement
from anklet.scoring.events import Events, joined, touches

NEAR_AROUSAL_MS = 499  # less than 0.5 s
Lm = dict[str, Any]  # as `score --json` has it


@dataclass(frozen=True)
class Window:
    """Of a respiratory event, ms; its bounds are inclusive. `before` is counted back from its
    end, or from its onset."""

    from_end: bool
    before: int
    after: int


WINDOWS = {
    "wasm2016": Window(from_end=True, before=2000, after=10250),
    "aasm3": Window(from_end=False, before=500, after=500),
}


def add(found: dict[str, Any], given: Events, again: Callable[[list[bool]], dict]) -> None:
    """Add to a score what the file told: `sleep`, `arousals`, `respiratory`; each None if it told
    nothing of the kind.

    found: of score.scored; `asleep`, `arousal` and `respiratory` are added to its lms where known.
    again: scores those LMs whose place in the list is True.
    """
    lms: list[Lm] = found["lms"]
    _flag(lms, "asleep", given.sleep, lambda onset, end: (onset, onset))
    _flag(
        lms,
        "arousal",
        given.arousals and _widened(given.arousals, NEAR_AROUSAL_MS, NEAR_AROUSAL_MS),
        lambda onset, end: (onset, end),
    )
    _flag(
        lms,
        "respiratory",
        given.respiratory and _windows(given.respiratory, WINDOWS[found["rules"]]),
        lambda onset, end: (onset, end),
    )
    hours = sum(duration for _, duration in given.sleep or ()) / 3_600_000

    def in_sleep(plms: list[Lm]) -> dict[str, Any]:
        """How many of them in sleep, and an hour of it; nothing without stages."""
        if given.sleep is None:
            return {"plm_asleep": None, "plm_per_hour_of_sleep": None}
        n = sum(lm["asleep"] for lm in plms)
        return {
            "plm_asleep": n,
            "plm_per_hour_of_sleep": round(n / hours, 4) if hours else None,
        }

    plms = [lm for lm in lms if lm["plm"]]
    found["sleep"] = found["arousals"] = found["respiratory"] = None
    if given.sleep is not None:
        found["sleep"] = {"hours": round(hours, 4), **in_sleep(plms)}
    if given.arousals is not None:
        with_arousal = [lm for lm in plms if lm["arousal"]]
        found["arousals"] = {
            "events": len(given.arousals),
            "plm": len(with_arousal),
            **in_sleep(with_arousal),
        }
    if given.respiratory is not None:
        left_out = [lm["class"] == "clm" and lm["respiratory"] for lm in lms]
        without = again([not out for out in left_out])
        stay = [lm for lm, out in zip(lms, left_out, strict=True) if not out]
        found["respiratory"] = {
            "events": len(given.respiratory),
            "left_out": sum(left_out),
            "counts": without["counts"],
            "periodicity_index": without["periodicity_index"],
            **in_sleep([lm for lm, new in zip(stay, without["lms"], strict=True) if new["plm"]]),
        }


def _flag(lms: list[Lm], name: str, spans: list[Movement] | None, reach) -> None:
    if spans is None:
        return
    for lm in lms:
        onset = round(lm["onset_s"] * 1000)
        lm[name] = touches(spans, *reach(onset, onset + round(lm["duration_s"] * 1000)))


def _windows(events: list[Movement], window: Window) -> list[Movement]:
    if window.from_end:
        return _widened([(sum(event), 0) for event in events], window.before, window.after)
    return _widened(events, window.before, window.after)


def _widened(events: list[Movement], before: int, after: int) -> list[Movement]:
    """Both ends belong to it."""
    return joined((onset - before, before + length + after + 1) for onset, length in events)


def text(found: dict[str, Any]) -> str:
    """What a score has beside its counts, and what it can't know, for a person."""
    sleep, arousals, breathing = (found[name] for name in ("sleep", "arousals", "respiratory"))
    lines = []
    if sleep:
        lines.append(f"asleep {sleep['hours']:.2f} h, PLM during sleep {_in_sleep(sleep)}")
    else:
        lines.append("no sleep stages in the file: which PLM came during sleep is not known")
    if breathing:
        counts = breathing["counts"]
        line = (
            f"without the {breathing['left_out']} CLMs at the {breathing['events']} respiratory "
            f"events: CLM {counts['clm']}, PLM {counts['plm']} in {counts['series']} series"
        )
        if sleep:
            line += f", during sleep {_in_sleep(breathing)}"
        lines.append(line)
    else:
        lines.append(
            "no respiratory events in the file: movements that came with breathing, if there were "
            "any, are counted"
        )
    if arousals:
        lines.append(f"arousals {arousals['events']}, PLM with one {arousals['plm']}")
    return "\n".join(lines)


def _in_sleep(part: dict[str, Any]) -> str:
    rate = part["plm_per_hour_of_sleep"]
    return f"{part['plm_asleep']} (per hour of sleep: {'-' if rate is None else f'{rate:.1f}'})"
