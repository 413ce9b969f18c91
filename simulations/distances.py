"""Coverage by metres beside minutes: along the network, and as the circle that practice draws; never mixed.

Norms give radii; a circle runs through walls and across rivers, the network does not. Both are told, so that a planner
can compare.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from simulations.community import SERVICES, Community
from simulations.coverage import people_by_building
from simulations.graph import CLOSED, arcs_of, links
from simulations.paths import UNREACHED, nearest, seeds
from simulations.states import Reports, rows, shut
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = ["circle_m", "network_m", "within"]

Floats = NDArray[np.float64]
MILLIMETRES = 1000


def network_m(community: Community, said: Reports, service: Service, group: MobilityGroup) -> Floats:
    """Give the metres along the network from each building's door to a service, (b,), inf where there is no way.

    Of the ways that the group can walk the shortest, not the quickest; what is unknown is taken as open.
    """
    closed = shut(said, group, unknown_closed=False)
    length = np.repeat(np.rint(community.network.length_m * MILLIMETRES), 2).astype(np.int32)
    length[community.times[group] == CLOSED] = CLOSED
    length[arcs_of(rows(closed, ElementKind.EDGE))] = CLOSED
    which = community.facilities
    at = _offering(community, said, service, group)
    door = np.rint(np.nan_to_num(which.node_m[at]) * MILLIMETRES).astype(np.int32)
    found = nearest(community.graph, links(community.graph, length), seeds(which.node[at], door, at))
    node = community.buildings.node
    label = np.full(len(node), UNREACHED, np.int64)
    label[node >= 0] = found.label[node[node >= 0]]
    metres = (label >> 32) / MILLIMETRES + np.nan_to_num(community.buildings.node_m)
    return np.where(label < UNREACHED, metres, np.inf)


def circle_m(
    community: Community, said: Reports, service: Service, group: MobilityGroup, *, homes: Floats, facilities: Floats
) -> Floats:
    """Give the straight metres from each building to the nearest open facility of a service, (b,), inf where none.

    homes (b, 2) and facilities (f, 2) are where they stand, in metres of one metric CRS.
    """
    at = _offering(community, said, service, group)
    at = at[np.isfinite(facilities[at]).all(axis=1)]
    if not len(at):
        return np.full(len(homes), np.inf)
    tree = shapely.STRtree(np.asarray(shapely.points(facilities[at])))
    _, metres = tree.query_nearest(shapely.points(homes), return_distance=True, all_matches=False)
    return np.asarray(metres, np.float64)


def within(community: Community, metres: Floats, group: MobilityGroup, *, limit_m: float) -> NDArray[np.int64]:
    """Count the people whose building is within a distance, by building and counted band, (b, bands)."""
    columns, _ = community.bands_of(group)
    near = (metres <= limit_m)[community.households.building]
    return people_by_building(community, near, columns)


def _offering(community: Community, said: Reports, service: Service, group: MobilityGroup) -> NDArray[np.int32]:
    """Give the rows of the open facilities of a service that hang on the network and that the group can use."""
    which = community.facilities
    usable = (which.service == SERVICES.index(service)) & (which.node >= 0)
    usable[rows(shut(said, group, unknown_closed=False), ElementKind.FACILITY)] = False
    if group is MobilityGroup.WHEELCHAIR:
        usable &= which.step_free != 0  # not known passes, as it does on the network
    return np.flatnonzero(usable).astype(np.int32)
