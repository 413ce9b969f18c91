"""Measure exact repairs after changes of streets: of the nearest field, and of a table; parts of `bench.simulations`."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.streets import Streets
from bench.table import Results, cpu_ms
from simulations.graph import CLOSED, Graph
from simulations.live_tables import HeldTable
from simulations.paths import Seeds, nearest, repair
from simulations.tables import bounded

CHANGED = 20  # street segments, half of them closed, half four times slower
BATCHES = 60
WORST = 20  # segments that most nodes walk over
FACILITIES = 2000
LIMIT_MS = 900_000

Change = Callable[[NDArray[np.int32], NDArray[np.int32]], object]  # of slots, and what their times were


def measure_field(results: Results, town: Streets, sources: Seeds, rebuild_ms: float, rng: np.random.Generator) -> None:
    """Measure the nearest field under changes, beside scipy's rebuilding and recomputing."""
    graph, joined = town.graph, town.links()
    field = nearest(graph, joined, sources)
    mark, none = np.zeros(graph.nodes, np.bool_), np.empty(0, np.int32)

    def change(slots: NDArray[np.int32], _: NDArray[np.int32]) -> object:
        return repair(graph, joined, field, sources, slots=slots, nodes=none, mark=mark)

    batches, singles = (_spent(town, joined, count, change, rng) for count in (CHANGED, 1))
    worst = _worst(graph, joined, field.parent, field.label, change)
    if not np.array_equal(field.label, nearest(graph, joined, sources).label):
        raise AssertionError("the repaired field differs from the full one")
    who = "scipy, rebuilt and recomputed"
    results.beside(f"{CHANGED} segments change: median", median(batches), who, rebuild_ms, goal=town.goal(1e-3))
    results.alone(f"{CHANGED} segments change: median", median(batches), "ms", goal=0.3)
    results.beside(f"{CHANGED} segments change: worst of {2 * BATCHES}", max(batches), who, rebuild_ms)
    results.beside("one segment changes: median", median(singles), who, rebuild_ms)
    results.alone("the worst single segment", worst, "ms", goal=3.0)


def measure_table(results: Results, town: Streets, rng: np.random.Generator) -> None:
    """Measure a table under changes, beside computing it from nothing."""
    graph, joined = town.graph, town.links()
    at = rng.choice(graph.nodes, FACILITIES, replace=False).astype(np.int32)
    door = np.zeros(FACILITIES, np.int32)
    held = HeldTable(graph, joined, at, door, limit_ms=LIMIT_MS)
    full_ms = cpu_ms(lambda: bounded(graph, joined, at, door, limit_ms=LIMIT_MS), 5)
    batches = _spent(town, joined, CHANGED, held.move, rng)
    found, whole = held.table(), bounded(graph, joined, at, door, limit_ms=LIMIT_MS)
    pairs = [np.lexsort((each.column, each.facility())) for each in (found, whole)]
    for name in ("column", "time_ms"):
        if not np.array_equal(getattr(found, name)[pairs[0]], getattr(whole, name)[pairs[1]]):
            raise AssertionError("the repaired table differs from the full one")
    what = f"{CHANGED} segments change, table of {FACILITIES:,}"
    results.beside(f"{what}: median", median(batches), "ours, the full table", full_ms, goal=town.goal(0.01))
    results.beside(f"{what}: worst", max(batches), "ours, the full table", full_ms)


def _spent(
    town: Streets,
    joined: NDArray[np.int32],
    count: int,
    change: Change,
    rng: np.random.Generator,
) -> list[float]:
    """Change `count` random segments and change them back, many times; gives the milliseconds of each."""
    spent = []
    slow = np.tile(np.arange(count) % 2 == 1, 2)
    for _ in range(BATCHES + 1):
        edges = rng.choice(len(town.tail), count, replace=False)
        slots = town.graph.slot[np.concatenate((2 * edges, 2 * edges + 1))]
        before = joined[slots, 1].copy()
        for new in (np.where(slow, 4 * before, CLOSED).astype(np.int32), before):
            was = joined[slots, 1].copy()
            joined[slots, 1] = new
            spent.append(_cpu_ms(change, slots, was))
    return spent[2:]  # the first may compile


def _worst(
    graph: Graph, joined: NDArray[np.int32], parent: NDArray[np.int32], label: NDArray[np.int64], change: Change
) -> float:
    """Close the segments that most nodes walk over, one at a time, each undone; gives the slowest repair [ms]."""
    through = np.ones(graph.nodes, np.int64)
    onward = np.where(parent >= 0, joined[graph.twin[parent], 0], -1).tolist()
    for node in np.argsort(label)[::-1].tolist():  # the farthest first
        if onward[node] >= 0:
            through[onward[node]] += through[node]
    spent = []
    for node in np.argsort(np.where(parent >= 0, through, 0))[-WORST:].tolist():
        slots = np.array([parent[node], graph.twin[parent[node]]], np.int32)
        before = joined[slots, 1].copy()
        for new in (np.full(2, CLOSED, np.int32), before):
            was = joined[slots, 1].copy()
            joined[slots, 1] = new
            spent.append(_cpu_ms(change, slots, was))
    return max(spent)


def _cpu_ms(change: Change, slots: NDArray[np.int32], was: NDArray[np.int32]) -> float:
    start = time.process_time()
    change(slots, was)
    return (time.process_time() - start) * 1000
