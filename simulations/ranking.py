"""Which failure is worst, and which repair gives most back: every one is tried, and pairs of them too.

Unknown is taken as open. People are those that the community holds; where these may be shown, so may the ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import FAR, floor_ms
from simulations.cut_off import count
from simulations.live import Track
from simulations.states import Element, Reports, closing, opening, shut
from twin.errors import Refused
from twin.terms import EdgeKind, ElementKind, MobilityGroup, Service

__all__ = ["KINDS", "Ranked", "Set", "candidates", "pairs", "rank", "street_lifts"]

Flags = NDArray[np.bool_]
Longs = NDArray[np.int64]
Set = tuple[Element, ...]  # elements that fail, or are mended, together
Heard = Callable[[int, int], bool]  # told how many of how many are tried; says whether to go on

KINDS = ("lift", "building_lift", "gate", "path", "facility")
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """What one failure or repair means, over all services and groups, unknown taken as open.

    people: residents at their own pace who lose (regain) at least one service, each once, by age band; if_needed: the
    same for all residents, if they moved like that group. services: people at their own pace by service. minutes:
    people × services × minutes that those at their own pace walk longer (shorter) who still reach one, within the limit
    or not.
    """

    elements: Set
    people: Mapping[str, int]
    if_needed: Mapping[MobilityGroup, Mapping[str, int]]
    services: Mapping[Service, int]
    minutes: float = 0.0

    @property
    def total(self) -> int:
        """People at their own pace."""
        return sum(self.people.values())

    @property
    def weight(self) -> tuple[int, int, float]:
        """Order of the ranking: people at their own pace, then residents if step-free were needed, then minutes."""
        return self.total, sum(self.if_needed.get(MobilityGroup.WHEELCHAIR, {}).values()), self.minutes


@dataclass(frozen=True, slots=True, eq=False)
class _Toll:
    """What one set means for one group: who is within the limit no more (again), by service, and the minutes."""

    flags: dict[Service, Flags] = field(default_factory=dict)
    minutes: float = 0.0


def street_lifts(community: Community) -> list[Set]:
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


def candidates(community: Community, kinds: Iterable[str] = ("lift",)) -> list[Set]:
    """Give what can fail, of these KINDS; an edge with a barrier is a gate, one without and no lift a path.

    Raises Refused where a kind is none.
    """
    network, houses = community.network, community.buildings
    gates = network.barrier > 0
    rows: Mapping[str, tuple[ElementKind, Flags]] = {
        "building_lift": (ElementKind.BUILDING_LIFT, (houses.lift == 1) & (community.residents.counts.sum(axis=1) > 0)),
        "gate": (ElementKind.EDGE, gates),
        "path": (ElementKind.EDGE, ~gates & ~network.of_kind(EdgeKind.LIFT)),
        "facility": (ElementKind.FACILITY, community.facilities.node >= 0),
    }
    found: list[Set] = []
    for kind in kinds:
        if kind not in KINDS:
            raise Refused(f"{kind!r} is no kind of element; one of {', '.join(KINDS)}")
        if kind == "lift":
            found += street_lifts(community)
        else:
            element, which = rows[kind]
            found += [(Element(element, row),) for row in np.flatnonzero(which).tolist()]
    return found


def pairs(sets: Iterable[Set]) -> list[Set]:
    """Give each two of the sets as one that fails together; elements that both have once."""
    return [tuple(sorted({*one, *other})) for one, other in combinations(sets, 2)]


def rank(
    community: Community,
    said: Reports,
    sets: Iterable[Iterable[Element]],
    *,
    mend: bool = False,
    heard: Heard | None = None,
) -> list[Ranked]:
    """Rank failures by the people who lose a service, or with `mend` repairs by the people who regain one.

    The worst first; those that change nothing for anybody are left out. Raises InterruptedError where heard says not to
    go on.
    """
    every = [tuple(some) for some in sets]
    tolls: list[dict[MobilityGroup, _Toll]] = [{} for _ in every]
    groups = community.groups()
    for nth, group in enumerate(groups):
        now = shut(said, group, unknown_closed=False)
        track = Track(community, group, community.services(), now)
        usual = {service: _times(community, track, service) for service in track.fields}
        for at, some in enumerate(every):
            then = opening(said, some) if mend else closing(community, said, some)
            tolls[at][group] = _toll(community, track, shut(then, group, unknown_closed=False), usual)
            track.move(now)
            done, total = nth * len(every) + at + 1, len(groups) * len(every)
            if heard is not None and not heard(done, total):
                raise InterruptedError(f"stopped after {done} of {total}")
    ranked = [_ranked(community, some, toll) for some, toll in zip(every, tolls, strict=True)]
    return sorted((each for each in ranked if any(each.weight)), key=lambda each: each.weight, reverse=True)


def _times(community: Community, track: Track, service: Service) -> Longs:
    """Time of each household to a service on a track [ms], FAR or more where there is no way; (households,)."""
    return floor_ms(community, track.reach(service), track.group, track.closed, assume_lifts=True)


def _toll(community: Community, track: Track, then: frozenset[Element], usual: Mapping[Service, Longs]) -> _Toll:
    """Move the track, and give whose being within the limit has changed, by service, and the minutes."""
    lifts = any(element.kind is ElementKind.BUILDING_LIFT for element in then ^ track.closed)
    touched = track.move(then)
    columns, _ = community.bands_of(track.group)
    people = community.households.people[:, columns].sum(axis=1, dtype=np.int64)
    flags, minutes = {}, 0.0
    for service in usual if lifts else touched:
        before, after = usual[service], _times(community, track, service)
        limit_ms = community.norm.limits[service].limit_s * 1000
        changed = (before <= limit_ms) ^ (after <= limit_ms)
        if changed.any():
            flags[service] = changed
        still = (before < FAR) & (after < FAR)
        minutes += float(people[still] @ np.abs(after - before)[still]) / MINUTE_MS
    return _Toll(flags, minutes)


def _ranked(community: Community, some: Set, tolls: Mapping[MobilityGroup, _Toll]) -> Ranked:
    people: dict[str, int] = {}
    if_needed: dict[MobilityGroup, dict[str, int]] = {}
    services: dict[Service, int] = {}
    minutes = 0.0
    for group, toll in tolls.items():
        _, is_asked_of_all = community.bands_of(group)
        minutes += 0.0 if is_asked_of_all else toll.minutes
        if not toll.flags:
            continue
        anyone = count(community, group, np.logical_or.reduce(list(toll.flags.values())))
        if is_asked_of_all:
            if_needed[group] = anyone
            continue
        people |= anyone
        for service, which in toll.flags.items():
            services[service] = services.get(service, 0) + sum(count(community, group, which).values())
    return Ranked(some, people, if_needed, services, minutes)
