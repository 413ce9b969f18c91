"""The loops of `simulations.paths`, compiled by numba; plain arrays in, arrays filled in place.

They release the interpreter's lock, so groups and services run side by side, and are cached on disk after the first
call. `links`, labels, parents and slots are explained in `simulations.graph` and `simulations.paths`.

Indices are read as unsigned: numba asks of each signed one whether it counts from the end, which takes half the time.
"""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.compiling import njit

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Whole = int | np.int64 | np.uint32

UNREACHED = 1 << 62  # label of a node from which no facility can be reached
NO_PARENT = -1  # the facility is at the node itself, or none can be reached
U = np.uint32  # how indices are read
ONE = U(1)
FIRST_ROOM = 256  # entries allocated at first; doubled when full


@njit(nogil=True, cache=True)
def put(
    first: Ints, pool: Ints, free: Whole, used: Whole, bucket: Whole, node: Whole, time: Whole
) -> tuple[Whole, Whole]:
    """Put a node in a bucket, in a free place of the pool; gives the next free place and the number ever used."""
    if free >= 0:
        place = U(free)
        free = np.int64(pool[place, 2])
    else:
        place = U(used)
        used += 1
    pool[place, 0] = node
    pool[place, 1] = time
    pool[place, 2] = first[bucket]
    first[bucket] = place
    return free, used


@njit(nogil=True, cache=True)
def _spread_while_there_is_room(
    indptr: Ints, links: Ints, shift: Whole, first: Ints, pool: Ints, state: Longs, label: Longs, parent: Ints
) -> None:
    """Empty the buckets one after the other; returns early, with its `state`, where the pool might not suffice.

    An array that grew in here would cost a fifth of the time: its address could not stay in a register.
    """
    current, waiting, free, used = state[0], state[1], state[2], state[3]
    last = np.int64(len(first) - 1)
    while waiting > 0:
        bucket = current & last
        while first[bucket] >= 0:
            place = U(first[bucket])
            node, time = U(pool[place, 0]), pool[place, 1]
            begin, end = U(indptr[node]), U(indptr[node + ONE])
            if used + (end - begin) > len(pool):
                state[0], state[1], state[2], state[3] = current, waiting, free, used
                return
            first[bucket] = pool[place, 2]
            pool[place, 2] = free
            free = np.int64(place)
            waiting -= 1
            here = label[node]
            if here >> 32 != time:
                continue  # a shorter way was found meanwhile
            for k in range(begin, end):
                cost = np.int64(links[k, 1])
                other = U(links[k, 0])
                there = here + (cost << 32)
                if cost < 0 or there >= label[other]:
                    continue
                label[other] = there
                parent[other] = k
                free, used = put(first, pool, free, used, (there >> 32 >> shift) & last, other, there >> 32)
                waiting += 1
        current += 1
    state[1] = 0


@njit(nogil=True, cache=True)
def spread(
    indptr: Ints,
    links: Ints,
    seed_nodes: Ints,
    seed_labels: Longs,
    shift: Whole,
    buckets: Whole,
    label: Longs,
    parent: Ints,
) -> None:
    """Fill `label` and `parent` by a bucket queue; freed places are used again, so the pool stays in cache."""
    if len(seed_nodes) == 0:
        return
    pool = np.empty((FIRST_ROOM + len(seed_nodes), 3), np.int32)  # node, time when put, next place in the bucket
    first = np.full(buckets, np.int32(-1))
    free: Whole = np.int64(-1)
    used: Whole = np.int64(0)
    for i in range(len(seed_nodes)):
        label[seed_nodes[i]] = seed_labels[i]
        time = seed_labels[i] >> 32
        free, used = put(first, pool, free, used, (time >> shift) & (buckets - 1), seed_nodes[i], time)
    state = np.array([(seed_labels.min() >> 32) >> shift, len(seed_nodes), free, used])
    while state[1] > 0:
        _spread_while_there_is_room(indptr, links, shift, first, pool, state, label, parent)
        larger = np.empty((2 * len(pool), 3), np.int32)
        larger[: len(pool)] = pool
        pool = larger


