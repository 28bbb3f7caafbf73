"""Bland and Altman's limits of agreement, for several nights of each of several people.

Nights of one person are alike, so people are the units: the bias is the mean of the people's
means, and the limits hold the variance between people and within them (Bland and Altman 2007, J
Biopharm Stat 17:571; intervals of the limits by the method of Zou 2013, Stat Methods Med Res
22:630).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

LEVEL = 0.95
FEWEST = 3  # people, or nights of whom nobody says whose they are


def bland_altman(differences: Mapping[str, Sequence[float]], digits: int = 3) -> dict[str, Any]:
    """Of differences by person: bias with its interval, limits of agreement with theirs.

    None where there are too few people; nights of one person alone are taken one by one, and then
    it is about that person (`units` says which).
    """
    groups = [np.asarray(values, float) for values in differences.values() if len(values)]
    units = "people"
    if len(groups) == 1:
        units, groups = "nights", [np.array([value]) for value in groups[0]]
    means = np.array([group.mean() for group in groups])
    n = sum(len(group) for group in groups)
    k = len(groups)
    found: dict[str, Any] = {"nights": n, "units": units, "groups": k}
    found["bias"] = round(float(means.mean()), digits) if k else None
    if k < FEWEST:
        return found | {"sd": None, "bias_ci": None, "limits": None, "limits_ci": None}
    tail = (1 - LEVEL) / 2
    bias, between = float(means.mean()), float(means.var(ddof=1))
    half = float(stats.t.ppf(1 - tail, k - 1)) * math.sqrt(between / k)
    within, free = 0.0, n - k
    if free:
        within = sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / free
    share = 1 - float(np.mean([1 / len(group) for group in groups]))
    variance = between + share * within
    up = (between * ((k - 1) / stats.chi2.ppf(tail, k - 1) - 1)) ** 2
    down = (between * (1 - (k - 1) / stats.chi2.ppf(1 - tail, k - 1))) ** 2
    if free:
        up += (share * within * (free / stats.chi2.ppf(tail, free) - 1)) ** 2
        down += (share * within * (1 - free / stats.chi2.ppf(1 - tail, free))) ** 2
    z = float(stats.norm.ppf(1 - tail))
    sd = math.sqrt(variance)
    widest = math.sqrt(variance + math.sqrt(up))
    narrowest = math.sqrt(max(0.0, variance - math.sqrt(down)))
    outward = math.hypot(half, z * (widest - sd))
    inward = math.hypot(half, z * (sd - narrowest))
    limits = [bias - z * sd, bias + z * sd]

    def rounded(*values: float) -> list[float]:
        return [round(value, digits) for value in values]

    return found | {
        "sd": round(sd, digits),
        "bias_ci": rounded(bias - half, bias + half),
        "limits": rounded(*limits),
        "limits_ci": [
            rounded(limits[0] - outward, limits[0] + inward),
            rounded(limits[1] - inward, limits[1] + outward),
        ],
    }


def ratio(differences: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The same of differences of logarithms, as ratios: ours over the reference's."""
    found = bland_altman(differences, digits=12)

    def back(value: Any) -> Any:
        if isinstance(value, list):
            return [back(inner) for inner in value]
        return None if value is None else round(math.exp(value), 3)

    names = ("bias", "bias_ci", "limits", "limits_ci")
    sd = found["sd"]
    return (
        found
        | {name: back(found[name]) for name in names}
        | {"sd": None if sd is None else round(sd, 3)}
    )
