"""Measure siting against spopt with HiGHS and OR-Library's optima; a part of `bench.simulations`.

A town of 5 km × 5 km, 5,000 places, 500 candidates, 10 sites within 15 minutes at 0.8 m/s. With ../shared beside the
checkout also OR-Library's pmed1-40. Times are CPU, first calls excluded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pulp
from scipy.sparse.csgraph import floyd_warshall
from spopt.locate import MCLP

from bench.table import Results
from simulations.lagrangian import solve
from simulations.siting import cover_most, walk_least
from simulations.siting_problem import Problem, from_costs
from simulations.tables import Table, from_rows

Value = TypeVar("Value")
LIMIT_S = 900
METRES_PER_S = 0.8
LIBRARY = Path(__file__).resolve().parents[2] / "shared" / "reference" / "orlib_pmed"
PATIENCE_S = 120.0  # CPU for one proof of the forty


def town(places: int, candidates: int, rng: np.random.Generator) -> tuple[Table, np.ndarray, np.ndarray]:
    """Make a town, a third of it in 40 quarters; gives the table, times [s] (places, candidates), and people."""
    quarter = rng.uniform(0, 5000, (40, 2))[rng.integers(0, 40, places)] + rng.normal(0, 300, (places, 2))
    at = np.where(rng.random((places, 1)) < 1 / 3, np.clip(quarter, 0, 5000), rng.uniform(0, 5000, (places, 2)))
    sites = at[rng.choice(places, candidates, replace=False)]
    time_ms = np.rint(np.hypot(*(at[:, None] - sites[None]).transpose(2, 0, 1)) / METRES_PER_S * 1000).astype(np.int64)
    candidate, place = np.indices(time_ms.T.shape).reshape(2, -1)
    table = from_rows(candidate, place, time_ms.T.ravel(), candidates, places)
    return table, time_ms / 1000, rng.integers(10, 153, places)


def cpu_ms(work: Callable[[], Value]) -> tuple[float, Value]:
    """Measure one call, HiGHS's threads included."""
    start = time.process_time()
    value = work()
    return (time.process_time() - start) * 1000, value


def spopt_mclp(time_s: np.ndarray, people: np.ndarray, sites: int) -> float:
    """People covered by spopt with HiGHS."""
    model = MCLP.from_cost_matrix(time_s, people, service_radius=LIMIT_S, p_facilities=sites)
    return float(model.solve(pulp.HiGHS(msg=False)).problem.objective.value())


def measure_all(results: Results) -> None:
    """Print the rows of siting."""
    solve(from_costs(np.arange(12.0).reshape(4, 3) % 5, sites=2))
    measure(results, 5000, 500, 10)
    if LIBRARY.is_dir():
        library(results)
    else:
        results.left_out("p-median pmed1-40", "OR-Library", "its files are not beside the checkout")


def measure(results: Results, places: int, candidates: int, sites: int) -> None:
    """Measure one town and print its rows."""
    table, time_s, people = town(places, candidates, np.random.default_rng(1))
    results.head(f"Siting: {places:,} places, {candidates} candidates, {sites} sites")
    quick_ms, first = cpu_ms(lambda: cover_most(table, people, limit_s=LIMIT_S, sites=sites, prove=False))
    proven_ms, best = cpu_ms(lambda: cover_most(table, people, limit_s=LIMIT_S, sites=sites))
    theirs_ms, value = cpu_ms(lambda: spopt_mclp(time_s, people, sites))
    if not best.proven or value != best.value:
        raise AssertionError(f"MCLP: {best.value} is not spopt's {value}, or not proven")
    results.beside("MCLP, proven optimum", proven_ms, "spopt + HiGHS, build and solve", theirs_ms, goal=1 / 5)
    gap = f"{first.value / best.value - 1:+.2%}, bound {first.bound / best.value - 1:+.2%}"
    results.alone("MCLP, first answer with its bound", quick_ms / 1000, "s", goal=0.5, note=gap)
    beyond = float(time_s.max())
    quick_ms, first = cpu_ms(lambda: walk_least(table, people, beyond_s=beyond, sites=sites, prove=False))
    gap = f"at most {first.value / first.bound - 1:.2%} above the best"
    results.alone("p-median, first answer with its bound", quick_ms / 1000, "s", note=gap)
    results.left_out("p-median, proven optimum", "spopt + HiGHS", "it was stopped at 7.6 GB in an earlier trial")


def library(results: Results) -> None:
    """Solve OR-Library's forty p-medians, at once and to the proof, and print how far from the optima."""
    lines = (LIBRARY / "pmedopt.txt").read_text("utf-8").splitlines()[1:]
    above, slowest, unproven, spent = [], 0.0, [], 0.0
    for name, optimum in (line.split() for line in lines if line.strip()):
        problem = _read(name)
        quick_ms, quick = cpu_ms(lambda problem=problem: solve(problem, prove=False))
        above.append(quick.value / float(optimum) - 1)
        slowest = max(slowest, quick_ms)
        end = time.process_time() + PATIENCE_S
        proof_ms, found = cpu_ms(
            lambda problem=problem, end=end: solve(problem, report=lambda _: time.process_time() < end)
        )
        spent += proof_ms
        if not found.proven or found.value != float(optimum):
            unproven.append(name)
    results.head("p-median: OR-Library pmed1-40, beside the published optima")
    results.alone("first answer: mean above the optimum", 100 * float(np.mean(above)), "%", goal=0.3)
    results.alone("first answer: worst above the optimum", 100 * max(above), "%", goal=1.1)
    results.alone("first answer: slowest", slowest / 1000, "s", goal=0.3)
    note = f"{spent / 1000:.0f} s in all, at most {PATIENCE_S:.0f} s each; not {', '.join(unproven) or 'any'}"
    results.alone("optima not proven on request", len(unproven), "of 40", goal=0, note=note)


def _read(name: str) -> Problem:
    """Read one of OR-Library's; of an edge given twice the last counts."""
    text = (LIBRARY / f"{name}.txt").read_text("utf-8").splitlines()
    (nodes, _, sites), *edges = [[int(word) for word in line.split()] for line in text if line.strip()]
    length = np.full((nodes, nodes), np.inf)
    for a, b, each in edges:
        length[a - 1, b - 1] = length[b - 1, a - 1] = each
    return from_costs(floyd_warshall(length), sites=sites)
