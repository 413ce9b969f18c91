"""Where the step-free way breaks: on each way from a dwelling to a service, by element, measure and clause.

The way is the one with the fewest breaks, and of these the shortest: every break costs more than any way of less than
an hour. A break is an edge that a wheelchair cannot pass, a lift that stands, or a facility with steps at its door; what
is not measured passes and is told apart. To mend a break is to make the edge as good as the clause asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations import mobility, trees
from simulations.community import SERVICES, Community
from simulations.graph import CLOSED, arcs_of, links
from simulations.mobility import Gait
from simulations.paths import UNREACHED, Field, Seeds, nearest, seeds
from simulations.states import Element, Reports, rows, shut
from twin.network import KINDS, Network
from twin.norms.rules import Threshold
from twin.terms import EdgeKind, ElementKind, MobilityGroup, Service

__all__ = ["CLAUSES", "Break", "Finding", "Ways", "breaks", "findings", "mended_network", "people_behind", "ways"]

Flags = NDArray[np.bool_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

GROUP = MobilityGroup.WHEELCHAIR
BREAK_MS = 1 << 22  # 70 minutes: one break is worse than any way within an hour, and 200 of them still fit a label
# Which threshold of twin/norms an element is held against; None: no clause is loaded, the limit is the gait's own.
CLAUSES: Mapping[str, str | None] = {
    "steps": None,
    "escalator": None,
    "lift": None,
    "incline": "ramp_slope",
    "width": "path_width",
    "kerb": "kerb",
    "barrier": "bollard",
    "surface": None,
    "wheelchair": None,
    "entrance": None,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One element of one edge held against its clause.

    measured: as it is in the twin, None where not measured; passes: whether a wheelchair passes; None: not measured.
    below_clause: it passes a wheelchair, and is still less than the clause asks.
    """

    edge: int  # row in the network
    element: str
    measured: float | str | None
    clause: str | None
    least: float | None
    most: float | None
    certainty: str | None
    passes: bool | None
    below_clause: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The way with the fewest breaks from each building's door to a service; b buildings.

    breaks: int32, -1 where even all mends give no way; seconds: its walking time, mended; first: the row of the edge it
    first breaks at, -1 where it breaks nowhere on an edge; entrance: whether the last break is the facility's door.
    facility: row, -1 none. following and arc are the tree that the ways are, (nodes,).
    """

    service: Service
    breaks: Ints
    seconds: NDArray[np.float64]
    first: Ints
    entrance: Flags
    facility: Ints
    following: Ints
    arc: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Break:
    """An edge at which ways break: people whose way to each service goes over it, each at this break or behind it."""

    edge: int
    people: Mapping[Service, Longs]  # by age band


def breaks(community: Community, said: Reports) -> Flags:
    """Tell which arcs a wheelchair cannot pass but could if the edge were mended, (arcs,); the silent taken as open."""
    now = community.times[GROUP].copy()
    now[arcs_of(rows(shut(said, GROUP, unknown_closed=False), ElementKind.EDGE))] = CLOSED
    return np.asarray((now == CLOSED) & (_mended_times(community) != CLOSED))


def mended_network(network: Network) -> Network:
    """Give the network as it would be with every edge mended: no steps, no kerbs, no barriers, no slope too much."""
    kind = network.kind.copy()
    kind[network.of_kind(EdgeKind.STEPS) | network.of_kind(EdgeKind.ESCALATOR)] = KINDS.index(EdgeKind.PATH)
    unknown = np.zeros(len(kind), np.uint8)
    return replace(
        network,
        kind=kind,
        incline=np.full(len(kind), np.nan),
        width_m=np.full(len(kind), np.nan),
        kerb=unknown,
        surface=unknown,
        wheelchair=unknown,
        barrier=unknown,
    )


def ways(community: Community, said: Reports, service: Service) -> Ways:
    """Find the way with the fewest breaks from every building to a service."""
    broken = breaks(community, said)
    closed = shut(said, GROUP, unknown_closed=False)
    times = community.times[GROUP].copy()
    times[broken] = _mended_times(community)[broken] + BREAK_MS
    found = nearest(community.graph, links(community.graph, times), _sources(community, service, closed))
    following, arc = trees.onward(community.graph, found), trees.arcs_ahead(community.graph, found)
    first = trees.first_ahead(following, np.where((arc >= 0) & broken[arc], arc >> 1, -1).astype(np.int32))
    return _ways(community, service, found, first)


def people_behind(community: Community, said: Reports, found: Iterable[Ways]) -> list[Break]:
    """Give every edge that some way breaks at, with the people by service and age band; most people first."""
    broken = breaks(community, said)
    residents = community.residents.counts.astype(np.int64)
    node = community.buildings.node
    behind: dict[int, dict[Service, Longs]] = {}
    for one in found:
        load = np.zeros((community.graph.nodes, residents.shape[1]), np.int64)
        hangs = (node >= 0) & (one.breaks >= 0)
        np.add.at(load, node[hangs], residents[hangs])
        passing = trees.carried(one.following, load)
        for at in np.flatnonzero((one.arc >= 0) & broken[one.arc] & passing.any(axis=1)).tolist():
            of = behind.setdefault(int(one.arc[at]) >> 1, {})
            of[one.service] = of.get(one.service, np.zeros(residents.shape[1], np.int64)) + passing[at]
    some = [Break(edge, people) for edge, people in behind.items()]
    return sorted(some, key=lambda each: (-sum(int(n.sum()) for n in each.people.values()), each.edge))


def findings(community: Community, said: Reports, thresholds: Mapping[str, Threshold], edge: int) -> list[Finding]:
    """Hold every element of an edge against its clause."""
    network, gait = community.network, community.mobility.gaits[GROUP]
    stands = edge in rows(shut(said, GROUP, unknown_closed=False), ElementKind.EDGE)
    kind = KINDS[network.kind[edge]]
    found = []
    if kind in {EdgeKind.STEPS, EdgeKind.ESCALATOR} or stands:
        count = int(network.step_count[edge])
        name = "lift" if stands and kind is EdgeKind.LIFT else str(kind)
        measured = float(count) if kind is EdgeKind.STEPS and count >= 0 else str(kind)
        found.append(_finding(thresholds, edge, name, "out of order" if stands else measured, passes=False))
    if kind is EdgeKind.LIFT:
        return found
    slope, beyond = abs(float(network.incline[edge])), 2 * float(network.incline_error[edge])
    found.append(_number(thresholds, edge, "incline", slope, most=_steepest(gait), beyond=beyond))
    found.append(_number(thresholds, edge, "width", float(network.width_m[edge]), least=gait.width_least))
    for name, value, closing in _tags(network, gait, edge):
        found.append(_finding(thresholds, edge, name, value, passes=None if value is None else value not in closing))
    return found


def _sources(community: Community, service: Service, closed: frozenset[Element]) -> Seeds:
    """Give the open facilities of a service; steps at the door are one break more."""
    which = community.facilities
    usable = (which.service == SERVICES.index(service)) & (which.node >= 0)
    usable[rows(closed, ElementKind.FACILITY)] = False
    at = np.flatnonzero(usable).astype(np.int32)
    door_ms = community.door_ms(which.node_m[at], GROUP) + np.where(which.step_free[at] == 0, BREAK_MS, 0)
    return seeds(which.node[at], door_ms.astype(np.int32), at)


def _ways(community: Community, service: Service, found: Field, first: Ints) -> Ways:
    """Read the ways of the buildings' doors off the field."""
    node = community.buildings.node
    label = np.full(len(node), UNREACHED, np.int64)
    label[node >= 0] = found.label[node[node >= 0]]
    reached = label < UNREACHED
    walk_ms = (label >> 32) % BREAK_MS + community.door_ms(community.buildings.node_m, GROUP)
    facility = np.where(reached, label & 0xFFFFFFFF, -1).astype(np.int32)
    return Ways(
        service=service,
        breaks=np.where(reached, (label >> 32) // BREAK_MS, -1).astype(np.int32),
        seconds=np.where(reached, walk_ms / 1000.0, np.inf),
        first=np.where(reached, first[node], -1).astype(np.int32),
        entrance=np.asarray(reached & (community.facilities.step_free[facility] == 0)),
        facility=facility,
        following=trees.onward(community.graph, found),
        arc=trees.arcs_ahead(community.graph, found),
    )


def _number(
    thresholds: Mapping[str, Threshold],
    edge: int,
    element: str,
    value: float,
    *,
    least: float | None = None,
    most: float | None = None,
    beyond: float = 0.0,
) -> Finding:
    """Hold a measure against the gait's own limit, which decides, and against the clause, which is told.

    beyond: by how much a slope must be past a limit, for it is from a height model of that error; 0 where it is tagged.
    """
    if np.isnan(value):
        return _finding(thresholds, edge, element, None, passes=None)
    passes = (least is None or value >= least) and (most is None or value - beyond <= most)
    made = _finding(thresholds, edge, element, value, passes=passes)
    short = (made.least is not None and value < made.least) or (made.most is not None and value - beyond > made.most)
    return replace(made, below_clause=passes and short)


def _finding(
    thresholds: Mapping[str, Threshold], edge: int, element: str, measured: float | str | None, *, passes: bool | None
) -> Finding:
    clause = CLAUSES[element]
    norm = thresholds.get(clause) if clause else None
    return Finding(
        edge=edge,
        element=element,
        measured=measured,
        clause=norm.clause if norm else None,
        least=norm.least if norm else None,
        most=norm.most if norm else None,
        certainty=norm.certainty if norm else None,
        passes=passes,
    )


def _steepest(gait: Gait) -> float | None:
    """Give the slope that can be both pushed up and braked down."""
    limits = [most for most in (gait.push_most, gait.brake_most) if most is not None]
    return min(limits) if limits else None


def _tags(network: Network, gait: Gait, edge: int) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Give the tagged elements of an edge: name, value or None where not tagged, values that close it.

    No barrier tagged is no barrier; that an edge is not tagged as a whole says nothing.
    """
    tagged = [
        ("kerb", network.kerbs[network.kerb[edge]] or None, gait.closed_kerbs),
        ("surface", network.surfaces[network.surface[edge]] or None, gait.closed_surfaces),
    ]
    barrier = network.barriers[network.barrier[edge]]
    whole = network.wheelchairs[network.wheelchair[edge]]
    if barrier:
        tagged.append(("barrier", barrier, gait.closed_barriers))
    if whole:
        tagged.append(("wheelchair", whole, gait.closed_wheelchair))
    return tagged


def _mended_times(community: Community) -> NDArray[np.int32]:
    return mobility.arc_times(mended_network(community.network), GROUP, community.mobility)
