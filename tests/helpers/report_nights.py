"""Made-up nights for the tests of the report: sessions scored by the device's own rules."""

import datetime as dt
import random
from typing import Any

from anklet.night.session import LM, Session
from plmcore import record
from plmcore.rules import RULES
from plmcore.series import Series

MINUTE = 60_000
RATE = 49.2  # Hz, measured; nominal 50


def night(
    hours: float = 8,
    seed: int = 1,
    start: dt.datetime | None = dt.datetime(
        2026, 11, 21, 22, 58, 3, tzinfo=dt.timezone(dt.timedelta(hours=1))
    ),
    rules: str = "wasm2016",
    **meta: str,
) -> Session:
    """Series, single kicks, turns, a gap of 42 s at 3 h, an hour upright at 5 h."""
    rng = random.Random(seed)
    end = int(hours * 60) * MINUTE
    gap = {"n": 0, "ms": 3 * 60 * MINUTE, "lost": 2066, "lost_ms": 42_000, "cause": 1}
    upright = (5 * 60 * MINUTE, 6 * 60 * MINUTE)
    found: list[tuple[int, int, int, str]] = []
    at = 10 * MINUTE
    while at < end - 20 * MINUTE:
        for _ in range(rng.randint(5, 32)):
            at += int(rng.gauss(26_000, 5000))
            kind = rng.choices(("clm", "short", "long"), (94, 4, 2))[0]
            length = {"clm": int(rng.uniform(900, 4200)), "short": 380, "long": 11_000}[kind]
            found.append((at, length, rng.randint(60, 420), kind))
            if rng.random() < 0.05:
                at += 4000
                found.append((at, 900, 90, "clm"))
        for _ in range(3):
            at += int(rng.uniform(2, 9) * MINUTE)
            found.append((at, rng.randint(1200, 9000), 600, rng.choice(("posture", "gross"))))
    found = [(t, d, p, "upright" if upright[0] <= t < upright[1] else k) for t, d, p, k in found]
    found = [each for each in found if not gap["ms"] <= each[0] < gap["ms"] + 42_000]
    lms, counts = _scored([each for each in found if each[0] < end], gap["ms"], rules)
    epochs = [
        {
            "n": int(ms * RATE / 1000),
            "ms": ms,
            "samples": int(MINUTE * RATE / 1000) - (2066 if ms == gap["ms"] + MINUTE else 0),
            "activity": rng.randint(10, 300),
            "floor": rng.randint(8, 40),
            "gx": 0,
            "gy": 0,
            "gz": 64,
            "flags": record.EPOCH_UPRIGHT if upright[0] < ms <= upright[1] else 0,
        }
        for ms in range(MINUTE, end + 1, MINUTE)
    ]
    counts |= {"gaps": 1, "gap_ms": 42_000, "upright_ms": 60 * MINUTE, "off_body_ms": 0}
    header = {
        "board": "rpi_pico",
        "firmware": "0.1.0",
        "leg": "left",
        "label": "",
        "rules": rules,
        "on_mg": "16",
        "floor_factor": "8",
        "gross_mg": "450",
        "odr_hz": "50",
    }
    flags = ["gap", "upright"] + ([] if start else ["clock"])
    return Session(
        session=f"{seed:05d}-1a2b3c4d",
        device="e6614103e73b2f2e",
        meta=header | meta,
        lms=lms,
        epochs=epochs,
        gaps=[gap],
        markers=[{"n": 0, "ms": 100 * MINUTE, "kind": 1}],
        counts=counts,
        flags=flags,
        start=start,
        length_ms=end,
    )


def _scored(
    found: list[tuple[int, int, int, str]], gap_ms: int, rules: str
) -> tuple[list[LM], dict[str, int]]:
    scorer = Series(RULES[rules])
    lms: list[LM] = []
    passed = False
    for number, (onset, duration, peak, kind) in enumerate(found):
        lm = LM(number, 0, onset, duration, peak, kind, 0, False, 0)
        lms.append(lm)
        if onset > gap_ms and not passed:
            scorer.gap()
            passed = True
        if kind not in ("clm", "short", "long"):
            continue
        scorer.add(number, onset, duration)
        lm.plm, lm.series = scorer.plm_now, scorer.number
        for earlier in scorer.earlier[: scorer.flagged]:
            lms[earlier].plm, lms[earlier].series = True, scorer.number
    legs = sum(lm.kind in ("clm", "short", "long") for lm in lms)
    names = ("clm", "plm", "series", "short_imi", "plm_strict")
    counts = {name: getattr(scorer, name) for name in names}
    return lms, counts | {"lm": legs, "excluded": len(lms) - legs}


def items(count: int = 60, **given: Any) -> list[dict[str, Any]]:
    """So many nights before 2026-11-22 as Archive.sessions gives them: about 22 PLM an hour on
    the left leg, series of 4 to 20; two nights missing, one short."""
    rng = random.Random(5)
    found = []
    for ago in range(count, 0, -1):
        hours = 3.1 if ago == 9 else round(rng.uniform(6.6, 8.2), 1)
        wanted = hours * 22 * rng.lognormvariate(0, 0.35)
        series = []
        while sum(series) < wanted:
            series.append(rng.randint(4, 20))
        plm = sum(series)
        clm = plm + rng.randint(10, 60)
        night = (dt.date(2026, 11, 22) - dt.timedelta(days=ago)).isoformat()
        if ago in (4, 20):
            continue
        found.append(
            {
                "night": night,
                "session": f"{count - ago:05d}-1a2b3c4d",
                "device": "e6614103e73b2f2e",
                "leg": "left",
                "label": "Ana",
                "rules": "wasm2016",
                "start": f"{night}T22:58:03+01:00",
                "clock": "known",
                "recorded_s": hours * 3600,
                "in_bed_s": hours * 3600,
                "counts": {"lm": clm + 9, "clm": clm, "plm": plm, "series": len(series)},
                "series_plm": series,
                "plm_per_hour": plm / hours,
                "periodicity_index": plm / clm,
                "flags": ["gap"] if ago == 12 else [],
            }
            | given
        )
    return found


def entries(nights: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A journal of these nights."""
    magnesium = {"magnesium_mg": 300, "magnesium_form": "citrate", "route": "oral"}
    return {
        night["night"]: {"urge": i * 7 % 5 + 2}
        | (magnesium if i % 20 > 10 else {})
        | ({"caffeine_mg": 180} if i % 9 == 4 else {})
        for i, night in enumerate(nights)
    }


def bands(nights: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Two periods of a trial over the newest of these nights."""
    dates = sorted({night["night"] for night in nights})[-12:]
    return [(dates[0], dates[5], "magnesium"), (dates[6], dates[-1], "nothing")]
