"""Which few mends reconnect most people without a step, proven: islands that wheelchairs can move on, joined by breaks.

All nodes that a wheelchair can go between are one island; a break joins two of them, and a facility with steps at its
door is an island of its own. To choose k mends for the most people × services is a model with whole variables: an
island is reached in d mends where it was in d - 1, or over a mended break from one that was. k layers are enough, for no
way needs more than all mends. A slope that can be rolled down and not up is a break; what is one-way by rule joins its
ends here in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.audit import GROUP, breaks
from simulations.community import SERVICES, Community
from simulations.graph import CLOSED
from simulations.siting_problem import Report
from simulations.solver import Model, minimise
from simulations.states import Element, Reports, rows, shut
from twin.terms import ElementKind, Service

__all__ = ["Chosen", "Islands", "Mend", "choose", "islands", "reached"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Cost = Callable[[Element], float]
HALF = 0.5  # of a whole variable: above is 1


@dataclass(frozen=True, slots=True)
class Mend:
    """A break that joins two islands, and what it costs to mend."""

    element: Element
    one: int
    other: int
    cost: float


@dataclass(frozen=True, slots=True, eq=False)
class Islands:
    """Islands with their people and services, and the mends between them; of mends between the same two the cheapest.

    people: int64 (islands,), at the doors of their buildings; has: (services, islands), where a service can be entered.
    """

    services: tuple[Service, ...]
    people: Ints
    has: Flags
    mends: tuple[Mend, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The mends to make, the people × services that they reconnect, what no choice can beat, and what they cost."""

    mends: tuple[Mend, ...]
    people: int
    bound: float
    cost: float
    proven: bool


def islands(
    community: Community,
    said: Reports,
    *,
    services: Sequence[Service] | None = None,
    cost: Cost = lambda _: 1.0,
) -> Islands:
    """Find the islands of a community as it is now, what is silent taken as open."""
    asked = tuple(service for service in community.services() if services is None or service in services)
    label, count = _labels(community, said)
    network, which = community.network, community.facilities
    closed = shut(said, GROUP, unknown_closed=False)
    usable = which.node >= 0
    usable[rows(closed, ElementKind.FACILITY)] = False
    stepped = np.flatnonzero(usable & (which.step_free == 0))
    people = np.zeros(count + len(stepped), np.int64)
    hangs = community.buildings.node >= 0
    np.add.at(people, label[community.buildings.node[hangs]], community.residents.counts.sum(axis=1)[hangs])
    has = np.zeros((len(asked), len(people)), np.bool_)
    for at, service in enumerate(asked):
        offered = usable & (which.service == SERVICES.index(service))
        has[at, label[which.node[offered & (which.step_free != 0)]]] = True
        has[at, count + np.flatnonzero(offered[stepped])] = True
    broken = np.flatnonzero(breaks(community, said).reshape(-1, 2).any(axis=1)).tolist()
    edges = [(Element(ElementKind.EDGE, e), int(label[network.tail[e]]), int(label[network.head[e]])) for e in broken]
    doors = [
        (Element(ElementKind.FACILITY, row), int(label[which.node[row]]), count + at)
        for at, row in enumerate(stepped.tolist())
    ]
    return Islands(asked, people, has, _cheapest([*edges, *doors], cost))


def reached(found: Islands, mends: Sequence[Mend]) -> int:
    """Count people × services reached with these mends made."""
    count = len(found.people)
    ends = np.array([(mend.one, mend.other) for mend in mends], np.int64).reshape(-1, 2)
    part, _ = _parts(ends[:, 0], ends[:, 1], count)
    total = 0
    for has in found.has:
        served = np.zeros(part.max(initial=0) + 1, np.bool_)
        served[part[has]] = True
        total += int(found.people[served[part]].sum())
    return total


def choose(found: Islands, *, most: int, budget: float | None = None, report: Report | None = None) -> Chosen:
    """Choose at most so many mends, within a budget, that reconnect most; of equal ones the cheapest.

    Raises ValueError where most is negative.
    """
    if most < 0:
        raise ValueError(f"{most} mends; 0 or more are allowed")
    before = reached(found, ())
    if most == 0 or not found.mends:
        return Chosen((), 0, 0.0, 0.0, proven=True)
    solved = minimise(_model(found, most, budget), report=report)
    made = tuple(
        mend
        for mend, value in zip(found.mends, solved.values[: len(found.mends)].tolist(), strict=False)
        if value > HALF
    )
    people = reached(found, made) - before
    cost = sum(mend.cost for mend in made)
    bound = float(np.floor(HALF - solved.bound)) if np.isfinite(solved.bound) else np.inf  # costs are up to a half
    return Chosen(made, people, float(people) if solved.proven else max(bound, float(people)), cost, solved.proven)


