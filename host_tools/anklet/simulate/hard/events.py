"""What else happens in a hard night: wherever it falls, on and beside movements."""

import numpy as np

from anklet.simulate.chance import log_normal
from anklet.simulate.hard.life import Life
from anklet.simulate.hard.plan import Move
from anklet.simulate.plan import RISE_S, Details, Distractor

ATTACHED = 0.3  # the share of turns and posture changes that come with a movement (engineering)
EDGE_S = 5.0  # of the recording, without anything
TRIES = 30
BODY_APART_S = 1.0  # one body makes one large movement at a time


class Events:
    """Draws and places them."""

    def __init__(self, rng: np.random.Generator, moves: list[Move], end_s: float) -> None:
        self.rng, self.moves, self.end_s = rng, moves, end_s
        self.found: list[Distractor] = []
        self.body: list[tuple[float, float]] = []

    def _seed(self) -> int:
        return int(self.rng.integers(2**62))

    def _onset(self, length: float, body: bool) -> float:
        """Anywhere; with a chance of ATTACHED within -3 to 8 s of a movement's onset."""
        rng = self.rng
        if body and self.moves and rng.random() < ATTACHED:
            return self.moves[int(rng.integers(len(self.moves)))].onset_s + rng.uniform(-3.0, 8.0)
        return rng.uniform(EDGE_S, max(EDGE_S + 1, self.end_s - length - EDGE_S))

    def add(self, family: str, length: float, details: Details, body: bool) -> None:
        """Place one, wherever it falls. The body makes one movement at a time (`body`), so it may
        have to look for another place; in a very short night there may be none."""
        for _ in range(TRIES):
            at = self._onset(length, body)
            inside = EDGE_S <= at <= self.end_s - length - EDGE_S
            if inside and not (body and self._meets(at, at + length)):
                event = Distractor(family, round(at, 3), round(length, 3), self._seed(), details)
                self.found.append(event)
                if body:
                    self.body.append((at, at + length))
                return

    def _meets(self, first: float, last: float) -> bool:
        return any(
            first < end + BODY_APART_S and start < last + BODY_APART_S for start, end in self.body
        )

    def turns(self, count: int) -> None:
        """2 to 20 s, 0.3 to 2.5 g, four in five into another posture."""
        rng = self.rng
        for _ in range(count):
            peak = round(log_normal(rng, 0.8, 0.6, 0.3, 2.5), 3)
            tilt = round(rng.uniform(20, 120), 1) if rng.random() < 0.8 else 0.0
            length = log_normal(rng, 6.5, 0.7, 2, 20)
            self.add("gross", length, {"peak_g": peak, "tilt_deg": tilt}, True)

    def postures(self, count: int) -> None:
        """20 to 120 degrees in 0.5 to 3 s."""
        for _ in range(count):
            tilt = round(self.rng.uniform(20, 120), 1)
            length = max(self.rng.uniform(0.5, 3.0), tilt / 100)
            self.add("posture", length, {"tilt_deg": tilt}, True)

    def walks(self, count: int) -> None:
        for _ in range(count):
            pause = round(self.rng.uniform(0.3, 0.5), 3)
            self.add("walking", self.rng.uniform(180, 420) + RISE_S, {"pause": pause}, True)

    def tremors(self, count: int) -> None:
        """Foot tremor: 0.3 to 4 Hz for 10 to 15 s."""
        for _ in range(count):
            details = {
                "frequency_hz": round(log_normal(self.rng, 1.3, 0.7, 0.3, 4.0), 3),
                "envelope_mg": round(log_normal(self.rng, 60, 0.5, 20, 150), 1),
            }
            self.add("tremor", self.rng.uniform(10.0, 15.0), details, False)

    def shocks(self, count: int) -> None:
        """A partner or the mattress: 0.05 to 0.4 s, 3 to 40 mg, ringing at 8 to 20 Hz."""
        for _ in range(count):
            details = {
                "peak_mg": round(log_normal(self.rng, 12, 0.7, 3, 40), 1),
                "frequency_hz": round(self.rng.uniform(8, 20), 2),
            }
            self.add("mattress", self.rng.uniform(0.05, 0.4), details, False)


def draw_events(
    rng: np.random.Generator, life: Life, moves: list[Move], end_s: float
) -> list[Distractor]:
    """All of them, in order of time."""
    hours, events = end_s / 3600, Events(rng, moves, end_s)
    events.walks(life.walks if hours >= 1 else 0)
    events.turns(round(life.turns_per_hour * hours))
    events.postures(round(life.postures_per_hour * hours))
    events.tremors(round(life.tremors_per_hour * hours))
    events.shocks(round(life.shocks_per_hour * hours))
    return sorted(events.found, key=lambda d: d.onset_s)
