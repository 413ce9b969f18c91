"""The two towns of the benchmarks: a perturbed grid, 20 % of the streets missing, half of them subdivided.

Slopes are by Tobler, so the two directions of a street differ; nodes are in Hilbert order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from simulations.graph import CLOSED, Graph, build, links
from twin.hilbert import order

SPACING_M = 60.0
LARGE = 500_000  # nodes
PER_CROSSING = 1.766  # nodes a crossing of the grid, once its streets are subdivided and what hangs loose is left out


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """A synthetic town: nodes in Hilbert order, edges, arc times [ms], and the graph of them."""

    nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    times: NDArray[np.int32]
    x: NDArray[np.float64]  # (nodes,) [m]
    y: NDArray[np.float64]
    graph: Graph

    @property
    def is_large(self) -> bool:
        """Tell whether this is the town that the goals are stated for."""
        return self.nodes > LARGE

    def goal(self, most: float) -> float | None:
        """Give a goal where it is stated for this town."""
        return most if self.is_large else None

    def links(self) -> NDArray[np.int32]:
        """Lay the times out as the kernels read them; a new array."""
        return links(self.graph, self.times)


def streets(target: int, rng: np.random.Generator) -> Streets:
    """Make a town of about `target` nodes."""
    side = int((target / PER_CROSSING) ** 0.5)
    x, y = (axis.ravel() * SPACING_M for axis in np.meshgrid(np.arange(side), np.arange(side)))
    x, y = (axis + rng.uniform(-20, 20, len(axis)) for axis in (x, y))
    grid = np.arange(side * side, dtype=np.int32).reshape(side, side)
    tail = np.concatenate((grid[:, :-1].ravel(), grid[:-1].ravel()))
    head = np.concatenate((grid[:, 1:].ravel(), grid[1:].ravel()))
    kept = rng.random(len(tail)) < 0.8  # noqa: PLR2004
    tail, head = tail[kept], head[kept]
    split = rng.random(len(tail)) < 0.5  # noqa: PLR2004
    middle = np.arange(split.sum(), dtype=np.int32) + np.int32(len(x))
    x, y = (np.concatenate((axis, (axis[tail[split]] + axis[head[split]]) / 2)) for axis in (x, y))
    tail, head = (
        np.concatenate((tail[~split], tail[split], middle)),
        np.concatenate((head[~split], middle, head[split])),
    )
    return _largest_part(x, y, tail, head, rng)


def _largest_part(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    rng: np.random.Generator,
) -> Streets:
    """Keep the largest connected part, put it in Hilbert order and give its arcs their times."""
    joined = csr_array((np.ones(len(tail)), (tail, head)), shape=(len(x), len(x)))
    part = connected_components(joined, directed=False)[1]
    main = np.flatnonzero(part == np.bincount(part).argmax())
    along = main[order(x[main], y[main])]
    number = np.full(len(x), -1, np.int32)
    number[along] = np.arange(len(along), dtype=np.int32)
    inside = number[tail] >= 0
    length = np.hypot(x[tail] - x[head], y[tail] - y[head])[inside]
    slope = rng.normal(0, 0.06, len(length))
    times = np.empty(2 * len(length), np.int32)
    for direction in (0, 1):
        pace = 1.2 * np.exp(-3.5 * np.abs((slope if direction == 0 else -slope) + 0.05))
        times[direction::2] = np.rint(length / pace * 1000)
    ends = number[tail[inside]], number[head[inside]]
    return Streets(len(along), *ends, times, x[along], y[along], build(len(along), *ends))


def matrix_of(graph: Graph, joined: NDArray[np.int32]) -> csr_array:
    """Build scipy's matrix of the reversed arcs, closed ones left out."""
    is_open = joined[:, 1] != CLOSED
    here = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.indptr))
    return csr_array(
        (joined[is_open, 1].astype(float), (here[is_open], joined[is_open, 0])), shape=(graph.nodes, graph.nodes)
    )