def _labels(community: Community, said: Reports) -> tuple[NDArray[np.int32], int]:
    """Number the islands of the nodes, (nodes,), and count them."""
    network = community.network
    passed = (community.times[GROUP].reshape(-1, 2) != CLOSED).any(axis=1)
    passed[rows(shut(said, GROUP, unknown_closed=False), ElementKind.EDGE)] = False
    passed &= ~breaks(community, said).reshape(-1, 2).any(axis=1)
    nodes = len(network.node_ids)
    return _parts(network.tail[passed], network.head[passed], nodes)


def _parts(tail: NDArray[np.integer], head: NDArray[np.integer], nodes: int) -> tuple[NDArray[np.int32], int]:
    """Number the connected parts of `nodes` nodes joined by edges, (nodes,), and count them."""
    from scipy.sparse import coo_array  # an eighth of a second that other questions do not need
    from scipy.sparse.csgraph import connected_components

    joined = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(nodes, nodes))
    count, label = connected_components(joined, directed=False)
    return label, int(count)


def _cheapest(candidates: Sequence[tuple[Element, int, int]], cost: Cost) -> tuple[Mend, ...]:
    """Keep the cheapest of the mends between the same two islands; those within one join nothing."""
    best: dict[tuple[int, int], Mend] = {}
    for element, one, other in candidates:
        if one == other:
            continue
        made = Mend(element, min(one, other), max(one, other), cost(element))
        held = best.get((made.one, made.other))
        if held is None or made.cost < held.cost:
            best[made.one, made.other] = made
    return tuple(best[ends] for ends in sorted(best))


def _model(found: Islands, most: int, budget: float | None) -> Model:
    """Build the model; people who are there without a mend are no part of it.

    Variables: a mend each, whole; then by service: an island by layer, and each direction of each mend by layer.
    """
    e, n = len(found.mends), len(found.people)
    one, other = (np.array([getattr(mend, end) for mend in found.mends]) for end in ("one", "other"))
    starts, ends = np.concatenate((one, other)), np.concatenate((other, one))
    layer, services = n + 2 * e, len(found.services)
    total = e + services * most * layer
    model = Model(np.zeros(total), np.ones(total), np.arange(total) < e, np.zeros(total))
    costs = np.array([mend.cost for mend in found.mends])
    model.cost[:e] = HALF * costs / max(1.0, float(costs.sum()))  # less than one person in all: only among equals
    single = np.zeros(e, np.int64)
    model.add(single, np.arange(e), 1.0, least=-np.inf, most=float(most))
    if budget is not None:
        model.add(single, np.arange(e), costs, least=-np.inf, most=budget)
    for service in range(services):
        new = np.where(found.has[service], 0, found.people)
        for depth in range(most):
            at = e + (service * most + depth) * layer
            _layer(model, found.has[service], starts, ends, at=at, before=at - layer if depth else -1)
        model.cost[at : at + n] = -new
    return model


def _layer(model: Model, has: Flags, starts: Ints, ends: Ints, *, at: int, before: int) -> None:
    """Add one layer from variable `at`: islands, then directions of mends; before: the layer before, -1 for the roots."""
    n, arcs = len(has), len(starts)
    island, arc = at + np.arange(n), at + n + np.arange(arcs)
    # reached here only if reached before or over a mend: reached - before - sum of arcs in ≤ roots
    row = np.concatenate((np.arange(n), ends))
    variable, factor = np.concatenate((island, arc)), np.concatenate((np.ones(n), np.full(arcs, -1.0)))
    if before >= 0:
        row, variable = np.concatenate((row, np.arange(n))), np.concatenate((variable, before + np.arange(n)))
        factor = np.concatenate((factor, np.full(n, -1.0)))
    model.add(row, variable, factor, least=-np.inf, most=has.astype(np.float64))
    # a direction is walked only if its mend is made, and from an island reached before
    each = np.arange(arcs)
    pair = np.concatenate((each, each))
    mend = each % (arcs // 2)
    model.add(pair, np.concatenate((arc, mend)), np.repeat([1.0, -1.0], arcs), least=-np.inf, most=0.0)
    if before >= 0:
        model.add(pair, np.concatenate((arc, before + starts)), np.repeat([1.0, -1.0], arcs), least=-np.inf, most=0.0)
    else:
        model.upper[arc] = has[starts]
