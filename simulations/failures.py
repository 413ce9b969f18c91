"""What if this stops, and what if that is mended: people by age band who lose or regain each service.

Unknown is taken as open, and asked again as closed. A difference of people may be one person: whoever shows these
numbers takes the residents that may be shown (`twin.counts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import FAR, Reach, floor_ms, people_by_building, seconds
from simulations.cut_off import count
from simulations.live import Track
from simulations.states import Element, Reports, closing, opening, shut
from twin.terms import EdgeKind, ElementKind, MobilityGroup, Service

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a change does to one service and group; b buildings, counted bands as in `coverage`.

    lost and gained: people certainly, whichever the unknown turns out; lost_possible and gained_possible: at least in
    one case. Ways are from the building's door with unknown taken as open [s], inf where none. extra_s: how much longer
    half of the people who still reach a facility walk, among those whose way has changed; NaN where there are none.
    """

    service: Service
    group: MobilityGroup
    limit_s: float
    counts_if_needed: bool
    bands: tuple[str, ...]
    lost: NDArray[np.int64]  # (b, bands)
    lost_possible: NDArray[np.int64]
    gained: NDArray[np.int64]
    gained_possible: NDArray[np.int64]
    before_s: NDArray[np.float64]  # (b,)
    after_s: NDArray[np.float64]
    facility_before: NDArray[np.int32]  # (b,) row in Facilities, -1 none
    facility_after: NDArray[np.int32]
    extra_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What a change does: by service and group, and to whom at all.

    lost to gained_possible: residents at their own pace to whom it does so for at least one of the services asked of,
    each once, by age band; bands without anybody left out.
    """

    outcomes: list[Outcome]
    lost: Mapping[str, int]
    lost_possible: Mapping[str, int]
    gained: Mapping[str, int]
    gained_possible: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one failure or repair means, over all services and groups, unknown taken as open.

    people: residents at their own pace who lose (regain) at least one service, each once, by age band; if_needed: the
    same for all residents, if they moved like that group. services: people at their own pace by service.
    """

    elements: tuple[Element, ...]
    people: Mapping[str, int]
    if_needed: Mapping[MobilityGroup, Mapping[str, int]]
    services: Mapping[Service, int]

    @property
    def total(self) -> int:
        """People at their own pace."""
        return sum(self.people.values())

    @property
    def weight(self) -> tuple[int, int]:
        """Order of the ranking: people at their own pace, then residents if step-free were needed."""
        return self.total, sum(self.if_needed.get(MobilityGroup.WHEELCHAIR, {}).values())


def what_if(
    community: Community,
    said: Reports,
    *,
    close: Iterable[Element] = (),
    mend: Iterable[Element] = (),
    services: Sequence[Service] | None = None,
    groups: Sequence[MobilityGroup] | None = None,
    limit_s: float | None = None,
) -> Change:
    """Close and mend elements, and compare with how things are; all services and groups where none are named.

    limit_s None: each service's own limit. Services without any facility in the place are left out.
    """
    then = closing(opening(said, mend), close)
    asked = [service for service in community.services() if services is None or service in services]
    found = []
    once: list[dict[str, int]] = [{}, {}, {}, {}]
    for group in community.groups() if groups is None else groups:
        anyone = [np.zeros(len(community.households.building), np.bool_) for _ in once]
        sides = []
        for unknown_closed in (False, True):
            before, after = (shut(some, group, unknown_closed=unknown_closed) for some in (said, then))
            track = Track(community, group, asked, before)
            was = {service: track.reach(service) for service in asked}
            track.move(after)
            sides.append((before, after, was, {service: track.reach(service) for service in asked}))
        for service in asked:
            limit_ms = 1000 * (community.norm.limits[service].limit_s if limit_s is None else limit_s)
            pairs = [((was[service], before), (now[service], after)) for before, after, was, now in sides]
            flags = _flags(community, group, limit_ms, pairs)
            found.append(_outcome(community, service, group, limit_ms=limit_ms, flags=flags, as_open=pairs[0]))
            anyone = [one | which for one, which in zip(anyone, flags, strict=True)]
        if not community.bands_of(group)[1]:
            for people, which in zip(once, anyone, strict=True):
                people.update(count(community, group, which))
    return Change(found, *once)


def street_lifts(community: Community) -> list[tuple[Element, ...]]:
    """Gather the edges of each lift: pieces that share a node are one shaft, and fail together."""
    network = community.network
    edges = np.flatnonzero(network.of_kind(EdgeKind.LIFT)).tolist()
    shaft: dict[int, int] = {}  # node to the first edge of its shaft
    members: dict[int, list[int]] = {}
    for edge in edges:
        ends = (int(network.tail[edge]), int(network.head[edge]))
        joined = sorted({shaft[node] for node in ends if node in shaft})
        first = joined[0] if joined else edge
        members[first] = [each for one in joined for each in members.pop(one)] + [edge]
        for each in members[first]:
            shaft[int(network.tail[each])] = shaft[int(network.head[each])] = first
    return [tuple(Element(ElementKind.EDGE, edge) for edge in sorted(some)) for some in members.values()]


