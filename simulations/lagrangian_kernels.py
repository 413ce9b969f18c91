"""The loops of `simulations.lagrangian`, compiled by numba; rows are explained in `simulations.siting_kernels`."""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.compiling import njit
from simulations.kernels import U
from simulations.siting_kernels import Flags, Floats, Ints, Longs, Whole, value

Marks = NDArray[np.int8]

FREE, IN, OUT, FOUND_IN = 0, 1, 2, 3  # a candidate's mark; FOUND_IN: by the ascent under way, its rows still count
PATIENCE = 15  # iterations without a better bound before the step is halved
LEAST_STEP = 1e-3
AVERAGED = 0.9  # share of the average over iterations that stays at each


@njit(nogil=True, cache=True)
def compact(
    indptr: Longs, candidate: Ints, cost: Floats, beyond: Floats, mark: Marks
) -> tuple[float, Ints, Longs, Ints, Floats, Floats]:
    """Leave out what is decided: gives the sum of the costs that are settled, the other places, their rows and limits.

    An open candidate limits what its places can cost; rows that are no cheaper, or of a closed one, are dropped.
    """
    settled = 0.0
    places = np.empty(len(beyond), np.int32)
    begin = np.zeros(len(beyond) + 1, np.int64)
    left, kept_cost = np.empty_like(candidate), np.empty_like(cost)
    limit = np.empty_like(beyond)
    count, rows = 0, 0
    for place in range(len(beyond)):
        most = beyond[place]
        first = rows
        for k in range(U(indptr[place]), U(indptr[place + 1])):
            if cost[k] >= most:
                break
            if mark[U(candidate[k])] == IN:
                most = cost[k]
                break
            if mark[U(candidate[k])] == FREE:
                left[rows], kept_cost[rows] = candidate[k], cost[k]
                rows += 1
        while rows > first and kept_cost[rows - 1] >= most:
            rows -= 1
        if rows == first:
            settled += most
        else:
            places[count], limit[count] = place, most
            count += 1
            begin[count] = rows
    return settled, places[:count], begin[: count + 1], left[:rows], kept_cost[:rows], limit[:count]


@njit(nogil=True, cache=True)
def _reduced(indptr: Longs, candidate: Ints, cost: Floats, price: Floats, rho: Floats) -> float:
    """Fill `rho` with each candidate's sum of cost − price where that is negative; gives the sum of the prices."""
    rho[:] = 0.0
    total = 0.0
    for place in range(len(price)):
        here = price[place]
        total += here
        for k in range(U(indptr[place]), U(indptr[place + 1])):
            if cost[k] >= here:
                break
            rho[U(candidate[k])] += cost[k] - here
    return total


