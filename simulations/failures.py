"""What if these stop, and what if those are mended: people by age band who lose or regain each service.

Unknown is taken as open, and asked again as closed. A difference of people may be one person: whoever shows these
numbers takes the residents that may be shown (`twin.counts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import FAR, Reach, floor_ms, people_by_building, seconds
from simulations.cut_off import count
from simulations.held import Tracks
from simulations.states import Element, Reports, closing, opening, shut
from twin.terms import ElementKind, MobilityGroup, Service

Flags = NDArray[np.bool_]
Choice = tuple[int, int, int]  # people with none, one, and more within the norm


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a change does to one service and group; b buildings, counted bands as in `coverage`.

    lost and gained: people certainly, whichever the unknown turns out; lost_possible and gained_possible: at least in
    one case. Ways are from the building's door with unknown taken as open [s], inf where none. extra_s: how much longer
    half of the people who still reach a facility walk, among those whose way has changed; NaN where there are none.
    choices: people by how many facilities they have within the norm, 0, 1, and 2 or more, before and after; None where it
    is not asked.
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
    choices: tuple[Choice, Choice] | None = None


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


def what_if(
    community: Community,
    said: Reports,
    *,
    close: Iterable[Element] = (),
    mend: Iterable[Element] = (),
    services: Sequence[Service] | None = None,
    groups: Sequence[MobilityGroup] | None = None,
    limit_s: float | None = None,
    tracks: Tracks | None = None,
    choices: bool = False,
) -> Change:
    """Close and mend elements, and compare with how things are; all services and groups where none are named.

    limit_s None: each service's own limit. Services to which no way and no lift has changed are left out. tracks: kept
    from one question to the next, a tenth of the work. choices: say too among how many facilities people can choose.
    """
    then = closing(community, opening(said, mend), close)
    asked = [service for service in community.services() if services is None or service in services]
    kept = Tracks(community) if tracks is None else tracks
    found = []
    once: list[dict[str, int]] = [{}, {}, {}, {}]
    for group in community.groups() if groups is None else groups:
        anyone = [np.zeros(len(community.households.building), np.bool_) for _ in once]
        for service, pairs in _sides(kept, said, then, asked, group, every=choices).items():
            limit_ms = 1000 * (community.norm.limits[service].limit_s if limit_s is None else limit_s)
            flags = _flags(community, group, limit_ms, pairs)
            found.append(_outcome(community, service, group, limit_ms=limit_ms, flags=flags, as_open=pairs[0]))
            anyone = [one | which for one, which in zip(anyone, flags, strict=True)]
        if choices:
            found = _with_choices(kept, group, said, then, found)
        if not community.bands_of(group)[1]:
            for people, which in zip(once, anyone, strict=True):
                people.update(count(community, group, which))
    return Change(found, *once)


def _with_choices(
    tracks: Tracks, group: MobilityGroup, said: Reports, then: Reports, found: list[Outcome]
) -> list[Outcome]:
    """Add to the outcomes of a group among how many facilities its people could choose, and can."""
    mine = [one.service for one in found if one.group is group]
    sides = []
    for reports in (said, then):
        held = tracks.choices(group, shut(reports, group, unknown_closed=False))
        sides.append({service: _choice(tracks.community, group, held.count(service)) for service in mine})
    return [
        replace(one, choices=(sides[0][one.service], sides[1][one.service])) if one.group is group else one
        for one in found
    ]


def _choice(community: Community, group: MobilityGroup, many: NDArray[np.int64]) -> Choice:
    columns, _ = community.bands_of(group)
    people = community.households.people[:, columns].sum(axis=1, dtype=np.int64)
    none, one, more = (int(people[np.minimum(many, 2) == n].sum()) for n in range(3))
    return none, one, more


Side = tuple[Reach, frozenset[Element]]  # the ways, and what is closed


def _sides(
    tracks: Tracks, said: Reports, then: Reports, services: Sequence[Service], group: MobilityGroup, *, every: bool
) -> dict[Service, list[tuple[Side, Side]]]:
    """Give the ways before and after, with the unknown open and then closed, of the services to which any has changed.

    every: of all services, changed or not.
    """
    closed = [[shut(some, group, unknown_closed=unknown) for some in (said, then)] for unknown in (False, True)]
    rides = any(element.kind is ElementKind.BUILDING_LIFT for before, after in closed for element in before ^ after)
    held = [
        tracks.at(group, services, before, unknown_closed=bool(unknown)) for unknown, (before, _) in enumerate(closed)
    ]
    touched = [track.move(after).keys() for track, (_, after) in zip(held, closed, strict=True)]
    asked = [service for service in services if every or rides or any(service in some for some in touched)]
    now = [{service: track.reach(service) for service in asked} for track in held]
    for track, (before, _) in zip(held, closed, strict=True):
        track.move(before)
    found = {
        service: [
            ((track.reach(service), before), (ways[service], after))
            for track, ways, (before, after) in zip(held, now, closed, strict=True)
        ]
        for service in asked
    }
    return {
        service: pairs
        for service, pairs in found.items()
        if every or rides or any(_differs(was, ways) for (was, _), (ways, _) in pairs)
    }


def _differs(one: Reach, other: Reach) -> bool:
    return not (np.array_equal(one.door_ms, other.door_ms) and np.array_equal(one.facility, other.facility))


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