@njit(nogil=True, cache=True)
def grown(array: NDArray[Any]) -> NDArray[Any]:
    """Give a copy with twice the room."""
    larger = np.empty(2 * len(array), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(nogil=True, cache=True)
def heap_push(keys: Longs, nodes: Ints, size: Whole, key: Whole, node: Whole) -> None:
    """Push on a binary heap of (key, node) that has room; the caller counts up the size."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if keys[above] <= key:
            break
        keys[place], nodes[place] = keys[above], nodes[above]
        place = above
    keys[place], nodes[place] = key, node


@njit(nogil=True, cache=True)
def heap_pop(keys: Longs, nodes: Ints, size: Whole) -> tuple[Whole, Whole]:
    """Take the smallest off a heap of `size` and give it; the caller counts the size down."""
    top_key, top_node = keys[0], nodes[0]
    key, node = keys[size - 1], nodes[size - 1]
    place, below = 0, 1
    while below < size - 1:
        if below + 1 < size - 1 and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[place], nodes[place] = keys[below], nodes[below]
        place, below = below, 2 * below + 1
    keys[place], nodes[place] = key, node
    return top_key, top_node


@njit(nogil=True, cache=True)
def _seed_at(seed_nodes: Ints, seed_labels: Longs, node: Whole) -> Whole:
    """Give the label of the facility at a node, UNREACHED where there is none."""
    found: Whole = np.int64(UNREACHED)
    place = np.searchsorted(seed_nodes, node)
    if place < len(seed_nodes) and seed_nodes[place] == node:
        found = seed_labels[place]
    return found


@njit(nogil=True, cache=True)
def _detach(
    indptr: Ints,
    links: Ints,
    twin: Ints,
    seed_nodes: Ints,
    seed_labels: Longs,
    slots: Ints,
    nodes: Ints,
    label: Longs,
    parent: Ints,
    mark: Flags,
) -> Ints:
    """Give the nodes whose way has become longer or is gone, with all that walk through them; marks them."""
    found = np.empty(FIRST_ROOM, np.int32)
    count = 0
    for i in range(len(slots) + len(nodes)):
        if i < len(slots):
            slot = U(slots[i])
            node, cost = U(links[slot, 0]), np.int64(links[slot, 1])
            onward = label[U(links[U(twin[slot]), 0])] + (cost << 32)
            stands = parent[node] != slot or (cost >= 0 and onward <= label[node])
        else:
            node = U(nodes[i - len(slots)])
            stands = parent[node] != NO_PARENT or _seed_at(seed_nodes, seed_labels, node) <= label[node]
        if not stands and not mark[node]:
            if count == len(found):
                found = grown(found)
            mark[node] = True
            found[count] = node
            count += 1
    done = 0
    while done < count:
        node = U(found[done])
        done += 1
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            other = U(links[k, 0])
            if parent[other] == k and not mark[other]:
                if count == len(found):
                    found = grown(found)
                mark[other] = True
                found[count] = other
                count += 1
    return found[:count]


@njit(nogil=True, cache=True)
def _reattach(
    indptr: Ints, links: Ints, twin: Ints, seed_nodes: Ints, seed_labels: Longs, found: Ints, label: Longs, parent: Ints
) -> None:
    """Give each detached node the best label its neighbours offer now: an upper bound, made exact by spreading."""
    for i in range(len(found)):
        label[U(found[i])] = UNREACHED
        parent[U(found[i])] = NO_PARENT
    for i in range(len(found)):
        node = U(found[i])
        best = _seed_at(seed_nodes, seed_labels, node)
        through = np.int32(NO_PARENT)
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            out = U(twin[k])
            cost = np.int64(links[out, 1])
            there = label[U(links[k, 0])] + (cost << 32)
            if cost >= 0 and there < best:
                best = there
                through = np.int32(out)
        label[node] = best
        parent[node] = through


@njit(nogil=True, cache=True)
def _take_in(
    links: Ints,
    twin: Ints,
    seed_nodes: Ints,
    seed_labels: Longs,
    slots: Ints,
    nodes: Ints,
    label: Longs,
    parent: Ints,
    keys: Longs,
    heap: Ints,
    size: Whole,
) -> Whole:
    """Lower the labels that the changed arcs and facilities make shorter, push them, and give the heap's size."""
    for i in range(len(slots) + len(nodes)):
        if i < len(slots):
            through = slots[i]
            node = links[through, 0]
            cost = np.int64(links[through, 1])
            there = label[links[twin[through], 0]] + (cost << 32) if cost >= 0 else np.int64(UNREACHED)
        else:
            through = np.int32(NO_PARENT)
            node = nodes[i - len(slots)]
            there = _seed_at(seed_nodes, seed_labels, node)
        if there < label[node]:
            label[node] = there
            parent[node] = through
            heap_push(keys, heap, size, there, node)
            size += 1
    return size


@njit(nogil=True, cache=True)
def _spread_on(
    indptr: Ints,
    links: Ints,
    label: Longs,
    parent: Ints,
    mark: Flags,
    keys: Longs,
    heap: Ints,
    size: Whole,
    touched: Ints,
    count: Whole,
) -> Ints:
    """Spread the labels in the heap outward; gives all touched nodes, the first `count` of them found before."""
    while size > 0:
        here, last = heap_pop(keys, heap, size)
        node = U(last)
        size -= 1
        if here != label[node]:
            continue  # a shorter way was found meanwhile
        if not mark[node]:
            if count == len(touched):
                touched = grown(touched)
            mark[node] = True
            touched[count] = node
            count += 1
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            cost = np.int64(links[k, 1])
            other = U(links[k, 0])
            there = here + (cost << 32)
            if cost < 0 or there >= label[other]:
                continue
            label[other] = there
            parent[other] = k
            if size == len(keys):
                keys, heap = grown(keys), grown(heap)
            heap_push(keys, heap, size, there, other)
            size += 1
    return touched[:count]


@njit(nogil=True, cache=True)
def repair(
    indptr: Ints,
    links: Ints,
    twin: Ints,
    seed_nodes: Ints,
    seed_labels: Longs,
    slots: Ints,
    nodes: Ints,
    label: Longs,
    parent: Ints,
    mark: Flags,
) -> Ints:
    """Detach what became longer, re-attach it, take in what became shorter, spread both outward by a heap."""
    found = _detach(indptr, links, twin, seed_nodes, seed_labels, slots, nodes, label, parent, mark)
    _reattach(indptr, links, twin, seed_nodes, seed_labels, found, label, parent)
    room = len(found) + len(slots) + len(nodes) + FIRST_ROOM
    keys, heap = np.empty(room, np.int64), np.empty(room, np.int32)
    touched = np.empty(room, np.int32)
    touched[: len(found)] = found
    size: Whole = np.int64(0)
    for i in range(len(found)):
        if label[found[i]] < UNREACHED:
            heap_push(keys, heap, size, label[found[i]], found[i])
            size += 1
    size = _take_in(links, twin, seed_nodes, seed_labels, slots, nodes, label, parent, keys, heap, size)
    touched = _spread_on(indptr, links, label, parent, mark, keys, heap, size, touched, len(found))
    for i in range(len(touched)):
        mark[touched[i]] = False
    return touched.copy()
