"""What moves an ankle sensor in bed and is not a leg movement. All in g, frame of `movements`."""

import numpy as np

from anklet.simulate.movements import ENVELOPE_RATE, envelope, minimum_jerk, swing

BREATH_LOW_HZ, BREATH_HIGH_HZ = 0.2, 0.33
FINE = 1 / ENVELOPE_RATE


def window(t: np.ndarray, duration: float, ramp: float) -> np.ndarray:
    """1 within 0..duration, with smooth edges of `ramp` s inside it, 0 outside."""
    return minimum_jerk(t / ramp)[0] * minimum_jerk((duration - t) / ramp)[0]


def mattress(
    rng: np.random.Generator, duration: float, peak_g: float, frequency: float, up: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A knock through the mattress: a decaying ring, mostly vertical, no tilt."""
    direction = up + rng.normal(0.0, 0.5, 3)
    direction /= np.linalg.norm(direction)

    def ring(t: np.ndarray) -> np.ndarray:
        return (
            (1 - np.exp(-t / 0.004))
            * np.exp(-3 * t / duration)
            * np.sin(2 * np.pi * frequency * t)
        )

    t = np.arange(0, 2 * duration, 0.0005)
    wave = ring(t)
    return t, np.outer(wave * (peak_g / np.abs(wave).max()), direction)


def thrashing(
    rng: np.random.Generator, duration: float, peak_g: float, t: np.ndarray
) -> np.ndarray:
    """The leg carried about: minimum-jerk moves in all directions that peak at `peak_g`."""
    total = np.zeros((len(t), 3))
    start = 0.0
    while start < duration - 0.2:
        length = min(rng.uniform(0.3, 0.9), duration - start)
        push = rng.normal(0.0, 1.0, 3) * rng.uniform(0.3, 1.0) / length**2
        total += np.outer(minimum_jerk((t - start) / length)[2], push)
        start += rng.uniform(0.2, 0.5)
    return total * (peak_g / max(float(np.linalg.norm(total, axis=1).max()), 1e-9))


def tremor(
    rng: np.random.Generator,
    duration: float,
    frequency: float,
    envelope_g: float,
    *,
    up: np.ndarray,
    axis: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Hypnagogic foot tremor: times, (n, 3) and the envelope it reaches.

    The swing stays within 10 degrees: at 0.3 Hz it may be weaker than asked for.
    """
    t = np.arange(0, duration + 0.5, FINE)
    wobble = 0.1 * np.sin(2 * np.pi * (0.15 * t + rng.uniform()))
    swell = 0.85 + 0.15 * np.sin(2 * np.pi * (0.25 * t + rng.uniform()))
    wave = window(t, duration, 0.3) * swell * np.sin(2 * np.pi * (frequency * t + wobble))
    amplitude, reached, acc = 0.02, 0.0, np.zeros((len(t), 3))
    for _ in range(8):
        theta = amplitude * wave
        speed = np.gradient(theta, FINE)
        arm = np.array([-0.38, 0.0, 0.0])
        acc = swing(up, axis, arm, (theta, speed, np.gradient(speed, FINE)))
        reached = float(envelope(acc, ENVELOPE_RATE, 0.5).max())
        wanted = min(amplitude * envelope_g / reached, np.radians(10))
        if abs(wanted / amplitude - 1) < 0.003:
            break
        amplitude = wanted
    return t, acc, reached


def walking(
    rng: np.random.Generator, duration: float, pause: float, up: np.ndarray, axis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Strides at about 0.9 Hz: the shank swings by some 20 degrees, heels strike.

    `pause` is the share of the time, in the middle, spent standing or sitting.
    """
    t = np.arange(0, duration, FINE)
    pace = 0.9 * rng.uniform(0.95, 1.05)
    phase = pace * t + 0.03 * np.sin(2 * np.pi * (0.07 * t + rng.uniform()))
    gate = window(t, duration, 1.0)
    if pause:
        rest = pause * duration
        gate *= 1 - window(t - (duration - rest) / 2, rest, 1.0)
    turn = 2 * np.pi * phase
    theta = gate * (0.30 * np.sin(turn) + 0.08 * np.sin(2 * turn + 1.0))
    speed = np.gradient(theta, FINE)
    arm = np.array([-0.40, 0.0, 0.0])
    acc = swing(up, axis, arm, (theta, speed, np.gradient(speed, FINE)))
    stride = np.floor(phase).astype(int) + 1  # the slow wobble can start just under zero
    strike = rng.uniform(0.4, 2.0, stride.max() + 1)[stride] * gate
    since = (phase - np.floor(phase)) / pace
    ring = strike * np.exp(-since / 0.05) * np.sin(2 * np.pi * 12 * since)
    return t, acc + np.outer(ring, [0.85, 0.4, 0.35])


def breathing(
    rng: np.random.Generator, t: np.ndarray, amplitude: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Breaths of 0.2 to 0.33 Hz that peak at `amplitude` (n,), g, along `direction` (n, 3)."""
    knots = np.arange(0.0, t[-1] + 60.0, 30.0)
    pace = np.interp(t, knots, rng.uniform(BREATH_LOW_HZ, BREATH_HIGH_HZ, len(knots)))
    phase = 2 * np.pi * np.cumsum(pace) * (t[1] - t[0] if len(t) > 1 else 0.0)
    wave = np.sin(phase) + 0.2 * np.sin(2 * phase)
    return (amplitude * wave / 1.078)[:, None] * direction  # 1.078 is the peak of the wave
