"""A leg movement about any joint, of any course: what an ankle feels of it.

Four courses of the joint's angle, all of minimum-jerk pieces: a lively hold that dips and
recovers, a hold that is still (the leg lifted, held, let down), double bursts, and a slow onset.
Five joints, each with an axis and a lever of its own. Nothing is drawn again for being hard to
see.
"""

from dataclasses import dataclass

import numpy as np

from anklet.simulate.movements import (
    ENVELOPE_RATE,
    G,
    draw_shape,
    envelope,
    minimum_jerk,
    rotated,
)

THIGH_M = 0.42  # also the shank's length
COURSES = ("lively", "double", "slow")
COURSE_SHARES = (0.65, 0.2, 0.15)  # of those not held still (engineering)


@dataclass(frozen=True)
class Joint:
    """Where the shank turns. low, high: the lever, m, from the joint to the sensor along x;
    most_deg: how far it goes; axis: across the shank, any way across it, or along it; slides:
    the heel stays on the bed and slides, as hip and knee both bend."""

    name: str
    low: float
    high: float
    most_deg: float
    axis: str
    slides: bool = False


# Engineering, from segment lengths of adults. In triple flexion the heel slides on the bed and
# the shank turns about it; a foot that flexes moves its shank by a few degrees at most.
JOINTS = (
    Joint("triple", 0.05, 0.12, 50.0, "flexion", slides=True),
    Joint("knee", -0.42, -0.30, 60.0, "flexion"),
    Joint("ankle", -0.14, -0.06, 6.0, "flexion"),
    Joint("hip", -0.85, -0.70, 30.0, "across"),
    Joint("hip rotation", 0.0, 0.0, 40.0, "along"),
)
JOINT_SHARES = np.array([0.40, 0.22, 0.18, 0.12, 0.08])
FOOT_MOST_MG = 80.0  # no flexing foot shakes its shank by more


@dataclass
class Course:
    """Levels of the angle (1 is full) reached at knots (s). The contraction ends at `offset_s`,
    which is where a still hold ends and the leg goes back; the leg rests at the last knot."""

    name: str
    knots: np.ndarray
    levels: np.ndarray
    offset_s: float

    def path(self, t: np.ndarray) -> np.ndarray:
        """Angle (1 is full) and its two derivatives at times `t` (s from the onset): (3, n)."""
        i = np.clip(np.searchsorted(self.knots, t, "right") - 1, 0, len(self.knots) - 2)
        span, step = np.diff(self.knots)[i], np.diff(self.levels)[i]
        s, ds, dds = minimum_jerk((t - self.knots[i]) / span)
        return np.stack((self.levels[i] + step * s, step * ds / span, step * dds / span**2))


def on_grid(course: Course) -> np.ndarray:
    """The times of a movement and of a second after it, at ENVELOPE_RATE."""
    return np.arange(0, course.knots[-1] + 1.0, 1 / ENVELOPE_RATE)


def still(rng: np.random.Generator, duration: float) -> Course:
    """Lifted, held still (sagging by a tenth at most), let down when the contraction ends."""
    rise = min(rng.uniform(0.15, 0.5), 0.6 * duration)
    # Muscle lets a leg down as it lifted it, or weight alone does, slowly on a soft bed.
    back = rng.uniform(0.8, 2.0) if rng.random() < 0.25 else rise * rng.uniform(0.9, 1.5)
    return Course(
        "still",
        np.array([0.0, rise, duration, duration + back]),
        np.array([0.0, 1.0, rng.uniform(0.9, 1.0), 0.0]),
        duration,
    )


def double(rng: np.random.Generator, duration: float) -> Course:
    """Bursts with rests under half a second between them, the leg back down in each."""
    count = max(2, round(duration / rng.uniform(0.9, 1.6)))
    rests = rng.uniform(0.15, 0.45, count - 1)
    bursts = rng.uniform(0.7, 1.3, count)
    bursts *= max(duration - rests.sum(), 0.5 * duration) / bursts.sum()
    rests *= (duration - bursts.sum()) / rests.sum()
    knots, levels = [0.0], [0.0]
    for i, burst in enumerate(bursts):
        top = rng.uniform(0.6, 1.0)
        knots += [knots[-1] + 0.5 * burst, knots[-1] + burst]
        levels += [top, 0.0]
        if i < count - 1:
            knots.append(knots[-1] + rests[i])
            levels.append(0.0)
    return Course("double", np.array(knots), np.array(levels), duration)


def slow(rng: np.random.Generator, duration: float) -> Course:
    """A rise of 0.5 to 1.2 s, then as a lively one goes on."""
    rise = min(rng.uniform(0.5, 1.2), 0.5 * duration)
    knots, levels = draw_shape(rng, duration - rise + 0.3)
    behind = max(1, int(np.argmax(levels > 0.5)))  # past the quick rise that the slow one replaces
    shift = duration - knots[-1]
    tail = knots[behind + 1 :] + shift
    late = tail > rise + 0.1
    return Course(
        "slow",
        np.concatenate(([0.0, rise], tail[late])),
        np.concatenate(([0.0, 1.0], levels[behind + 1 :][late])),
        duration,
    )


