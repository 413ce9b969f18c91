"""What a bound leaves open of a siting problem, as a small linear model that HiGHS solves to the end.

Only choices better than one in hand are sought. A place that pays a price cannot be served at more than the price and
the room between the bound and that choice: what costs more is left out, which leaves little where the room is small.
The places' levels are told apart by cost, each by whether an open candidate is within it: Elloumi (2010),
doi:10.1007/s10878-008-9168-9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import lagrangian_kernels as kernels
from simulations.siting_problem import Flags, Floats, Problem, Progress, Report
from simulations.solver import Model, minimise

__all__ = ["Remainder", "finish", "remainder"]

HALF = 0.5  # of a whole variable: above is 1


@dataclass(frozen=True, slots=True, eq=False)
class Remainder:
    """A model whose first variables are the candidates still free; its costs and `settled` are the problem's."""

    model: Model
    free: NDArray[np.intp]
    settled: float


def remainder(problem: Problem, mark: NDArray[np.int8], price: Floats, room: float) -> Remainder | None:
    """Model what is left; mark (candidates,), price (places,); None where no choice can be better.

    room: how much more than the bound at these prices a choice may cost.
    """
    rows = kernels.compact(problem.indptr, problem.candidate, problem.cost, problem.beyond, mark)
    settled, places, begin, candidate, cost, limit = rows
    most = price[places] + room
    of = np.repeat(np.arange(len(places)), np.diff(begin))
    kept = cost < most[of]
    of, candidate, cost = of[kept], candidate[kept], cost[kept]
    may_go_without = limit < most
    has_rows = np.bincount(of, minlength=len(places)) > 0
    if np.any(~has_rows & ~may_go_without):
        return None
    free = np.flatnonzero(mark == kernels.FREE)
    first = np.ones(len(of), np.bool_)  # of each level: the rows of a place at one cost
    first[1:] = (of[1:] != of[:-1]) | (cost[1:] != cost[:-1])
    levels = _Levels(of[first], cost[first], limit, may_go_without)
    model = _model(levels, np.cumsum(first) - 1, np.searchsorted(free, candidate), len(free))
    count = np.zeros(len(free), np.int64), np.arange(len(free))
    wanted = float(problem.sites - int((mark == kernels.IN).sum()))
    model.add(*count, 1.0, least=wanted, most=wanted)
    lowest = levels.cost[levels.is_first()].sum() + limit[~has_rows].sum()
    return Remainder(model, free, float(settled + lowest))


def finish(problem: Problem, left: Remainder, mark: NDArray[np.int8], report: Report | None) -> tuple[Flags, float]:
    """Solve a remainder; gives the candidates that are open, none where nothing was found, and the bound.

    The bound is inf where no choice is better than the one in hand. report is told of the problem's costs.
    """

    def told(at: Progress) -> bool:
        return report is None or report(Progress(at.value + left.settled, at.bound + left.settled, at.nodes))

    if not len(left.free):
        return mark == kernels.IN, left.settled
    solved = minimise(left.model, report=told)
    is_open = np.zeros(problem.candidates, np.bool_)
    if len(solved.values):
        is_open[mark == kernels.IN] = True
        is_open[left.free[solved.values[: len(left.free)] > HALF]] = True
    return is_open, solved.bound + left.settled


@dataclass(frozen=True, slots=True, eq=False)
class _Levels:
    """The costs at which places may be served, ascending, place by place; limit and may_go_without (places,)."""

    of: NDArray[np.intp]  # (levels,) place
    cost: Floats  # (levels,)
    limit: Floats  # what a place costs that goes without all of its levels
    may_go_without: Flags

    def is_first(self) -> Flags:
        """Tell which levels are their place's first, (levels,)."""
        return np.concatenate((np.ones(min(1, len(self.of)), np.bool_), self.of[1:] != self.of[:-1]))

    def is_last(self) -> Flags:
        """Tell which levels are their place's last, (levels,)."""
        return np.concatenate((self.of[1:] != self.of[:-1], np.ones(min(1, len(self.of)), np.bool_)))


def _model(levels: _Levels, level: NDArray[np.intp], column: NDArray[np.intp], free: int) -> Model:
    """Say of each level that a candidate of it is open, or its place goes on to the next, which costs more.

    level and column (rows,): each row's level and candidate.
    """
    is_first, is_last = levels.is_first(), levels.is_last()
    goes_on = ~is_last | levels.may_go_without[levels.of]
    onward = free - 1 + np.cumsum(goes_on)  # the variable of each level that goes on
    following = np.where(is_last, levels.limit[levels.of], np.append(levels.cost[1:], 0.0))
    cost = np.concatenate((np.zeros(free), (following - levels.cost)[goes_on]))
    model = Model(cost, np.ones(len(cost)), np.arange(len(cost)) < free, np.zeros(len(cost)))
    own, later = np.flatnonzero(goes_on), np.flatnonzero(~is_first)
    model.add(
        np.concatenate((level, own, later)),
        np.concatenate((column, onward[own], onward[later - 1])),
        np.concatenate((np.ones(len(level) + len(own)), np.full(len(later), -1.0))),
        least=is_first.astype(np.float64),
        most=np.inf,
    )
    return model