def rank(
    community: Community, said: Reports, candidates: Iterable[Iterable[Element]], *, mend: bool = False
) -> list[Ranked]:
    """Rank single failures by the people who lose a service, or with `mend` repairs by the people who regain one.

    Each candidate is a set of elements that fail, or are mended, together. The worst first; those that change nothing
    for anybody are left out.
    """
    sets = [tuple(some) for some in candidates]
    tolls: list[dict[MobilityGroup, dict[Service, Flags]]] = [{} for _ in sets]
    for group in community.groups():
        now = shut(said, group, unknown_closed=False)
        track = Track(community, group, community.services(), now)
        within = {service: _within(community, track, service) for service in track.fields}
        for at, some in enumerate(sets):
            then = opening(said, some) if mend else closing(said, some)
            tolls[at][group] = _toll(community, track, shut(then, group, unknown_closed=False), within)
            track.move(now)
    ranked = [_ranked(community, some, toll) for some, toll in zip(sets, tolls, strict=True)]
    return sorted((each for each in ranked if any(each.weight)), key=lambda each: each.weight, reverse=True)


def _within(community: Community, track: Track, service: Service) -> Flags:
    """Tell who is within the limit of a service on a track, (households,)."""
    time_ms = floor_ms(community, track.reach(service), track.group, track.closed, assume_lifts=True)
    return np.asarray(time_ms <= community.norm.limits[service].limit_s * 1000)


def _toll(
    community: Community, track: Track, then: frozenset[Element], within: Mapping[Service, Flags]
) -> dict[Service, Flags]:
    """Move the track, and give the households whose being within the limit has changed, by service."""
    changed = then ^ track.closed
    lifts = any(element.kind is ElementKind.BUILDING_LIFT for element in changed)
    touched = track.move(then)
    asked = within if lifts else touched
    found = {service: within[service] ^ _within(community, track, service) for service in asked}
    return {service: flags for service, flags in found.items() if flags.any()}


def _ranked(
    community: Community, some: tuple[Element, ...], toll: Mapping[MobilityGroup, Mapping[Service, Flags]]
) -> Ranked:
    people: dict[str, int] = {}
    if_needed: dict[MobilityGroup, dict[str, int]] = {}
    services: dict[Service, int] = {}
    for group, flags in toll.items():
        if not flags:
            continue
        _, is_asked_of_all = community.bands_of(group)
        anyone = count(community, group, np.logical_or.reduce(list(flags.values())))
        if is_asked_of_all:
            if_needed[group] = anyone
            continue
        people |= anyone
        for service, which in flags.items():
            services[service] = services.get(service, 0) + sum(count(community, group, which).values())
    return Ranked(some, people, if_needed, services)


Side = tuple[Reach, frozenset[Element]]  # the ways, and what is closed


def _flags(
    community: Community, group: MobilityGroup, limit_ms: float, pairs: Sequence[tuple[Side, Side]]
) -> list[Flags]:
    """Tell who loses it, may lose it, regains it, may regain it, each (households,).

    Before and after are compared with the unknown open and closed; both times with and without the unknown lifts.
    """
    within = [
        [floor_ms(community, way, group, closed, assume_lifts=lifts) <= limit_ms for way, closed in sides]
        for sides in pairs
        for lifts in (False, True)
    ]
    lost = [was & ~now for was, now in within]
    gained = [now & ~was for was, now in within]
    return [fold(some) for some in (lost, gained) for fold in (np.logical_and.reduce, np.logical_or.reduce)]


def _outcome(
    community: Community,
    service: Service,
    group: MobilityGroup,
    *,
    limit_ms: float,
    flags: Sequence[Flags],
    as_open: tuple[Side, Side],
) -> Outcome:
    """Count the people, and compare the ways with the unknown taken as open."""
    columns, if_needed = community.bands_of(group)
    (usual, _), (then, _) = as_open
    counts = [people_by_building(community, which, columns) for which in flags]
    return Outcome(
        service=service,
        group=group,
        limit_s=limit_ms / 1000,
        counts_if_needed=if_needed,
        bands=tuple(community.residents.bands[column] for column in columns),
        lost=counts[0],
        lost_possible=counts[1],
        gained=counts[2],
        gained_possible=counts[3],
        before_s=seconds(usual.door_ms),
        after_s=seconds(then.door_ms),
        facility_before=usual.facility,
        facility_after=then.facility,
        extra_s=_extra_s(community, usual, then, columns),
    )


def _extra_s(community: Community, before: Reach, after: Reach, columns: list[int]) -> float:
    """Median of the added walking time [s] of the people whose way has changed and who still reach a facility."""
    changed = (before.door_ms != after.door_ms) & (before.door_ms < FAR) & (after.door_ms < FAR)
    people = community.residents.counts[:, columns].sum(axis=1) * changed
    if not people.sum():
        return float("nan")
    extra_ms = after.door_ms - before.door_ms
    order = np.argsort(extra_ms, kind="stable")
    arrived = np.cumsum(people[order])
    return float(extra_ms[order[np.searchsorted(arrived, arrived[-1] / 2)]]) / 1000
