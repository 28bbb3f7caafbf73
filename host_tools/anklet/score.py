"""Scoring rules applied to a list of leg movements, by the device's own streaming scorer."""

import os

from anklet import device, inputs, legs, runs
from anklet.errors import BadInput

KINDS = ("clm", "short", "long")  # by the numbers of plmcore.series


def rule_set(name: str):
    """The plmcore.rules.Rules of that name. Raises BadInput that lists the known ones."""
    device.use()
    from plmcore.rules import RULES  # noqa: PLC0415 - on sys.path only now

    if name not in RULES:
        raise BadInput(f"there is no rule set {name!r}: choose {' or '.join(sorted(RULES))}")
    return RULES[name]


def run(
    path: str | os.PathLike, other_leg: str | os.PathLike | None = None, rules: str = "wasm2016"
) -> dict:
    """Score a file of leg movements (see inputs.read_movements), or two, one of each leg.

    Returns the object of `score --json`: that of `replay --json` without what needs a signal.
    """
    bounds = rule_set(rules)
    lms = inputs.read_movements(path)
    if other_leg is None:
        return score(lms, bounds)
    return score_both(lms, inputs.read_movements(other_leg), bounds)


def score(movements: list[tuple[int, int]], rules) -> dict:
    """Score the LMs of one leg: (onset, duration) in ms, in order of onset."""
    from plmcore.series import Series  # noqa: PLC0415

    series = Series(rules)
    lms: list[dict] = []
    for onset, duration in movements:
        series.add(len(lms), onset, duration)
        _append(lms, series, onset, duration, KINDS[series.kind])
    return _result(lms, series)


def score_both(left: list[tuple[int, int]], right: list[tuple[int, int]], rules) -> dict:
    """Score the LMs of two legs, combined by legs.combine."""
    from plmcore.series import Series  # noqa: PLC0415

    series = Series(legs.both_legs(rules))
    lms: list[dict] = []
    for one in legs.combine(left, right, rules):
        # A combined movement that is no CLM ends the series, whatever its duration.
        series.add(
            len(lms), one.onset, one.duration if one.kind == "clm" else series.rules.clm_max + 1
        )
        _append(lms, series, one.onset, one.duration, one.kind)
    return _result(lms, series)


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
