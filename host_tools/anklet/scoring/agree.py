"""One scoring against another, event by event: ours against a laboratory's.

The two recorders' clocks never agree, so their offset and drift are found first, from the
movements themselves. Then both lists are scored by the same rules and matched one to one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy import stats

from anklet.errors import BadInput
from anklet.scoring import events, score
from anklet.scoring.events import Events
from anklet.scoring.matching import pairs

FEWEST = 8  # matched movements below which an offset is chance
SHARE = 0.3  # of the shorter list that has to match
FARTHEST_S = 12 * 3600  # of an offset, beyond what the files' start times say
COARSE_S = 2.0  # a drift of 50 ppm moves the end of a night by 1.5 s
DRIFT_PPM = 200  # two quartz clocks differ by less
MOST_DIFFERENCES = 10_000_000
MEDIAN = 1.2533  # its standard error, over the mean's
CHANCE = 2.0  # the best offset has to match so many times more than one elsewhere


@dataclass(frozen=True)
class Clocks:
    """reference time = our time + offset_s + drift_ppm / 1e6 * our time, seconds since our start.

    offset_se, drift_se: standard errors. matched: movements that they follow from.
    """

    offset_s: float
    drift_ppm: float
    offset_se: float
    drift_se: float
    matched: int

    def there(self, ours_s: float) -> float:
        return ours_s + self.offset_s + self.drift_ppm * 1e-6 * ours_s


def run(
    ours: Path, reference: Path, rules: str = "wasm2016", tolerance: float = 1.0
) -> dict[str, Any]:
    """Compare two files, or two folders of files with the same names; what `agree --json` prints.

    tolerance: s between the onsets of a pair, once the clocks agree. Raises BadInput, also when
    the clocks can't be aligned.
    """
    if not 0.1 <= tolerance <= 5:
        raise BadInput("--tolerance has to be from 0.1 to 5 s.")
    names = _names(ours, reference)
    if names is None:
        return {"schema": 1, "tolerance_s": tolerance, **_night(ours, reference, rules, tolerance)}
    nights = [{"night": one.stem, **_night(one, other, rules, tolerance)} for one, other in names]
    return {
        "schema": 1,
        "tolerance_s": tolerance,
        "nights": nights,
        "bland_altman": {
            name: bland_altman(
                [night["counts"]["ours"][name] for night in nights],
                [night["counts"]["reference"][name] for night in nights],
            )
            for name in ("clm", "plm")
        },
    }


def _names(ours: Path, reference: Path) -> list[tuple[Path, Path]] | None:
    """The pairs of files in two folders; None for two files."""
    if ours.is_dir() != reference.is_dir():
        raise BadInput("Compare a file with a file or a folder with a folder, please.")
    if not ours.is_dir():
        return None
    others = {path.stem: path for path in sorted(reference.iterdir()) if path.is_file()}
    found = [(p, others[p.stem]) for p in sorted(ours.iterdir()) if p.stem in others]
    if not found:
        raise BadInput(
            f"{ours} and {reference} have no files of the same name; "
            "give both scorings of a night one name."
        )
    return found


def _night(ours: Path, reference: Path, rules: str, tolerance: float) -> dict[str, Any]:
    one, other = events.read(ours), events.read(reference)
    scored, scored_there = score.scored(one, rules), score.scored(other, rules)
    clocks = align(_onsets(scored["lms"]), _onsets(scored_there["lms"]), _said_offset(one, other))
    found: dict[str, Any] = {
        "rules": rules,
        "clock": {
            "offset_s": round(clocks.offset_s, 3),
            "offset_se_s": round(clocks.offset_se, 3),
            "drift_ppm": round(clocks.drift_ppm, 1),
            "drift_se_ppm": round(clocks.drift_se, 1),
            "movements": clocks.matched,
        },
        "counts": {"ours": scored["counts"], "reference": scored_there["counts"]},
    }
    for name, wanted in (
        ("lm", lambda lm: True),
        ("clm", lambda lm: lm["class"] == "clm"),
        ("plm", lambda lm: lm["plm"]),
    ):
        found[name] = _compared(
            [clocks.there(lm["onset_s"]) for lm in scored["lms"] if wanted(lm)],
            [lm["onset_s"] for lm in scored_there["lms"] if wanted(lm)],
            tolerance,
        )
    return found


def _onsets(lms: list[dict[str, Any]]) -> list[float]:
    return [lm["onset_s"] for lm in lms]


def _said_offset(one: Events, other: Events) -> float:
    """Our start in the reference's time, s, as the files' own start times say; 0 if they don't."""
    return (one.start - other.start).total_seconds() if one.start and other.start else 0.0


