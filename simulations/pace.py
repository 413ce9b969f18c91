"""How long arcs take as things are: closed, slower, or as usual.

A slower edge takes its usual time × the factor + the seconds; an escalator that is said to be slower and not by how
much stands still, and is walked as steps; nobody is taken for quicker because it does. What a group cannot walk at all it cannot walk slowly either.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.graph import CLOSED, arcs_of
from simulations.mobility import steps_s
from simulations.states import Element, rows, slowed
from twin.network import KINDS
from twin.terms import EdgeKind, ElementKind, MobilityGroup

__all__ = ["LONGEST_S", "edge_times", "times"]

Ints = NDArray[np.int32]
LONGEST_S = 86_400.0  # an arc that takes longer than a day takes a day
ESCALATOR = KINDS.index(EdgeKind.ESCALATOR)


def times(community: Community, group: MobilityGroup, hindered: Iterable[Element]) -> Ints:
    """Give the time of each arc [ms] with these elements closed or slower, (arcs,), CLOSED where none can walk."""
    found = community.times[group].copy()
    elements = frozenset(hindered)
    slow = np.array(sorted(slowed(elements, ElementKind.EDGE)), np.int32)
    shut = rows(elements, ElementKind.EDGE)
    for edges in (slow, shut):
        found[arcs_of(edges)] = edge_times(community, group, edges, elements)
    return found


def edge_times(community: Community, group: MobilityGroup, edges: Ints, hindered: Iterable[Element]) -> Ints:
    """Give the times of both arcs of some edges [ms] as `times` does, (2 * edges,)."""
    elements = frozenset(hindered)
    found = community.times[group][arcs_of(edges)].reshape(-1, 2).astype(np.float64)
    walked = found != CLOSED
    slow = slowed(elements, ElementKind.EDGE)
    for at, edge in enumerate(edges.tolist() if slow else ()):
        if edge in slow:
            found[at] = _slower_ms(community, group, edge, found[at], slow[edge])
    found[~walked] = CLOSED
    found[np.isin(edges, rows(elements, ElementKind.EDGE))] = CLOSED
    return found.astype(np.int32).ravel()


def _slower_ms(
    community: Community, group: MobilityGroup, edge: int, usual_ms: NDArray[np.float64], slow: tuple[float, float]
) -> NDArray[np.float64]:
    """Give how long a slower edge takes, both ways."""
    factor, more_s = slow
    if (factor, more_s) == (1.0, 0.0) and community.network.kind[edge] == ESCALATOR:
        usual_ms = np.maximum(usual_ms, 1000 * steps_s(community.network, community.mobility, group)[edge])
    return np.rint(np.minimum(usual_ms * factor + more_s * 1000, LONGEST_S * 1000))
