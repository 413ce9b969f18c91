"""Add up numbers of buildings by grid, community and street: each level's sums are those of the level below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.grids import Grids

__all__ = ["by_area", "outside"]

Longs = NDArray[np.int64]


def by_area(grids: Grids, grid_ids: NDArray[np.int32], numbers: Longs) -> Longs:
    """Sum numbers of buildings (b, kinds) over every grid, community and street, (g, kinds), rows as in grids.

    grid_ids (b,): the grid of each building, -1 none.
    """
    total = np.zeros((len(grids.ids), numbers.shape[1]), np.int64)
    if not len(grids.ids):
        return total
    row = np.searchsorted(grids.ids, grid_ids).clip(max=len(grids.ids) - 1)
    inside = grids.ids[row] == grid_ids
    at = row[inside]
    own = numbers[inside]
    while len(at):
        np.add.at(total, at, own)
        above = grids.parent[at]
        own, at = own[above >= 0], above[above >= 0]
    return total


def outside(grids: Grids, grid_ids: NDArray[np.int32], numbers: Longs) -> Longs:
    """Sum the numbers of the buildings that are in no grid, (kinds,)."""
    total: Longs = numbers[~np.isin(grid_ids, grids.ids)].sum(axis=0)
    return total
