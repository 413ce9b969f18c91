"""Hold a table facility × node exact while the network and the facilities change, touching only what is affected.

The repair is that of `simulations.paths`, for each facility by itself: what walked over an arc that became longer is
detached and attached anew, what becomes shorter spreads outward. Which facilities are affected is read off the rows of
the arcs' ends, so most are not looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations import live_table_kernels as kernels
from simulations.graph import CLOSED, Graph
from simulations.live_table_kernels import NONE, Asked, Rows, Scratch
from simulations.table_kernels import NEVER
from simulations.tables import LONGEST_LIMIT_MS, Table, bounded

__all__ = ["HeldTable"]

Ints = NDArray[np.int32]
NOTHING = np.empty(0, np.int32)


class HeldTable:
    """A table under changes. Memory: 16 bytes a row and an eighth of that to grow, 18 bytes a node, 20 a facility."""

    def __init__(self, graph: Graph, links: Ints, nodes: Ints, door_ms: Ints, *, limit_ms: int) -> None:
        """Compute the table from nothing; as `tables.bounded`, but a door of CLOSED: the facility is closed.

        `links` is kept, not copied: change its times, then call `move`.
        """
        self.graph = graph
        self.links = links
        doors = np.where(door_ms == CLOSED, NEVER, door_ms).astype(np.int32)
        self._asked = Asked(nodes.astype(np.int32), doors, limit_ms)
        self._rows = _laid_out(bounded(graph, links, nodes, doors, limit_ms=limit_ms))
        times, rows = np.full(graph.nodes, NEVER, np.int32), np.full(graph.nodes, NONE, np.int32)
        detached, touched = np.zeros(graph.nodes, np.bool_), np.zeros(graph.nodes, np.bool_)
        self._scratch = Scratch(times, rows, detached, touched, np.empty(graph.nodes, np.int32))

    def move(self, slots: Ints, before_ms: Ints, *, facilities: Ints = NOTHING, door_ms: Ints = NOTHING) -> Ints:
        """Make the table exact again, and give the facilities whose rows were looked at, ascending.

        slots: whose time in `links` changed, each once, and what it was before; facilities: whose door changed, and
        what it is now, CLOSED: the facility closes. Raises ValueError where a time is too long.
        """
        if max(self.links[slots, 1].max(initial=0), door_ms.max(initial=0)) > LONGEST_LIMIT_MS:
            raise ValueError(f"a time of more than {LONGEST_LIMIT_MS} ms")
        is_affected = np.zeros(len(self._asked.node), np.bool_)
        at = (self.links, self.graph.twin, self._rows, slots, before_ms, self._asked.limit_ms)
        kernels.affected(*at, is_affected)
        self._asked.door_ms[facilities] = np.where(door_ms == CLOSED, NEVER, door_ms)
        is_affected[facilities] = True
        which = np.flatnonzero(is_affected).astype(np.int32)
        done = 0
        while done < len(which):
            network = (self.graph.indptr, self.links, self.graph.twin)
            done += kernels.repair(*network, self._asked, self._rows, self._scratch, slots, which[done:])
            if done < len(which):
                self._rows = _laid_out(self.table())
        return which

    def table(self) -> Table:
        """Give the table as it is now, a copy."""
        rows = self._rows
        indptr = np.zeros(len(rows.many) + 1, np.int64)
        np.cumsum(rows.many, out=indptr[1:])
        at = np.repeat(rows.begin - indptr[:-1], rows.many) + np.arange(indptr[-1])
        return Table(indptr, rows.column[at], rows.time_ms[at], self.graph.nodes)


def _laid_out(table: Table) -> Rows:
    """Lay the rows out with room to grow: a little in each run, and two of the longest runs behind them.

    The system gives memory only for what is used.
    """
    many = np.diff(table.indptr).astype(np.int32)
    room = kernels.wanted_room(many)
    begin = np.cumsum(room, dtype=np.int64) - room
    end = np.array([room.sum(dtype=np.int64)])
    places = int(end[0]) + 2 * kernels.wanted_room(table.columns)
    column, time_ms, facility, onward = (np.empty(places, np.int32) for _ in range(4))
    at = np.repeat(begin - table.indptr[:-1], many) + np.arange(len(table.column))
    column[at], time_ms[at] = table.column, table.time_ms
    rows = Rows(begin, many, room, end, column, time_ms, facility, onward, np.full(table.columns, NONE, np.int32))
    kernels.hang(rows)
    return rows
