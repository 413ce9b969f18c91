"""The loops of `simulations.live_tables`, compiled by numba; they release the interpreter's lock.

`links` and slots are explained in `simulations.graph`; indices are read as unsigned, see `simulations.kernels`.
"""
# ruff: noqa: PLR0917 -- inner loops: a call with arrays costs more than the line it would save

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulations.compiling import njit
from simulations.kernels import FIRST_ROOM, ONE, Flags, Ints, Longs, U, Whole, grown, heap_pop, heap_push
from simulations.table_kernels import NEVER

NONE = -1  # no such row


class Rows(NamedTuple):
    """Rows by facility, in runs with room to grow; those of a node hang together in a list. 16 bytes a row."""

    begin: Longs  # (facilities,) where the run of each starts
    many: Ints  # (facilities,) how many each has
    room: Ints  # (facilities,) how long the run may become before it moves
    end: Longs  # (1,) behind the last run
    column: Ints  # (rows,) node
    time_ms: Ints  # (rows,)
    facility: Ints  # (rows,)
    onward: Ints  # (rows,) the next row of the same node
    head: Ints  # (nodes,) the first row of each node


class Asked(NamedTuple):
    """What is searched for: where each facility is, how far its door, and up to which limit."""

    node: Ints  # (facilities,)
    door_ms: Ints  # (facilities,) NEVER: closed
    limit_ms: int


class Scratch(NamedTuple):
    """One facility's times laid out over all nodes, and marks; as empty after a call as before. 14 bytes a node."""

    best: Ints  # (nodes,) NEVER
    row: Ints  # (nodes,) NONE
    is_detached: Flags  # (nodes,)
    is_touched: Flags  # (nodes,)
    touched: Ints  # (nodes,) the touched ones, in no order


@njit(nogil=True, cache=True)
def hang(rows: Rows) -> None:
    """Hang each row in its node's list; `head` is all NONE before."""
    for f in range(len(rows.begin)):
        for row in range(rows.begin[f], rows.begin[f] + rows.many[f]):
            rows.facility[row] = f
            rows.onward[row] = rows.head[rows.column[row]]
            rows.head[rows.column[row]] = row


@njit(nogil=True, cache=True)
def _repoint(rows: Rows, row: Whole, new: Whole) -> None:
    """Let what points at a row in its node's list point at another."""
    node = U(rows.column[row])
    if rows.head[node] == row:
        rows.head[node] = new
        return
    at = U(rows.head[node])
    while rows.onward[at] != row:
        at = U(rows.onward[at])
    rows.onward[at] = new


@njit(nogil=True, cache=True)
def _move(rows: Rows, row: Whole, new: Whole) -> None:
    """Move a row to a free place."""
    _repoint(rows, row, new)
    rows.column[new], rows.time_ms[new] = rows.column[row], rows.time_ms[row]
    rows.facility[new], rows.onward[new] = rows.facility[row], rows.onward[row]


@njit(nogil=True, cache=True)
def _time_at(rows: Rows, node: Whole, f: Whole) -> Whole:
    """Give the time from a node to a facility, NEVER where it is not in the table."""
    row = rows.head[node]
    while row >= 0:
        at = U(row)
        if rows.facility[at] == f:
            return np.int64(rows.time_ms[at])
        row = rows.onward[at]
    return np.int64(NEVER)


@njit(nogil=True, cache=True)
def affected(
    links: Ints, twin: Ints, rows: Rows, slots: Ints, before_ms: Ints, limit_ms: Whole, is_affected: Flags
) -> None:
    """Mark the facilities to which a changed arc was on a shortest way, or shortens one now."""
    for i in range(len(slots)):
        slot = U(slots[i])
        here, other = U(links[U(twin[slot]), 0]), U(links[slot, 0])
        before, now = np.int64(before_ms[i]), np.int64(links[slot, 1])
        row = rows.head[here]
        while row >= 0:
            at = U(row)
            f, time = rows.facility[at], np.int64(rows.time_ms[at])
            row = rows.onward[at]
            there = _time_at(rows, other, f)
            was_on = before >= 0 and there == time + before and (now < 0 or now > before)
            if was_on or (now >= 0 and time + now <= limit_ms and time + now < there):
                is_affected[f] = True