@njit(nogil=True, cache=True)
def _select(values: Floats, count: Whole, nth: Whole) -> float:
    """Give the nth smallest, from 0, of the first `count` values; moves smaller ones before it, larger ones behind.

    Hoare (1961), doi:10.1145/366622.366647; numpy's own takes numba 2 s to compile.
    """
    low, high = np.int64(0), np.int64(count - 1)
    while low < high:
        pivot = values[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if nth <= j:
            high = j
        elif nth >= i:
            low = i
        else:
            break
    return float(values[nth])


@njit(nogil=True, cache=True)
def _choose(rho: Floats, mark: Marks, number: Whole, chosen: Flags) -> tuple[float, float, float]:
    """Choose those found to be in and the lowest of the free; gives their sum, the last chosen and the next one's rho.

    The sum is infinite where there are not `number` to choose.
    """
    total = 0.0
    free = np.empty(len(rho))
    count = 0
    wanted = np.int64(number)
    for j in range(len(rho)):
        chosen[j] = mark[j] == FOUND_IN
        if chosen[j]:
            total += rho[j]
            wanted -= 1
        elif mark[j] == FREE:
            free[count] = rho[j]
            count += 1
    if wanted < 0 or count < wanted:
        return np.inf, -np.inf, np.inf
    if wanted == 0:
        return total, -np.inf, np.inf if count == 0 else free[:count].min()
    last = _select(free, count, wanted - 1)
    following = np.inf if count == wanted else free[wanted:count].min()
    for below in (True, False):  # those below the last first, then as many of its equals as are wanted
        for j in range(len(rho)):
            if wanted > 0 and mark[j] == FREE and not chosen[j] and (rho[j] < last if below else rho[j] == last):
                chosen[j] = True
                total += rho[j]
                wanted -= 1
    return total, last, following


@njit(nogil=True, cache=True)
def _decide(rho: Floats, chosen: Flags, mark: Marks, room: float, last: float, following: float) -> None:
    """Mark free candidates that must be in, or out, for the bound to stay less than `room` higher."""
    for j in range(len(rho)):
        if mark[j] != FREE:
            continue
        if chosen[j] and following - rho[j] >= room:
            mark[j] = FOUND_IN
        elif not chosen[j] and rho[j] - last >= room:
            mark[j] = OUT


@njit(nogil=True, cache=True)
def _move(
    indptr: Longs,
    candidate: Ints,
    cost: Floats,
    limit: Floats,
    chosen: Flags,
    price: Floats,
    slope: Floats,
    room: float,
) -> None:
    """Raise the prices of places that nobody chosen serves for less, lower those that several do."""
    square = 0.0
    for place in range(len(price)):
        here = 1.0
        for k in range(U(indptr[place]), U(indptr[place + 1])):
            if cost[k] >= price[place]:
                break
            if chosen[U(candidate[k])]:
                here -= 1.0
        if here > 0.0 and price[place] >= limit[place]:
            here = 0.0
        slope[place] = here
        square += here * here
    if square > 0.0:
        for place in range(len(price)):
            price[place] = min(limit[place], max(0.0, price[place] + room / square * slope[place]))


@njit(nogil=True, cache=True)
def ascend(
    settled: float,
    indptr: Longs,
    candidate: Ints,
    cost: Floats,
    limit: Floats,
    mark: Marks,
    number: Whole,
    price: Floats,
    give_up: float,
    iterations: Whole,
    stride: float,
    best_chosen: Flags,
    often: Floats,
) -> tuple[float, float]:
    """Raise the bound by the subgradient method, from `price`, which is left at the best found; gives bound and stride.

    Marks what each bound decides: no solution below `give_up` has it otherwise. `best_chosen` is the choice at the
    best bound, `often` how often each was chosen lately. Held and Karp (1971), doi:10.1007/BF01584070.
    """
    best = -np.inf
    at = price.copy()
    rho, slope = np.empty(len(mark)), np.empty(len(price))
    chosen = np.zeros(len(mark), np.bool_)
    waited = 0
    for _ in range(iterations):
        total = settled + _reduced(indptr, candidate, cost, at, rho)
        picked, last, following = _choose(rho, mark, number, chosen)
        bound = total + picked
        for j in range(len(mark)):
            often[j] = AVERAGED * often[j] + (1.0 - AVERAGED) * chosen[j]
        if bound > best + 1e-9 * abs(best):
            waited = 0
        else:
            waited += 1
        if bound > best:
            best = bound
            price[:] = at
            best_chosen[:] = chosen
        if best >= give_up:
            break
        _decide(rho, chosen, mark, give_up - bound, last, following)
        if waited >= PATIENCE:
            stride *= 0.5
            waited = 0
            at[:] = price
            if stride < LEAST_STEP:
                break
            continue
        _move(indptr, candidate, cost, limit, chosen, at, slope, stride * (give_up - bound))
    return best, stride


@njit(nogil=True, cache=True)
def _branching(mark: Marks, often: Floats) -> int:
    """Choose the free candidate that was chosen nearest to half of the time."""
    best, found = np.inf, -1
    for j in range(len(mark)):
        if mark[j] == FREE and abs(often[j] - 0.5) < best:
            best, found = abs(often[j] - 0.5), j
    return found


@njit(nogil=True, cache=True)
def _prices_at(prices: NDArray[np.float32], places: Ints, limit: Floats) -> Floats:
    """Read a node's prices of the places that are left, none above its limit."""
    price = np.empty(len(places))
    for i in range(len(places)):
        price[i] = min(limit[i], np.float64(prices[places[i]]))
    return price


@njit(nogil=True, cache=True)
def _settle(mark: Marks, chosen: Flags) -> None:
    """Take in what the bound has found to be in, and open all that is in."""
    for j in range(len(mark)):
        if mark[j] == FOUND_IN:
            mark[j] = IN
        chosen[j] |= mark[j] == IN


@njit(nogil=True, cache=True)
def _branch(
    marks: NDArray[np.int8],
    prices: NDArray[np.float32],
    bounds: Floats,
    depth: Whole,
    mark: Marks,
    j: Whole,
    places: Ints,
    price: Floats,
    bound: float,
) -> None:
    """Put two nodes on the stack at `depth`: without the candidate, and above it with the candidate."""
    for side in (OUT, IN):
        marks[depth] = mark
        marks[depth, j] = side
        for i in range(len(places)):
            prices[depth, places[i]] = price[i]
        bounds[depth] = bound
        depth += 1


@njit(nogil=True, cache=True)
def search(
    indptr: Longs,
    candidate: Ints,
    cost: Floats,
    beyond: Floats,
    number: Whole,
    marks: NDArray[np.int8],
    prices: NDArray[np.float32],
    bounds: Floats,
    depth: Whole,
    nodes: Whole,
    iterations: Whole,
    stride: float,
    step: float,
    best: float,
    best_open: Flags,
) -> tuple[Whole, int, float]:
    """Go through up to `nodes` nodes of the tree, the deepest first; gives what is left, nodes seen, the best value.

    marks, prices and bounds hold the open nodes, `depth` of them; returns early where they have no more room, and
    where a better choice was found, in `best_open`. step: only what is better by more is sought.
    """
    m = len(best_open)
    seen = 0
    known = best
    while seen < nodes and best == known and depth > 0 and depth + 1 < len(bounds):
        seen += 1
        depth -= 1
        if bounds[depth] >= best - step:
            continue
        mark = marks[depth].copy()
        settled, places, begin, left, kept, limit = compact(indptr, candidate, cost, beyond, mark)
        price = _prices_at(prices[depth], places, limit)
        wanted = number - np.sum(mark == IN)
        chosen, often = np.zeros(m, np.bool_), np.full(m, 0.5)
        bound, _ = ascend(
            settled, begin, left, kept, limit, mark, wanted, price, best - step, iterations, stride, chosen, often
        )
        if bound >= best - step:
            continue
        _settle(mark, chosen)
        here = value(indptr, candidate, cost, beyond, chosen)
        if here < best and chosen.sum() <= number:
            best = here
            best_open[:] = chosen
        j = _branching(mark, often)
        if j >= 0 and bound < best - step:
            _branch(marks, prices, bounds, depth, mark, j, places, price, bound)
            depth += 2
    return depth, seen, best
