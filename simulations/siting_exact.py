"""Where to open sites under budgets and fairness: exact models, solved by HiGHS; with seats: `simulations.siting_seats`.

Tables are candidate × place; costs and fixed sites (candidates,); people and grids (places,). What is fixed
is open already and costs nothing. Costs can tell what is preferred: a room that stands empty costs less than a new one.
Every function takes `report`, which hears of progress in the solver's costs and says whether to go on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.siting_greedy import greedy
from simulations.siting_problem import Answer, Flags, Floats, Report, alike, covering
from simulations.solver import Model, Solved, minimise
from simulations.tables import Table

__all__ = ["Limits", "answer_of", "cover_all", "cover_fairly", "cover_twice", "cover_within"]

People = NDArray[np.int64]
ROUNDING = 1e-9  # the solver's own, of a share
HALF = 0.5  # of a whole variable: above is 1


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What may be opened: so many sites with those fixed, so much cost without them; None: no such limit."""

    cost: Floats  # (candidates,) of opening each
    sites: int | None = None
    budget: float | None = None
    fixed: Flags | None = None

    def held(self) -> Flags:
        """Give what is open already, (candidates,)."""
        return np.zeros(len(self.cost), np.bool_) if self.fixed is None else self.fixed

    def model(self, others: int) -> Model:
        """Start a model: a whole variable each candidate, then others from 0 to 1, without costs."""
        m = len(self.cost)
        held = np.concatenate((self.held(), np.zeros(others, np.bool_)))
        whole = np.arange(m + others) < m
        made = Model(np.zeros(m + others), np.ones(m + others), whole, held.astype(np.float64))
        every = np.arange(m)
        if self.sites is not None:
            made.add(np.zeros(m, np.int64), every, 1.0, least=-np.inf, most=float(self.sites))
        if self.budget is not None:
            price = np.where(self.held(), 0.0, self.cost)
            made.add(np.zeros(m, np.int64), every, price, least=-np.inf, most=self.budget)
        return made


def cover_all(
    table: Table,
    people: People,
    *,
    limit_s: float,
    limits: Limits,
    target: float | None = None,
    report: Report | None = None,
) -> Answer:
    """Open sites of least cost so that everybody who can be within the limit is (LSCP); value and bound are costs.

    Those whom no candidate reaches are left out: compare with the people of the places the table reaches. With the
    limits' sites or budget too small no sites are given and the value is inf. target: stop at a cost this low.
    Toregas and others (1971), doi:10.1287/opre.19.6.1363.
    """
    problem = covering(table, people, limit_s=limit_s, sites=len(limits.cost))
    model = limits.model(0)
    model.cost[:] = np.where(limits.held(), 0.0, limits.cost)
    _, place = np.unique(np.repeat(np.arange(len(problem.beyond)), np.diff(problem.indptr)), return_inverse=True)
    model.add(place, problem.candidate, 1.0, least=1.0, most=np.inf)
    return answer_of(minimise(model, target=target, report=report), len(limits.cost))


def cover_twice(
    table: Table,
    people: People,
    *,
    limit_s: float,
    limits: Limits,
    report: Report | None = None,
) -> tuple[Answer, Answer]:
    """Cover everybody at the least cost, and for that cost as many as can be by a second site too (LSCP-B).

    Gives two answers of the same sites: their cost, as `cover_all`, and the people who still reach a site when the
    one they go to closes. Hogan and ReVelle (1986), doi:10.1287/mnsc.32.11.1434.
    """
    once = cover_all(table, people, limit_s=limit_s, limits=limits, report=report)
    if not len(once.sites):
        return once, Answer(once.sites, 0.0, 0.0, once.proven)
    problem = covering(table, people, limit_s=limit_s, sites=len(limits.cost))
    m, groups = len(limits.cost), len(problem.beyond)
    of = np.repeat(np.arange(groups), np.diff(problem.indptr))
    reached = np.flatnonzero(np.diff(problem.indptr))
    model = limits.model(groups)
    model.cost[m:] = -problem.beyond
    row = np.concatenate((np.searchsorted(reached, of), np.arange(len(reached)))).astype(np.int64)
    variable = np.concatenate((problem.candidate, m + reached)).astype(np.int64)
    factor = np.concatenate((np.ones(len(of)), np.full(len(reached), -1.0)))
    model.add(row, variable, factor, least=1.0, most=np.inf)  # a second one before it counts
    model.upper[m + np.setdiff1d(np.arange(groups), reached)] = 0.0
    price = np.where(limits.held(), 0.0, limits.cost)
    model.add(np.zeros(m, np.int64), np.arange(m), price, least=-np.inf, most=once.value + ROUNDING)
    twice = _negative(answer_of(minimise(model, report=report), m))
    cost = Answer(twice.sites, once.value, once.bound, once.proven)
    return cost, Answer(twice.sites, twice.value, twice.bound, once.proven and twice.proven)


