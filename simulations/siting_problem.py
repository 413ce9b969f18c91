"""What is asked when sites are chosen: candidates, the places they serve, and what each place costs by which.

A place costs the least of its open candidates, or `beyond` where it has none, and the sum over the places is to be
small. Covering most people is this with cost 0 within the limit and the place's people beyond it; the p-median is this
with people × time. So one greedy start, one interchange, one bound and one tree serve both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import siting_kernels
from simulations.tables import Table

__all__ = ["Answer", "Problem", "Progress", "Report", "alike", "covering", "from_costs", "from_rows", "walking"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Open `sites` candidates, those fixed among them, so that the places cost least.

    Rows are kept twice, as the kernels read them: by place, cheapest first, and by candidate; 24 bytes a row. `grain`:
    all costs are its multiples, 0 where they have no such grain: what is known to the last grain is proven.
    """

    indptr: NDArray[np.int64]  # (places + 1,)
    candidate: NDArray[np.int32]  # (rows,)
    cost: Floats  # (rows,)
    site_indptr: NDArray[np.int64]  # (candidates + 1,)
    site_place: NDArray[np.int32]  # (rows,)
    site_cost: Floats  # (rows,)
    beyond: Floats  # (places,)
    fixed: Flags  # (candidates,) open already
    sites: int
    grain: float

    @property
    def candidates(self) -> int:
        """Number of candidates, fixed ones included."""
        return len(self.fixed)

    def value(self, is_open: Flags) -> float:
        """Sum what the places cost with these candidates open, (candidates,)."""
        total: float = siting_kernels.value(self.indptr, self.candidate, self.cost, self.beyond, is_open)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Sites to open and how good they are; the value cannot be better than the bound, whatever is opened."""

    sites: NDArray[np.int32]  # candidates to open, fixed ones included, ascending
    value: float
    bound: float
    proven: bool  # no choice is better

    @property
    def gap(self) -> float:
        """Give how far from the bound the value is, as a share of the value, inf of 0; 0 where it is proven."""
        if self.proven or self.value == self.bound:
            return 0.0
        return abs(self.value - self.bound) / abs(self.value) if self.value else np.inf


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come: the best value and the bound so far, in the problem's costs, and nodes seen."""

    value: float
    bound: float
    nodes: int


Report = Callable[[Progress], bool]  # told of progress now and then; gives whether to go on


def from_rows(
    place: NDArray[np.int32],
    site_indptr: NDArray[np.int64],
    cost: Floats,
    beyond: Floats,
    *,
    sites: int,
    fixed: Flags | None = None,
) -> Problem:
    """Make a problem of rows by candidate: `site_indptr` (candidates + 1,), `place` and `cost` (rows,).

    Rows no cheaper than `beyond` are left out. Raises ValueError where `sites` is fewer than those fixed or more than
    the candidates, or a cost is negative or not finite.
    """
    candidates = len(site_indptr) - 1
    held = np.zeros(candidates, np.bool_) if fixed is None else fixed
    if not held.sum() <= sites <= candidates:
        raise ValueError(f"{sites} sites of {candidates} candidates, {held.sum()} of them fixed")
    if not (np.isfinite(beyond).all() and beyond.min(initial=0) >= 0 and cost.min(initial=0) >= 0):
        raise ValueError("costs must be 0 or more, and what a place costs beyond all candidates finite")
    kept = cost < beyond[place]
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    by_site = (before[site_indptr].astype(np.int64), place[kept].astype(np.int32), cost[kept].astype(np.float64))
    by_place: tuple[NDArray[np.int64], NDArray[np.int32], Floats] = siting_kernels.by_place(
        np.argsort(by_site[2], kind="stable"),  # cheapest first, equal ones by candidate
        np.repeat(np.arange(candidates, dtype=np.int32), np.diff(by_site[0])),
        *by_site[1:],
        len(beyond),
    )
    whole = not (np.any(by_site[2] % 1) or np.any(beyond % 1))
    return Problem(*by_place, *by_site, beyond.astype(np.float64), held, sites, 1.0 if whole else 0.0)


def from_costs(costs: Floats, *, sites: int, fixed: Flags | None = None) -> Problem:
    """Make a problem of a full table (places, candidates): each place goes to the cheapest open candidate."""
    places, candidates = costs.shape
    at = np.tile(np.arange(places, dtype=np.int32), candidates)
    indptr = np.arange(candidates + 1, dtype=np.int64) * places
    return from_rows(at, indptr, costs.T.ravel(), costs.max(axis=1, initial=0), sites=sites, fixed=fixed)


def covering(
    table: Table, people: NDArray[np.integer] | Floats, *, limit_s: float, sites: int, fixed: Flags | None = None
) -> Problem:
    """Ask for the most people within the limit of an open candidate; the cost is the people beyond.

    table: candidate × place; people (places,). Places within reach of the same candidates are taken together.
    """
    near = (table.time_ms <= round(limit_s * 1000)) & (people[table.column] > 0)
    candidate, place = table.facility()[near], table.column[near]
    groups, beyond = alike(candidate, place, people.astype(np.float64))
    order = np.unique(candidate.astype(np.int64) * len(beyond) + groups[place])
    indptr = np.searchsorted(order, np.arange(table.facilities + 1) * len(beyond))
    at = (order % max(len(beyond), 1)).astype(np.int32)
    return from_rows(at, indptr.astype(np.int64), np.zeros(len(at)), beyond, sites=sites, fixed=fixed)


def walking(
    table: Table, people: NDArray[np.integer] | Floats, *, beyond_s: float, sites: int, fixed: Flags | None = None
) -> Problem:
    """Ask for the least walking, people × milliseconds; beyond_s is counted for those who reach no open candidate."""
    cost = table.time_ms.astype(np.float64) * people[table.column]
    beyond = people * np.rint(beyond_s * 1000)
    return from_rows(table.column, table.indptr, cost, beyond.astype(np.float64), sites=sites, fixed=fixed)


def alike(
    candidate: NDArray[np.int32], place: NDArray[np.int32], people: Floats, kind: NDArray[np.int32] | None = None
) -> tuple[NDArray[np.int64], Floats]:
    """Group places of a kind that the same candidates reach; gives the group of each, and the people of each group.

    candidate and place (rows,); people and kind (places,). Without kinds group 0 are those that none reaches. Sets are
    told apart by two random sums of 63 bits: a mistake is as likely as 1 in 2**126 for each pair of them.
    """
    rng = np.random.default_rng(0)
    names = rng.integers(0, 1 << 62, (2, candidate.max(initial=0) + 1))
    sums = np.zeros((3, len(people)), np.int64)
    if kind is not None:
        sums[2] = kind
    for which in (0, 1):
        np.add.at(sums[which], place, names[which][candidate])  # wraps around, which does no harm
    _, group = np.unique(np.column_stack((np.zeros((3, 1), np.int64), sums)), axis=1, return_inverse=True)
    unreached, group = group.ravel()[0], group.ravel()[1:]
    group = np.where(group == unreached, 0, np.where(group < unreached, group + 1, group)).astype(np.int64)
    return group, np.bincount(group, people, group.max(initial=0) + 1).astype(np.float64)
