"""A hard night as samples, and the truth about it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from anklet.simulate.hard import movement as shapes
from anklet.simulate.hard.events import draw_events
from anklet.simulate.hard.life import Life
from anklet.simulate.hard.plan import Move, main_leg, other_leg
from anklet.simulate.hard.truth import Done, truth_of
from anklet.simulate.hard.worn import Worn, put_on
from anklet.simulate.movements import ENVELOPE_RATE, envelope
from anklet.simulate.night import NOISE_G, OFFSET_G, Night, Progress, check
from anklet.simulate.plan import Plan
from anklet.simulate.render import Renderer

LEGS = ("left", "right")
SHALLOWEST_G, DEEPEST_G = 0.1e-3, 10e-3  # breathing at the ankle


def make_hard_night(
    hours: float = 4.0,
    rate: float = 50.0,
    seed: int = 1,
    life: Life | None = None,
    leg: str = "left",
    progress: Progress | None = None,
) -> Night:
    """Simulate `hours` at `rate` Hz (20 to 200) of a life; the same arguments give the same night.

    The left leg is the one that moves more; both legs of a seed share the body's turns. `progress`
    is called with the fraction done. Raises BadInput for impossible wishes.
    """
    life = life or Life()
    check(hours, rate, seed, 0.0, leg)
    children = np.random.SeedSequence([seed, 1207]).spawn(6)
    legs, other, around, spells, *sensors = (np.random.default_rng(c) for c in children)
    end_s = hours * 3600
    moves = main_leg(legs, life, end_s)
    both = moves, other_leg(other, life, moves, end_s)
    events = draw_events(around, life, moves, end_s)
    up = [(d.onset_s, d.end_s) for d in events if d.family == "walking"]
    both = tuple([m for m in leg if not _meets(m, up)] for leg in both)  # they come at rest
    mine = LEGS.index(leg)
    plan = Plan(end_s, ("hard",), [], events)
    return _render(
        plan, both[mine], both[1 - mine], life, rate, seed, leg, sensors[mine], progress
    )


def _meets(move: Move, spans: list[tuple[float, float]]) -> bool:
    return any(first < move.end_s and move.onset_s < last for first, last in spans)


def _render(
    plan: Plan,
    moves: Sequence[Move],
    others: Sequence[Move],
    life: Life,
    rate: float,
    seed: int,
    leg: str,
    sensor: np.random.Generator,
    progress: Progress | None,
) -> Night:
    body, worn = Renderer(plan, rate, sensor), put_on(sensor, life.wear)
    steps = len(moves) + len(plan.distractors) + 1
    done = []
    for at, move in enumerate(moves):
        done.append(_move(body, move, life, worn))
        if progress:
            progress(at / steps)
    for at, event in enumerate(plan.distractors, len(moves)):
        body.distractor(event)
        if progress:
            progress(at / steps)
    body.breathing(plan, sensor, SHALLOWEST_G, DEEPEST_G)

    acc = (body.base + worn.felt(body.dyn, rate)) @ worn.turn.T.astype(np.float32)
    acc += sensor.standard_normal(acc.shape, dtype=np.float32) * np.float32(
        NOISE_G * math.sqrt(rate / 2)
    )
    acc += sensor.uniform(-OFFSET_G, OFFSET_G, 3).astype(np.float32)
    if leg == "right":
        acc[:, 1] *= -1  # the board is worn mirrored
    truth: dict[str, Any] = {
        "schema": 1,
        "plan": "hard",
        "seed": seed,
        "hours": plan.end_s / 3600,
        "rate": rate,
        "leg": leg,
        "life": asdict(replace(life, wear=worn.how)),
        **truth_of(plan, done, others, leg),
        "lost": [],
    }
    if progress:
        progress(1.0)
    return Night(rate, acc, np.zeros(len(acc), bool), truth)


def _move(body: Renderer, move: Move, life: Life, worn: Worn) -> Done:
    """Add a movement to the samples."""
    rng, up = np.random.default_rng(move.seed), body.rest_at(move.onset_s).up
    course = shapes.draw_course(rng, move.duration_s, life.held)
    made, _ = shapes.draw_movement(rng, course, move.envelope_mg, up, body.axis, worn.reach_m)
    where, local = body.span(move.onset_s, float(course.knots[-1]))
    body.dyn[where] += made.acceleration(local)
    felt = worn.felt(made.on_grid(), ENVELOPE_RATE)
    return Done(
        move,
        course.name,
        made.joint.name,
        moves_until_s=move.onset_s + float(course.knots[-1]),
        envelope_mg=1000 * float(envelope(felt, ENVELOPE_RATE, 0.5).max()),
        peak_mg=1000 * float(envelope(felt, ENVELOPE_RATE, 0.01).max()),
        tilt_deg=made.tilt_deg(),
    )
