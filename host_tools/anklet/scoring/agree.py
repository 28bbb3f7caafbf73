"""One scoring against another, event by event: ours against a laboratory's.

The two recorders' clocks never agree, so their offset and drift are found first, from the
movements themselves. Then both lists are scored by the same rules and matched one to one.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Any

import numpy as np

from anklet.errors import BadInput
from anklet.scoring import events, score
from anklet.scoring.align import align
from anklet.scoring.bland_altman import bland_altman, ratio
from anklet.scoring.events import Events
from anklet.scoring.matching import pairs

BLOCK_S = 600.0  # what is resampled: the movements of a series are found or missed together
RESAMPLES = 2000
HALF = 0.5  # added to a night's PLM on the ratio scale, so that a night without any counts


def run(
    ours: Path,
    reference: Path,
    rules: str = "wasm2016",
    tolerance: float = 1.0,
    leg: str | None = None,
) -> dict[str, Any]:
    """Compare two files, or two folders of files with the same names; what `agree --json` prints.

    In a folder each folder is a person; without any, all nights are one person's. tolerance: s
    between the onsets of a pair, once the clocks agree. leg: which one to compare where a file has
    both; "both" where ours has both in one list. Raises BadInput, also when the clocks can't be
    aligned; of a folder a night that can't be compared is named under `left_out` instead.
    """
    if not 0.1 <= tolerance <= 5:
        raise BadInput("--tolerance has to be from 0.1 to 5 s.")
    found: dict[str, Any] = {"schema": 1, "tolerance_s": tolerance, "leg": leg}
    names = _names(ours, reference)
    if names is None:
        return found | _night(ours, reference, rules, tolerance, leg)
    nights, left_out = [], []
    for name, one, other in names:
        try:
            nights.append({"night": name, **_night(one, other, rules, tolerance, leg)})
        except BadInput as error:
            left_out.append({"night": name, "why": str(error)})
    if not nights:
        raise BadInput(f"None of the nights can be compared; {names[0][0]}: {left_out[0]['why']}")
    return found | {
        "nights": nights,
        "left_out": left_out,
        "bland_altman": {
            name: bland_altman(_by_person(nights, lambda a, b: a - b, name))
            for name in ("clm", "plm")
        }
        | {
            f"{name}_ratio": ratio(_by_person(nights, lambda a, b: math.log(a / b), name, HALF))
            for name in ("clm", "plm")
        },
    }


def _by_person(
    nights: list[dict[str, Any]],
    difference: Callable[[float, float], float],
    name: str,
    more: float = 0.0,
) -> dict[str, list[float]]:
    """Differences of the rates per hour of the common span, by person."""
    found: dict[str, list[float]] = {}
    for night in nights:
        common = night["common"]
        rates = ((common[side][name] + more) / common["hours"] for side in ("ours", "reference"))
        person = str(PurePosixPath(night["night"]).parent)
        found.setdefault(person, []).append(difference(*rates))
    return found


def _names(ours: Path, reference: Path) -> list[tuple[str, Path, Path]] | None:
    """Name and the two files of each night in two folders; None for two files."""
    if ours.is_dir() != reference.is_dir():
        raise BadInput("Compare a file with a file or a folder with a folder, please.")
    if not ours.is_dir():
        return None

    def inside(folder: Path) -> dict[str, Path]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}

    mine, others = inside(ours), inside(reference)
    found = [(name, path, others[name]) for name, path in mine.items() if name in others]
    if not found:
        raise BadInput(
            f"{ours} and {reference} have no files of the same name; "
            "give both scorings of a night one name."
        )
    return found


def _night(
    ours: Path, reference: Path, rules: str, tolerance: float, leg: str | None
) -> dict[str, Any]:
    one, other = _of_leg(ours, leg), _of_leg(reference, leg)
    if leg is None and len(one.legs) != len(other.legs):
        raise BadInput(
            f"{ours} has movements of {len(one.legs)} leg(s) and {reference} of "
            f"{len(other.legs)}: say which to compare with --leg left or --leg right (--leg both "
            f"where one list holds those of both)."
        )
    scored, scored_there = score.scored(one, rules), score.scored(other, rules)
    clocks = align(_onsets(scored["lms"]), _onsets(scored_there["lms"]), _said_offset(one, other))
    mine = [lm | {"onset_s": clocks.there(lm["onset_s"])} for lm in scored["lms"]]
    theirs = scored_there["lms"]
    first = max(mine[0]["onset_s"], theirs[0]["onset_s"]) - tolerance
    last = min(mine[-1]["onset_s"], theirs[-1]["onset_s"]) + tolerance
    mine, theirs = ([lm for lm in lms if first <= lm["onset_s"] <= last] for lms in (mine, theirs))
    found: dict[str, Any] = {
        "rules": rules,
        "clock": {
            "offset_s": round(clocks.offset_s, 3),
            "offset_se_s": round(clocks.offset_se, 3),
            "offset_ci_s": [round(end, 3) for end in clocks.offset_ci],
            "drift_ppm": round(clocks.drift_ppm, 1),
            "drift_se_ppm": round(clocks.drift_se, 1),
            "drift_ci_ppm": [round(end, 1) for end in clocks.drift_ci],
            "movements": clocks.matched,
        },
        "counts": {"ours": scored["counts"], "reference": scored_there["counts"]},
        "common": {
            "from_s": round(first, 3),
            "to_s": round(last, 3),
            "hours": round((last - first) / 3600, 4),
        },
    }
    both: dict[str, dict[str, int]] = {"ours": {}, "reference": {}}
    for name, wanted in (
        ("lm", lambda lm: True),
        ("clm", lambda lm: lm["class"] == "clm"),
        ("plm", lambda lm: lm["plm"]),
    ):
        onsets = [[lm["onset_s"] for lm in lms if wanted(lm)] for lms in (mine, theirs)]
        found[name] = compared(onsets[0], onsets[1], tolerance)
        both["ours"][name], both["reference"][name] = map(len, onsets)
    found["common"] |= both
    return found


def _of_leg(path: Path, leg: str | None) -> Events:
    """What a file gave, of one leg where it names both. Raises BadInput where it has not that."""
    given = events.read(path)
    if leg in (None, "both") or set(given.legs) == {events.UNSAID}:
        return given
    if leg not in given.legs:
        raise BadInput(f"{path} has no movements of the {leg} leg; choose the other with --leg.")
    return replace(given, legs={leg: given.legs[leg]})


def _onsets(lms: list[dict[str, Any]]) -> list[float]:
    return [lm["onset_s"] for lm in lms]


def _said_offset(one: Events, other: Events) -> float:
    """Our start in the reference's time, s, as the files' own start times say; 0 if they don't."""
    return (one.start - other.start).total_seconds() if one.start and other.start else 0.0


