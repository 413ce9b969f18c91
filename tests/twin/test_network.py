"""A network is stored and comes back as arrays: neighbours near each other, ids that live on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from twin import db, hilbert, network, places
from twin.attachment import attach, attachable
from twin.buildings import BuildingRow
from twin.buildings import load as load_buildings
from twin.buildings import store as store_buildings
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.network import KINDS, EdgeRow, NodeRow
from twin.terms import EdgeKind

# A lane a-b-c, steps c-d, a lift c-e, a tunnel b-f, and a lane g-h that hangs on nothing.
SPOTS = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "g": 6, "h": 7}
AT = {name: (121.4 + 0.001 * i, 31.2) for name, i in SPOTS.items()}
LANES = [("a", "b", "path"), ("b", "c", "path"), ("c", "d", "steps"), ("c", "e", "lift"), ("b", "f", "path")]


def edge(tail: str, head: str, kind: str = "path") -> EdgeRow:
    return EdgeRow(f"{tail}{head}", tail, head, EdgeKind(kind), 95.0, (AT[tail], AT[head]))


NODES = [NodeRow(name, *at) for name, at in AT.items()]
EDGES = [
    replace(edge(*LANES[0]), kerb="raised", incline=0.05, width_m=1.5, lit=True, surface="sett", wheelchair="no"),
    replace(edge(*LANES[1]), barrier="gate", one_way=True),
    replace(edge(*LANES[2]), step_count=12),
    edge(*LANES[3]),
    replace(edge(*LANES[4]), tunnel=True, lit=False),
    edge("g", "h"),
]


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        yield connection


@pytest.fixture
def place_id(connection: Connection) -> int:
    return places.put(
        connection,
        code="lane",
        name="Lane",
        name_zh="里弄",
        boundary=shapely.box(121.39, 31.19, 121.42, 31.21),
        timezone="Asia/Shanghai",
        residents=0,
        households=0,
        attribution="",
    )


def pairs(connection: Connection, query: str) -> dict[Any, Any]:
    """Read two columns as a dictionary."""
    return {row[0]: row[1] for row in connection.execute(sa.text(query))}


def test_what_is_stored_comes_back(connection: Connection, place_id: int) -> None:
    network.store(connection, place_id, NODES, EDGES)
    found = network.load(connection, place_id)
    names = pairs(connection, "SELECT id, source_id FROM network_node")
    back = {}
    for i in range(len(found.edge_ids)):
        tail, head = (names[int(found.node_ids[end[i]])] for end in (found.tail, found.head))
        back[f"{tail}{head}"] = (
            KINDS[found.kind[i]].value,
            bool(found.one_way[i]),
            found.kerbs[found.kerb[i]],
            found.surfaces[found.surface[i]],
            found.wheelchairs[found.wheelchair[i]],
            found.barriers[found.barrier[i]],
            int(found.step_count[i]),
            int(found.lit[i]),
            bool(found.tunnel[i]),
        )
    assert back == {
        "ab": ("path", False, "raised", "sett", "no", "", -1, 1, False),
        "bc": ("path", True, "", "", "", "gate", -1, -1, False),
        "cd": ("steps", False, "", "", "", "", 12, -1, False),
        "ce": ("lift", False, "", "", "", "", -1, -1, False),
        "bf": ("path", False, "", "", "", "", -1, 0, True),
        "gh": ("path", False, "", "", "", "", -1, -1, False),
    }
    assert sorted(found.incline[~np.isnan(found.incline)].tolist()) == [0.05]
    assert sorted(found.width_m[~np.isnan(found.width_m)].tolist()) == [1.5]
    assert (found.length_m == 95.0).all()


def test_arrays_have_the_promised_types_and_cannot_be_written(connection: Connection, place_id: int) -> None:
    network.store(connection, place_id, NODES, EDGES)
    found = network.load(connection, place_id)
    types = {
        "node_ids": "int32", "lon": "float64", "lat": "float64", "edge_ids": "int32", "tail": "int32", "head": "int32",
        "kind": "uint8", "one_way": "bool", "length_m": "float64", "incline": "float64", "step_count": "int16",
        "width_m": "float64", "lit": "int8", "tunnel": "bool", "kerb": "uint8", "surface": "uint8",
        "wheelchair": "uint8", "barrier": "uint8",
    }  # fmt: skip
    assert {name: str(getattr(found, name).dtype) for name in types} == types
    with pytest.raises(ValueError, match="read-only"):
        found.length_m[0] = 1.0


def test_an_empty_network_loads(connection: Connection, place_id: int) -> None:
    found = network.load(connection, place_id)
    assert (len(found.node_ids), len(found.edge_ids), found.kerbs) == (0, 0, ("",))
    assert found.nodes_of(np.array([1, 2], np.int32)).tolist() == [-1, -1]


def test_a_place_that_is_not_there_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFound, match="no place 7"):
        network.load(connection, 7)


def test_ids_live_on_and_what_is_gone_goes(connection: Connection, place_id: int) -> None:
    network.store(connection, place_id, NODES, EDGES)
    before = pairs(connection, "SELECT source_id, id FROM network_edge")
    kept = [replace(EDGES[0], surface="asphalt"), *EDGES[1:3]]
    nodes, edges = network.store(connection, place_id, NODES[:4], kept)
    assert (nodes.added, nodes.changed, nodes.removed) == (0, 0, 4)
    assert (edges.added, edges.changed, edges.removed) == (0, 1, 3)
    after = pairs(connection, "SELECT source_id, id FROM network_edge")
    assert after == {name: before[name] for name in ("ab", "bc", "cd")}


def test_parts_are_numbered_from_the_largest(connection: Connection, place_id: int) -> None:
    network.store(connection, place_id, NODES, EDGES)
    assert sorted(network.components(network.load(connection, place_id)).tolist()) == [0] * 6 + [1] * 2


def test_nodes_are_found_by_id(connection: Connection, place_id: int) -> None:
    network.store(connection, place_id, NODES, EDGES)
    found = network.load(connection, place_id)
    assert found.nodes_of(found.node_ids).tolist() == list(range(8))
    assert found.nodes_of(np.array([-1, 999_999], np.int32)).tolist() == [-1, -1]


def test_buildings_hang_on_the_nearest_node_of_the_main_part_above_ground(
    connection: Connection, place_id: int
) -> None:
    network.store(connection, place_id, NODES, EDGES)
    # beside the lift (c, e), the steps' end (d), the tunnel's end (f), the lone lane (g), and far off
    spots = {"a": "a", "c": "b", "f": None, "g": None}
    rows = [house(name, *AT[name]) for name in spots]
    store_buildings(connection, place_id, rows)
    hung = attach(connection, place_id, "building")
    names = pairs(connection, "SELECT id, source_id FROM network_node")
    found = pairs(connection, "SELECT source_id, node_id FROM building")
    assert {name: names.get(node) for name, node in found.items()} == spots
    assert (hung.attached, hung.too_far) == (2, 2)
    assert hung.farthest_m == pytest.approx(95.3, abs=0.2)  # a thousandth of a degree of longitude at 31.2 N
    walk = network.load(connection, place_id)
    assert {names[int(walk.node_ids[i])] for i in np.flatnonzero(attachable(walk))} == {"a", "b"}
    homes = load_buildings(connection, walk)
    assert (homes.node >= 0).tolist() == [True, True, False, False]
    assert np.isnan(homes.node_m).tolist() == [False, False, True, True]


def house(name: str, lon: float, lat: float) -> BuildingRow:
    outline = shapely.MultiPolygon([shapely.box(lon, lat, lon + 1e-4, lat + 1e-4)])
    return BuildingRow(name, "house", True, 1, False, 100.0, shapely.Point(lon, lat), outline)


def test_the_only_place_needs_no_code_and_two_do(connection: Connection, place_id: int) -> None:
    found = places.get(connection)
    assert (found.id, found.code, found.metric_srid, found.network_version) == (place_id, "lane", 4549, 0)
    assert found.bounds == (121.39, 31.19, 121.42, 31.21)
    assert places.bump(connection, place_id) == 1
    connection.execute(
        sa.text("""
        INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
        SELECT 'other', name, name_zh, boundary, metric_srid, timezone, 0, 0, '' FROM place
        """)
    )
    with pytest.raises(NotFound, match="say which: lane, other"):
        places.get(connection)
    assert places.get(connection, "lane").network_version == 1
    with pytest.raises(NotFound, match="no place 'nowhere'"):
        places.get(connection, "nowhere")


def test_a_boundary_that_crosses_itself_is_mended_and_a_line_is_refused() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert places.as_areas(bow).area == pytest.approx(0.5)
    with pytest.raises(Refused, match="no area"):
        places.as_areas(shapely.LineString([(0, 0), (1, 1)]))


def test_the_curve_visits_neighbours_one_after_the_other() -> None:
    side = np.arange(64, dtype=np.float64)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    along = hilbert.order(x, y)
    assert sorted(along.tolist()) == list(range(64 * 64))
    # on the curve itself each step is 1; a grid of 64 in cells of 65,536 / 64 is walked the same way
    assert (np.abs(np.diff(x[along])) + np.abs(np.diff(y[along]))).max() == 1


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-80, 84)), max_size=50))
def test_the_order_is_a_permutation_whatever_the_points(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points, np.float64).reshape(-1, 2).T
    assert sorted(hilbert.order(x, y).tolist()) == list(range(len(points)))
