"""Measure the simulations against their peers in one table: `python -m bench.simulations [nodes …]`; `make bench-simulations`.

Needs the extra `bench`, and g++ for the floor. Times are medians of CPU time, taken in turn in this one process; goals
are those of the project. Without nodes: the two towns of 100,000 and 1,000,000 nodes, starting up, and siting.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from bench import capacity, floor, peers, repairs, siting
from bench.streets import Streets, matrix_of, streets
from bench.table import Results, cpu_ms, in_turn
from simulations.paths import UNREACHED, Field, Seeds, nearest, nearest_each, seeds

FACILITIES = 200
GROUPS = 8
CONTRACTED_LIMIT_S = 2000
START = (
    "from simulations.paths import warm_up; warm_up()",
    """import numpy as np; from simulations.siting import walk_least; from simulations.tables import from_rows
row = np.zeros(1, int); walk_least(from_rows(row, row, row, 1, 1), row + 1, beyond_s=1, sites=1)""",
)


def measure(results: Results, target: int) -> None:
    """Measure one town and print its rows; goals are those of the larger town."""
    rng = np.random.default_rng(7)
    town = streets(target, rng)
    at = rng.choice(town.nodes, FACILITIES, replace=False).astype(np.int32)
    sources = seeds(at, np.zeros(FACILITIES, np.int32), np.arange(FACILITIES, dtype=np.int32))
    results.head(f"{town.nodes:,} nodes, {len(town.times):,} arcs")
    rebuild_ms = _nearest(results, town, at, sources)
    repairs.measure_field(results, town, sources, rebuild_ms, rng)
    for many in (200, 2000):
        capacity.measure(results, town, many, rng)
    repairs.measure_table(results, town, rng)
    _memory(results, town, nearest(town.graph, town.links(), sources))


def _nearest(results: Results, town: Streets, at: NDArray[np.int32], sources: Seeds) -> float:
    """Measure the nearest of 200 for all nodes; gives scipy's time to rebuild and recompute [ms]."""
    graph, joined = town.graph, town.links()
    matrix, library = matrix_of(graph, joined), floor.compiled()
    found = nearest(graph, joined, sources)
    _agree(_ms(found), np.asarray(dijkstra(matrix, indices=at, min_only=True)), "scipy")
    _agree(found.label >> 32, floor.nearest(library, graph.indptr, joined, at)[0], "the floor")
    spent = in_turn(
        {
            "ours": lambda: nearest(graph, joined, sources),
            "scipy": lambda: dijkstra(matrix, indices=at, min_only=True),
            "floor": lambda: floor.nearest(library, graph.indptr, joined, at),
            "rebuild": lambda: dijkstra(matrix_of(graph, joined), indices=at, min_only=True),
        },
        7 if town.is_large else 9,
    )
    what = f"nearest of {FACILITIES} for all nodes"
    results.beside(what, spent["ours"], "scipy dijkstra(min_only)", spent["scipy"], goal=town.goal(0.45))
    results.beside(what, spent["ours"], "C++ bucket queue (the floor)", spent["floor"], goal=town.goal(2.0))
    _others(results, town, at, found, spent["ours"])
    _contracted(results, town, at, found, spent["ours"])
    _side_by_side(results, town, sources)
    return spent["rebuild"]


def _side_by_side(results: Results, town: Streets, sources: Seeds) -> None:
    """Measure eight groups at once by the clock on the wall, on all cores and on one."""
    asked = [(town.links(), sources)] * GROUPS
    wall: dict[int | None, list[float]] = {None: [], 1: []}
    for _ in range(5):
        for workers, spent in wall.items():
            start = time.perf_counter()
            nearest_each(town.graph, asked, workers=workers)
            spent.append((time.perf_counter() - start) * 1000)
    what = f"the same for {GROUPS} groups, by the wall"
    results.beside(what, median(wall[None]), "ours, one core", median(wall[1]))


