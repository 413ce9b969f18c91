"""The loops of `simulations.tables` and `simulations.capacity`, compiled by numba; they release the interpreter's lock.

`links` is explained in `simulations.graph`; indices are read as unsigned, see `simulations.kernels`.
"""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.compiling import njit
from simulations.kernels import ONE, U, Whole, put

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_ROOM = 1024  # entries of the queue allocated at first; doubled when full
NEVER = 2**31 - 1  # time of a node that this search has not met


@njit(nogil=True, cache=True)
def _search_while_there_is_room(
    indptr: Ints,
    links: Ints,
    limit_ms: Whole,
    shift: Whole,
    first: Ints,
    pool: Ints,
    state: Longs,
    best: Ints,
    column: Ints,
) -> None:
    """Empty the buckets one after the other; returns early, with its `state`, where the pool might not suffice.

    Nodes are put in `column` when they are first met, their times are in `best` at the end.
    """
    current, waiting, free, used, met = state[0], state[1], state[2], state[3], state[4]
    while waiting > 0:
        while first[current] >= 0:
            place = U(first[current])
            node, time = U(pool[place, 0]), pool[place, 1]
            begin, end = U(indptr[node]), U(indptr[node + ONE])
            if used + (end - begin) > len(pool):
                state[0], state[1], state[2], state[3], state[4] = current, waiting, free, used, met
                return
            first[current] = pool[place, 2]
            pool[place, 2] = free
            free = np.int64(place)
            waiting -= 1
            if best[node] != time:
                continue  # a shorter way was found meanwhile
            for k in range(begin, end):
                cost = links[k, 1]
                there = time + cost
                other = U(links[k, 0])
                before = best[other]
                if cost < 0 or there > limit_ms or there >= before:
                    continue
                if before == NEVER:
                    column[met] = other
                    met += 1
                best[other] = there
                free, used = put(first, pool, free, used, there >> shift, other, there)
                waiting += 1
        current += 1
    state[1], state[4] = 0, met


@njit(nogil=True, cache=True)
def bounded(
    indptr: Ints, links: Ints, nodes: Ints, door_ms: Ints, limit_ms: Whole, shift: Whole, counts: Longs
) -> tuple[Ints, Ints]:
    """Search from each facility in turn; gives nodes and times one after the other, their number in `counts`.

    By a bucket queue of 2**shift ms a bucket, one for each up to the limit.
    """
    places = len(indptr) - 1
    column, time_ms = np.empty(places + FIRST_ROOM, np.int32), np.empty(places + FIRST_ROOM, np.int32)
    best = np.full(places, np.int32(NEVER))
    first = np.full((limit_ms >> shift) + 1, np.int32(-1))
    pool = np.empty((FIRST_ROOM, 3), np.int32)
    state = np.zeros(5, np.int64)
    met = np.int64(0)
    for facility in range(len(nodes)):
        begin = met
        if len(column) < met + places:  # room for all, of which the system gives only what is used
            column, time_ms = _longer(column, met + places), _longer(time_ms, met + places)
        if door_ms[facility] <= limit_ms:
            best[nodes[facility]] = door_ms[facility]
            column[met] = nodes[facility]
            put(first, pool, np.int64(-1), np.int64(0), door_ms[facility] >> shift, nodes[facility], door_ms[facility])
            state[0], state[1], state[2], state[3], state[4] = door_ms[facility] >> shift, 1, -1, 1, met + 1
        while state[1] > 0:
            _search_while_there_is_room(indptr, links, limit_ms, shift, first, pool, state, best, column)
            if state[1] > 0:
                larger = np.empty((2 * len(pool), 3), np.int32)
                larger[: len(pool)] = pool
                pool = larger
        met = max(met, state[4])
        counts[facility] = met - begin
        for row in range(begin, met):
            node = U(column[row])
            time_ms[row] = best[node]
            best[node] = NEVER
    return column[:met], time_ms[:met]


@njit(nogil=True, cache=True)
def _longer(array: Ints, least: Whole) -> Ints:
    """Give a copy with room for `least` and as much again."""
    larger = np.empty(2 * least, np.int32)
    larger[: len(array)] = array
    return larger


@njit(nogil=True, cache=True)
def gather(counts: Longs, at: Longs, column: Ints, time_ms: Ints, to_column: Ints, to_time_ms: Ints) -> None:
    """Copy runs of rows that lie one after the other, `counts` long: run f goes to rows `at[f]` and on."""
    row = 0
    for f in range(len(counts)):
        for to in range(at[f], at[f] + counts[f]):
            to_column[to] = column[row]
            to_time_ms[to] = time_ms[row]
            row += 1


@njit(nogil=True, cache=True)
def catchments(indptr: Longs, column: Ints, weight: Floats, demand: Floats) -> Floats:
    """Sum weight × demand over each facility's rows, (facilities,)."""
    total = np.zeros(len(indptr) - 1)
    for facility in range(len(total)):
        here = 0.0
        for row in range(indptr[facility], indptr[facility + 1]):
            here += weight[row] * demand[column[row]]
        total[facility] = here
    return total


@njit(nogil=True, cache=True)
def offers(indptr: Longs, column: Ints, weight: Floats, ratio: Floats, places: Whole) -> Floats:
    """Sum weight × the facility's ratio over each place's rows, (places,)."""
    total = np.zeros(places)
    for facility in range(len(indptr) - 1):
        each = ratio[facility]
        for row in range(indptr[facility], indptr[facility + 1]):
            total[column[row]] += weight[row] * each
    return total