def draw_course(rng: np.random.Generator, duration: float, held: float) -> Course:
    """`held` is the share of still ones. Under a second there is no time for anything else."""
    name = "still" if rng.random() < held else str(rng.choice(COURSES, p=COURSE_SHARES))
    if name == "still" and duration >= 0.6:
        return still(rng, duration)
    if name == "double" and duration >= 1.0:
        return double(rng, duration)
    if name == "slow" and duration >= 1.2:
        return slow(rng, duration)
    return Course("lively", *draw_shape(rng, duration), duration)


@dataclass
class LegMovement:
    """A course, run through by a joint about the unit `axis` with a sensor at `arm`, m from it.
    `amplitude` is the full angle, rad."""

    course: Course
    joint: Joint
    axis: np.ndarray
    arm: np.ndarray
    up: np.ndarray
    amplitude: float = 0.05

    def __post_init__(self) -> None:
        axis, along = self.axis, np.array([1.0, 0.0, 0.0])
        across = np.cross(axis, self.arm)
        # What the columns of _terms() are multiplied by: the tangential and the centripetal
        # term, gravity as re-projected (the vertical turns by -theta in the sensor's frame), and
        # the slide along the bed, whose direction turns in the same way.
        self._vectors = np.array(
            [across / G, np.cross(axis, across) / G, *_turning(self.up, axis)]
            + ([along, *_turning(along, axis)] if self.joint.slides else [])
        )

    def _terms(self, path: np.ndarray) -> np.ndarray:
        theta, speed, change = self.amplitude * path
        sin, cos = np.sin(theta), np.cos(theta)
        columns = [change, speed**2, cos - 1, sin]
        if self.joint.slides:
            # Thigh and shank are a roof over the bed: the heel is 2 L cos(theta) from the hip.
            slide = 2 * THIGH_M / G * (sin * change + cos * speed**2)
            columns += [slide, slide * (cos - 1), slide * sin]
        return np.stack(columns, axis=1)

    def along(self, path: np.ndarray) -> np.ndarray:
        """Change of specific force, (n, 3) in g, along a path of Course.path()."""
        return self._terms(path) @ self._vectors

    def tilt_deg(self) -> float:
        """By how much the sensor's tilt is off when the leg is up."""
        up = rotated(self.up, self.axis, np.array([-self.amplitude]))[0]
        return float(np.degrees(np.arccos(np.clip(up @ self.up, -1, 1))))


def _turning(vector: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`vector` turned by -theta about `axis`, less itself, is (cos - 1) times the first and sin
    times the second of these."""
    return vector - axis * (axis @ vector), -np.cross(axis, vector)


def draw_joint(rng: np.random.Generator, wanted_mg: float) -> Joint:
    shares = JOINT_SHARES * [wanted_mg <= FOOT_MOST_MG or j.name != "ankle" for j in JOINTS]
    return JOINTS[int(rng.choice(len(JOINTS), p=shares / shares.sum()))]


def draw_axis(rng: np.random.Generator, joint: Joint, flexion: np.ndarray) -> np.ndarray:
    """`flexion` is the axis of knee and ankle; each movement strays from it by some degrees."""
    along = np.array([1.0, 0.0, 0.0])
    if joint.axis == "along":
        axis = along + rng.normal(0.0, 0.1, 3)
    else:
        around = rng.uniform(0, 2 * np.pi) if joint.axis == "across" else rng.normal(0.0, 0.2)
        axis = rotated(flexion, along, np.array([around]))[0] + rng.normal(0.0, 0.05, 3)
    return axis / np.linalg.norm(axis) * rng.choice((-1.0, 1.0), p=(0.1, 0.9))


def draw_movement(
    rng: np.random.Generator,
    course: Course,
    wanted_mg: float,
    up: np.ndarray,
    flexion: np.ndarray,
    reach: float,
) -> LegMovement:
    """A movement whose envelope is the wanted one, or what the joint's range allows.

    `reach`: how much nearer to the joint the sensor sits, m (towards the knee).
    """
    joint = draw_joint(rng, wanted_mg)
    arm = np.array([rng.uniform(joint.low, joint.high) + reach, 0.0, 0.0])
    if joint.axis == "along":
        arm = np.array([0.0, *rng.uniform(-0.05, 0.05, 2)])  # on the skin around the shank
    axis = draw_axis(rng, joint, flexion)
    move = LegMovement(course, joint, axis, arm, up)
    path, most = course.path(on_grid(course)), float(np.radians(joint.most_deg))
    power, before, reached = 1.0, None, 0.0
    for _ in range(8):
        reached = 1000 * float(envelope(move.along(path), ENVELOPE_RATE, 0.5).max())
        if abs(reached / wanted_mg - 1) < 0.01 or (move.amplitude >= most and reached < wanted_mg):
            break
        if before and abs(before[0] / move.amplitude - 1) > 1e-6:
            grown = np.log(reached / before[1]) / np.log(move.amplitude / before[0])
            power = float(np.clip(grown, 0.7, 2.5))
        before = move.amplitude, reached
        step = float(np.clip(wanted_mg / reached, 0.02, 50)) ** (1 / power)
        move.amplitude = min(move.amplitude * step, most)
    return move
