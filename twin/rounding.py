"""Round shares of people to whole people, so that every sum is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["apportion", "spread"]

Ints = NDArray[np.int64]


def apportion(total: int, weights: ArrayLike) -> Ints:
    """Divide a total in proportion to the weights, in whole numbers, by largest remainder; shape of weights.

    The parts add up to the total, and each is the exact share rounded down or up. Of equal remainders the first is
    rounded up. Raises ValueError where a weight is negative or not a number, and where none is above 0 but there is
    something to divide.
    """
    weight = np.asarray(weights, dtype=np.float64)
    if not np.all(np.isfinite(weight)) or np.any(weight < 0):
        raise ValueError("weights must be finite and not negative")
    if total < 0 or (total > 0 and not weight.sum() > 0):
        raise ValueError(f"cannot divide {total} by weights that sum to {weight.sum()}")
    share = weight * (total / weight.sum()) if total else np.zeros_like(weight)
    parts: Ints = np.floor(share).astype(np.int64)
    # a share without weight stays 0 whatever the last digits of the others say
    remainder = np.where(weight > 0, share - parts, -1.0)
    parts[np.argsort(-remainder, kind="stable")[: total - parts.sum()]] += 1
    return parts


def spread(rows: ArrayLike, columns: ArrayLike) -> Ints:
    """Fill a table of whole numbers whose rows and columns have the given sums; shape (rows, columns).

    People are drawn row by row, and each gets the column that is due, by Tijdeman's algorithm for the chairman
    assignment problem [1]_. Over any first rows, the sum of a column is less than 1 from its exact share, so any run
    of rows (a building, a grid) is less than 2 from it. Raises ValueError where the two sums differ.

    .. [1] R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980) 323-330.
    """
    row_sums = np.asarray(rows, dtype=np.int64)
    wanted = [int(column) for column in np.asarray(columns, dtype=np.int64)]
    total = sum(wanted)
    if int(row_sums.sum()) != total:
        raise ValueError(f"rows sum to {int(row_sums.sum())}, columns to {total}")
    if len(wanted) <= 1:
        return row_sums.reshape(-1, 1)[:, : len(wanted)].copy()
    row = np.repeat(np.arange(len(row_sums)), row_sums)
    cells = np.bincount(row * len(wanted) + _turns(wanted), minlength=len(row_sums) * len(wanted))
    return cells.reshape(len(row_sums), len(wanted))


def _turns(wanted: list[int]) -> Ints:
    """Give each of sum(wanted) turns to a column, so that every column keeps to its share; shape (sum,).

    All numbers are whole: shares are multiplied by total * scale.
    """
    total, scale = sum(wanted), 2 * len(wanted) - 2
    given = [0] * len(wanted)
    turns = np.empty(total, dtype=np.int64)
    for turn in range(total):
        best, best_wait = -1, 0.0
        for column, want in enumerate(wanted):
            due = scale * ((turn + 1) * want - given[column] * total)
            if due < total:
                continue  # not yet entitled to a turn
            wait = (total * (scale - 1) - due) / want
            if best < 0 or wait < best_wait:
                best, best_wait = column, wait
        given[best] += 1
        turns[turn] = best
    return turns
