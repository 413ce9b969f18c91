"""What the audit rests on: of the edges that ways go over, how many were measured, estimated, or not looked at at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import trees
from simulations.audit import Ways
from simulations.community import Community
from twin.terms import EdgeKind

__all__ = ["Counted", "count", "walked"]

Flags = NDArray[np.bool_]
WALKED = (EdgeKind.PATH, EdgeKind.STREET, EdgeKind.CROSSING)


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one element: in how many places it is measured, estimated by the height model, or neither; and metres of those."""

    element: str
    measured: int
    estimated: int
    not_measured: int
    not_measured_m: float  # 0 for what has no length


def walked(community: Community, found: Iterable[Ways]) -> Flags:
    """Tell which edges the way of somebody goes over, to any of the services, (edges,)."""
    over = np.zeros(len(community.network.edge_ids), np.bool_)
    node, people = community.buildings.node, community.residents.counts.sum(axis=1).astype(np.int64)
    for one in found:
        load = np.zeros((community.graph.nodes, 1), np.int64)
        hangs = (node >= 0) & (one.breaks >= 0)
        np.add.at(load[:, 0], node[hangs], people[hangs])
        passing = trees.carried(one.following, load)[:, 0]
        over[one.arc[(one.arc >= 0) & (passing > 0)] >> 1] = True
    return over


def count(community: Community, over: Flags) -> list[Counted]:
    """Count the elements of the edges walked over, then the entrances, then the lifts of buildings of two floors and more."""
    network = community.network
    ground = over & np.isin(network.kind, [list(EdgeKind).index(kind) for kind in WALKED])
    has_slope, by_model = ~np.isnan(network.incline), network.incline_error > 0
    crossing, steps = over & network.of_kind(EdgeKind.CROSSING), over & network.of_kind(EdgeKind.STEPS)
    none = np.zeros(len(over), np.bool_)
    found = [
        _counted("incline", network.length_m, ground, has_slope & ~by_model, has_slope & by_model),
        _counted("width", network.length_m, ground, ~np.isnan(network.width_m), none),
        _counted("surface", network.length_m, ground, network.surface > 0, none),
        _counted("kerb", network.length_m, crossing, network.kerb > 0, none),
        _counted("step_count", network.length_m, steps, network.step_count >= 0, none),
    ]
    door, lift = community.facilities.step_free, community.buildings.lift
    tall = (community.buildings.floors > 1) & (community.residents.counts.sum(axis=1) > 0)
    known = int((tall & (lift >= 0)).sum())
    return [
        *found,
        Counted("entrance", int((door >= 0).sum()), 0, int((door < 0).sum()), 0.0),
        Counted("lift", known, 0, int(tall.sum()) - known, 0.0),
    ]


def _counted(element: str, length_m: NDArray[np.float64], of: Flags, measured: Flags, estimated: Flags) -> Counted:
    neither = of & ~measured & ~estimated
    return Counted(
        element,
        int((of & measured).sum()),
        int((of & estimated).sum()),
        int(neither.sum()),
        round(float(length_m[neither].sum()), 1),
    )
