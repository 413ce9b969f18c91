"""Tables of walking times facility × node, or × building, up to a limit: only what is within it is kept.

Exact: from each facility by a bucket queue on whole milliseconds, up to the limit and no further (Dial 1969,
doi:10.1145/363269.363610). A way of exactly the limit is within it. The facilities are shared among the cores.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import table_kernels
from simulations.graph import Graph

__all__ = ["LONGEST_LIMIT_MS", "Table", "at_buildings", "bounded", "from_rows"]

LONGEST_LIMIT_MS = (1 << 30) - 1  # a limit and one more arc still fit 32 bits
WORTH_A_THREAD = 8  # facilities; fewer are searched before a thread has started
BUCKETS = 128  # or fewer, up to the limit: more are mostly empty, fewer are emptied more than once

Rows = tuple[NDArray[np.int32], NDArray[np.int32]]  # nodes and times


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Times from columns (nodes or buildings) to facilities, by facility; 8 bytes a row.

    The rows `indptr[f]` up to `indptr[f + 1]` are those of facility f, in no order that counts.
    """

    indptr: NDArray[np.int64]  # (facilities + 1,)
    column: NDArray[np.int32]  # (rows,)
    time_ms: NDArray[np.int32]  # (rows,)
    columns: int

    @property
    def facilities(self) -> int:
        """Number of facilities."""
        return len(self.indptr) - 1

    def facility(self) -> NDArray[np.int32]:
        """Give the facility of each row, (rows,)."""
        return np.repeat(np.arange(self.facilities, dtype=np.int32), np.diff(self.indptr))

    def seconds(self) -> NDArray[np.float64]:
        """Give the time of each row [s], (rows,)."""
        return self.time_ms / 1000.0


def bounded(
    graph: Graph,
    links: NDArray[np.int32],
    nodes: NDArray[np.int32],
    door_ms: NDArray[np.int32],
    *,
    limit_ms: int,
    workers: int | None = None,
) -> Table:
    """Find all nodes from which each facility is reached within the limit, facility × node.

    `links` from `simulations.graph.links`; `nodes` and `door_ms` (facilities,): where each is, and the way from its
    node to its door. workers: threads, one a core where not said. Raises ValueError where the limit is out of range,
    a facility is at no node, or an arc is longer than LONGEST_LIMIT_MS.
    """
    _check(graph, links, nodes, limit_ms)
    order = np.argsort(nodes, kind="stable")  # near ones after one another: they share what is in the cache
    shares = np.array_split(order, max(1, min(workers or os.cpu_count() or 1, len(nodes) // WORTH_A_THREAD)))
    counts, indptr = np.zeros(len(nodes), np.int64), np.zeros(len(nodes) + 1, np.int64)
    shift = (limit_ms // BUCKETS).bit_length()

    def search(share: NDArray[np.intp]) -> Rows:
        many = np.zeros(len(share), np.int64)
        found: Rows = table_kernels.bounded(graph.indptr, links, nodes[share], door_ms[share], limit_ms, shift, many)
        counts[share] = many
        return found

    with ThreadPoolExecutor(len(shares)) as threads:
        parts = list(threads.map(search, shares))
        np.cumsum(counts, out=indptr[1:])
        column, time_ms = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.int32)

        def lay(share: NDArray[np.intp], part: Rows) -> None:
            table_kernels.gather(counts[share], indptr[share], *part, column, time_ms)

        list(threads.map(lay, shares, parts))
    return Table(indptr, column, time_ms, graph.nodes)


def at_buildings(table: Table, node: NDArray[np.int32], door_ms: NDArray[np.int32], *, limit_ms: int) -> Table:
    """Turn facility × node into facility × building, with the way from the building's door to its node.

    `node` and `door_ms` (buildings,), node -1 where a building hangs on none. Rows beyond the limit are left out.
    """
    attached = np.flatnonzero(node >= 0).astype(np.int32)
    by_node = attached[np.argsort(node[attached], kind="stable")]
    begin = np.zeros(table.columns + 1, np.int64)
    np.cumsum(np.bincount(node[attached], minlength=table.columns), out=begin[1:])
    many = np.diff(begin)[table.column]
    row = np.repeat(np.arange(len(many)), many)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    building = by_node[begin[table.column[row]] + nth]
    time_ms = table.time_ms[row].astype(np.int64) + door_ms[building]
    kept = time_ms <= limit_ms
    return from_rows(table.facility()[row[kept]], building[kept], time_ms[kept], table.facilities, len(node))


def from_rows(
    facility: NDArray[np.integer],
    column: NDArray[np.integer],
    time_ms: NDArray[np.integer],
    facilities: int,
    columns: int,
) -> Table:
    """Make a table of rows in any order, all (rows,).

    Raises ValueError where a pair is given twice, or a time is negative or does not fit.
    """
    if len(time_ms) and (time_ms.min() < 0 or time_ms.max() >= table_kernels.NEVER):
        raise ValueError(
            f"times from {time_ms.min()} to {time_ms.max()} ms; 0 to {table_kernels.NEVER - 1} are allowed"
        )
    order = np.lexsort((column, time_ms, facility))
    pairs = facility.astype(np.int64) * columns + column
    if len(np.unique(pairs)) < len(pairs):
        raise ValueError("a facility and a column are paired twice")
    indptr = np.zeros(facilities + 1, np.int64)
    np.cumsum(np.bincount(facility, minlength=facilities), out=indptr[1:])
    return Table(indptr, column[order].astype(np.int32), time_ms[order].astype(np.int32), columns)


def _check(graph: Graph, links: NDArray[np.int32], nodes: NDArray[np.int32], limit_ms: int) -> None:
    """Refuse what `bounded` cannot compute."""
    if not 0 <= limit_ms <= LONGEST_LIMIT_MS:
        raise ValueError(f"a limit of {limit_ms} ms; 0 to {LONGEST_LIMIT_MS} are allowed")
    if len(nodes) and (nodes.min() < 0 or nodes.max() >= graph.nodes):
        raise ValueError(f"a facility is outside the {graph.nodes} nodes")
    if len(links) and links[:, 1].max() > LONGEST_LIMIT_MS:
        raise ValueError(f"an arc of {links[:, 1].max()} ms; the longest allowed is {LONGEST_LIMIT_MS}")
