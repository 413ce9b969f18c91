"""Where to open sites: most people within a limit, least walking, or the shortest longest way, with a proven bound.

Sites are counted with those fixed, which are open already. Questions with budgets, capacities or a fair share for
every grid are in `simulations.siting_exact`; costs against people in `simulations.pareto`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.lagrangian import solve
from simulations.siting_exact import Limits, cover_all
from simulations.siting_problem import Answer, Flags, Problem, Progress, Report, covering, walking
from simulations.tables import Table

__all__ = ["cover_most", "shorten_longest", "walk_least"]

People = NDArray[np.int64]


def cover_most(
    table: Table,
    people: People,
    *,
    limit_s: float,
    sites: int,
    fixed: Flags | None = None,
    prove: bool = True,
    report: Report | None = None,
) -> Answer:
    """Choose sites for the most people within the limit (MCLP); value and bound are people covered.

    table: candidate × place; people (places,); fixed (candidates,). prove and report as in `lagrangian.solve`, told
    of people covered. Church and ReVelle (1974), doi:10.1007/BF01942293.
    """
    problem = covering(table, people, limit_s=limit_s, sites=sites, fixed=fixed)
    everyone = float(people.sum())

    def covered(at: Progress) -> bool:
        return report is None or report(Progress(everyone - at.value, everyone - at.bound, at.nodes))

    found = solve(problem, prove=prove, report=covered)
    return Answer(found.sites, everyone - found.value, everyone - found.bound, found.proven)


def walk_least(
    table: Table,
    people: People,
    *,
    beyond_s: float,
    sites: int,
    fixed: Flags | None = None,
    prove: bool = True,
    report: Report | None = None,
) -> Answer:
    """Choose sites for the least walking of all (p-median); value and bound are people × seconds.

    table: candidate × place; people (places,); fixed (candidates,). beyond_s: what is counted for each of those who
    reach no site in the table, its limit or more. Hakimi (1964), doi:10.1287/opre.12.3.450.
    """
    problem = walking(table, people, beyond_s=beyond_s, sites=sites, fixed=fixed)

    def seconds(at: Progress) -> bool:
        return report is None or report(Progress(at.value / 1000, at.bound / 1000, at.nodes))

    found = solve(problem, prove=prove, report=seconds)
    return Answer(found.sites, found.value / 1000, found.bound / 1000, found.proven)


def shorten_longest(
    table: Table,
    people: People,
    *,
    sites: int,
    fixed: Flags | None = None,
    report: Report | None = None,
) -> Answer:
    """Choose sites for the shortest longest way (p-center); value and bound are seconds, inf where some reach none.

    Places without people do not count. By bisection on the times of the table: within which limit can all be covered?
    Minieka (1970), doi:10.1137/1012016.
    """
    lived_in = people > 0
    times = np.unique(table.time_ms[lived_in[table.column]])
    low, high = 0, len(times)  # all before low are too short; high is long enough, or past the end
    best: Answer | None = None
    goes_on = True
    while low < high and goes_on:
        middle = (low + high) // 2
        problem = covering(table, lived_in.astype(np.int64), limit_s=times[middle] / 1000, sites=sites, fixed=fixed)
        found = _reach_all(problem, table, lived_in, times[middle] / 1000, report)
        goes_on = found.proven
        if len(found.sites):
            best, high = found, middle
        elif goes_on:
            low = middle + 1
    bound = times[low] / 1000 if low < len(times) else np.inf
    if best is None:
        return Answer(np.zeros(0, np.int32), np.inf, bound, low == high)
    return Answer(best.sites, times[high] / 1000, bound, low == high)


def _reach_all(problem: Problem, table: Table, lived_in: Flags, limit_s: float, report: Report | None) -> Answer:
    """Find sites that leave no place uncovered, or prove that there are none: by the swaps and the bound, or HiGHS."""
    if np.any(np.diff(problem.indptr)[problem.beyond > 0] == 0):
        return Answer(np.zeros(0, np.int32), np.inf, np.inf, proven=True)
    found = solve(problem, below=1.0, prove=False)  # 1.0: less than one place uncovered
    if found.proven:
        return found
    limits = Limits(np.ones(problem.candidates), fixed=problem.fixed)
    new = problem.sites - int(problem.fixed.sum())
    exact = cover_all(table, lived_in.astype(np.int64), limit_s=limit_s, limits=limits, target=new, report=report)
    if exact.value <= new:
        return Answer(exact.sites, 0.0, 0.0, proven=True)
    return Answer(np.zeros(0, np.int32), np.inf, exact.bound, exact.proven or exact.bound > new)
