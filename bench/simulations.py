"""Measure the path kernels against scipy in one run: `python -m bench.simulations [nodes …]`.

Graph: a perturbed grid, 20 % of the streets missing, half of them subdivided, slopes by Tobler (so the two directions
differ), in Hilbert order. Times are medians [ms] of this process's CPU; "ratio" is scipy's time over ours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from simulations.graph import CLOSED, Graph, build, links
from simulations.paths import Seeds, nearest, repair, seeds, warm_up
from twin.hilbert import order

SPACING_M = 60.0
FACILITIES = 200
CHANGED = 20  # street segments, half of them closed, half four times slower


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """A synthetic town: nodes in Hilbert order, edges, arc times [ms]."""

    nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    times: NDArray[np.int32]


def streets(target: int, rng: np.random.Generator) -> Streets:
    """Make a town of about `target` nodes."""
    side = int((target / 1.85) ** 0.5)
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
    return Streets(len(along), number[tail[inside]], number[head[inside]], times)


def matrix_of(graph: Graph, joined: NDArray[np.int32]) -> csr_array:
    """Build scipy's matrix of the reversed arcs, closed ones left out."""
    is_open = joined[:, 1] != CLOSED
    here = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.indptr))
    return csr_array(
        (joined[is_open, 1].astype(float), (here[is_open], joined[is_open, 0])), shape=(graph.nodes, graph.nodes)
    )


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Give the median CPU time of `work` [ms]."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1000)
    return median(spent)


def repairs(graph: Graph, town: Streets, sources: Seeds, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    """Repair 60 batches and 60 single closed segments, each undone; gives the milliseconds of each."""
    joined = links(graph, town.times)
    field = nearest(graph, joined, sources)
    mark, none = np.zeros(graph.nodes, np.bool_), np.empty(0, np.int32)
    spent: tuple[list[float], list[float]] = ([], [])
    for kind, count in ((0, CHANGED), (1, 1)):
        for _ in range(60):
            edges = rng.choice(len(town.tail), count, replace=False)
            slots = graph.slot[np.concatenate((2 * edges, 2 * edges + 1))]
            before = joined[slots, 1].copy()
            slow = np.tile(np.arange(count) % 2 == 1, 2)
            for new in (np.where(slow, 4 * before, CLOSED), before):
                joined[slots, 1] = new
                start = time.process_time()
                repair(graph, joined, field, sources, slots=slots, nodes=none, mark=mark)
                spent[kind].append((time.process_time() - start) * 1000)
    full = nearest(graph, joined, sources)
    if not np.array_equal(field.label, full.label):
        raise AssertionError("the repaired field differs from the full one")
    return spent


def worst_ms(graph: Graph, town: Streets, sources: Seeds) -> float:
    """Close the 20 segments that most nodes walk over, one at a time, each undone; gives the slowest repair [ms]."""
    joined = links(graph, town.times)
    field = nearest(graph, joined, sources)
    through = np.ones(graph.nodes, np.int64)
    onward = np.where(field.parent >= 0, joined[graph.twin[field.parent], 0], -1).tolist()
    for node in np.argsort(field.label)[::-1].tolist():  # the farthest first
        if onward[node] >= 0:
            through[onward[node]] += through[node]
    mark, none = np.zeros(graph.nodes, np.bool_), np.empty(0, np.int32)
    spent = []
    for node in np.argsort(np.where(field.parent >= 0, through, 0))[-20:].tolist():
        slots = np.array([field.parent[node], graph.twin[field.parent[node]]])
        before = joined[slots, 1].copy()
        for new in (np.full(2, CLOSED), before):
            joined[slots, 1] = new
            start = time.process_time()
            repair(graph, joined, field, sources, slots=slots, nodes=none, mark=mark)
            spent.append((time.process_time() - start) * 1000)
    return max(spent)


def measure(target: int) -> None:
    """Measure one town and print its rows."""
    rng = np.random.default_rng(7)
    town = streets(target, rng)
    graph = build(town.nodes, town.tail, town.head)
    at = rng.choice(town.nodes, FACILITIES, replace=False).astype(np.int32)
    sources = seeds(at, np.zeros(FACILITIES, np.int32), np.arange(FACILITIES, dtype=np.int32))
    joined = links(graph, town.times)
    rounds = 9 if target <= 200_000 else 5  # noqa: PLR2004
    matrix = matrix_of(graph, joined)
    theirs = np.asarray(dijkstra(matrix, indices=at, min_only=True))
    if not np.array_equal(nearest(graph, joined, sources).seconds(), theirs / 1000):
        raise AssertionError("our answer differs from scipy's")
    ours = cpu_ms(lambda: nearest(graph, joined, sources), rounds)
    scipys = cpu_ms(lambda: dijkstra(matrix, indices=at, min_only=True), rounds)
    rebuild = cpu_ms(lambda: dijkstra(matrix_of(graph, joined), indices=at, min_only=True), rounds)
    batches, singles = repairs(graph, town, sources, rng)
    print(f"{town.nodes:,} nodes, {len(town.times):,} arcs")
    row("nearest of 200, all nodes", ours, scipys)
    row("20 segments change: median", median(batches), rebuild)
    row("20 segments change: worst of 120", max(batches), rebuild)
    row("one segment changes: median", median(singles), rebuild)
    row("the segment with most behind it", worst_ms(graph, town, sources), rebuild)


def row(what: str, ours_ms: float, scipy_ms: float) -> None:
    """Print one comparison."""
    print(f"  {what:<36}{ours_ms:>12.3f} ms   scipy {scipy_ms:>10.1f} ms   ratio {scipy_ms / ours_ms:>10,.1f}")


def start_up() -> None:
    """Print what the first call in this process took: compiling, or loading what an earlier run compiled."""
    start = time.process_time()
    warm_up()
    print(f"first call of both kernels in this process: {time.process_time() - start:.2f} s")


if __name__ == "__main__":
    start_up()
    for size in [int(word) for word in sys.argv[1:]] or [100_000, 1_000_000]:
        measure(size)
