"""Measure siting against spopt with HiGHS, in one run: `python -m bench.siting [small]`; needs the extra `bench`.

A town of 5 km × 5 km, 5,000 places, 500 candidates, 10 sites within 15 minutes at 0.8 m/s; `small`: 1,000 × 100, 5
sites. With ../shared beside the checkout also OR-Library's pmed1-40. Times are CPU seconds, first calls excluded.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pulp
from scipy.sparse.csgraph import floyd_warshall
from spopt.locate import MCLP, PMedian

from simulations.lagrangian import solve
from simulations.siting import cover_most, walk_least
from simulations.siting_problem import from_costs
from simulations.tables import Table, from_rows

Value = TypeVar("Value")
LIMIT_S = 900
METRES_PER_S = 0.8
LIBRARY = Path(__file__).resolve().parents[2] / "shared" / "reference" / "orlib_pmed"
PATIENCE_S = 20.0  # for one proof of the forty: two need more


def town(places: int, candidates: int, rng: np.random.Generator) -> tuple[Table, np.ndarray, np.ndarray]:
    """Make a town, a third of it in 40 quarters; gives the table, times [s] (places, candidates), and people."""
    quarter = rng.uniform(0, 5000, (40, 2))[rng.integers(0, 40, places)] + rng.normal(0, 300, (places, 2))
    at = np.where(rng.random((places, 1)) < 1 / 3, np.clip(quarter, 0, 5000), rng.uniform(0, 5000, (places, 2)))
    sites = at[rng.choice(places, candidates, replace=False)]
    time_ms = np.rint(np.hypot(*(at[:, None] - sites[None]).transpose(2, 0, 1)) / METRES_PER_S * 1000).astype(np.int64)
    candidate, place = np.indices(time_ms.T.shape).reshape(2, -1)
    table = from_rows(candidate, place, time_ms.T.ravel(), candidates, places)
    return table, time_ms / 1000, rng.integers(10, 153, places)


def cpu_s(work: Callable[[], Value]) -> tuple[float, Value]:
    """Measure one call, HiGHS's child processes and threads included."""
    start = time.process_time()
    value = work()
    return time.process_time() - start, value


def spopt_mclp(time_s: np.ndarray, people: np.ndarray, sites: int) -> float:
    """People covered by spopt with HiGHS."""
    model = MCLP.from_cost_matrix(time_s, people, service_radius=LIMIT_S, p_facilities=sites)
    return float(model.solve(pulp.HiGHS(msg=False)).problem.objective.value())


def spopt_median(time_s: np.ndarray, people: np.ndarray, sites: int) -> float:
    """People × seconds by spopt with HiGHS."""
    model = PMedian.from_cost_matrix(time_s, people, p_facilities=sites)
    return float(model.solve(pulp.HiGHS(msg=False)).problem.objective.value())


def measure(places: int, candidates: int, sites: int, *, with_median: bool) -> None:
    """Measure one town and print its rows."""
    table, time_s, people = town(places, candidates, np.random.default_rng(1))
    print(f"{places:,} places, {candidates} candidates, {sites} sites")

    def ours(prove: bool) -> float:  # noqa: FBT001
        found = cover_most(table, people, limit_s=LIMIT_S, sites=sites, prove=prove)
        print(f"    value {found.value:,.0f}, bound {found.bound:,.1f}, proven {found.proven}")
        return found.value

    quick, _ = cpu_s(lambda: ours(prove=False))
    proven, best = cpu_s(lambda: ours(prove=True))
    theirs, value = cpu_s(lambda: spopt_mclp(time_s, people, sites))
    print(f"  MCLP       at once {quick:7.3f} s, proven {proven:8.3f} s, spopt + HiGHS {theirs:8.1f} s ({value:,.0f})")
    print(f"             ratio {theirs / proven:,.1f}, same value: {value == best}")
    beyond = float(time_s.max())
    quick, first = cpu_s(lambda: walk_least(table, people, beyond_s=beyond, sites=sites, prove=False))
    proven, median = cpu_s(lambda: walk_least(table, people, beyond_s=beyond, sites=sites))
    print(f"  p-median   at once {quick:7.3f} s, proven {proven:8.3f} s: {first.value / median.value - 1:.3%} above")
    if with_median:
        theirs, value = cpu_s(lambda: spopt_median(time_s, people, sites))
        print(
            f"             spopt + HiGHS {theirs:8.1f} s, ratio {theirs / proven:,.1f}, {value / median.value - 1:.1e}"
        )


def library() -> None:
    """Solve OR-Library's forty p-medians, at once and to the proof, and print how far from the optima."""
    optima = dict(
        line.split() for line in (LIBRARY / "pmedopt.txt").read_text("utf-8").splitlines()[1:] if line.strip()
    )
    above, slowest, unproven = [], 0.0, []
    for name, optimum in optima.items():
        text = (LIBRARY / f"{name}.txt").read_text("utf-8").splitlines()
        (nodes, _, sites), *edges = [[int(word) for word in line.split()] for line in text if line.strip()]
        length = np.full((nodes, nodes), np.inf)
        for a, b, each in edges:
            length[a - 1, b - 1] = length[b - 1, a - 1] = each
        problem = from_costs(floyd_warshall(length), sites=sites)
        spent, quick = cpu_s(lambda problem=problem: solve(problem, prove=False))
        above.append(quick.value / float(optimum) - 1)
        slowest = max(slowest, spent)
        end = time.process_time() + PATIENCE_S
        spent, found = cpu_s(
            lambda problem=problem, end=end: solve(problem, report=lambda _: time.process_time() < end)
        )
        if not found.proven or found.value != float(optimum):
            unproven.append(name)
    print(
        f"pmed1-40 at once: mean {np.mean(above):.3%}, worst {max(above):.3%} above the optimum, slowest {slowest:.2f} s"
    )
    print(f"  proven optimum within {PATIENCE_S:.0f} s: {40 - len(unproven)} of 40; not {', '.join(unproven) or 'any'}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    solve(from_costs(np.arange(12.0).reshape(4, 3) % 5, sites=2))
    if "small" in sys.argv:
        measure(1000, 100, 5, with_median=True)
    else:
        measure(5000, 500, 10, with_median=False)
        if LIBRARY.is_dir():
            library()
