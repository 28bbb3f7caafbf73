"""What a plan says, added up as samples: the shank's orientation and what shakes it."""

import math

import numpy as np

from anklet.simulate import distractors as moves
from anklet.simulate.body import Rest, lie
from anklet.simulate.plan import HANDLING_S, RISE_S, Distractor, Plan


class Renderer:
    """Adds what happens to `dyn`, (n, 3) in g; the orientation is in `base`."""

    def __init__(self, plan: Plan, rate: float, sensor: np.random.Generator) -> None:
        self.t = np.arange(max(1, round(plan.end_s * rate))) / rate
        self.dyn = np.zeros((len(self.t), 3), np.float32)
        self.base, self.rests, self.turns = lie(plan, sensor, self.t)
        twist = sensor.normal(0.0, 0.35)  # how the strap sits around the shank
        self.axis = np.array([0.0, np.cos(twist), np.sin(twist)])
        self.starts = np.array([rest.start_s for rest in self.rests])

    def rest_at(self, at_s: float) -> Rest:
        return self.rests[max(0, int(np.searchsorted(self.starts, at_s, "right")) - 1)]

    def span(self, onset: float, duration: float) -> tuple[slice, np.ndarray]:
        """The samples from `onset` on, and their times from there."""
        first, last = np.searchsorted(self.t, (onset, onset + duration))
        return slice(first, last), self.t[first:last] - onset

    def put(self, onset: float, t: np.ndarray, acc: np.ndarray) -> None:
        """Add a course sampled at times `t`."""
        where, local = self.span(onset, float(t[-1]))
        for axis in range(3):
            self.dyn[where, axis] += np.interp(local, t, acc[:, axis])

    def thrash(self, rng: np.random.Generator, onset: float, duration: float, peak: float) -> None:
        where, local = self.span(onset, duration)
        if len(local):
            self.dyn[where] += moves.thrashing(rng, duration, peak, local)

    def distractor(self, d: Distractor) -> None:
        rng = np.random.default_rng([d.seed, 1])
        if d.family == "mattress":
            up = self.rest_at(d.onset_s).up
            peak, ring = d.details["peak_mg"] / 1000, d.details["frequency_hz"]
            self.put(d.onset_s, *moves.mattress(rng, d.duration_s, peak, ring, up))
        elif d.family == "gross":
            self.thrash(rng, d.onset_s, d.duration_s, d.details["peak_g"])
        elif d.family == "tremor":
            up, wanted = self.rest_at(d.onset_s).up, d.details["envelope_mg"] / 1000
            t, acc, reached = moves.tremor(
                rng, d.duration_s, d.details["frequency_hz"], wanted, up=up, axis=self.axis
            )
            d.details["envelope_mg"] = round(reached * 1000, 1)
            self.put(d.onset_s, t, acc)
        elif d.family == "walking":
            standing = self.rest_at(d.onset_s + RISE_S)
            steps = standing.end_s - standing.start_s
            course = moves.walking(rng, steps, d.details["pause"], standing.up, self.axis)
            self.put(standing.start_s, *course)
            self.thrash(rng, d.onset_s, RISE_S, rng.uniform(0.3, 0.8))
            self.thrash(rng, d.end_s - RISE_S, RISE_S, rng.uniform(0.3, 0.8))
        elif d.family == "table":
            self.thrash(rng, d.onset_s - HANDLING_S, HANDLING_S, rng.uniform(0.5, 1.5))
            self.thrash(rng, d.end_s, HANDLING_S, rng.uniform(0.5, 1.5))

    def breathing(
        self, plan: Plan, rng: np.random.Generator, shallow: float = 1e-3, deep: float = 1e-2
    ) -> None:
        """One depth (log-uniform, g) and direction in each position; nobody breathes through a
        turn."""
        knots, depths = [0.0], [0.0]
        direction = np.zeros_like(self.dyn)
        for rest in self.rests:
            depth = (
                8e-3
                if plan.alone("breathing")
                else shallow * 10 ** rng.uniform(0.0, math.log10(deep / shallow))
            )
            across = np.cross(rest.up, rng.normal(0.0, 1.0, 3))
            where, _ = self.span(rest.start_s, rest.end_s - rest.start_s)
            direction[where] = across / np.linalg.norm(across)
            if rest.place == "bed" and rest.end_s - rest.start_s > 4.0:
                knots += [rest.start_s, rest.start_s + 2, rest.end_s - 1, rest.end_s]
                depths += [0.0, depth, depth, 0.0]
        amplitude = np.interp(self.t, knots, depths)
        for d in plan.distractors:
            if d.family == "still":
                amplitude[self.span(d.onset_s, d.duration_s)[0]] = 2e-3
        self.dyn += moves.breathing(rng, self.t, amplitude, direction)
