"""The counts of a night whose end is missing, made again from its records."""

from collections.abc import Iterator

from anklet import device
from anklet.night.session import LM, OFF_BODY, Session

device.use()  # the rules and the scorer are the device's own

from plmcore import reader, record  # noqa: E402
from plmcore.rules import DEFAULT, GAP_BREAKS_MS, RULES  # noqa: E402
from plmcore.series import Series  # noqa: E402

LEG_MOVEMENTS = ("clm", "short", "long")


def recount(night: Session, checkpoint: dict[str, int] | None) -> dict[str, int]:
    """The fields of record.COUNTS behind its reason.

    None is less than the last checkpoint's, which knows of movements that are missing. Intervals
    are measured again by the device's scorer. Upright and off-body time come from the last
    checkpoint and, after it, from whole epochs and stretches that were still.
    """
    scorer = Series(RULES.get(night.rules, RULES[DEFAULT]))
    for lm in _through(night, scorer):
        scorer.add(lm.number, lm.onset_ms, lm.duration_ms)
    found = {
        "lm": sum(lm.kind in LEG_MOVEMENTS for lm in night.lms),
        "clm": sum(lm.kind == "clm" for lm in night.lms),
        "plm": sum(lm.plm for lm in night.lms),
        "series": len({lm.series for lm in night.lms if lm.series}),
        "short_imi": scorer.short_imi,
        "plm_strict": scorer.plm_strict,
        "excluded": sum(lm.kind not in LEG_MOVEMENTS for lm in night.lms),
        "gaps": len(night.gaps),
        "gap_ms": sum(gap["lost_ms"] for gap in night.gaps),
        "upright_ms": checkpoint["upright_ms"] if checkpoint else 0,
        "off_body_ms": checkpoint["off_body_ms"] if checkpoint else 0,
    }
    before = checkpoint["ms"] if checkpoint else 0
    for epoch in night.epochs:
        if epoch["ms"] > before:
            if epoch["flags"] & record.EPOCH_OFF_BODY:
                found["off_body_ms"] += epoch["ms"] - before
            elif epoch["flags"] & record.EPOCH_UPRIGHT:
                found["upright_ms"] += epoch["ms"] - before
            before = epoch["ms"]
    start = checkpoint["ms"] if checkpoint else -1
    found["off_body_ms"] += sum(
        still["length_ms"]
        for still in night.stills
        if still["evidence"] & OFF_BODY and still["ms"] > start
    )
    if checkpoint:
        found = {name: max(count, checkpoint[name]) for name, count in found.items()}
    return found


def score(night: Session) -> None:
    """Judge the leg movements anew: which are CLMs, which PLMs, and in which series."""
    scorer = Series(RULES.get(night.rules, RULES[DEFAULT]))
    scored: dict[int, LM] = {}
    for lm in _through(night, scorer):
        scorer.add(lm.number, lm.onset_ms, lm.duration_ms)
        scored[lm.number] = lm
        lm.kind = reader.KINDS[scorer.kind]
        lm.plm, lm.series = scorer.plm_now, scorer.number
        for number in scorer.earlier[: scorer.flagged]:
            scored[number].plm, scored[number].series = True, scorer.number


def _through(night: Session, scorer: Series) -> Iterator[LM]:
    """What the device gives to its scorer; across what ends a series, gaps."""
    breaks = sorted(gap["ms"] for gap in night.gaps if gap["lost_ms"] > GAP_BREAKS_MS)
    passed = 0
    for lm in night.lms:
        if lm.kind in ("clm", "long"):
            while passed < len(breaks) and breaks[passed] <= lm.onset_ms:
                passed += 1
                scorer.gap()
            yield lm
