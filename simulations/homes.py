"""Walking times between homes and sites of a community, as tables for questions of capacity and of siting.

A column of a table is a household row: the people of one floor of a building. The way is that of
`simulations.coverage`: from the floor, by the stairs or the lift, to the building's door, its node, and the site's
door. What is unknown is taken as open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import pace
from simulations.community import SERVICES, Community
from simulations.coverage import Reach, floor_ms
from simulations.graph import links
from simulations.states import Element, Reports, rows, shut
from simulations.tables import Table, at_buildings, bounded
from twin.errors import Refused
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = ["Sites", "existing", "own_ms", "people", "table", "with_rooms"]


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Sites to walk to: facilities that are there, then buildings in which one could open; all (sites,)."""

    facility: NDArray[np.int32]  # row in Facilities, -1 where it is a building
    building: NDArray[np.int32]  # row in Buildings, -1 where it is a facility
    node: NDArray[np.int32]
    door_ms: NDArray[np.int32]

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """Tell which are there already, (sites,)."""
        return self.facility >= 0


def existing(community: Community, said: Reports, service: Service, group: MobilityGroup) -> Sites:
    """Give the facilities of a service that are open and that the group can use."""
    which = community.facilities
    usable = (which.service == SERVICES.index(service)) & (which.node >= 0)
    usable[rows(_shut(said, group), ElementKind.FACILITY)] = False
    if group is MobilityGroup.WHEELCHAIR:
        usable &= which.step_free != 0  # not known passes, as it does on the network
    at = np.flatnonzero(usable).astype(np.int32)
    return Sites(at, np.full_like(at, -1), which.node[at], community.door_ms(which.node_m[at], group))


def with_rooms(
    community: Community, sites: Sites, group: MobilityGroup, *, rooms: Sequence[int] = (), only_rooms: bool = False
) -> Sites:
    """Add the buildings as candidates, one a node: of several at a node the one with the shortest way to it.

    rooms: ids of buildings with a room that stands empty, each a candidate of its own; only_rooms: there are no others.
    Raises Refused where a room's building is not there or hangs on no node.
    """
    houses = community.buildings
    empty = np.isin(houses.ids, rooms)
    strangers = set(rooms) - set(houses.ids[empty & (houses.node >= 0)].tolist())
    if strangers:
        raise Refused(f"no building {min(strangers)} that hangs on the network")
    order = np.lexsort((houses.node_m, houses.node))
    _, first = np.unique(houses.node[order], return_index=True)
    nearest_door = np.zeros(len(houses.ids), np.bool_)
    nearest_door[order[first]] = not only_rooms
    at = np.flatnonzero((nearest_door | empty) & (houses.node >= 0)).astype(np.int32)
    return Sites(
        np.concatenate((sites.facility, np.full_like(at, -1))),
        np.concatenate((sites.building, at)),
        np.concatenate((sites.node, houses.node[at])),
        np.concatenate((sites.door_ms, community.door_ms(houses.node_m[at], group))),
    )


def table(community: Community, said: Reports, sites: Sites, group: MobilityGroup, *, limit_s: float) -> Table:
    """Compute the table site × household row up to a limit, as things are now."""
    closed = _shut(said, group)
    times = pace.times(community, group, closed)
    limit_ms = int(limit_s * 1000)
    found = bounded(community.graph, links(community.graph, times), sites.node, sites.door_ms, limit_ms=limit_ms)
    way_ms = own_ms(community, group, closed)
    node = np.where(way_ms <= limit_ms, community.buildings.node[community.households.building], -1).astype(np.int32)
    return at_buildings(found, node, np.minimum(way_ms, limit_ms).astype(np.int32), limit_ms=limit_ms)


def own_ms(community: Community, group: MobilityGroup, closed: frozenset[Element]) -> NDArray[np.int64]:
    """Give the time from each household's floor to its building's node [ms], (rows,), FAR or more where there is no way."""
    houses = community.buildings
    at_door = Reach(np.zeros(len(houses.ids), np.int64), np.full(len(houses.ids), -1, np.int32))
    descent_ms = floor_ms(community, at_door, group, closed, assume_lifts=True)
    return descent_ms + community.door_ms(houses.node_m, group)[community.households.building]


def people(community: Community, group: MobilityGroup) -> NDArray[np.int64]:
    """Count the people of each household row that a question of this group is about, (rows,)."""
    columns, _ = community.bands_of(group)
    count: NDArray[np.int64] = community.households.people[:, columns].sum(axis=1, dtype=np.int64)
    return count


def _shut(said: Reports, group: MobilityGroup) -> frozenset[Element]:
    return shut(said, group, unknown_closed=False)
