"""Who goes to which shelter when there is not room for all everywhere: exact, with the loads of the edges and by stage.

As many as there is room for are taken in, and of all ways to do so the one with the least walking: a min-cost flow, as a
linear model whose corners are whole people. A household's way down does not depend on the shelter, so those who live at
one node and walk alike are one source of the flow; who of them goes where is then told by floors, the lowest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations import pace, trees
from simulations.community import ASKED_OF_ALL, Community
from simulations.coverage import FAR, Reach, floor_ms
from simulations.graph import links
from simulations.homes import Sites
from simulations.paths import nearest, seeds
from simulations.siting_problem import Report
from simulations.solver import Model, minimise
from simulations.states import Element, Reports, closing, shut
from simulations.tables import Table, bounded, from_rows
from twin.terms import EdgeKind, ElementKind, MobilityGroup

__all__ = ["Assignment", "Evacuation", "assign", "evacuate"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDING = 1e-6  # of a person; the corners of the model are whole


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Who goes where: people of each row of the table, (rows,), and of each column who find no room, (columns,)."""

    flow: Longs
    left: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Evacuation:
    """Where a community's people go; groups are those that bands walk as, h households, stages by floor band.

    shelter: int32 (groups, h), index of the sites, -1 where a household is split, has nobody or no room; taken and left:
    people (groups, h); arrival_s: (groups, h) when the last of them is there, NaN where nobody goes. load: people over
    each edge, (stages, edges). filled: people by shelter, (sites,).
    """

    groups: tuple[MobilityGroup, ...]
    taken: Longs
    left: Longs
    shelter: NDArray[np.int32]
    arrival_s: NDArray[np.float64]
    load: Longs
    filled: Longs
    stage_of_household: NDArray[np.int32]  # (h,)

    @property
    def everyone(self) -> int:
        """People in all, with room or without."""
        return int(self.taken.sum() + self.left.sum())


def assign(table: Table, people: Longs, capacity: Longs, *, report: Report | None = None) -> Assignment:
    """Take in as many people as there is room for, with the least walking; people (columns,), capacity (facilities,).

    table: shelter × column, whoever has no row to a shelter cannot go there. Raises ValueError where a count is
    negative, RuntimeError where the search is stopped by report before its end.
    """
    if min(people.min(initial=0), capacity.min(initial=0)) < 0:
        raise ValueError("people and capacities are 0 or more")
    row = np.flatnonzero((people[table.column] > 0) & (capacity[table.facility()] > 0))
    shelter, column = table.facility()[row].astype(np.int64), table.column[row].astype(np.int64)
    # one more taken in may send others further, but along no more than all shelters: so much is never worth leaving one
    worth = (float(table.time_ms.max(initial=0)) + 1) * (table.facilities + 1)
    most = np.minimum(people[column], capacity[shelter]).astype(np.float64)
    model = Model(
        cost=(table.time_ms[row] - worth).astype(np.float64),
        upper=most,
        whole=np.zeros(len(row), np.bool_),
        lower=np.zeros(len(row)),
    )
    variable = np.arange(len(row))
    _, source = np.unique(column, return_inverse=True)
    _, sink = np.unique(shelter, return_inverse=True)
    model.add(source, variable, 1.0, least=-np.inf, most=people[np.unique(column)].astype(np.float64))
    model.add(sink, variable, 1.0, least=-np.inf, most=capacity[np.unique(shelter)].astype(np.float64))
    flow = np.zeros(len(table.column), np.int64)
    if len(row):
        flow[row] = _whole(minimise(model, report=report).values, len(row))
    return Assignment(flow, people - np.bincount(table.column, flow, table.columns).astype(np.int64))


def _whole(values: NDArray[np.float64], count: int) -> Longs:
    """Read whole people off the solver's numbers."""
    if len(values) != count:
        raise RuntimeError("the search for who goes where was stopped before its end")
    people = np.rint(values)
    if np.abs(values - people).max() > ROUNDING:
        raise RuntimeError("the solver's corner is not whole")
    return people.astype(np.int64)


