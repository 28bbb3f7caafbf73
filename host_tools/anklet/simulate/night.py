"""A whole simulated night: the plan made into samples, and the truth about it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from anklet.errors import BadInput
from anklet.simulate.body import Rest
from anklet.simulate.movements import draw_movement
from anklet.simulate.plan import FAMILIES, NOMINAL, RISE_S, Plan, make_plan
from anklet.simulate.render import Renderer
from anklet.simulate.truth import wasm_flags

NOISE_G = 0.22e-3  # per root Hz; LIS3DH datasheet, table 4
OFFSET_G = 0.03  # largest zero-g offset
LOST_SHARE, LONG_GAP_S = 0.02, 90.0
STRAP_GAIN = 0.7

Progress = Callable[[float], None]


@dataclass
class Night:
    """`acc` (n, 3) float32 in g, sample k at k / rate; `lost` (n,) never left the sensor."""

    rate: float
    acc: np.ndarray
    lost: np.ndarray
    truth: dict[str, Any]


def _lost(rng: np.random.Generator, end_s: float, rate: float, n: int) -> np.ndarray:
    """Gaps of 0.1 to 2 s that take 2 % of the samples, and one of 90 s where it fits."""
    total = LOST_SHARE * end_s
    gaps = rng.uniform(0.1, 1.9, max(1, round(total / 1.0)))
    gaps *= total / gaps.sum() if total > 5 else 1.0
    gaps = np.clip(gaps, 0.1, 1.95)  # between neighbours it then stays under 2 s
    if end_s > 4 * LONG_GAP_S:
        gaps = rng.permutation([*gaps, LONG_GAP_S])
    between = rng.exponential(1.0, len(gaps) + 1)
    between *= (end_s - gaps.sum() - len(gaps)) / between.sum()
    starts = np.cumsum(between[:-1] + 1.0) + np.concatenate(([0.0], np.cumsum(gaps)[:-1]))
    lost = np.zeros(n, bool)
    for start, length in zip(starts, gaps, strict=True):
        first = round(start * rate)
        lost[first : first + max(1, round(length * rate))] = True
    return lost


def _runs(mask: np.ndarray, rate: float) -> list[dict[str, float]]:
    """Runs of True as onset and duration in s."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [
        {"onset_s": round(first / rate, 3), "duration_s": round((last - first) / rate, 3)}
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def _truth(plan: Plan, rests: list[Rest]) -> dict[str, Any]:
    """The part of the truth that the plan and the postures settle."""
    times = [(round(m.onset_s * 1000), round(m.duration_s * 1000)) for m in plan.movements]
    flags, series = wasm_flags(times)
    upright = sum(d.duration_s - RISE_S for d in plan.distractors if d.family == "walking")
    off_body = sum(rest.end_s - rest.start_s for rest in rests if rest.place == "table")
    in_bed = plan.end_s - upright - off_body
    half = next((d.onset_s for d in plan.distractors if d.family == "strap"), math.inf)
    return {
        "movements": [
            {
                "onset_s": m.onset_s,
                "duration_s": m.duration_s,
                "kind": m.kind,
                "envelope_mg": round(m.envelope_mg * (STRAP_GAIN if m.onset_s >= half else 1), 1),
                "plm": flag,
            }
            for m, flag in zip(plan.movements, flags, strict=True)
        ],
        "distractors": [
            {"family": d.family, "onset_s": d.onset_s, "duration_s": d.duration_s, **d.details}
            for d in plan.distractors
        ],
        "in_bed_s": round(in_bed, 3),
        "upright_s": round(upright, 3),
        "off_body_s": round(off_body, 3),
        "counts": {
            "plm": sum(flags),
            "clm": sum(500 <= duration <= 10_000 for _, duration in times),
            "lm": len(times),
            "series": series,
        },
        "plm_per_hour": round(sum(flags) * 3600 / in_bed, 3) if in_bed > 0 else None,
    }


