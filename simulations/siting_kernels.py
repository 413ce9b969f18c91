"""The loops of `simulations.siting_greedy` and `simulations.lagrangian`, compiled by numba.

A place costs the least of its open candidates, or `beyond` where none of its rows is open. Rows are kept twice: by
place, cheapest first (`indptr`, `candidate`, `cost`), and by candidate (`site_indptr`, `site_place`, `site_cost`).
Indices are read as unsigned, see `simulations.kernels`.
"""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.compiling import njit
from simulations.kernels import U

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = int | np.int64 | np.int32 | np.uint32

NOBODY = -1  # the place has no open candidate


@njit(nogil=True, cache=True)
def value(indptr: Longs, candidate: Ints, cost: Floats, beyond: Floats, is_open: Flags) -> float:
    """Sum the places' costs."""
    total = 0.0
    for place in range(len(beyond)):
        here = beyond[place]
        for k in range(U(indptr[place]), U(indptr[place + 1])):
            if is_open[U(candidate[k])]:
                here = cost[k]
                break
        total += here
    return total


@njit(nogil=True, cache=True)
def add_greedily(
    site_indptr: Longs, site_place: Ints, site_cost: Floats, near: Floats, is_open: Flags, number: Whole
) -> None:
    """Open `number` more candidates, each the one that saves most; `near` is each place's cost so far, kept up.

    What a candidate saves only shrinks, so one whose last known saving is the largest is asked again before others.
    """
    count = len(is_open)
    saving = np.full(count, np.inf)
    asked = np.full(count, np.int64(-1))
    for turn in range(number):
        while True:
            best = -1
            for j in range(count):
                if not is_open[j] and (best < 0 or saving[j] > saving[best]):
                    best = j
            if best < 0 or asked[best] == turn:
                break
            total = 0.0
            for k in range(U(site_indptr[best]), U(site_indptr[best + 1])):
                total += max(0.0, near[U(site_place[k])] - site_cost[k])
            saving[best] = total
            asked[best] = turn
        if best < 0:
            return
        is_open[best] = True
        for k in range(U(site_indptr[best]), U(site_indptr[best + 1])):
            near[U(site_place[k])] = min(near[U(site_place[k])], site_cost[k])


@njit(nogil=True, cache=True)
def _two_nearest(
    indptr: Longs,
    candidate: Ints,
    cost: Floats,
    beyond: Floats,
    is_open: Flags,
    place: Whole,
    near: Floats,
    who: Ints,
    second: Floats,
    who_second: Ints,
) -> None:
    """Find the two cheapest open candidates of a place."""
    near[place], second[place] = beyond[place], beyond[place]
    who[place], who_second[place] = NOBODY, NOBODY
    for k in range(U(indptr[place]), U(indptr[place + 1])):
        if not is_open[U(candidate[k])]:
            continue
        if who[place] == NOBODY:
            near[place], who[place] = cost[k], candidate[k]
        else:
            second[place], who_second[place] = cost[k], candidate[k]
            break


@njit(nogil=True, cache=True)
def _best_swap(  # noqa: C901 -- one pass over the rows, its cases in place
    site_indptr: Longs,
    site_place: Ints,
    site_cost: Floats,
    is_open: Flags,
    movable: Ints,
    near: Floats,
    who: Ints,
    second: Floats,
) -> tuple[float, Whole, Whole]:
    """Find the swap that saves most: gives what it changes, the candidate that opens and the place in `movable`."""
    loss = np.zeros(len(is_open))  # of closing each, if nothing opens
    for place in range(len(near)):
        if who[place] != NOBODY:
            loss[U(who[place])] += second[place] - near[place]
    less = np.zeros(len(is_open))
    best = 0.0
    best_in, best_out = np.int64(-1), np.int64(-1)
    for j in range(len(is_open)):
        if is_open[j]:
            continue
        less[movable] = 0.0
        saved = 0.0
        for k in range(U(site_indptr[j]), U(site_indptr[j + 1])):
            served, cost = U(site_place[k]), site_cost[k]
            if cost < near[served]:
                saved += near[served] - cost
                if who[served] != NOBODY:
                    less[U(who[served])] += second[served] - near[served]
            elif cost < second[served]:
                less[U(who[served])] += second[served] - cost
        for at in range(len(movable)):
            change = loss[U(movable[at])] - less[U(movable[at])] - saved
            if change < best:
                best, best_in, best_out = change, np.int64(j), np.int64(at)
    return best, best_in, best_out


@njit(nogil=True, cache=True)
def interchange(
    indptr: Longs,
    candidate: Ints,
    cost: Floats,
    site_indptr: Longs,
    site_place: Ints,
    site_cost: Floats,
    beyond: Floats,
    fixed: Flags,
    is_open: Flags,
    least: float,
) -> int:
    """Swap an open candidate for a closed one, always the best, until none saves more than `least`; gives the number.

    Fast interchange: Hansen and Mladenović (1997), doi:10.1016/S0966-8349(98)00030-8, on sparse rows.
    """
    places = len(beyond)
    near, second = np.empty(places), np.empty(places)
    who, who_second = np.empty(places, np.int32), np.empty(places, np.int32)
    for place in range(places):
        _two_nearest(indptr, candidate, cost, beyond, is_open, place, near, who, second, who_second)
    movable = np.flatnonzero(is_open & ~fixed).astype(np.int32)
    swaps = 0
    while len(movable) > 0:
        change, enters, at = _best_swap(site_indptr, site_place, site_cost, is_open, movable, near, who, second)
        if change > -least or enters < 0:
            break
        leaves = movable[at]
        is_open[leaves], is_open[enters] = False, True
        movable[at] = enters
        swaps += 1
        for place in range(places):
            if who[place] == leaves or who_second[place] == leaves:
                _two_nearest(indptr, candidate, cost, beyond, is_open, place, near, who, second, who_second)
        for k in range(U(site_indptr[enters]), U(site_indptr[enters + 1])):
            if site_cost[k] < second[U(site_place[k])] and who[U(site_place[k])] != enters:
                served = site_place[k]
                _two_nearest(indptr, candidate, cost, beyond, is_open, served, near, who, second, who_second)
    return swaps


@njit(nogil=True, cache=True)
def shake(fixed: Flags, is_open: Flags, draws: Floats) -> None:
    """Close as many candidates as there are pairs of draws from [0, 1), and open others; `draws` is (swaps, 2)."""
    movable, others = np.flatnonzero(is_open & ~fixed), np.flatnonzero(~is_open)
    if len(movable) == 0 or len(others) == 0:
        return
    for at in range(len(draws)):
        leaves, enters = int(draws[at, 0] * len(movable)), int(draws[at, 1] * len(others))
        is_open[movable[leaves]], is_open[others[enters]] = False, True
        movable[leaves], others[enters] = others[enters], movable[leaves]


@njit(nogil=True, cache=True)
def by_place(order: Longs, of: Ints, site_place: Ints, site_cost: Floats, places: Whole) -> tuple[Longs, Ints, Floats]:
    """Lay rows by place, in `order`; `of` is each row's candidate."""
    indptr = np.zeros(places + 1, np.int64)
    for k in range(len(site_place)):
        indptr[site_place[k] + 1] += 1
    for place in range(places):
        indptr[place + 1] += indptr[place]
    at = indptr[:-1].copy()
    candidate, cost = np.empty(len(site_place), np.int32), np.empty(len(site_place))
    for k in order:
        row = at[site_place[k]]
        candidate[row], cost[row] = of[k], site_cost[k]
        at[site_place[k]] = row + 1
    return indptr, candidate, cost
