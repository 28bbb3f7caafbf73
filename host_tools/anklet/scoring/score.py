"""Scoring rules applied to a list of leg movements, by the device's own streaming scorer."""

import os
from collections.abc import Iterable
from itertools import compress

from anklet.night.rules import rule_set
from anklet.night.series import series_as_json
from anklet.scoring import bilateral, context, events
from anklet.scoring.bilateral import Movement
from anklet.scoring.events import Events

KINDS = ("clm", "short", "long")  # by the numbers of plmcore.series
Item = tuple[int, int, str | None]  # onset and duration, ms; a class, or None: by the duration


def run(
    path: str | os.PathLike, other_leg: str | os.PathLike | None = None, rules: str = "wasm2016"
) -> dict:
    """Score a file of leg movements (see events.read), or two, one of each leg.

    A file that names left and right movements is both legs by itself; two files that tell their
    start are laid on one clock. Returns the object of `score --json`: that of `replay --json`
    without what needs a signal, and with what context.add says.
    """
    return scored(events.read(path) if other_leg is None else events.pair(path, other_leg), rules)


def scored(given: Events, rules: str = "wasm2016") -> dict:
    """Score what a file gave, one leg or both, and set beside it what else it told."""
    bounds = rule_set(rules)
    items: list[Item]
    if events.LEFT in given.legs and events.RIGHT in given.legs:
        items = _combined(given.legs[events.LEFT], given.legs[events.RIGHT], bounds)
        bounds = bilateral.both_legs(bounds)
    else:
        items = [(*movement, None) for its in given.legs.values() for movement in its]
    found = _score(items, bounds, given.gaps)

    def again(stays: list[bool]) -> dict:
        return _score(list(compress(items, stays)), bounds, given.gaps)

    context.add(found, given, again)
    return found


def score(movements: list[Movement], rules, gaps: Iterable[Movement] = ()) -> dict:
    """Score the LMs of one leg, in order of onset; gaps: holes in the recording."""
    return _score([(*movement, None) for movement in movements], rules, gaps)


def score_both(
    left: list[Movement], right: list[Movement], rules, gaps: Iterable[Movement] = ()
) -> dict:
    """Score the LMs of two legs, combined by legs.combine; a gap of either leg counts."""
    return _score(_combined(left, right, rules), bilateral.both_legs(rules), gaps)


def _combined(left: list[Movement], right: list[Movement], rules) -> list[Item]:
    return [(one.onset, one.duration, one.kind) for one in bilateral.combine(left, right, rules)]


def _score(items: list[Item], rules, gaps: Iterable[Movement]) -> dict:
    from plmcore.series import Series  # noqa: PLC0415

    series = Series(rules)
    broken = _Breaks(gaps, series)
    lms: list[dict] = []
    for onset, duration, kind in items:
        broken.before(onset)
        # A combined movement that is no CLM ends the series, whatever its duration.
        no_clm = kind not in (None, "clm")
        series.add(len(lms), onset, rules.clm_max + 1 if no_clm else duration)
        _append(lms, series, onset, duration, kind or KINDS[series.kind])
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
        "series": series_as_json(
            (round(lm["onset_s"] * 1000), round(lm["duration_s"] * 1000), lm["series"])
            for lm in lms
        ),
        "periodicity_index": round(series.plm / series.clm, 4) if series.clm else None,
    }
