"""Scoring rules applied to a list of leg movements, by the device's own streaming scorer."""

import os
from collections.abc import Iterable

from anklet.errors import BadInput
from anklet.night import runs
from anklet.night.rules import rule_set
from anklet.scoring import events, legs
from anklet.scoring.legs import Movement

KINDS = ("clm", "short", "long")  # by the numbers of plmcore.series


def run(
    path: str | os.PathLike, other_leg: str | os.PathLike | None = None, rules: str = "wasm2016"
) -> dict:
    """Score a file of leg movements (see events.read), or two, one of each leg.

    A file that names left and right movements is both legs by itself; two files that tell their
    start are laid on one clock. Returns the object of
    `score --json`: that of `replay --json` without what needs a signal.
    """
    given = events.read(path)
    if other_leg is None:
        return scored(given, rules)
    other = events.read(other_leg)
    if given.start and other.start:
        first = min(given.start, other.start)
        given, other = given.since(first), other.since(first)
    left, right = _only_leg(path, given), _only_leg(other_leg, other)
    return score_both(left, right, rule_set(rules), [*given.gaps, *other.gaps])


def scored(given: events.Events, rules: str = "wasm2016") -> dict:
    """Score what a file gave; movements of no named leg count with the left ones, if both are."""
    bounds = rule_set(rules)
    if len(given.legs) == 1:
        return score(next(iter(given.legs.values())), bounds, given.gaps)
    left = events.joined([*given.legs.get(events.LEFT, []), *given.legs.get(events.UNSAID, [])])
    return score_both(left, given.legs.get(events.RIGHT, []), bounds, given.gaps)


def _only_leg(path: str | os.PathLike, given: events.Events) -> list[Movement]:
    if len(given.legs) != 1:
        raise BadInput(f"{path} has movements of two legs; score it without --other-leg.")
    return next(iter(given.legs.values()))


def score(movements: list[Movement], rules, gaps: Iterable[Movement] = ()) -> dict:
    """Score the LMs of one leg, in order of onset; gaps: holes in the recording."""
    from plmcore.series import Series  # noqa: PLC0415

    series = Series(rules)
    broken = _Breaks(gaps, series)
    lms: list[dict] = []
    for onset, duration in movements:
        broken.before(onset)
        series.add(len(lms), onset, duration)
        _append(lms, series, onset, duration, KINDS[series.kind])
    return _result(lms, series)


def score_both(
    left: list[Movement], right: list[Movement], rules, gaps: Iterable[Movement] = ()
) -> dict:
    """Score the LMs of two legs, combined by legs.combine; a gap of either leg counts."""
    from plmcore.series import Series  # noqa: PLC0415

    series = Series(legs.both_legs(rules))
    broken = _Breaks(gaps, series)
    lms: list[dict] = []
    for one in legs.combine(left, right, rules):
        broken.before(one.onset)
        # A combined movement that is no CLM ends the series, whatever its duration.
        series.add(
            len(lms), one.onset, one.duration if one.kind == "clm" else series.rules.clm_max + 1
        )
        _append(lms, series, one.onset, one.duration, one.kind)
    return _result(lms, series)


class _Breaks:
    """Ends the series at each gap that is long enough for it, as the device does."""

    def __init__(self, gaps: Iterable[Movement], series):
        from plmcore.rules import GAP_BREAKS_MS  # noqa: PLC0415

        self._series = series
        self._onsets = sorted(onset for onset, lost in gaps if lost > GAP_BREAKS_MS)
        self._passed = 0

    def before(self, onset: int) -> None:
        while self._passed < len(self._onsets) and self._onsets[self._passed] <= onset:
            self._passed += 1
            self._series.gap()


def _append(lms: list[dict], series, onset: int, duration: int, kind: str) -> None:
    """Add the LM that `series` has just scored, and flag those that became PLMs with it."""
    lms.append(
        {
            "onset_s": onset / 1000,
            "duration_s": duration / 1000,
            "class": kind,
            "plm": series.plm_now,
            "series": series.number,
        }
    )
    for earlier in series.earlier[: series.flagged]:
        lms[earlier].update(plm=True, series=series.number)


def _result(lms: list[dict], series) -> dict:
    return {
        "schema": 1,
        "rules": series.rules.name,
        "lms": lms,
        "counts": {
            "lm": len(lms),
            "clm": series.clm,
            "plm": series.plm,
            "series": series.series,
            "short_imi": series.short_imi,
            "plm_strict": series.plm_strict,
            "isolated": series.clm - series.plm,
        },
        "series": runs.as_json(
            (round(lm["onset_s"] * 1000), round(lm["duration_s"] * 1000), lm["series"])
            for lm in lms
        ),
        "periodicity_index": round(series.plm / series.clm, 4) if series.clm else None,
    }
