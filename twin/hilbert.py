"""Order points along a Hilbert curve, so that neighbours on the ground are neighbours in memory.

Paths over a network in this order ran 2 to 4 times faster than over shuffled nodes (design/performance.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["order"]

BITS = 16  # a side; on a place of 65 km cells are one metre


def order(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the indices that sort points along the curve over their bounding box; ties keep their order.

    x and y have shape (n,); so has the answer.
    """
    along: NDArray[np.int64] = np.argsort(_distance(_cells(x), _cells(y)), kind="stable")
    return along


def _cells(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the cells of a side 0 to 2**BITS - 1."""
    if values.size == 0:
        return np.empty(0, np.int64)
    low, extent = values.min(), np.ptp(values)
    scaled: NDArray[np.float64] = (values - low) / (extent if extent > 0 else 1.0) * (2**BITS - 1)
    return scaled.astype(np.int64)


def _distance(x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the distance along the curve of each cell.

    Source: the quadrant by quadrant walk of J. Skilling, Programming the Hilbert curve, AIP Conf. Proc. 707 (2004).
    """
    x, y = x.copy(), y.copy()
    distance = np.zeros_like(x)
    for bit in range(BITS - 1, -1, -1):
        side = 1 << bit
        right, upper = (x & side) > 0, (y & side) > 0
        distance += side * side * ((3 * right) ^ upper)
        # turn the quadrant so that the curve enters and leaves it at the same corners
        flip = ~upper & right
        x, y = x & (side - 1), y & (side - 1)
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(upper, x, y), np.where(upper, y, x)
    return distance
