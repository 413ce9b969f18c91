"""The way from one building to the nearest places of a service that can really be reached now, edge by edge.

"Sure" ways use nothing that is closed and nothing of which nobody knows whether it is open; what that costs against the
usual way, with everything open, is told with it, and because of which elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import pace, trees
from simulations.community import Community
from simulations.coverage import field
from simulations.graph import CLOSED
from simulations.paths import UNREACHED, Field
from simulations.states import Element, Reports, shut
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = ["Choice", "Way", "choose"]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way from a building's door; edges are rows of the network in the order they are walked."""

    facility: int  # row in Facilities
    seconds: float  # from the building's door to the facility's
    metres: float  # on the network
    edges: NDArray[np.int32]  # (steps,)
    is_forward: NDArray[np.bool_]  # (steps,) walked from tail to head
    edge_s: NDArray[np.float64]  # (steps,) seconds


@dataclass(frozen=True, slots=True)
class Choice:
    """The nearest places for somebody now, the nearest first, and what stands in the way of the usual one.

    usual: with everything open, None where no way ever leads there. hindrances: what is closed, or what nobody knows the
    state of, on the usual way or at its end; empty where the usual way is a sure one.
    """

    sure: tuple[Way, ...]
    usual: Way | None
    hindrances: tuple[Element, ...]


def choose(
    community: Community, said: Reports, building: int, service: Service, group: MobilityGroup, *, most: int = 3
) -> Choice:
    """Find the nearest `most` places of a service for somebody who lives in a building [row]."""
    closed = shut(said, group, unknown_closed=True)
    sure = tuple(_nearest_first(community, building, service, group, closed, most))
    usual = next(_nearest_first(community, building, service, group, frozenset(), 1), None)
    if usual is None:
        return Choice(sure, None, ())
    on_the_way = {Element(ElementKind.EDGE, edge) for edge in usual.edges.tolist()}
    on_the_way.add(Element(ElementKind.FACILITY, usual.facility))
    return Choice(sure, usual, tuple(sorted(on_the_way & closed)))


def _nearest_first(  # noqa: PLR0917  # a question, then what is closed and how many
    community: Community,
    building: int,
    service: Service,
    group: MobilityGroup,
    closed: frozenset[Element],
    most: int,
) -> Iterator[Way]:
    """Give ways to different facilities: each one found is closed before the next is looked for."""
    node = int(community.buildings.node[building])
    if node < 0:
        return
    for _ in range(most):
        found = field(community, service, group, closed)
        label = int(found.label[node])
        if label >= UNREACHED:
            return
        way = _way(community, building, group, found, closed)
        yield way
        closed |= {Element(ElementKind.FACILITY, way.facility)}


def _way(community: Community, building: int, group: MobilityGroup, found: Field, closed: frozenset[Element]) -> Way:
    """Follow the field from a building's node to the end."""
    node = int(community.buildings.node[building])
    label = int(found.label[node])
    following, ahead = trees.onward(community.graph, found), trees.arcs_ahead(community.graph, found)
    arcs = []
    while following[node] >= 0:
        arcs.append(int(ahead[node]))
        node = int(following[node])
    walked = np.array(arcs, np.int32)
    times = pace.times(community, group, closed)[walked]
    assert not (times == CLOSED).any()
    door_ms = int(community.door_ms(community.buildings.node_m[building : building + 1], group)[0])
    return Way(
        facility=label & 0xFFFFFFFF,
        seconds=((label >> 32) + door_ms) / 1000.0,
        metres=float(community.network.length_m[walked // 2].sum()),
        edges=walked // 2,
        is_forward=walked % 2 == 0,
        edge_s=times / 1000.0,
    )
