"""A village of 6 nodes, one lift and two buildings, small enough to work by hand; the picture is in test_coverage.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulations.community import SERVICES, Community, assemble
from twin.buildings import Buildings
from twin.facilities import Facilities
from twin.network import KINDS, Network
from twin.places import Place
from twin.residents import Residents
from twin.terms import EdgeKind, Service

LIFT, STEPS = 3, 4  # rows of the village's edges
EDGE_IDS = (101, 102, 103, 104, 105, 106)

PLACE = Place(1, "village", "Village", "村", 32632, "UTC", 100, 40, "", 1, (7.0, 43.0, 7.1, 43.1))


def network(
    nodes: int,
    edges: Sequence[tuple[int, int, EdgeKind, float]],
    *,
    steps: Sequence[int] | None = None,
    edge_ids: Sequence[int] | None = None,
) -> Network:
    """Make a network of edges (tail, head, kind, metres), nothing else tagged."""
    m = len(edges)
    tail, head = (np.array([edge[end] for edge in edges], np.int32).reshape(m) for end in (0, 1))
    codes = {name: np.zeros(m, np.uint8) for name in ("kerb", "surface", "wheelchair", "barrier")}
    return Network(
        place_id=1,
        version=1,
        node_ids=np.arange(1, nodes + 1, dtype=np.int32),
        lon=np.linspace(7.0, 7.1, nodes),
        lat=np.linspace(43.0, 43.1, nodes),
        edge_ids=np.array(edge_ids or range(1, m + 1), np.int32),
        tail=tail,
        head=head,
        kind=np.array([KINDS.index(edge[2]) for edge in edges], np.uint8),
        one_way=np.zeros(m, np.bool_),
        length_m=np.array([edge[3] for edge in edges], np.float64),
        incline=np.full(m, np.nan),
        incline_error=np.full(m, np.nan),
        step_count=np.array(steps or [-1] * m, np.int16),
        width_m=np.full(m, np.nan),
        lit=np.full(m, -1, np.int8),
        tunnel=np.zeros(m, np.bool_),
        kerbs=("",),
        surfaces=("",),
        wheelchairs=("",),
        barriers=("",),
        **codes,
    )


def village(*, upper_lift: int = -1) -> Community:
    """Put the village together; upper_lift is what is known of the lift of the building on the hill."""
    streets = network(
        6,
        [
            (0, 1, EdgeKind.STREET, 111.0),
            (1, 2, EdgeKind.PATH, 222.0),
            (1, 3, EdgeKind.STREET, 55.5),
            (3, 4, EdgeKind.LIFT, 20.0),
            (3, 4, EdgeKind.STEPS, 36.0),
            (4, 5, EdgeKind.PATH, 111.0),
        ],
        steps=[-1, -1, -1, -1, 120, -1],
        edge_ids=EDGE_IDS,
    )
    houses = Buildings(
        ids=np.array([11, 12], np.int32),
        node=np.array([2, 5], np.int32),
        node_m=np.array([11.1, 0.0]),
        floors=np.array([1, 2], np.int16),
        lift=np.array([0, upper_lift], np.int8),
        residential=np.ones(2, np.bool_),
        grid_ids=np.array([21, 21], np.int32),
        lon=np.array([7.0, 7.1]),
        lat=np.array([43.0, 43.1]),
        names=("valley house", "hill house"),
    )
    people = Residents(
        ("18-34", "65-79"),
        np.array([[30, 10], [40, 20]], np.int32),
        np.ones(2, np.int64),
        np.array([[30, 10], [40, 20]]) > 0,
    )
    shops = Facilities(
        ids=np.array([31], np.int32),
        service=np.array([SERVICES.index(Service.PHARMACY)], np.uint8),
        node=np.array([0], np.int32),
        node_m=np.array([0.0]),
        step_free=np.array([-1], np.int8),
        upstairs_in=np.array([-1], np.int32),
        source_ids=("n1",),
        names=("pharmacy",),
        names_zh=(None,),
    )
    return assemble(PLACE, streets, houses, people, shops)
