"""The loops of `simulations.tables` and `simulations.capacity`, compiled by numba; they release the interpreter's lock.

`links` is explained in `simulations.graph`.
"""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Whole = int | np.int64

FIRST_ROOM = 1024  # entries allocated at first; doubled when full
NEVER = 2**31 - 1  # time of a node that this search has not met


@njit(nogil=True, cache=True)
def _push(heap: Longs, size: Whole, key: Whole) -> None:
    """Push on a binary heap that has room; the caller counts up the size."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if heap[above] <= key:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = key


@njit(nogil=True, cache=True)
def _pop(heap: Longs, size: Whole) -> None:
    """Take the smallest, `heap[0]`, off a heap of `size`; the caller counts the size down.

    The hole sinks to the bottom without asking whether the last key fits, which it rarely does before: Wegener (1993),
    doi:10.1016/0304-3975(93)90364-Y.
    """
    last = size - 1
    place = 0
    below = 1
    while below + 1 < last:
        below += heap[below + 1] < heap[below]
        heap[place] = heap[below]
        place = below
        below = 2 * place + 1
    if below < last:
        heap[place] = heap[below]
        place = below
    _push(heap, place, heap[last])


@njit(nogil=True, cache=True)
def bounded(indptr: Ints, links: Ints, nodes: Ints, door_ms: Ints, limit_ms: Whole, counts: Longs) -> tuple[Ints, Ints]:
    """Search from each facility in turn; gives nodes and times one after the other, their number in `counts`."""
    room = FIRST_ROOM
    column, time_ms = np.empty(room, np.int32), np.empty(room, np.int32)
    heap = np.empty(FIRST_ROOM, np.int64)  # time << 32 | node: one comparison, equal times by node
    best = np.full(len(indptr) - 1, np.int32(NEVER))
    used = 0
    for facility in range(len(nodes)):
        begin = used
        size = 0
        if door_ms[facility] <= limit_ms:
            best[nodes[facility]] = door_ms[facility]
            heap[0] = np.int64(door_ms[facility]) << 32 | nodes[facility]
            size = 1
        while size > 0:
            time, node = heap[0] >> 32, heap[0] & 0xFFFFFFFF
            _pop(heap, size)
            size -= 1
            if best[node] != time:
                continue  # a shorter way was found meanwhile
            if used == room:
                room *= 2
                more_columns, more_times = np.empty(room, np.int32), np.empty(room, np.int32)
                more_columns[:used], more_times[:used] = column, time_ms
                column, time_ms = more_columns, more_times
            column[used], time_ms[used] = node, time
            used += 1
            for k in range(indptr[node], indptr[node + 1]):
                cost = links[k, 1]
                there = time + cost
                other = links[k, 0]
                if cost < 0 or there > limit_ms or there >= best[other]:
                    continue
                best[other] = there
                if size == len(heap):
                    larger = np.empty(2 * size, np.int64)
                    larger[:size] = heap
                    heap = larger
                _push(heap, size, there << 32 | other)
                size += 1
        counts[facility] = used - begin
        for row in range(begin, used):
            best[column[row]] = NEVER
    return column[:used], time_ms[:used]


@njit(nogil=True, cache=True)
def gather(begin: Longs, indptr: Longs, column: Ints, time_ms: Ints, to_column: Ints, to_time_ms: Ints) -> None:
    """Copy runs of rows: run f starts at `begin[f]` and goes to rows `indptr[f]` up to `indptr[f + 1]`."""
    for facility in range(len(begin)):
        shift = begin[facility] - indptr[facility]
        for row in range(indptr[facility], indptr[facility + 1]):
            to_column[row] = column[row + shift]
            to_time_ms[row] = time_ms[row + shift]


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