def evacuate(
    community: Community,
    said: Reports,
    shelters: Sites,
    capacity: Longs,
    *,
    limit_s: float,
    stages: Iterable[int] = (),
    stage_s: float = 0.0,
    with_lifts: bool = False,
    report: Report | None = None,
) -> Evacuation:
    """Send the people of a community to shelters, each age band at its own pace, by the network as it is now.

    limit_s: longest way from a building's node, further shelters are not considered. stages: the lowest floor of each
    stage after the first; a stage sets out stage_s after the one before. with_lifts: whether lifts are ridden; without,
    everybody takes the stairs and the steps. What is unknown is taken as closed: nobody is sent over it.
    """
    if not with_lifts:
        said, community = _without_lifts(community, said)
    groups = tuple(group for group in community.groups() if group not in ASKED_OF_ALL)
    home = community.households
    stage = np.searchsorted(sorted(stages), home.floor, side="right").astype(np.int32)
    node = community.buildings.node[home.building]
    people = np.stack([home.people[:, community.bands_of(group)[0]].sum(axis=1) for group in groups]).astype(np.int64)
    tables = [_table(community, said, shelters, group, limit_s) for group in groups]
    flows = _flows(tables, [_at_nodes(node, each, community.graph.nodes) for each in people], capacity, report)
    parts = [
        _split(each, node, _sent(table, flow)) for each, table, flow in zip(people, tables, flows, strict=True)
    ]  # people by shelter and household
    taken = np.stack([part.sum(axis=0) for part in parts])
    walks = [
        _arrivals(community, said, group, table, part) for group, table, part in zip(groups, tables, parts, strict=True)
    ]
    loads = [
        _loads(community, said, group, shelters, _by_stage(part, node, stage, community.graph.nodes))
        for group, part in zip(groups, parts, strict=True)
    ]
    return Evacuation(
        groups=groups,
        taken=taken,
        left=people - taken,
        shelter=np.stack([_only(part) for part in parts]),
        arrival_s=np.stack(walks) + stage * stage_s,
        load=np.sum(loads, axis=0),
        filled=np.stack([part.sum(axis=1) for part in parts]).sum(axis=0),
        stage_of_household=stage,
    )


def _without_lifts(community: Community, said: Reports) -> tuple[Reports, Community]:
    lifts = np.flatnonzero(community.network.of_kind(EdgeKind.LIFT)).tolist()
    stairs_only = replace(community.buildings, lift=np.zeros_like(community.buildings.lift))
    closed = closing(community, said, (Element(ElementKind.EDGE, edge) for edge in lifts))
    return closed, replace(community, buildings=stairs_only)


def _at_nodes(node: NDArray[np.int32], people: Longs, nodes: int) -> Longs:
    """Add the people of households up by node, (nodes,)."""
    placed = node >= 0
    return np.bincount(node[placed], people[placed], nodes).astype(np.int64)


def _table(community: Community, said: Reports, shelters: Sites, group: MobilityGroup, limit_s: float) -> Table:
    """Compute the table shelter × node for a group."""
    joined = _links(community, said, group)
    limit_ms = round(limit_s * 1000)
    return bounded(community.graph, joined, shelters.node, shelters.door_ms, limit_ms=limit_ms)


def _flows(tables: list[Table], people: list[Longs], capacity: Longs, report: Report | None) -> list[Longs]:
    """Assign the people of all groups together, (nodes,) each: they share the room. Gives each table's flow, (rows,)."""
    nodes = tables[0].columns
    whole = from_rows(
        np.concatenate([table.facility() for table in tables]),
        np.concatenate([table.column.astype(np.int64) + at * nodes for at, table in enumerate(tables)]),
        np.concatenate([table.time_ms for table in tables]),
        len(capacity),
        nodes * len(tables),
    )
    flow = assign(whole, np.concatenate(people), capacity, report=report).flow
    sent = np.zeros((len(capacity), whole.columns), np.int64)
    sent[whole.facility(), whole.column] = flow
    return [sent[table.facility(), table.column + at * nodes] for at, table in enumerate(tables)]


