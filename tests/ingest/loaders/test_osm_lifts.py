"""A lift is a vertical edge: closing it parts its sides, and nobody passes it for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.osm_lifts import Lift
from tests.ingest.loaders.osm_town import edge, edges, network, reachable, write

PATH = {"highway": "footway"}
LIFT = {"highway": "elevator", "name": "Lift"}


def test_a_lift_between_two_streets_is_an_edge_between_its_sides(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (20, 20)}
    ways = {10: ([1, 2], PATH | {"level": "0"}), 11: ([2, 3], PATH | {"level": "3"})}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert edges(found) == [
        ("n2", "n2:a", "n2:b", "lift", 0),
        ("w10:0", "n1", "n2:a", "path", 20),
        ("w11:0", "n2:b", "n3", "path", 20),
    ]
    assert found.lifts == [Lift("n2", "Lift", "levels tagged", 2)]
    assert {node.source_id: node.level for node in found.nodes if ":" in node.source_id} == {"n2:a": 0.0, "n2:b": 3.0}
    assert reachable(found, "n1", closed=["n2"]) == {"n1", "n2:a"}


def test_without_levels_each_way_is_a_side(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (20, 20), 4: (20, -20)}
    ways = {10: ([1, 2], PATH), 11: ([2, 3], PATH), 12: ([2, 4], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    rides = {(e.source_id, e.tail, e.head) for e in found.edges if e.kind.value == "lift"}
    # one ride between any two sides, all under the lift's id
    assert rides == {("n2:0", "n2:a", "n2:b"), ("n2:1", "n2:a", "n2:c"), ("n2:2", "n2:b", "n2:c")}
    assert found.lifts == [Lift("n2", "Lift", "by geometry", 3)]
    assert reachable(found, "n1", closed=["n2:0", "n2:1", "n2:2"]) == {"n1", "n2:a"}


def test_ways_on_one_level_share_a_side(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (20, 20), 4: (20, -20)}
    ways = {
        10: ([1, 2], PATH | {"level": "0"}),
        11: ([2, 3], PATH | {"level": "0"}),
        12: ([2, 4], PATH | {"level": "-1"}),
    }
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert [e.source_id for e in found.edges if e.kind.value == "lift"] == ["n2"]
    assert reachable(found, "n1", closed=["n2"]) == {"n1", "n2:b", "n3"}


def test_ways_that_all_say_the_same_level_are_still_parted_by_the_lift(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (20, 20)}
    ways = {10: ([1, 2], PATH | {"level": "0"}), 11: ([2, 3], PATH | {"level": "0"})}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert reachable(found, "n1", closed=["n2"]) == {"n1", "n2:a"}


def test_one_way_through_a_lift_has_a_side_before_and_one_after(tmp_path: Path) -> None:
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (20, 0, LIFT), 3: (40, 0)}, {10: ([1, 2, 3], PATH)}))
    assert found.lifts == [Lift("n2", "Lift", "by geometry", 2)]
    assert reachable(found, "n1", closed=["n2"]) == {"n1", "n2:a"}


def test_a_lift_with_one_way_is_joined_to_a_street_near_by_that_is_far_on_foot(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (-10, 10), 4: (50, 10)}
    ways = {10: ([1, 2], PATH), 11: ([3, 4], {"highway": "residential"})}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert found.lifts == [Lift("n2", "Lift", "joined to a way near by", 2)]
    assert edge(found, "n2:join:0").length_m == pytest.approx(10, abs=0.01)
    assert {"n3", "n4"} <= reachable(found, "n1")
    assert reachable(found, "n1", closed=["n2"]) == {"n1", "n2:a"}


def test_a_street_near_by_that_is_reached_on_foot_is_no_other_end(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (0, 10), 4: (50, 10)}
    ways = {10: ([1, 2], PATH), 11: ([3, 4], {"highway": "residential"}), 12: ([1, 3], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert found.lifts == [Lift("n2", "Lift", "dead end", 1)]
    # it can still be watched, and leads nowhere
    assert (edge(found, "n2").tail, edge(found, "n2").head) == ("n2:a", "n2:b")


def test_a_lift_closed_to_the_public_parts_its_sides(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT | {"access": "private"}), 3: (20, 20)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2], PATH), 11: ([2, 3], PATH)}))
    assert found.lifts == [Lift("n2", "Lift", "closed", 2)]
    assert reachable(found, "n1") == {"n1", "n2:a"}


def test_a_lift_on_no_way_is_told(tmp_path: Path) -> None:
    found = network(write(tmp_path / "t.osm", {1: (0, 0), 2: (20, 0, LIFT), 3: (9, 0)}, {10: ([1, 3], PATH)}))
    assert found.lifts == [Lift("n2", "Lift", "not on a walkable way", 0)]


def test_a_lift_mapped_as_a_way_is_a_lift_edge(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0), 3: (24, 0), 4: (44, 0)}
    ways = {10: ([1, 2], PATH), 11: ([2, 3], {"highway": "elevator"}), 12: ([3, 4], PATH)}
    found = network(write(tmp_path / "t.osm", nodes, ways))
    assert edges(found)[1] == ("w11:0", "n2", "n3", "lift", 4)
    assert reachable(found, "n1", closed=["w11:0"]) == {"n1", "n2"}


def test_a_lift_does_not_open_onto_the_middle_of_a_flight_of_steps(tmp_path: Path) -> None:
    nodes = {1: (0, 0), 2: (20, 0, LIFT), 3: (-10, 5), 4: (50, 5)}
    found = network(write(tmp_path / "t.osm", nodes, {10: ([1, 2], PATH), 11: ([3, 4], {"highway": "steps"})}))
    assert found.lifts == [Lift("n2", "Lift", "dead end", 1)]
