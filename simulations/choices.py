"""Among how many facilities of a service somebody can choose: those within the limit, held live as things open and close.

Whoever has one alone has none when it closes. What is unknown is taken as open.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulations import pace
from simulations.community import SERVICES, Community
from simulations.graph import CLOSED, arcs_of, links
from simulations.homes import own_ms
from simulations.live_tables import HeldTable
from simulations.states import Element, rows
from simulations.tables import at_buildings
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = ["Choices"]

Ints = NDArray[np.int32]
Counts = NDArray[np.int64]


class Choices:
    """The tables facility × node of one group, by service, under one set of what is closed. `move` repairs them.

    Memory: 8 bytes a slot for the links, and a `HeldTable` each service.
    """

    def __init__(
        self, community: Community, group: MobilityGroup, limits_s: Mapping[Service, float], closed: frozenset[Element]
    ) -> None:
        """Compute all tables from nothing, each up to its service's limit."""
        self.community, self.group, self.closed = community, group, closed
        self.limits_ms = {service: int(limit_s * 1000) for service, limit_s in limits_s.items()}
        self._links = links(community.graph, pace.times(community, group, closed))
        self._rows = {service: _usable(community, service, group) for service in limits_s}
        self._held = {
            service: HeldTable(
                community.graph,
                self._links,
                community.facilities.node[at],
                self._doors(at),
                limit_ms=self.limits_ms[service],
            )
            for service, at in self._rows.items()
        }

    def move(self, closed: frozenset[Element]) -> None:
        """Close, slow and open so that exactly `closed` is closed or slower."""
        changed, self.closed = closed ^ self.closed, closed
        if not changed:
            return
        edges = np.unique([each.row for each in changed if each.kind is ElementKind.EDGE]).astype(np.int32)
        slots = self.community.graph.slot[arcs_of(edges)]
        before_ms = self._links[slots, 1].copy()
        self._links[slots, 1] = pace.edge_times(self.community, self.group, edges, closed)
        facilities = rows(changed, ElementKind.FACILITY)
        for service, held in self._held.items():
            at = np.flatnonzero(np.isin(self._rows[service], facilities)).astype(np.int32)
            held.move(slots, before_ms, facilities=at, door_ms=self._doors(self._rows[service][at]))

    def count(self, service: Service) -> Counts:
        """Count the facilities that each household reaches within the limit, (households,)."""
        community, limit_ms = self.community, self.limits_ms[service]
        way_ms = own_ms(community, self.group, self.closed)
        node = np.where(way_ms <= limit_ms, community.buildings.node[community.households.building], -1)
        door_ms = np.minimum(way_ms, limit_ms).astype(np.int32)
        table = at_buildings(self._held[service].table(), node.astype(np.int32), door_ms, limit_ms=limit_ms)
        return np.bincount(table.column, minlength=len(node)).astype(np.int64)

    def _doors(self, at: Ints) -> Ints:
        """Give the way from these facilities' nodes to their doors [ms], CLOSED where they are."""
        doors = self.community.door_ms(self.community.facilities.node_m[at], self.group)
        return np.where(np.isin(at, rows(self.closed, ElementKind.FACILITY)), CLOSED, doors).astype(np.int32)


def _usable(community: Community, service: Service, group: MobilityGroup) -> Ints:
    """Give the facilities of a service that the group can use where they are open."""
    which = community.facilities
    usable = (which.service == SERVICES.index(service)) & (which.node >= 0)
    if group is MobilityGroup.WHEELCHAIR:
        usable &= which.step_free != 0  # not known passes, as it does on the network
    return np.flatnonzero(usable).astype(np.int32)