def cover_within(
    table: Table,
    people: People,
    *,
    limit_s: float,
    limits: Limits,
    at_least: float | None = None,
    report: Report | None = None,
) -> Answer:
    """Choose sites within a budget for the most people within the limit; value and bound are people.

    at_least: choose the cheapest that cover so many instead; value and bound are costs then.
    """
    problem = covering(table, people, limit_s=limit_s, sites=len(limits.cost))
    m, groups = len(limits.cost), len(problem.beyond)
    model = limits.model(groups)
    _serve(model, m, np.repeat(np.arange(groups), np.diff(problem.indptr)), problem.candidate, groups)
    if at_least is None:
        model.cost[m:] = -problem.beyond
        return _negative(answer_of(minimise(model, report=report), m))
    row = np.zeros(groups, np.int64)
    model.add(row, m + np.arange(groups), problem.beyond, least=at_least - HALF, most=np.inf)  # people are whole
    model.cost[:m] = np.where(limits.held(), 0.0, limits.cost)
    return answer_of(minimise(model, report=report), m)


def cover_fairly(
    table: Table,
    people: People,
    grid: NDArray[np.int32],
    *,
    limit_s: float,
    limits: Limits,
    report: Report | None = None,
) -> tuple[Answer, Answer]:
    """Choose sites for the worst grid: first its share within the limit, then with that kept, people in all.

    grid (places,): the grid of each place, -1 of none; grids without people do not count. Gives two answers of the
    same sites: in shares of the worst grid's people, and in people. Raises ValueError where nobody lives in a grid.
    """
    if not np.any(people[grid >= 0] > 0):
        raise ValueError("nobody lives in a grid")
    near = (table.time_ms <= round(limit_s * 1000)) & (people[table.column] > 0)
    of, many = alike(table.facility()[near], table.column[near], people.astype(np.float64), grid)
    m, groups = len(limits.cost), len(many)
    model = limits.model(groups + 1)
    pairs = np.unique(of[table.column[near]] * m + table.facility()[near])
    _serve(model, m, pairs // m, pairs % m, groups)
    inside, row, shares = _shares(of, many, grid)
    every, worst = np.arange(int(row.max()) + 1), m + groups
    model.add(
        np.concatenate((row, every)),
        np.concatenate((m + inside, np.full(len(every), worst))),
        np.concatenate((shares, np.full(len(every), -1.0))),
        least=0.0,
        most=np.inf,
    )

    def filled(is_open: Flags) -> Floats:
        covered = (np.bincount(pairs // m, is_open[pairs % m], groups) > 0).astype(np.float64)
        return np.concatenate((is_open, covered, [np.bincount(row, shares * covered[inside]).min()]))

    start = filled(limits.held())
    if limits.sites is not None and limits.budget is None:
        start = filled(greedy(covering(table, people, limit_s=limit_s, sites=limits.sites, fixed=limits.fixed)))
    model.cost[worst] = -1.0
    share = minimise(model, start=start, report=report)
    model.cost[worst], model.lower[worst] = 0.0, max(0.0, -share.value - ROUNDING)
    model.cost[m:worst] = -many
    total = _negative(answer_of(minimise(model, start=share.values, report=report), m))
    fair = Answer(total.sites, -share.value, min(1.0, -share.bound), share.proven)
    return fair, Answer(total.sites, total.value, total.bound, share.proven and total.proven)


def _shares(
    of: NDArray[np.int64], many: Floats, grid: NDArray[np.int32]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Give the groups with people in a grid, the number of the grid of each, and their share of its people."""
    grid_of = np.full(len(many), -1, np.int64)
    grid_of[of] = grid
    inside = np.flatnonzero((many > 0) & (grid_of >= 0))
    _, row = np.unique(grid_of[inside], return_inverse=True)
    return inside, row, many[inside] / np.bincount(row, many[inside])[row]


def _serve(model: Model, m: int, place: NDArray[np.integer], candidate: NDArray[np.integer], places: int) -> None:
    """Say that a place, variable m and on, is served only if a candidate of one of its rows is open."""
    every = np.arange(places)
    row, variable = np.concatenate((place, every)), np.concatenate((candidate, m + every))
    factor = np.concatenate((np.ones(len(place)), np.full(places, -1.0)))
    model.add(row, variable, factor, least=0.0, most=np.inf)


def answer_of(solved: Solved, candidates: int) -> Answer:
    """Read the open candidates, a model's first variables, off its solution."""
    sites = np.flatnonzero(solved.values[:candidates] > HALF).astype(np.int32)
    return Answer(sites, solved.value, solved.bound, solved.proven)


def _negative(found: Answer) -> Answer:
    return Answer(found.sites, -found.value, -found.bound, found.proven)
