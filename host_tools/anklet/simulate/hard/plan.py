"""When a leg moves in a hard night: series with the statistics of scored ones.

Intervals: log-normal with a geometric mean of 29.9 s, a standard deviation of the logarithm of
0.41 and a lag-1 autocorrelation of 0.39; one in ten is short, 2 to 4 s (Ferri 2006). Series have
2 to 70 members and no least pause between them; the rate declines through the night (93, 133, 99,
83, 64, 41, 39 PLM/h in the seven hours of one night with restless legs). Durations have a median
of 2.6 s, and one in twenty is over 10 s. The figures are measured on one published night of
scored movements and on the summaries of 50 others.
"""

from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from anklet.simulate.chance import log_normal
from anklet.simulate.hard.life import Life
from anklet.simulate.truth import wasm_flags

PACE_S = 29.9  # geometric mean of the intervals
BETWEEN, WITHIN, LIKENESS = 0.15, 0.38, 0.40  # SD of log IMI; together as measured
COURSE = (93, 133, 99, 83, 64, 41, 39)  # PLM/h, the night's sevenths
REST_S = 0.6  # two contractions nearer than half a second are one LM
LONG_SHARE = 0.05
AMPLITUDES_MG = 10.0, 1500.0
PARTNER_SHARE, ALONE_SHARE = 0.47, 0.19  # of the main leg's movements: the other's with, without
RATES = (1.2, 3.8, 25.9, 111.0, 192.0)  # PLM/h of 50 nights at these quantiles:
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass
class Move:
    """One LM of one leg. `duration_s` is the contraction's, as EMG has it.

    kind: series, short (a short interval before it), isolated, cluster, respiratory, listed.
    """

    onset_s: float
    duration_s: float
    kind: str
    envelope_mg: float
    seed: int

    @property
    def end_s(self) -> float:
        return self.onset_s + self.duration_s


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**62))


def duration(rng: np.random.Generator) -> float:
    """Of a contraction, s: 0.5 to 30, median 2.6, one in twenty over 10."""
    if rng.random() < LONG_SHARE:
        return log_normal(rng, 13.0, 0.35, 10.1, 30.0)
    return log_normal(rng, 2.55, 0.40, 0.5, 10.0)


def amplitude(rng: np.random.Generator, life: Life, series: float = 0.0) -> float:
    """In mg. `series`: how the whole series differs, in standard deviations."""
    z = np.sqrt(0.3) * series + np.sqrt(0.7) * rng.normal()
    return round(float(np.clip(life.median_mg * np.exp(life.spread * z), *AMPLITUDES_MG)), 1)


def somebody(rng: np.random.Generator) -> float:
    """A person's PLM/h, from the quantiles published for 50 nights, 2 to 150."""
    at = rng.uniform(QUANTILES[0], QUANTILES[-1])
    return float(np.clip(np.exp(np.interp(at, QUANTILES, np.log(RATES))), 2.0, 150.0))


def one_series(rng: np.random.Generator, life: Life, pace: float) -> list[Move]:
    """2 to 70 LMs from 0 s on."""
    count = int(np.clip(round(np.exp(rng.normal(np.log(9.0), 0.9))), 2, 70))
    centre, size = np.log(pace) + rng.normal(0.0, BETWEEN), float(rng.normal())
    stray = rng.normal(0.0, WITHIN)
    moves: list[Move] = []
    onset, kind = 0.0, "series"
    for _ in range(count):
        length = duration(rng)
        stray = LIKENESS * stray + np.sqrt(1 - LIKENESS**2) * rng.normal(0.0, WITHIN)
        interval, following = float(np.exp(centre + stray)), "series"
        if rng.random() < life.short:
            interval, following = log_normal(rng, 3.0, 0.35, 1.2, 9.5), "short"
            # Two quick kicks are brief ones; some rest lies between them, more than EMG needs.
            length = max(0.5, min(length, interval * rng.uniform(0.3, 0.75), interval - REST_S))
        interval = max(interval, length + REST_S)
        moves.append(Move(onset, length, kind, amplitude(rng, life, size), _seed(rng)))
        onset, kind = onset + interval, following
    return moves


def _plms(moves: list[Move]) -> int:
    times = [(round(m.onset_s * 1000), round(m.duration_s * 1000)) for m in moves]
    return sum(wasm_flags(times)[0])


def all_series(rng: np.random.Generator, life: Life, end_s: float) -> list[Move]:
    """All series of a night of `end_s` seconds: about life.plm_per_hour PLMs, or what fits."""
    rate = somebody(rng) if life.plm_per_hour is None else life.plm_per_hour
    wanted = rate * end_s / 3600
    pace = min(PACE_S, 0.9 * 3600 / (1.25 * max(rate, 1.0)) / 1.09)  # 1.09: mean to geometric
    room = 0.97 * end_s
    chosen: list[tuple[list[Move], float]] = []
    while wanted > 0.5 and room > 0:
        group = one_series(rng, life, pace)
        group = [m for m in group if m.end_s < room]
        if not group:
            break
        length = group[-1].end_s + REST_S
        chosen.append((group, length))
        room -= length
        wanted -= _plms(group)
    left = end_s - sum(length for _, length in chosen)
    places = (np.arange(len(chosen) + 1) + 0.5) / (len(chosen) + 1)
    rarity = 1 / np.interp(places * 7 - 0.5, np.arange(7), COURSE)
    pauses = rng.exponential(1.0, len(chosen) + 1) * rarity
    pauses *= left / pauses.sum()
    moves: list[Move] = []
    at = 0.0
    for (group, length), pause in zip(chosen, pauses, strict=False):
        at += float(pause)
        for move in group:
            move.onset_s += at
        moves += group
        at += length
    return moves