def check(hours: float, rate: float, seed: int, plm_per_hour: float, leg: str) -> None:
    if not 0 < hours <= 48:
        raise BadInput(f"A night of {hours:g} h can't be simulated; choose up to 48 h.")
    if not 20 <= rate <= 200:
        raise BadInput(f"A rate of {rate:g} Hz is not supported; choose 20 to 200 Hz.")
    if not 0 <= plm_per_hour < math.inf:
        raise BadInput(f"{plm_per_hour:g} PLMs an hour are impossible; choose 0 or more.")
    if seed < 0:
        raise BadInput(f"The seed {seed} is negative; choose 0 or more.")
    if leg not in ("left", "right"):
        raise BadInput(f"There is no leg '{leg}'; choose left or right.")


def make_night(
    hours: float = 8.0,
    rate: float = 50.0,
    seed: int = 1,
    plm_per_hour: float = 25.0,
    families: Iterable[str] | None = None,
    leg: str = "left",
    small: bool = False,
    progress: Progress | None = None,
) -> Night:
    """Simulate `hours` at `rate` Hz (20 to 200); the same arguments give the same samples.

    `families` (of FAMILIES) names what happens, apart from sensor noise, which always does;
    None means NOMINAL. `small` draws LMs with envelopes of 15 to 80 mg. `progress` is called
    with the fraction done. In the truth, `in_bed_s` and `plm_per_hour` are the sleeper's: lost
    samples do not shorten them. Raises BadInput for impossible wishes.
    """
    chosen = set(NOMINAL if families is None else families)
    if unknown := sorted(chosen - set(FAMILIES)):
        raise BadInput(f"No family '{unknown[0]}'; choose from {', '.join(FAMILIES)}.")
    check(hours, rate, seed, plm_per_hour, leg)
    names = tuple(name for name in FAMILIES if name in chosen)
    children = np.random.SeedSequence([seed, int(leg == "right")]).spawn(1 + len(FAMILIES))
    sensor, *generators = (np.random.default_rng(child) for child in children)
    streams = dict(zip(FAMILIES, generators, strict=True))

    plan = make_plan(names, hours, plm_per_hour, small, streams)
    body = Renderer(plan, rate, sensor)
    steps = len(plan.movements) + len(plan.distractors) + 1
    for done, move in enumerate(plan.movements):
        rng, rest = np.random.default_rng(move.seed), body.rest_at(move.onset_s)
        where, local = body.span(move.onset_s, move.duration_s)
        wanted = move.envelope_mg / 1000
        movement = draw_movement(rng, move.duration_s, wanted, rest.up, body.axis)
        body.dyn[where] += movement.acceleration(local)
        if progress:
            progress(done / steps)
    for done, event in enumerate(plan.distractors, len(plan.movements)):
        body.distractor(event)
        if progress:
            progress(done / steps)
    if chosen & {"breathing", "quiet", "still", "table"}:
        body.breathing(plan, streams["breathing"])
    if "strap" in chosen:
        body.dyn[len(body.t) // 2 :] *= STRAP_GAIN

    acc = body.base + body.dyn
    noise = sensor.standard_normal(acc.shape, dtype=np.float32)
    acc += noise * np.float32(NOISE_G * math.sqrt(rate / 2))
    acc += sensor.uniform(-OFFSET_G, OFFSET_G, 3).astype(np.float32)
    if leg == "right":
        acc[:, 1] *= -1  # the board is worn mirrored
    lost = np.zeros(len(acc), bool)
    if "lost" in chosen:
        lost = _lost(streams["lost"], plan.end_s, rate, len(acc))
    truth = {
        "schema": 1,
        "seed": seed,
        "hours": hours,
        "rate": rate,
        "leg": leg,
        "families": list(names),
        "small": small or "small" in chosen,
        **_truth(plan, body.rests),
        "lost": _runs(lost, rate),
    }
    if progress:
        progress(1.0)
    return Night(rate, acc, lost, truth)