def _others(results: Results, town: Streets, at: NDArray[np.int32], found: Field, ours_ms: float) -> None:
    """Measure the peers that search from one more node joined to the facilities."""
    graph, ways = town.graph, peers.arcs(town.graph, town.links(), at)
    what = f"nearest of {FACILITIES} for all nodes"
    for engine in peers.ENGINES:
        made = engine.build(ways, graph.nodes)
        _agree(_ms(found), engine.search(made, graph.nodes)[: graph.nodes], engine.name)
        rounds = 3 if town.is_large else 5
        results.beside(
            what,
            ours_ms,
            f"{engine.name} (super source)",
            cpu_ms(lambda made=made, engine=engine: engine.search(made, graph.nodes), rounds),
        )


def _contracted(results: Results, town: Streets, at: NDArray[np.int32], found: Field, ours_ms: float) -> None:
    """Measure pandana, which contracts the network first; its costs are rounded, and end at a limit."""
    what = f"nearest of {FACILITIES} for all nodes"
    if town.is_large:
        why = "its contraction of a million nodes was stopped unfinished after ten minutes of CPU in an earlier trial"
        results.left_out(what, "pandana", why)
        return
    ways, made = peers.arcs(town.graph, town.links(), at), {}

    def contract() -> None:
        made["it"] = peers.contracted(ways, town.x, town.y, at, CONTRACTED_LIMIT_S)

    build_ms = cpu_ms(contract, 1)
    theirs = made["it"].nearest_pois(CONTRACTED_LIMIT_S, "facilities", num_pois=1)[1].to_numpy()
    near = theirs < CONTRACTED_LIMIT_S
    if np.abs(theirs[near] - found.seconds()[near]).max() > 0.1:  # noqa: PLR2004 -- it rounds each cost
        raise AssertionError("pandana's answer differs by more than its rounding")
    search_ms = cpu_ms(lambda: made["it"].nearest_pois(CONTRACTED_LIMIT_S, "facilities", num_pois=1), 1)
    results.beside(what, ours_ms, f"pandana, up to {CONTRACTED_LIMIT_S} s", search_ms)
    results.beside(what, ours_ms, "pandana, its contraction", build_ms)


def _ms(field: Field) -> NDArray[np.float64]:
    return np.where(field.label < UNREACHED, field.label >> 32, np.inf)


def _agree(ours: NDArray[np.generic], theirs: NDArray[np.generic], who: str) -> None:
    if not np.array_equal(ours, theirs):
        raise AssertionError(f"our answer differs from that of {who}")


def _memory(results: Results, town: Streets, field: Field) -> None:
    arrays = [getattr(town.graph, name) for name in ("indptr", "neighbour", "arc", "slot", "twin")]
    network = sum(each.nbytes for each in (*arrays, town.links(), town.times))
    results.alone("network and one group", network / town.nodes, "bytes a node", goal=100)
    live = (field.label.nbytes + field.parent.nbytes) / town.nodes
    results.alone("each service × group held live", live, "bytes a node", goal=12)


def start_up(results: Results) -> None:
    """Measure the first call after install, and a later start: processes of their own, CPU from first to last."""
    results.head("Starting up, CPU of the whole process")
    with tempfile.TemporaryDirectory() as cache:
        for code, name in zip(START, ("nearest and repair", "siting"), strict=True):
            results.alone(f"first call after install: {name}", _process_s(code, cache), "s", goal=10)
        for code, name in zip(START, ("nearest and repair", "siting"), strict=True):
            later = sorted(_process_s(code, cache) for _ in range(5))[2]
            results.alone(f"later start: {name}", later, "s", goal=0.5)


def _process_s(code: str, cache: str) -> float:
    """Give the CPU time of a Python of its own [s] that keeps compiled kernels in `cache`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_CACHE_DIR": cache})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    table = Results()
    asked = [int(word) for word in sys.argv[1:]]
    for size in asked or [100_000, 1_000_000]:
        measure(table, size)
    if not asked:
        start_up(table)
        siting.measure_all(table)
    table.close()