def clusters(rng: np.random.Generator, life: Life, end_s: float) -> list[list[Move]]:
    """5 to 10 kicks each, with 1.5 to 8 s from the end of one to the onset of the next."""
    found = []
    for _ in range(round(life.clusters_per_hour * end_s / 3600)):
        onset, group, size = rng.uniform(0.0, end_s - 60.0), [], float(rng.normal())
        for _ in range(int(rng.integers(5, 11))):
            length = log_normal(rng, 1.1, 0.45, 0.5, 4.0)
            move = Move(onset, length, "cluster", amplitude(rng, life, size), _seed(rng))
            group.append(move)
            onset += length + rng.uniform(1.5, 8.0)
        found.append(group)
    return found


@dataclass(frozen=True)
class Apnoea:
    """A respiratory event, s."""

    onset_s: float
    duration_s: float

    @property
    def end_s(self) -> float:
        return self.onset_s + self.duration_s


def apnoeas(rng: np.random.Generator, life: Life, end_s: float) -> list[Apnoea]:
    """Events of 10 to 25 s whose ends lie 20 to 40 s apart, in spells of 5 to 20 minutes."""
    found: list[Apnoea] = []
    left = min(life.apnoea_min * 60, 0.8 * end_s)
    while left > 30:
        spell = min(left, rng.uniform(300, 1200))
        end = rng.uniform(30.0, max(31.0, end_s - spell))
        left -= spell
        group = []
        while spell > 0:
            period = rng.uniform(20, 40)
            end, spell = end + period, spell - period
            length = min(rng.uniform(10, 25), period - 5.0)
            group.append(Apnoea(round(end - length, 3), round(length, 3)))
        clear = all(g.end_s < e.onset_s or e.end_s < g.onset_s for g in group for e in found)
        found += group if clear and end < end_s - 15 else []
    return sorted(found, key=lambda e: e.onset_s)


def answers(rng: np.random.Generator, life: Life, events: Iterable[Apnoea]) -> list[Move]:
    """A movement to each event, from 2 s before its end to 10 s after it."""
    return [
        Move(
            event.end_s + rng.uniform(-2.0, 10.0),
            min(duration(rng), 8.0),
            "respiratory",
            amplitude(rng, life),
            _seed(rng),
        )
        for event in events
    ]


def together(*groups: Iterable[Move]) -> list[Move]:
    """One leg's movements in order; of two that would run into one another the one named first
    stays."""
    kept: list[Move] = []
    for move in chain(*groups):
        at = bisect(kept, move.onset_s, key=lambda m: m.onset_s)
        before, after = kept[at - 1 : at], kept[at : at + 1]
        if all(m.end_s + REST_S <= move.onset_s for m in before) and all(
            move.end_s + REST_S <= m.onset_s for m in after
        ):
            kept.insert(at, move)
    return kept


def main_leg(
    rng: np.random.Generator, life: Life, end_s: float, events: Iterable[Apnoea]
) -> list[Move]:
    """The movements of the leg that moves more."""
    series = all_series(rng, life, end_s)
    kicks = [m for group in clusters(rng, life, end_s) for m in group]
    isolated = [
        Move(rng.uniform(0, end_s), duration(rng), "isolated", amplitude(rng, life), _seed(rng))
        for _ in range(round(life.isolated_per_hour * end_s / 3600))
    ]
    return rounded(together(series, kicks, answers(rng, life, events), isolated), end_s)


def other_leg(rng: np.random.Generator, life: Life, moves: list[Move], end_s: float) -> list[Move]:
    """The other leg: with 47 % of the main leg's movements, and now and then alone."""
    partners = [
        Move(
            max(0.0, m.onset_s + rng.normal(0.0, 0.25)),
            max(0.5, m.duration_s * float(np.exp(rng.normal(-0.1, 0.25)))),
            m.kind,
            round(m.envelope_mg * float(np.exp(rng.normal(-0.3, 0.5))), 1),
            _seed(rng),
        )
        for m in moves
        if rng.random() < PARTNER_SHARE
    ]
    alone = [
        Move(rng.uniform(0, end_s), duration(rng), "isolated", amplitude(rng, life), _seed(rng))
        for _ in range(round(ALONE_SHARE * len(moves)))
    ]
    return rounded(together(partners, alone), end_s)


def listed(
    rng: np.random.Generator, life: Life, spans: Iterable[tuple[float, float]]
) -> list[Move]:
    """Somebody's list of (onset, duration) in s, in order: only what each looks like is drawn."""
    return [Move(o, d, "listed", amplitude(rng, life), _seed(rng)) for o, d in spans]


def rounded(moves: list[Move], end_s: float) -> list[Move]:
    """Whole milliseconds, and nothing within 5 s of the recording's ends."""
    for move in moves:
        move.onset_s, move.duration_s = round(move.onset_s, 3), round(move.duration_s, 3)
    return [m for m in moves if m.onset_s >= 5.0 and m.end_s <= end_s - 5.0]