@njit(nogil=True, cache=True)
def _is_held(indptr: Ints, links: Ints, twin: Ints, asked: Asked, f: Whole, scratch: Scratch, node: Whole) -> bool:
    """Tell whether a node's time is still offered, by the facility's door or by a nearer node that stands itself.

    Nearer, not as near: nodes joined by arcs of 0 ms would hold each other.
    """
    time = scratch.best[node]
    if asked.node[f] == node and asked.door_ms[f] <= time:
        return True
    for k in range(U(indptr[node]), U(indptr[node + ONE])):
        other = U(links[k, 0])
        cost = np.int64(links[U(twin[k]), 1])
        near = scratch.best[other]
        if cost >= 0 and near < time and near + cost <= time and not scratch.is_detached[other]:
            return True
    return False


@njit(nogil=True, cache=True)
def _detach_where_not_held(
    indptr: Ints, links: Ints, twin: Ints, asked: Asked, f: Whole, scratch: Scratch, node: Whole, count: Whole
) -> Whole:
    """Mark a node as detached and touched where its time is no longer offered; gives the number touched."""
    if scratch.is_detached[node] or scratch.best[node] == NEVER:
        return count
    if _is_held(indptr, links, twin, asked, f, scratch, node):
        return count
    scratch.is_detached[node] = True
    return _touch(scratch, node, count)


@njit(nogil=True, cache=True)
def _touch(scratch: Scratch, node: Whole, count: Whole) -> Whole:
    """Note a node whose row may change; gives the number touched."""
    if scratch.is_touched[node]:
        return count
    scratch.is_touched[node] = True
    scratch.touched[count] = node
    return count + 1


@njit(nogil=True, cache=True)
def _detach(indptr: Ints, links: Ints, twin: Ints, asked: Asked, f: Whole, scratch: Scratch, slots: Ints) -> Whole:
    """Detach the nodes whose time is no longer offered, and all that walk through them alone; gives their number."""
    count: Whole = np.int64(0)
    for i in range(len(slots)):
        node = U(links[U(slots[i]), 0])
        count = _detach_where_not_held(indptr, links, twin, asked, f, scratch, node, count)
    count = _detach_where_not_held(indptr, links, twin, asked, f, scratch, U(asked.node[f]), count)
    done = 0
    while done < count:
        node = U(scratch.touched[done])
        done += 1
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            other = U(links[k, 0])
            if scratch.best[other] >= scratch.best[node]:
                count = _detach_where_not_held(indptr, links, twin, asked, f, scratch, other, count)
    return count


@njit(nogil=True, cache=True)
def _offer(
    scratch: Scratch, node: Whole, time: Whole, keys: Longs, heap: Ints, size: Whole
) -> tuple[Longs, Ints, Whole]:
    """Give a node a shorter time and put it on the heap; gives the heap, longer where it was full, and its size."""
    scratch.best[node] = time
    if size == len(keys):
        keys, heap = grown(keys), grown(heap)
    heap_push(keys, heap, size, time, node)
    return keys, heap, size + 1


@njit(nogil=True, cache=True)
def _reattach(
    indptr: Ints, links: Ints, twin: Ints, asked: Asked, f: Whole, scratch: Scratch, slots: Ints, count: Whole
) -> tuple[Longs, Ints, Whole, Whole]:
    """Give each detached node the best time its neighbours offer, take in what became shorter; gives heap and touched.

    The times are upper bounds, made exact by spreading.
    """
    keys, heap = np.empty(count + FIRST_ROOM, np.int64), np.empty(count + FIRST_ROOM, np.int32)
    size: Whole = np.int64(0)
    for i in range(count):
        scratch.best[U(scratch.touched[i])] = NEVER
    for i in range(count):
        node = U(scratch.touched[i])
        scratch.is_detached[node] = False
        time = np.int64(asked.door_ms[f] if asked.node[f] == node else NEVER)
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            cost = np.int64(links[U(twin[k]), 1])
            near = np.int64(scratch.best[U(links[k, 0])])
            if cost >= 0 and near != NEVER:
                time = min(time, near + cost)
        if time <= asked.limit_ms:
            keys, heap, size = _offer(scratch, node, time, keys, heap, size)
    for i in range(len(slots)):
        slot = U(slots[i])
        node, cost = U(links[slot, 0]), np.int64(links[slot, 1])
        near = np.int64(scratch.best[U(links[U(twin[slot]), 0])])
        if cost >= 0 and near != NEVER and near + cost <= asked.limit_ms and near + cost < scratch.best[node]:
            keys, heap, size = _offer(scratch, node, near + cost, keys, heap, size)
            count = _touch(scratch, node, count)
    node = U(asked.node[f])
    if asked.door_ms[f] <= asked.limit_ms and asked.door_ms[f] < scratch.best[node]:
        keys, heap, size = _offer(scratch, node, np.int64(asked.door_ms[f]), keys, heap, size)
        count = _touch(scratch, node, count)
    return keys, heap, size, count