def _compared(ours: list[float], reference: list[float], tolerance: float) -> dict[str, Any]:
    matched = pairs(ours, reference, tolerance)
    errors = [ours[i] - reference[j] for i, j in matched]
    hits = len(matched)
    return {
        "ours": len(ours),
        "reference": len(reference),
        "both": hits,
        "sensitivity": round(hits / len(reference), 4) if reference else None,
        "precision": round(hits / len(ours), 4) if ours else None,
        "f1": round(2 * hits / (len(ours) + len(reference)), 4) if ours or reference else None,
        "onset_error_s": round(median(errors), 3) if errors else None,
    }


def align(ours: Sequence[float], reference: Sequence[float], said_s: float = 0.0) -> Clocks:
    """Find the clocks' offset and drift from two ascending lists of onsets, s.

    said_s: the offset that the files' start times give; searched are FARTHEST_S around it. The
    offset that brings most onsets together is refined by the line through the pairs. Raises
    BadInput when no offset stands out: too few movements, or another night.
    """
    one, other = np.asarray(ours, float), np.asarray(reference, float)
    if min(len(one), len(other)) < FEWEST:
        raise BadInput(
            f"There are too few movements to align the clocks by ({min(len(one), len(other))}; it "
            f"takes {FEWEST}): compare a night with more."
        )
    coarse, near, elsewhere = _coarse(one, other, said_s)
    if near < max(FEWEST, SHARE * min(len(one), len(other))) or near < CHANCE * elsewhere:
        raise BadInput(
            "No clock offset brings these two lists together: are they of the same night and leg?"
        )
    middle = float(np.median(one))
    slope, at_middle = 0.0, coarse
    x = y = np.empty(0)
    for within in (COARSE_S, 1.0, 0.5, 0.5):
        moved = one + at_middle + slope * (one - middle)
        matched = pairs(moved.tolist(), other.tolist(), within)
        i, j = np.array(matched).T if matched else (np.empty(0, int), np.empty(0, int))
        if len(i) < FEWEST:
            raise BadInput("The two lists do not keep one offset: are they of the same night?")
        x, y = one[i] - middle, other[j] - one[i]
        # Theil-Sen: pairs that are none do not pull the line.
        slope, at_middle = np.asarray(stats.theilslopes(y, x, method="joint"), float)[:2].tolist()
    if abs(slope) * 1e6 > DRIFT_PPM:
        raise BadInput(
            f"The clocks would differ by {slope * 1e6:.0f} ppm, more than clocks do: are both "
            f"lists of the same night, in seconds?"
        )
    spread = 1.4826 * float(np.median(np.abs(y - at_middle - slope * x)))
    slope_se = spread / math.sqrt(float(((x - x.mean()) ** 2).sum()) or 1.0)
    return Clocks(
        offset_s=at_middle - slope * middle,
        drift_ppm=slope * 1e6,
        offset_se=math.hypot(MEDIAN * spread / math.sqrt(len(x)), slope_se * middle),
        drift_se=slope_se * 1e6,
        matched=len(x),
    )