def _links(community: Community, said: Reports, group: MobilityGroup) -> NDArray[np.int32]:
    times = pace.times(community, group, shut(said, group, unknown_closed=True))
    return links(community.graph, times)


def _sent(table: Table, flow: Longs) -> Longs:
    """Lay a flow out by shelter and node."""
    sent = np.zeros((table.facilities, table.columns), np.int64)
    sent[table.facility(), table.column] = flow
    return sent


def _split(people: Longs, node: NDArray[np.int32], sent: Longs) -> Longs:
    """Give each shelter's people of a node by household, the lowest floors to the first shelter; (shelters, h).

    Households of a node are put in a row, and so are its shelters' shares: who stands where goes there.
    """
    order = np.lexsort((np.arange(len(node)), node))
    order = order[node[order] >= 0]
    first = np.searchsorted(node[order], node[order])
    before = np.cumsum(people[order]) - people[order]
    begins = before - before[first]
    ends = begins + people[order]
    parts = np.zeros((len(sent), len(node)), np.int64)
    upto = np.zeros(sent.shape[1], np.int64)
    for shelter in range(len(sent)):
        low, high = upto[node[order]], (upto + sent[shelter])[node[order]]
        parts[shelter, order] = np.clip(np.minimum(ends, high) - np.maximum(begins, low), 0, None)
        upto = upto + sent[shelter]
    return parts


def _only(part: Longs) -> NDArray[np.int32]:
    """Give the shelter to which all of a household's people go, -1 where there is not one; (h,)."""
    used = part > 0
    return np.where(used.sum(axis=0) == 1, used.argmax(axis=0), -1).astype(np.int32)


def _arrivals(community: Community, said: Reports, group: MobilityGroup, table: Table, part: Longs) -> Floats:
    """Time that the last of each household's people who go walk to a shelter [s], NaN where nobody goes; (h,).

    table: shelter × node for this group.
    """
    houses, home = community.buildings, community.households
    way = np.full((table.facilities, table.columns), FAR)
    way[table.facility(), table.column] = table.time_ms
    door = Reach(community.door_ms(houses.node_m, group).astype(np.int64), np.full(len(houses.ids), -1, np.int32))
    down = floor_ms(community, door, group, shut(said, group, unknown_closed=True), assume_lifts=False)
    longest = np.where(part > 0, way[:, houses.node[home.building]], -1).max(axis=0, initial=-1)
    return np.where(longest < 0, np.nan, (longest + down) / 1000)


def _loads(community: Community, said: Reports, group: MobilityGroup, shelters: Sites, of_stage: Longs) -> Longs:
    """Add up the people over each edge, (stages, edges): all ways to a shelter are a tree.

    of_stage: people by stage, shelter and node.
    """
    graph, edges = community.graph, len(community.network.edge_ids)
    total = np.zeros((len(of_stage), edges), np.int64)
    joined = _links(community, said, group)
    for shelter in np.flatnonzero(of_stage.any(axis=(0, 2))).tolist():
        one = np.array([shelter], np.int32)
        field = nearest(graph, joined, seeds(shelters.node[one], shelters.door_ms[one], one))
        passing = trees.carried(trees.onward(graph, field), np.ascontiguousarray(of_stage[:, shelter].T))
        arc = trees.arcs_ahead(graph, field)
        walked = arc >= 0
        for stage in range(len(of_stage)):
            total[stage] += np.bincount(arc[walked] >> 1, passing[walked, stage], edges).astype(np.int64)
    return total


def _by_stage(part: Longs, node: NDArray[np.int32], stage: NDArray[np.int32], nodes: int) -> Longs:
    """Add a group's people up by stage, shelter and node; part (shelters, h)."""
    total = np.zeros((int(stage.max(initial=0)) + 1, len(part), nodes), np.int64)
    shelter, home = np.nonzero(part)
    np.add.at(total, (stage[home], shelter, node[home]), part[shelter, home])
    return total
