"""Events of one list matched one to one with those of another."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

APART = 1e6  # the cost of no pair: more than all errors of a night together
ROUNDING = 1e-9


def pairs(one: Sequence[float], other: Sequence[float], within: float) -> list[tuple[int, int]]:
    """Indices (in `one`, in `other`) of onsets at most `within` apart, each used once.

    As many pairs as there can be, and among those the ones whose distances add up to least. Onsets
    in ascending order, all in one unit.
    """
    merged = sorted(
        [(onset, 0, i) for i, onset in enumerate(one)]
        + [(onset, 1, j) for j, onset in enumerate(other)]
    )
    found: list[tuple[int, int]] = []
    block: list[tuple[float, int, int]] = []
    for event in merged:
        # No pair reaches across a hole wider than `within`: each side is solved by itself.
        if block and event[0] - block[-1][0] > within + ROUNDING:
            found += _solve(block, within)
            block = []
        block.append(event)
    return found + _solve(block, within)


def _solve(block: list[tuple[float, int, int]], within: float) -> list[tuple[int, int]]:
    rows, columns = ([event for event in block if event[1] == side] for side in (0, 1))
    if not rows or not columns:
        return []
    cost = np.abs(np.subtract.outer([row[0] for row in rows], [column[0] for column in columns]))
    cost[cost > within + ROUNDING] = APART
    return [
        (rows[i][2], columns[j][2])
        for i, j in zip(*linear_sum_assignment(cost), strict=True)
        if cost[i, j] < APART
    ]