def _coarse(one: np.ndarray, other: np.ndarray, said_s: float) -> tuple[float, int, float]:
    """The best offset to COARSE_S, how many onsets meet there, and how many at the best offset
    that lies elsewhere: a series of even intervals meets itself at every one of them."""
    # Of very long lists a part says enough, and memory stays bounded.
    some = one[:: max(1, len(one) * len(other) // MOST_DIFFERENCES)]
    differences = np.concatenate([other - onset for onset in some])
    differences = differences[np.abs(differences - said_s) <= FARTHEST_S]
    if not len(differences):
        return 0.0, 0, 0.0
    differences.sort()
    ends = np.searchsorted(differences, differences + COARSE_S, side="right")
    counts = ends - np.arange(len(differences))
    best = int(np.argmax(counts))
    offset = float(np.median(differences[best : ends[best]]))
    away = np.abs(differences - offset) > 2 * COARSE_S
    return offset, int(counts[best]), float(counts[away].max()) if away.any() else 0.0


def bland_altman(ours: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """Ours less reference, a pair a night: bias with its 95 % interval, limits of agreement
    (bias +- 1.96 SD) with theirs. None where fewer than three nights can't say it.

    Source: Bland and Altman 1999, Stat Methods Med Res 8:135.
    """
    differences = np.subtract(ours, reference).astype(float)
    n = len(differences)
    found: dict[str, Any] = {"nights": n, "bias": round(float(differences.mean()), 3)}
    if n < 3:
        return found | {"sd": None, "bias_ci": None, "limits": None, "limits_ci": None}
    sd = float(differences.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    bias, half = float(differences.mean()), t * sd / math.sqrt(n)
    limits = [bias - 1.96 * sd, bias + 1.96 * sd]
    wide = t * sd * math.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    return found | {
        "sd": round(sd, 3),
        "bias_ci": [round(bias - half, 3), round(bias + half, 3)],
        "limits": [round(limit, 3) for limit in limits],
        "limits_ci": [[round(limit - wide, 3), round(limit + wide, 3)] for limit in limits],
    }


def table(found: dict[str, Any]) -> str:
    """What run found, for a person."""
    if "nights" not in found:
        return "\n".join(_lines(found, found["tolerance_s"]))
    lines = []
    for night in found["nights"]:
        lines += [night["night"], *("  " + line for line in _lines(night, found["tolerance_s"]))]
    for name, limits in found["bland_altman"].items():
        lines.append(
            f"{name.upper()} a night, ours less reference, {limits['nights']} nights: bias "
            f"{limits['bias']:+.1f}"
            + (
                " (limits of agreement need three nights)"
                if limits["limits"] is None
                else f" ({limits['bias_ci'][0]:+.1f} to {limits['bias_ci'][1]:+.1f}), limits of "
                f"agreement {limits['limits'][0]:+.1f} to {limits['limits'][1]:+.1f}"
            )
        )
    return "\n".join(lines)


def _lines(night: dict[str, Any], tolerance: float) -> list[str]:
    clock = night["clock"]
    lines = [
        f"clocks: reference = ours {clock['offset_s']:+.3f} s (± {2 * clock['offset_se_s']:.3f}), "
        f"drift {clock['drift_ppm']:+.1f} ppm (± {2 * clock['drift_se_ppm']:.1f}), from "
        f"{clock['movements']} movements",
        f"onsets within {tolerance:g} s, rules {night['rules']}:",
        "        ours  reference  both  sensitivity  precision     F1  onset, median",
    ]
    for name in ("lm", "clm", "plm"):
        row = night[name]
        rates = (
            "-" if row[k] is None else f"{row[k]:.3f}" for k in ("sensitivity", "precision", "f1")
        )
        sensitivity, precision, f1 = rates
        error = "-" if row["onset_error_s"] is None else f"{row['onset_error_s']:+.3f} s"
        lines.append(
            f"  {name.upper():4}{row['ours']:6}{row['reference']:11}{row['both']:6}"
            f"{sensitivity:>13}{precision:>11}{f1:>7}{error:>15}"
        )
    return lines
