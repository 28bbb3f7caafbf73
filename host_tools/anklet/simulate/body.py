"""How the shank lies: the mean orientation through the night, and every turn between two."""

from dataclasses import dataclass

import numpy as np

from anklet.simulate.movements import minimum_jerk, rotated, swing
from anklet.simulate.plan import HANDLING_S, RISE_S, SITTING_S, Plan

TURN_ARM = np.array([-0.25, 0.05, 0.02])  # m: legs mostly roll, and swing a little
STEEPEST = np.radians(40)  # of the shank in bed


@dataclass
class Turn:
    """From one orientation to another: starts at `start_s`, settles at `end_s`."""

    start_s: float
    end_s: float
    place: str  # where it ends: bed, upright or table
    tilt_deg: float  # 0: whatever comes
    seed: int


@dataclass
class Rest:
    """A span without turns: `up` is the vertical in the sensor's frame."""

    start_s: float
    end_s: float
    place: str
    up: np.ndarray


def turns_of(plan: Plan) -> list[Turn]:
    """The turns that the plan's distractors bring, in order of time."""
    turns = []
    for d in plan.distractors:
        tilt = d.details.get("tilt_deg", 0.0)
        if d.family == "posture":
            turns.append(Turn(d.onset_s, d.end_s, "bed", tilt, d.seed))
        elif d.family == "gross" and tilt:
            length = min(0.8 * d.duration_s, max(1.0, tilt / 60))
            start = d.onset_s + (d.duration_s - length) / 2
            turns.append(Turn(start, start + length, "bed", tilt, d.seed))
        elif d.family == "walking":
            turns.append(Turn(d.onset_s, d.onset_s + RISE_S, "upright", 0.0, d.seed))
            turns.append(Turn(d.end_s - RISE_S, d.end_s, "bed", 0.0, d.seed + 1))
        elif d.family == "table":
            sits, rises = d.onset_s - HANDLING_S - SITTING_S, d.end_s + HANDLING_S
            turns.append(Turn(sits - RISE_S, sits, "upright", 0.0, d.seed + 2))
            turns.append(Turn(d.onset_s - HANDLING_S, d.onset_s, "table", 0.0, d.seed))
            turns.append(Turn(d.end_s, rises, "upright", 0.0, d.seed + 3))
            lies = rises + SITTING_S
            turns.append(Turn(lies, lies + RISE_S, "bed", 0.0, d.seed + 1))
    return sorted(turns, key=lambda turn: turn.start_s)


def _tilted(polar: float, around: float) -> np.ndarray:
    """Unit vector at `polar` rad from x."""
    return np.array(
        [np.cos(polar), np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around)]
    )


def draw_up(rng: np.random.Generator, turn: Turn | None, before: np.ndarray | None) -> np.ndarray:
    """The vertical after `turn`; `before` is the one it starts from."""
    if turn is not None and turn.place == "upright":
        return _tilted(np.radians(rng.uniform(0, 8)), rng.uniform(0, 2 * np.pi))
    if turn is not None and turn.place == "table":
        up = np.array([*rng.normal(0.0, 0.01, 2), 1.0])
        return up / np.linalg.norm(up)
    while turn is not None and before is not None and turn.tilt_deg:
        axis = np.cross(before, rng.normal(0.0, 1.0, 3))
        axis /= np.linalg.norm(axis)
        up = rotated(before, axis, np.radians([turn.tilt_deg]))[0]
        if abs(up[0]) <= np.sin(STEEPEST):
            return up
    level = np.clip(rng.normal(0.0, np.radians(15)), -STEEPEST, STEEPEST)
    return _tilted(np.pi / 2 - level, rng.uniform(0, 2 * np.pi))


def lie(
    plan: Plan, rng: np.random.Generator, t: np.ndarray
) -> tuple[np.ndarray, list[Rest], list[Turn]]:
    """Orientation and its turns at times `t` (s): (n, 3) float32 in g, rests, turns."""
    up = draw_up(rng, None, None)
    base = np.empty((len(t), 3), np.float32)
    rests, turns = [Rest(0.0, plan.end_s, "bed", up)], turns_of(plan)
    done = 0
    for turn in turns:
        first, last = np.searchsorted(t, (turn.start_s, turn.end_s))
        after = draw_up(np.random.default_rng(turn.seed), turn, up)
        angle = float(np.arccos(np.clip(up @ after, -1, 1)))
        axis = np.cross(up, after)
        axis /= max(float(np.linalg.norm(axis)), 1e-9)
        length = turn.end_s - turn.start_s
        s, ds, dds = minimum_jerk((t[first:last] - turn.start_s) / length)
        # the vertical turns by +angle in the sensor's frame when the sensor turns by -angle
        motion = (-angle * s, -angle * ds / length, -angle * dds / length**2)
        base[done:first] = up
        base[first:last] = up + swing(up, axis, TURN_ARM, motion)
        done, up = last, after
        rests[-1].end_s = turn.start_s
        rests.append(Rest(turn.end_s, plan.end_s, turn.place, up))
    base[done:] = up
    return base, rests, turns
