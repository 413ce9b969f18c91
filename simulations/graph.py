"""The walking network as a graph: one compressed adjacency that serves both directions of every edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSED = (
    -1
)  # a time that no arc has: the kernels test for it, so a closed arc is never a big number that could overflow


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Topology shared by all mobility groups; times live beside it, one array per group.

    Edge e gives two arcs: 2e walks from tail to head, 2e + 1 back. A slot is an arc seen from the node it arrives at:
    the slots `indptr[u]` to `indptr[u + 1]` are the arcs into u, `neighbour` is where each comes from. Since arcs come
    in pairs, the arcs out of u are the `twin`s of the same slots, and no second adjacency is needed.

    Memory: 4 bytes a node and 16 a slot, so 47 bytes a node at 2.7 arcs a node, and 8 a slot for each group's links.
    """

    indptr: NDArray[np.int32]  # (nodes + 1,)
    neighbour: NDArray[np.int32]  # (slots,) node the arc comes from
    arc: NDArray[np.int32]  # (slots,) the arc that arrives in this slot
    slot: NDArray[np.int32]  # (arcs,) the slot an arc arrives in
    twin: NDArray[np.int32]  # (slots,) slot of the same edge walked the other way

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1


def build(nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> Graph:
    """Build the graph of `nodes` nodes from edge ends; both (edges,), indices below `nodes`.

    Parallel edges and loops are kept. Raises ValueError where an end is not a node.
    """
    if len(tail) and (min(tail.min(), head.min()) < 0 or max(tail.max(), head.max()) >= nodes):
        raise ValueError(f"an edge ends outside the {nodes} nodes")
    ends = np.column_stack((head, tail)).astype(np.int32).ravel()  # node each arc arrives at
    starts = np.column_stack((tail, head)).astype(np.int32).ravel()
    arc = np.argsort(ends, kind="stable").astype(np.int32)
    slot = np.empty_like(arc)
    slot[arc] = np.arange(len(arc), dtype=np.int32)
    indptr = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(ends, minlength=nodes), out=indptr[1:])
    return Graph(indptr, starts[arc], arc, slot, slot[arc ^ 1])


def links(graph: Graph, times_ms: NDArray[np.int32]) -> NDArray[np.int32]:
    """Lay a group's arc times beside the neighbours, (slots, 2): [node the arc comes from, milliseconds or CLOSED].

    `times_ms` is (arcs,). The two are read together in the kernels' inner loop, hence one array.
    """
    return np.column_stack((graph.neighbour, times_ms[graph.arc]))


def arcs_of(edges: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give both arcs of each edge, (2 * edges,)."""
    return np.column_stack((2 * edges, 2 * edges + 1)).astype(np.int32).ravel()
