"""Who reaches a service within a limit: by building, by floor, by age band.

Times are whole milliseconds inside, FAR where nothing can be reached. A way starts at the door of the flat: down the
stairs or by the building's lift, whichever is quicker for the group (a wheelchair has no stairs), from the building's
door to its node, along the network, from the facility's node to its door.

Coverage is a pair. Certain: covered even if everything unknown is closed and no building has a lift that is not known
to have one. Possible: covered if all of that is open and there. certain ≤ possible, always.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import pace
from simulations.community import SERVICES, Community
from simulations.graph import links
from simulations.paths import UNREACHED, Field, Seeds, nearest, seeds
from simulations.states import Element, Report, rows, shut, slowed
from twin.terms import ElementKind, MobilityGroup, Service

FAR = np.int64(1) << 40  # ms; beyond any time, and safe to add to


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Way from each building's door to the nearest facility of a service; all (buildings,)."""

    door_ms: NDArray[np.int64]  # FAR where none can be reached
    facility: NDArray[np.int32]  # row in Facilities, -1 where none can be reached


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Who reaches a service within a limit, as a pair.

    building_s and facility: from the building's door, unknown taken as open, inf and -1 where none can be reached;
    building_worst_s: with it taken as closed. certain and possible: people by building and counted age band who reach
    it from their floor. counts_if_needed: the people counted do not move like this, the question is who would be
    served if they did. median_s and p90_s: walking time of the counted people from their floors, unknown taken as
    open, inf where that share of them reaches nothing, NaN where there is nobody.
    """

    service: Service
    group: MobilityGroup
    limit_s: float
    counts_if_needed: bool
    bands: tuple[str, ...]
    building_s: NDArray[np.float64]  # (buildings,)
    building_worst_s: NDArray[np.float64]  # (buildings,)
    facility: NDArray[np.int32]  # (buildings,) row in Facilities
    residents: NDArray[np.int64]  # (buildings, counted bands)
    certain: NDArray[np.int64]  # (buildings, counted bands)
    possible: NDArray[np.int64]  # (buildings, counted bands)
    median_s: float
    p90_s: float


def coverage(
    community: Community, said: tuple[Report, ...], service: Service, group: MobilityGroup, *, limit_s: float
) -> Coverage:
    """Compute the coverage of a service for a group; a way of exactly the limit is within it."""
    best, worst = (
        field(community, service, group, shut(said, group, unknown_closed=closed)) for closed in (False, True)
    )
    return of_fields(community, said, service, group, best, worst, limit_s=limit_s)


def of_fields(  # noqa: PLR0917 -- the question, then its two fields
    community: Community,
    said: tuple[Report, ...],
    service: Service,
    group: MobilityGroup,
    best: Field,
    worst: Field,
    *,
    limit_s: float,
) -> Coverage:
    """Read the coverage off the nearest facilities of all nodes, with the unknown taken as open and as closed."""
    columns, if_needed = community.bands_of(group)
    open_shut, worst_shut = (shut(said, group, unknown_closed=closed) for closed in (False, True))
    way, worst_way = reach(community, best, group), reach(community, worst, group)
    best_ms = floor_ms(community, way, group, open_shut, assume_lifts=True)
    worst_ms = floor_ms(community, worst_way, group, worst_shut, assume_lifts=False)
    everyone = np.ones(len(best_ms), np.bool_)
    median_s, p90_s = _shares(best_ms, community.households.people[:, columns].sum(axis=1))
    return Coverage(
        service=service,
        group=group,
        limit_s=limit_s,
        counts_if_needed=if_needed,
        bands=tuple(community.residents.bands[column] for column in columns),
        building_s=seconds(way.door_ms),
        building_worst_s=seconds(worst_way.door_ms),
        facility=way.facility,
        residents=people_by_building(community, everyone, columns),
        certain=people_by_building(community, worst_ms <= limit_s * 1000, columns),
        possible=people_by_building(community, best_ms <= limit_s * 1000, columns),
        median_s=median_s,
        p90_s=p90_s,
    )


def field(community: Community, service: Service, group: MobilityGroup, closed: frozenset[Element]) -> Field:
    """Compute the nearest facility of every node for a group with these elements closed or slower."""
    times = pace.times(community, group, closed)
    return nearest(community.graph, links(community.graph, times), sources(community, service, group, closed))


def sources(community: Community, service: Service, group: MobilityGroup, closed: frozenset[Element]) -> Seeds:
    """Give the open facilities of a service that the group can use; one with steps is closed for a wheelchair."""
    which = community.facilities
    usable = (which.service == SERVICES.index(service)) & (which.node >= 0)
    usable[rows(closed, ElementKind.FACILITY)] = False
    if group is MobilityGroup.WHEELCHAIR:
        usable &= which.step_free != 0  # not known passes, as it does on the network
    at = np.flatnonzero(usable).astype(np.int32)
    return seeds(which.node[at], community.door_ms(which.node_m[at], group), at)


def reach(community: Community, found: Field, group: MobilityGroup) -> Reach:
    """Read the way of each building's door off the field."""
    node = community.buildings.node
    label = np.full(len(node), UNREACHED, np.int64)
    label[node >= 0] = found.label[node[node >= 0]]
    reached = label < UNREACHED
    door_ms = (label >> 32) + community.door_ms(community.buildings.node_m, group)
    return Reach(np.where(reached, door_ms, FAR), np.where(reached, label & 0xFFFFFFFF, -1).astype(np.int32))


