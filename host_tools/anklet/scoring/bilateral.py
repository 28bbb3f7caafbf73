"""Both legs: movements of the left and the right leg that count as one."""

from collections.abc import Iterable
from dataclasses import dataclass

from anklet import device

Movement = tuple[int, int]  # onset and duration, ms


@dataclass(frozen=True)
class Bounds:
    """How one rule set combines the legs; times in ms."""

    drops_long: bool  # a movement over the one-leg bound is no LM at all
    by_onset: bool  # onsets nearer than `under` join, on two legs; else gaps shorter than it
    under: int
    longest: int  # a combined CLM
    most: int | None  # one-leg LMs in a combined CLM


# WASM 2016: Ferri et al. 2016. AASM: manual version 3; its combined LM has no bound of its own
# (10 s a leg, onsets under 5 s apart: under 15 s).
BOUNDS = {
    "wasm2016": Bounds(drops_long=False, by_onset=False, under=500, longest=15000, most=4),
    "aasm3": Bounds(drops_long=True, by_onset=True, under=5000, longest=15000, most=None),
}


@dataclass(frozen=True)
class Combined:
    """A movement of one leg or both, onset and duration in ms. kind: "clm"; "long": it or one of
    its LMs is over the bound; "many": it has too many LMs."""

    onset: int
    duration: int
    lms: int
    kind: str


def combine(left: Iterable[Movement], right: Iterable[Movement], rules) -> list[Combined]:
    """Combine the LMs of two legs by a rule set of plmcore.rules, in order of onset.

    WASM 2016: LMs that overlap, or that begin less than 0.50 s after the latest offset so far, are
    one. AASM v3: LMs of different legs with onsets less than 5 s apart are one; here the distance
    is measured from the combined onset, so that kicks in turns do not chain without end. What is
    no LM by the rule set (under 0.5 s; in AASM over 10 s, too) is dropped before.
    """
    bounds = BOUNDS[rules.name]
    lms = sorted(
        (onset, onset + duration, leg)
        for leg, movements in enumerate((left, right))
        for onset, duration in movements
        if duration >= rules.clm_min and not (bounds.drops_long and duration > rules.clm_max)
    )
    combined = []
    at = 0
    while at < len(lms):
        group = _group(lms, at, bounds)
        at += len(group)
        onset, end = group[0][0], max(end for _, end, _ in group)
        kind = "clm"
        if end - onset > bounds.longest or any(e - o > rules.clm_max for o, e, _ in group):
            kind = "long"
        elif bounds.most and len(group) > bounds.most:
            kind = "many"
        combined.append(Combined(onset, end - onset, len(group), kind))
    return combined


def _group(lms: list[tuple[int, int, int]], at: int, bounds: Bounds):
    """The LMs from `at` on that are one movement."""
    since, end, _ = lms[at]
    stop = at
    while stop < len(lms) and lms[stop][0] - (since if bounds.by_onset else end) < bounds.under:
        end = max(end, lms[stop][1])
        stop += 1
    if bounds.by_onset and len({leg for *_, leg in lms[at:stop]}) == 1:
        stop = at + 1
    return lms[at:stop]


def both_legs(rules):
    """The rule set for combined movements: that of one leg with the longer CLM."""
    device.use()
    from plmcore.rules import Rules  # noqa: PLC0415 - on sys.path only now

    return Rules(**{**vars(rules), "clm_max": BOUNDS[rules.name].longest})
