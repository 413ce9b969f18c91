"""Prove how good sites are: a bound that no choice can beat, and by a tree of such bounds the best choice itself.

That each place is served by one candidate is relaxed: a place pays a price to whoever would serve it for less. Any
prices give a bound; the subgradient method raises it. What a bound shows to be open, or closed, in every better choice
is decided for good. The tree branches on a candidate at a time and starts each node from its parent's prices.

Cornuéjols, Fisher and Nemhauser (1977), doi:10.1287/mnsc.23.8.789; Beasley (1993), doi:10.1016/0377-2217(93)90222-D.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import lagrangian_kernels as kernels
from simulations.siting_greedy import greedy, shaken, swapped
from simulations.siting_model import finish, remainder
from simulations.siting_problem import Answer, Flags, Floats, Problem, Progress, Report

__all__ = ["solve"]

SLICE = 50  # iterations between two tries to turn the relaxed choice into sites
SLICES = 16
STRIDE = 1.5  # of the first step, in shares of the room between the bound and the best value
NODE_ITERATIONS = 60
NODE_STRIDE = 1.5  # as long as the root's: with less, trees grow ten times as large
BATCH = 200  # nodes between two reports
EFFORT = (BATCH, NODE_ITERATIONS, NODE_STRIDE)
TREE_NODES = 1000  # what is not proven by then is handed to HiGHS, if its model is small
HANDED_MOST = 50_000  # variables
SHAKES = 20
NEAR = 1.05  # a relaxed choice this near to the best is worth swapping
GRAIN_SEEN = 0.001  # of a grain: how far rounding may take a bound
CLOSE = 1e-9  # of the value: where costs have no grain, this close is proven


@dataclass(slots=True, eq=False)
class _Search:
    """What is known so far; `step` is how much better a choice must be to be looked for."""

    problem: Problem
    is_open: Flags
    value: float
    bound: float
    price: Floats  # (places,)
    mark: NDArray[np.int8]  # (candidates,)
    nodes: int = 0

    @property
    def step(self) -> float:
        return self.problem.grain * (1 - GRAIN_SEEN) if self.problem.grain else CLOSE * abs(self.value)

    @property
    def is_proven(self) -> bool:
        return self.bound >= self.value - self.step

    def offer(self, is_open: Flags) -> bool:
        """Swap what a relaxed choice suggests, and keep it if it is better; tells whether it was."""
        if is_open.sum() != self.problem.sites or self.problem.value(is_open) > NEAR * self.problem.value(self.is_open):
            return False
        better = swapped(self.problem, is_open)
        value = self.problem.value(better)
        if value < self.value:
            self.is_open, self.value = better, value
            return True
        return False


def solve(
    problem: Problem,
    *,
    prove: bool = True,
    below: float = np.inf,
    report: Report | None = None,
    rng: np.random.Generator | None = None,
) -> Answer:
    """Choose sites; with `prove` until no choice can be better, else the best found at once with its bound.

    below: only choices that cost less are looked for; where there are none the value is this, and no sites are given.
    report: told of progress every few hundred nodes; the search stops, with what it has, where it says no.
    """
    search = _start(problem)
    search.value = min(search.value, below)
    _raise_bound(search)
    if not search.is_proven:
        other = shaken(problem, search.is_open, rng or np.random.default_rng(0), rounds=SHAKES)
        if search.offer(other):
            _raise_bound(search)
    goes_on = prove and (report is None or report(Progress(search.value, search.bound, 0)))
    handed_over = False
    while goes_on and not search.is_proven:
        if search.nodes < TREE_NODES or handed_over:
            goes_on = _descend(search, report, np.inf if handed_over else TREE_NODES)
        else:
            goes_on, handed_over = _hand_over(search, report), True
    sites = np.flatnonzero(search.is_open & (problem.value(search.is_open) < below)).astype(np.int32)
    return Answer(sites, search.value, min(search.bound, search.value), search.is_proven)


def _start(problem: Problem) -> _Search:
    """Start from the greedy choice, swapped; each place pays what it costs there."""
    is_open = swapped(problem, greedy(problem))
    price = problem.beyond.copy()
    held = np.repeat(is_open, np.diff(problem.site_indptr))
    np.minimum.at(price, problem.site_place[held], problem.site_cost[held])
    mark = np.where(problem.fixed, kernels.IN, kernels.FREE).astype(np.int8)
    return _Search(problem, is_open, problem.value(is_open), -np.inf, price, mark)


def _raise_bound(search: _Search) -> None:
    """Raise the bound at the root, deciding candidates and trying each relaxed choice on the way."""
    problem, stride = search.problem, STRIDE
    for _ in range(SLICES):
        rows = kernels.compact(problem.indptr, problem.candidate, problem.cost, problem.beyond, search.mark)
        settled, places, begin, candidate, cost, limit = rows
        price = np.minimum(search.price[places], limit)
        wanted = problem.sites - int((search.mark == kernels.IN).sum())
        chosen, often = np.zeros(problem.candidates, np.bool_), np.full(problem.candidates, 0.5)
        lists = (settled, begin, candidate, cost, limit, search.mark, wanted, price, search.value - search.step)
        bound, stride = kernels.ascend(*lists, SLICE, stride, chosen, often)
        search.price[places] = price
        search.bound = max(search.bound, bound)
        search.mark[search.mark == kernels.FOUND_IN] = kernels.IN
        better = search.offer(chosen | (search.mark == kernels.IN))
        if search.is_proven:
            return
        if better:
            stride = STRIDE
        elif stride < kernels.LEAST_STEP:
            return


def _hand_over(search: _Search, report: Report | None) -> bool:
    """Let HiGHS finish what the bound leaves open, if that is little enough; tells whether to go on.

    The tree is quicker where few sites are many ways apart, HiGHS where many sites are nearly as good as each other.
    """
    room = search.value - search.step - _bound_at_price(search)
    left = remainder(search.problem, search.mark, search.price, room)
    if left is None:
        search.bound = search.value
        return True
    if len(left.model.cost) > HANDED_MOST:
        return True
    is_open, bound = finish(search.problem, left, search.mark, report)
    if is_open.sum() == search.problem.sites and search.problem.value(is_open) < search.value:
        search.is_open, search.value = is_open, search.problem.value(is_open)
    search.bound = max(search.bound, min(bound, search.value))
    return search.is_proven


def _bound_at_price(search: _Search) -> float:
    """Give the bound at the prices in hand, which may be lower than the best: that was at others. Decides nothing."""
    problem, mark = search.problem, search.mark.copy()
    rows = kernels.compact(problem.indptr, problem.candidate, problem.cost, problem.beyond, mark)
    settled, places, begin, candidate, cost, limit = rows
    price = np.minimum(search.price[places], limit)
    search.price[places] = price
    wanted = problem.sites - int((mark == kernels.IN).sum())
    chosen, often = np.zeros(problem.candidates, np.bool_), np.zeros(problem.candidates)
    bound, _ = kernels.ascend(
        settled, begin, candidate, cost, limit, mark, wanted, price, np.inf, 1, STRIDE, chosen, often
    )
    return float(bound)


def _descend(search: _Search, report: Report | None, most: float) -> bool:
    """Search the tree until it is done, a better choice is found, or the report says no; tells whether to go on.

    After a better choice, and after `most` nodes in all, the tree is left: it is grown anew, with more decided at its
    root.
    """
    problem, room = search.problem, 64
    marks = np.zeros((room, problem.candidates), np.int8)
    prices = np.zeros((room, len(problem.beyond)), np.float32)
    bounds = np.zeros(room)
    marks[0], prices[0], bounds[0] = search.mark, search.price, search.bound
    depth = 1
    lists = (problem.indptr, problem.candidate, problem.cost, problem.beyond, problem.sites)
    while depth:
        is_open = search.is_open.copy()
        tree = (marks, prices, bounds, depth)
        left, nodes, value = kernels.search(*lists, *tree, *EFFORT, search.step, search.value, is_open)
        depth = int(left)
        search.nodes += nodes
        if value < search.value:
            search.is_open, search.value = is_open, value
            search.offer(is_open)
            _raise_bound(search)
            return True
        least = float(bounds[:depth].min(initial=np.inf))
        is_stopped = bool(depth and report and not report(Progress(search.value, least, search.nodes)))
        if depth and (is_stopped or search.nodes >= most):
            search.bound = max(search.bound, least)
            return not is_stopped
        if depth + 1 >= len(bounds):
            marks, prices = np.concatenate((marks, marks)), np.concatenate((prices, prices))
            bounds = np.concatenate((bounds, bounds))
    search.bound = search.value
    return True