def floor_ms(
    community: Community, way: Reach, group: MobilityGroup, closed: frozenset[Element], *, assume_lifts: bool
) -> NDArray[np.int64]:
    """Time from each household's floor to the nearest facility [ms], FAR or more where none; (households,).

    assume_lifts: whether buildings of which it is not known have a lift.
    """
    lift = community.buildings.lift
    has_lift = (lift == 1) | ((lift == -1) & assume_lifts)
    has_lift[rows(closed, ElementKind.BUILDING_LIFT)] = False
    slow = np.tile([1.0, 0.0], (len(lift), 1))
    for building, much in slowed(closed, ElementKind.BUILDING_LIFT).items():
        slow[building] = much
    home = community.households
    return way.door_ms[home.building] + _descent_ms(community, group, has_lift[home.building], slow[home.building])


def people_by_building(community: Community, which: NDArray[np.bool_], columns: list[int]) -> NDArray[np.int64]:
    """Count the people of some households by building and counted band; which is (households,)."""
    home = community.households
    count = np.zeros((len(community.buildings.ids), len(columns)), np.int64)
    np.add.at(count, home.building[which], home.people[which][:, columns])
    return count


def seconds(time_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give milliseconds as seconds, FAR and beyond as inf."""
    return np.where(time_ms < FAR, time_ms / 1000.0, np.inf)


def _descent_ms(
    community: Community, group: MobilityGroup, has_lift: NDArray[np.bool_], slow: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Time from each household's floor to the building's door [ms]; FAR where there is no way; (households,).

    slow (households, 2): times the usual, and seconds more, that the lift takes.
    """
    numbers = community.mobility
    above = community.households.floor.astype(np.int64) - 1
    riser_s = numbers.gaits[group].riser_s
    if riser_s is None:
        stairs = np.where(above == 0, 0, FAR)
    else:
        stairs = np.rint(above * (numbers.risers_per_floor * riser_s * 1000)).astype(np.int64)
    ride_s = numbers.lift_wait_s + numbers.lift_doors_s + above * numbers.floor_m / numbers.lift_speed_down
    lift = np.rint((ride_s * slow[:, 0] + slow[:, 1]) * 1000).astype(np.int64)
    return np.where(has_lift & (above > 0), np.minimum(stairs, lift), stairs)


def _shares(time_ms: NDArray[np.int64], people: NDArray[np.int64]) -> tuple[float, float]:
    """Give the times [s] within which half and nine tenths of the people arrive; NaN where there is nobody."""
    if people.sum() == 0:
        return np.nan, np.nan
    order = np.argsort(time_ms, kind="stable")
    arrived = np.cumsum(people[order])
    at = [order[np.searchsorted(arrived, share * arrived[-1])] for share in (0.5, 0.9)]
    median_s, p90_s = seconds(time_ms[at]).tolist()
    return median_s, p90_s