def compared(ours: list[float], reference: list[float], tolerance: float) -> dict[str, Any]:
    """Two ascending lists of onsets, s, on one clock, matched one to one: counts, sensitivity,
    precision and F1 with their intervals, and the median error of the onset."""
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
        **_intervals(ours, reference, matched),
        "onset_error_s": round(median(errors), 3) if errors else None,
    }


def _intervals(
    ours: list[float], reference: list[float], matched: list[tuple[int, int]]
) -> dict[str, list[float] | None]:
    """95 % intervals of the three shares by the bootstrap, blocks of time drawn; None where one of
    the lists is empty or there are too few blocks."""
    names = ("sensitivity_ci", "precision_ci", "f1_ci")
    if not ours or not reference:
        return dict.fromkeys(names)
    # A pair counts where the reference's onset lies, on both sides.
    at = dict(matched)
    mine = [reference[at[i]] if i in at else onset for i, onset in enumerate(ours)]
    blocks = [np.floor(np.array(part) / BLOCK_S).astype(int) for part in (mine, reference)]
    hits = np.floor(np.array([reference[j] for _, j in matched]) / BLOCK_S).astype(int)
    first = min(part.min() for part in blocks)
    size = max(part.max() for part in blocks) - first + 1
    n_ours, n_there, n_hits = (
        np.bincount(part - first, minlength=size) for part in (*blocks, hits)
    )
    there = n_ours + n_there > 0
    n_ours, n_there, n_hits = (part[there] for part in (n_ours, n_there, n_hits))
    if len(n_hits) < 3:
        return dict.fromkeys(names)
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(len(n_hits), np.full(len(n_hits), 1 / len(n_hits)), RESAMPLES)
    sums = [drawn @ part for part in (n_hits, n_there, n_ours)]
    h, r, o = (part.astype(float) for part in sums)
    shares = (h / np.maximum(r, 1), h / np.maximum(o, 1), 2 * h / np.maximum(r + o, 1))
    # Few blocks show less than their spread: n / (n - 1) by the distance from the middle.
    found = {}
    for name, share in zip(names, shares, strict=True):
        low, high = np.quantile(share, (0.025, 0.975))
        wide = math.sqrt(len(n_hits) / (len(n_hits) - 1))
        middle = float(np.mean(share))
        ends = middle + wide * (low - middle), middle + wide * (high - middle)
        found[name] = [round(float(np.clip(end, 0, 1)), 4) for end in ends]
    return found


def table(found: dict[str, Any]) -> str:
    """What run found, for a person."""
    if "nights" not in found:
        return "\n".join(_lines(found, found["tolerance_s"]))
    lines = []
    for night in found["nights"]:
        lines += [night["night"], *("  " + line for line in _lines(night, found["tolerance_s"]))]
    for gone in found["left_out"]:
        lines.append(f"left out: {gone['night']}: {gone['why']}")
    for name, limits in found["bland_altman"].items():
        what, _, scale = name.partition("_")
        said = "ours over the reference" if scale else "ours less reference"
        bias, units = limits["bias"], f"{limits['groups']} {limits['units']}"
        line = f"{what.upper()} per hour, {said}, {limits['nights']} nights, {units}: "
        line += f"bias {bias:+.2f}"
        if limits["limits"] is None:
            line += f" (limits of agreement need three {limits['units']})"
        else:
            line += (
                f" ({limits['bias_ci'][0]:+.2f} to {limits['bias_ci'][1]:+.2f}), limits of "
                f"agreement {limits['limits'][0]:+.2f} to {limits['limits'][1]:+.2f}"
            )
        lines.append(line)
    return "\n".join(lines)


def _lines(night: dict[str, Any], tolerance: float) -> list[str]:
    clock = night["clock"]
    lines = [
        f"clocks: reference = ours {clock['offset_s']:+.3f} s (95 % interval "
        f"{clock['offset_ci_s'][0]:+.3f} to {clock['offset_ci_s'][1]:+.3f}), drift "
        f"{clock['drift_ppm']:+.1f} ppm ({clock['drift_ci_ppm'][0]:+.1f} to "
        f"{clock['drift_ci_ppm'][1]:+.1f}), from {clock['movements']} movements",
        f"common span: {night['common']['hours']:.2f} h",
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
        if row["f1_ci"]:
            between = ", ".join(
                f"{k} {row[f'{k}_ci'][0]:.2f} to {row[f'{k}_ci'][1]:.2f}"
                for k in ("sensitivity", "precision", "f1")
            )
            lines.append(f"        95 %: {between}")
    return lines