@njit(nogil=True, cache=True)
def _spread_on(
    indptr: Ints, links: Ints, limit_ms: Whole, scratch: Scratch, keys: Longs, heap: Ints, size: Whole, count: Whole
) -> Whole:
    """Spread the times in the heap outward; gives the number touched."""
    while size > 0:
        time, last = heap_pop(keys, heap, size)
        node = U(last)
        size -= 1
        if scratch.best[node] != time:
            continue  # a shorter way was found meanwhile
        for k in range(U(indptr[node]), U(indptr[node + ONE])):
            cost = np.int64(links[k, 1])
            other = U(links[k, 0])
            if cost < 0 or time + cost > limit_ms or time + cost >= scratch.best[other]:
                continue
            keys, heap, size = _offer(scratch, other, time + cost, keys, heap, size)
            count = _touch(scratch, other, count)
    return count


@njit(nogil=True, cache=True)
def _make_room(rows: Rows, f: Whole, more: Whole) -> None:
    """Move a facility's run behind all others where it has no room for so many more rows."""
    if rows.many[f] + more <= rows.room[f]:
        return
    begin, end = rows.begin[f], rows.end[0]
    for nth in range(rows.many[f]):
        _move(rows, begin + nth, end + nth)
    rows.begin[f] = end
    rows.room[f] = wanted_room(rows.many[f] + more)
    rows.end[0] = end + rows.room[f]


@njit(nogil=True, cache=True)
def wanted_room(many: Any) -> Any:
    """Give how long a run of so many rows may become before it moves; of whole numbers or an array of them."""
    return many + (many >> 3) + 8


@njit(nogil=True, cache=True)
def _write(rows: Rows, f: Whole, scratch: Scratch, count: Whole) -> None:
    """Bring the rows of a facility to the times of the touched nodes: changed, taken out, or added."""
    more = 0
    for i in range(count):
        node = U(scratch.touched[i])
        row, time = scratch.row[node], scratch.best[node]
        if row == NONE:
            more += time != NEVER
        elif time != NEVER:
            rows.time_ms[row] = time
        else:
            _repoint(rows, row, rows.onward[row])
            last = rows.begin[f] + rows.many[f] - 1
            if row != last:
                scratch.row[rows.column[last]] = row
                _move(rows, last, row)
            rows.many[f] -= 1
    _make_room(rows, f, more)
    for i in range(count):
        node = U(scratch.touched[i])
        if scratch.row[node] == NONE and scratch.best[node] != NEVER:
            row = rows.begin[f] + rows.many[f]
            rows.column[row], rows.time_ms[row], rows.facility[row] = node, scratch.best[node], f
            rows.onward[row] = rows.head[node]
            rows.head[node] = row
            rows.many[f] += 1


@njit(nogil=True, cache=True)
def repair(
    indptr: Ints, links: Ints, twin: Ints, asked: Asked, rows: Rows, scratch: Scratch, slots: Ints, which: Ints
) -> int:
    """Repair the rows of these facilities after the times of these slots changed; gives how many were done.

    Fewer than asked where the room behind the last run might not suffice for the next.
    """
    for done in range(len(which)):
        f = which[done]
        if rows.end[0] + wanted_room(len(rows.head)) > len(rows.column):
            return done
        for row in range(rows.begin[f], rows.begin[f] + rows.many[f]):
            node = U(rows.column[row])
            scratch.best[node], scratch.row[node] = rows.time_ms[row], row
        count = _detach(indptr, links, twin, asked, f, scratch, slots)
        keys, heap, size, count = _reattach(indptr, links, twin, asked, f, scratch, slots, count)
        count = _spread_on(indptr, links, asked.limit_ms, scratch, keys, heap, size, count)
        _write(rows, f, scratch, count)
        for row in range(rows.begin[f], rows.begin[f] + rows.many[f]):
            node = U(rows.column[row])
            scratch.best[node], scratch.row[node] = NEVER, NONE
        for i in range(count):
            node = U(scratch.touched[i])
            scratch.best[node], scratch.row[node], scratch.is_touched[node] = NEVER, NONE, False
    return len(which)
