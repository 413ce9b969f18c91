"""Follow the ways of a field as the trees that they are: what passes each node, and what lies ahead of it.

Every node knows the first arc of its way (`Field.parent`), so the ways to one facility are a tree with its root there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.compiling import njit
from simulations.graph import Graph
from simulations.paths import NO_PARENT, Field

__all__ = ["arcs_ahead", "carried", "first_ahead", "onward"]

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


def onward(graph: Graph, field: Field) -> Ints:
    """Give the next node of each node's way, (nodes,), -1 at its end and where there is no way."""
    slot = np.where(field.parent == NO_PARENT, 0, field.parent)
    if not len(graph.twin):
        return np.full(graph.nodes, -1, np.int32)
    return np.where(field.parent == NO_PARENT, -1, graph.neighbour[graph.twin[slot]]).astype(np.int32)


def arcs_ahead(graph: Graph, field: Field) -> Ints:
    """Give the arc that each node's way begins with, (nodes,), -1 where there is none; its edge is half of it."""
    if not len(graph.arc):
        return np.full(graph.nodes, -1, np.int32)
    slot = np.where(field.parent == NO_PARENT, 0, field.parent)
    return np.where(field.parent == NO_PARENT, -1, graph.arc[slot]).astype(np.int32)


def carried(following: Ints, load: Longs) -> Longs:
    """Add up, for each node, its own load and that of all whose way passes it; load and answer (nodes, kinds)."""
    total = load.copy()
    _carry(following, _leaves_first(following), total)
    return total


def first_ahead(following: Ints, mine: Ints) -> Ints:
    """Give, for each node, the first on its way, itself included, whose `mine` is not -1, and that value; (nodes,)."""
    found = mine.copy()
    _look_ahead(following, _leaves_first(following), found)
    return found


@njit(nogil=True, cache=True)
def _leaves_first(following: Ints) -> Ints:
    """Order the nodes so that each comes before the next of its way; by counting who still waits behind each."""
    behind = np.zeros(len(following), np.int32)
    for node in range(len(following)):
        if following[node] >= 0:
            behind[following[node]] += 1
    order = np.empty(len(following), np.int32)
    filled = 0
    for node in range(len(following)):
        if behind[node] == 0:
            order[filled] = node
            filled += 1
    at = 0
    while at < filled:
        ahead = following[order[at]]
        at += 1
        if ahead >= 0:
            behind[ahead] -= 1
            if behind[ahead] == 0:
                order[filled] = ahead
                filled += 1
    return order[:filled]


@njit(nogil=True, cache=True)
def _carry(following: Ints, order: Ints, total: Longs) -> None:
    for at in range(len(order)):
        ahead = following[order[at]]
        if ahead >= 0:
            for kind in range(total.shape[1]):
                total[ahead, kind] += total[order[at], kind]


@njit(nogil=True, cache=True)
def _look_ahead(following: Ints, order: Ints, found: Ints) -> None:
    for at in range(len(order) - 1, -1, -1):
        node = order[at]
        if found[node] < 0 and following[node] >= 0:
            found[node] = found[following[node]]
