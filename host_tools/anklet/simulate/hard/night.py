"""A hard night as samples, and the truth about it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from anklet.errors import BadInput
from anklet.simulate.hard import movement as shapes
from anklet.simulate.hard.events import draw_events
from anklet.simulate.hard.life import Life
from anklet.simulate.hard.plan import Apnoea, Move, apnoeas, listed, main_leg, other_leg
from anklet.simulate.hard.truth import Done, truth_of
from anklet.simulate.hard.worn import Worn, put_on
from anklet.simulate.movements import ENVELOPE_RATE, envelope
from anklet.simulate.night import NOISE_G, OFFSET_G, Night, Progress, check
from anklet.simulate.plan import Distractor, Plan
from anklet.simulate.render import Renderer

LEGS = ("left", "right")
SHALLOWEST_G, DEEPEST_G = 0.1e-3, 10e-3  # breathing at the ankle
Span = tuple[float, float]  # onset and duration, s


@dataclass
class Sleep:
    """What happens in a night: the left leg's and the right leg's movements, what else the body
    does (`events`), and the breaths that stop."""

    end_s: float
    legs: tuple[list[Move], list[Move]]
    events: list[Distractor]
    breaths: list[Apnoea]


def make_hard_night(
    hours: float = 4.0,
    rate: float = 50.0,
    seed: int = 1,
    life: Life | None = None,
    leg: str = "left",
    movements: tuple[Sequence[Span], Sequence[Span]] | None = None,
    progress: Progress | None = None,
) -> Night:
    """Simulate `hours` at `rate` Hz (20 to 200) of a life; the same arguments give the same night.

    The left leg is the one that moves more; both legs of a seed share the body's turns.
    `movements`: those of the left and of the right leg, as somebody scored them, instead of drawn
    ones (one leg's may be empty); what they look like and what else happens is drawn.
    `progress` is called with the fraction done. Raises BadInput for impossible wishes.
    """
    life = life or Life()
    check(hours, rate, seed, 0.0, leg)
    *asleep, left, right = (
        np.random.default_rng(child) for child in np.random.SeedSequence([seed, 1207]).spawn(6)
    )
    night = _sleep(asleep, hours * 3600, life, movements)
    sensor = left if leg == "left" else right
    plan, mine = Plan(night.end_s, (), [], night.events), LEGS.index(leg)
    body, worn = Renderer(plan, rate, sensor), put_on(sensor, life.wear)
    moves, steps = night.legs[mine], len(night.legs[mine]) + len(night.events) + 1
    done = []
    for at, move in enumerate(moves):
        done.append(_move(body, move, life, worn))
        if progress:
            progress(at / steps)
    for at, event in enumerate(night.events, len(moves)):
        if event.family == "gross":
            _turn(body, event)
        else:
            body.distractor(event)
        if progress:
            progress(at / steps)
    body.breathing(plan, sensor, SHALLOWEST_G, DEEPEST_G)

    acc = (body.base + worn.felt(body.dyn, rate)) @ worn.turn.T.astype(np.float32)
    noise = sensor.standard_normal(acc.shape, dtype=np.float32)
    acc += noise * np.float32(NOISE_G * math.sqrt(rate / 2))
    acc += sensor.uniform(-OFFSET_G, OFFSET_G, 3).astype(np.float32)
    if leg == "right":
        acc[:, 1] *= -1  # the board is worn mirrored
    truth = {
        "schema": 1,
        "plan": "hard",
        "seed": seed,
        "hours": hours,
        "rate": rate,
        "leg": leg,
        "life": asdict(replace(life, wear=worn.how)),
        **truth_of(night.end_s, night.events, done, night.legs[1 - mine], night.breaths, leg),
        "lost": [],
    }
    if progress:
        progress(1.0)
    return Night(rate, acc, np.zeros(len(acc), bool), truth)


def _sleep(
    streams: Sequence[np.random.Generator],
    end_s: float,
    life: Life,
    movements: tuple[Sequence[Span], Sequence[Span]] | None,
) -> Sleep:
    """What happens, apart from what it looks like."""
    legs, other, around, spells = streams
    if movements:
        if max((o + d for leg in movements for o, d in leg), default=0.0) > end_s:
            raise BadInput(f"The movements go on after {end_s / 3600:g} h; ask for more hours.")
        both = listed(legs, life, movements[0]), listed(other, life, movements[1])
        events = draw_events(around, replace(life, walks=0), [*both[0], *both[1]], end_s)
        return Sleep(end_s, both, events, [])
    breaths = apnoeas(spells, life, end_s)
    moves = main_leg(legs, life, end_s, breaths)
    both = moves, other_leg(other, life, moves, end_s)
    events = draw_events(around, life, moves, end_s)
    up = [event for event in events if event.family == "walking"]  # they come at rest
    left, right = (
        [m for m in leg if not any(w.onset_s < m.end_s and m.onset_s < w.end_s for w in up)]
        for leg in both
    )
    return Sleep(end_s, (left, right), events, breaths)


def _move(body: Renderer, move: Move, life: Life, worn: Worn) -> Done:
    """Add a movement to the samples."""
    rng, up = np.random.default_rng(move.seed), body.rest_at(move.onset_s).up
    course = shapes.draw_course(rng, move.duration_s, life.held)
    made = shapes.draw_movement(rng, course, move.envelope_mg, up, body.axis, worn.reach_m)
    where, local = body.span(move.onset_s, float(course.knots[-1]))
    body.dyn[where] += made.along(course.path(local))
    felt = worn.felt(made.along(course.path(shapes.on_grid(course))), ENVELOPE_RATE)
    return Done(
        move,
        course.name,
        made.joint.name,
        moves_until_s=move.onset_s + float(course.knots[-1]),
        envelope_mg=1000 * float(envelope(felt, ENVELOPE_RATE, 0.5).max()),
        peak_mg=1000 * float(envelope(felt, ENVELOPE_RATE, 0.01).max()),
        tilt_deg=made.tilt_deg(),
    )


def _turn(body: Renderer, event: Distractor) -> None:
    """A turn in bed. Many a one pauses: the sleeper rolls, rests, and settles."""
    rng = np.random.default_rng([event.seed, 2])
    bouts = int(rng.integers(2, 5)) if event.duration_s > 4 and rng.random() < 0.5 else 1
    rests = rng.uniform(0.3, 2.0, bouts - 1)
    rests *= min(1.0, 0.4 * event.duration_s / max(rests.sum(), 1e-9))
    lengths = rng.uniform(0.5, 1.5, bouts)
    lengths *= (event.duration_s - rests.sum()) / lengths.sum()
    peaks = event.details["peak_g"] * rng.permutation([1.0, *rng.uniform(0.2, 1.0, bouts - 1)])
    at = event.onset_s
    for length, peak, rest in zip(lengths, peaks, [*rests, 0.0], strict=True):
        body.thrash(rng, at, float(length), float(peak))
        at += float(length + rest)
