"""Hold the nearest facility of every node for all services and groups, exact after every change."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulations import pace
from simulations.community import SERVICES, Community
from simulations.coverage import Reach, reach, sources
from simulations.graph import arcs_of, links
from simulations.paths import Field, Seeds, nearest_each, repair
from simulations.states import Element, rows
from twin.terms import ElementKind, MobilityGroup, Service


class Track:
    """One group's fields for some services, under one set of closed elements. `move` changes the set and repairs.

    Memory: 8 bytes a slot for the links, 12 bytes a node and service.
    """

    def __init__(
        self, community: Community, group: MobilityGroup, services: Iterable[Service], closed: frozenset[Element]
    ) -> None:
        """Compute all fields from nothing."""
        times = pace.times(community, group, closed)
        self.community = community
        self.group = group
        self.closed = closed
        self._links = links(community.graph, times)
        self._seeds = {service: sources(community, service, group, closed) for service in services}
        found = nearest_each(community.graph, [(self._links, at) for at in self._seeds.values()])
        self.fields = dict(zip(self._seeds, found, strict=True))
        self._mark = np.zeros(community.graph.nodes, np.bool_)

    def reach(self, service: Service) -> Reach:
        """Give the way of each building's door to the service as things are."""
        return reach(self.community, self.fields[service], self.group)

    def move(self, closed: frozenset[Element]) -> dict[Service, NDArray[np.int32]]:
        """Close, slow and open so that exactly `closed` is closed or slower; gives the nodes looked at for each service.

        A service that is not named has not changed anywhere.
        """
        changed = closed ^ self.closed
        self.closed = closed
        if not changed:
            return {}
        edges = np.unique([each.row for each in changed if each.kind is ElementKind.EDGE]).astype(np.int32)
        slots = self._set_times(edges, closed)
        touched = {}
        for service, nodes in self._set_seeds(rows(changed, ElementKind.FACILITY), closed).items():
            found = self._repair(self.fields[service], self._seeds[service], slots, nodes)
            if len(found):
                touched[service] = found
        return touched

    def _set_times(self, edges: NDArray[np.int32], closed: frozenset[Element]) -> NDArray[np.int32]:
        """Give the arcs of these edges the times they have now, and give their slots."""
        slots = self.community.graph.slot[arcs_of(edges)]
        self._links[slots, 1] = pace.edge_times(self.community, self.group, edges, closed)
        return slots

    def _set_seeds(self, facilities: NDArray[np.int32], closed: frozenset[Element]) -> dict[Service, NDArray[np.int32]]:
        """Renew the facilities of the services that these rows offer; gives each service's changed nodes."""
        nodes = {service: np.empty(0, np.int32) for service in self._seeds}
        for code in np.unique(self.community.facilities.service[facilities]).tolist():
            service = SERVICES[code]
            if service in nodes:
                before = self._seeds[service].nodes
                self._seeds[service] = sources(self.community, service, self.group, closed)
                nodes[service] = np.union1d(before, self._seeds[service].nodes).astype(np.int32)
        return nodes

    def _repair(self, field: Field, at: Seeds, slots: NDArray[np.int32], nodes: NDArray[np.int32]) -> NDArray[np.int32]:
        return repair(self.community.graph, self._links, field, at, slots=slots, nodes=nodes, mark=self._mark)
