"""Ways become edges: split where they meet, with what is tagged on them, closed where walkers may not go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.loaders.osm_town import edge, edges, geodesic_m, network, reachable, write
from twin.terms import EdgeKind

STREET = {"highway": "residential"}
PATH = {"highway": "footway"}


def test_two_streets_are_split_where_they_meet(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (50, 0), 3: (90, 0), 4: (50, 40)}
    ways = {10: ([1, 2, 3], STREET | {"name": "East Street"}), 11: ([2, 4], STREET)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert edges(found) == [
        ("w10:0", "n1", "n2", "street", 50),
        ("w10:1", "n2", "n3", "street", 40),
        ("w11:0", "n2", "n4", "street", 40),
    ]
    assert edge(found, "w10:0").name == "East Street"


def test_a_long_street_is_cut_into_equal_parts(tmp_path: Path) -> None:
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (150, 0)}, {10: ([1, 2], STREET)}))
    assert edges(found) == [
        ("w10:0", "n1", "w10@1", "street", 50),
        ("w10:1", "w10@1", "w10@2", "street", 50),
        ("w10:2", "w10@2", "n2", "street", 50),
    ]


def test_a_ring_is_cut_in_two_so_that_no_edge_ends_where_it_starts(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0), 3: (10, 10), 4: (0, 10)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2, 3, 4, 1], PATH)}))
    assert edges(found) == [("w10:0", "n1", "w10@1", "path", 20), ("w10:1", "w10@1", "n1", "path", 20)]


def test_lengths_are_those_on_the_ellipsoid_to_a_thousandth(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (31, 17), 3: (12, 48)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2, 3], PATH)}))
    for row in found.edges:
        assert row.length_m == pytest.approx(geodesic_m(row), rel=1e-3)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "residential"}, EdgeKind.STREET),
        ({"highway": "footway", "footway": "crossing"}, EdgeKind.CROSSING),
        ({"highway": "path"}, EdgeKind.PATH),
        ({"railway": "platform"}, EdgeKind.PATH),
        ({"highway": "steps"}, EdgeKind.STEPS),
        ({"highway": "steps", "conveying": "yes"}, EdgeKind.ESCALATOR),
        ({"highway": "service", "access": "private", "foot": "yes"}, EdgeKind.STREET),
        ({"highway": "cycleway", "foot": "designated"}, EdgeKind.PATH),
        ({"highway": "trunk", "sidewalk": "both"}, EdgeKind.STREET),
        ({"highway": "cycleway"}, None),
        ({"highway": "trunk"}, None),
        ({"highway": "motorway", "foot": "yes"}, None),
        ({"highway": "primary", "motorroad": "yes"}, None),
        ({"highway": "residential", "foot": "no"}, None),
        ({"highway": "service", "access": "private"}, None),
        ({"highway": "construction"}, None),
    ],
)
def test_who_may_walk_where(tmp_path: Path, tags: dict[str, str], kind: EdgeKind | None) -> None:
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (9, 0)}, {10: ([1, 2], tags)}))
    assert [row.kind for row in found.edges] == ([] if kind is None else [kind])


def test_the_steps_of_a_flight_are_shared_by_length_and_none_is_lost(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0), 3: (30, 0), 4: (10, 9)}
    ways = {10: ([1, 2, 3], {"highway": "steps", "step_count": "31", "incline": "up"}), 11: ([2, 4], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert [(edge(found, f"w10:{i}").step_count, edge(found, f"w10:{i}").incline) for i in (0, 1)] == [
        (10, None),
        (21, None),
    ]


def test_an_escalator_goes_one_way_as_it_conveys(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0), 3: (0, 5), 4: (10, 5)}
    tags = {"highway": "steps", "conveying": "forward"}
    ways = {10: ([1, 2], tags), 11: ([3, 4], tags | {"conveying": "backward"})}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert [(e.tail, e.head, e.one_way, e.points[0] < e.points[1]) for e in found.edges] == [
        ("n1", "n2", True, True),
        ("n4", "n3", True, False),
    ]


@pytest.mark.parametrize(("said", "rise"), [("6%", 0.06), ("-8 %", -0.08), ("45°", 1.0), ("up", None), ("steep", None)])
def test_inclines_are_rise_over_run(tmp_path: Path, said: str, rise: float | None) -> None:
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (9, 0)}, {10: ([1, 2], PATH | {"incline": said})}))
    assert found.edges[0].incline == (None if rise is None else pytest.approx(rise))


def test_an_incline_turns_with_an_edge_that_is_walked_backward(tmp_path: Path) -> None:
    tags = PATH | {"incline": "5%", "oneway:foot": "-1"}
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (9, 0)}, {10: ([1, 2], tags)}))
    assert (found.edges[0].tail, found.edges[0].incline) == ("n2", -0.05)


def test_surface_width_wheelchair_light_and_tunnel_are_kept(tmp_path: Path) -> None:
    tags = PATH | {"surface": "sett", "width": "150 cm", "wheelchair": "limited", "lit": "24/7", "tunnel": "yes"}
    row = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (9, 0)}, {10: ([1, 2], tags)})).edges[0]
    assert (row.surface, row.width_m, row.wheelchair, row.lit, row.tunnel) == ("sett", 1.5, "limited", True, True)


def test_a_barrier_inside_a_way_and_the_worst_kerb_of_a_crossing_are_on_their_edge(tmp_path: Path) -> None:
    nodes = {
        1: (0, 0),
        2: (10, 0, {"barrier": "bollard"}),
        3: (20, 0, {"kerb": "lowered"}),
        4: (30, 0, {"barrier": "kerb", "kerb": "raised"}),
        5: (40, 0),
    }
    ways = {10: ([1, 2, 3], PATH), 11: ([3, 4], PATH | {"footway": "crossing"}), 12: ([4, 5], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert [(e.source_id, e.barrier, e.kerb) for e in found.edges] == [
        ("w10:0", "bollard", None),
        ("w11:0", None, "raised"),
        ("w12:0", None, None),
    ]


def test_a_gate_that_is_closed_to_walkers_parts_the_way(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0, {"barrier": "gate", "access": "private"}), 3: (20, 0)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2, 3], PATH)}))
    assert edges(found) == [("w10:0", "n1", "n2:a", "path", 10), ("w10:1", "n2:b", "n3", "path", 10)]
    assert "n3" not in reachable(found, "n1")


def test_a_closed_gate_on_a_fork_is_left_open_and_told(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0, {"barrier": "gate", "foot": "no"}), 3: (20, 0), 4: (10, 10)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2, 3], PATH), 11: ([2, 4], PATH)}))
    assert reachable(found, "n1") == {"n1", "n2", "n3", "n4"}
    assert found.rejected == [("n2", "a closed gate on a junction of 3: left open")]


def test_a_square_is_crossed_in_a_straight_line_inside_its_border_only(tmp_path: Path) -> None:
    # an L: from 7 to 8 the straight line would leave it
    nodes = {
        1: (0, 0), 2: (40, 0), 3: (40, 10), 4: (10, 10), 5: (10, 40), 6: (0, 40),
        7: (60, 5), 8: (5, 60), 9: (-20, 0),
    }  # fmt: skip
    square = {"highway": "pedestrian", "area": "yes"}
    ways = {10: ([1, 2, 3, 4, 5, 6, 1], square), 11: ([7, 3], PATH), 12: ([8, 5], PATH), 13: ([9, 1], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    across = {frozenset((e.tail, e.head)) for e in found.edges if e.source_id.startswith("w10:x")}
    assert across == {frozenset(("n1", "n3")), frozenset(("n1", "n5"))}


def test_a_way_is_cut_where_the_extract_lacks_its_nodes(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (10, 0), 4: (30, 0), 5: (40, 0)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2, 3, 4, 5], PATH)}))
    assert edges(found) == [("w10:0", "n1", "n2", "path", 10), ("w10:1", "n4", "n5", "path", 10)]


def test_two_nodes_at_one_spot_make_no_edge_without_length(tmp_path: Path) -> None:
    found = network(
        write(tmp_path / "t.osm", {1: (0, 0), 2: (0, 0), 3: (9, 0)}, {10: ([1, 2], PATH), 11: ([2, 3], PATH)})
    )
    assert edge(found, "w10:0").length_m > 0
