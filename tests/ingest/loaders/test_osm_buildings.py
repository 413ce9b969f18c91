"""Buildings: who lives there, how high, and where the door is."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from ingest.loaders import osm_buildings
from tests.ingest.loaders.osm_town import SRID, degrees, extract, town, write
from twin.buildings import BuildingRow

Tags = dict[str, str]
YES = {"building": "yes"}
FLATS = {"building": "apartments"}


def rows(
    path: Path, *houses: Tags, size_m: float = 10, boundary: shapely.MultiPolygon | None = None
) -> list[BuildingRow]:
    """Build square houses in a row eastward, 20 m apart."""
    nodes: dict[int, tuple[float, float] | tuple[float, float, Tags]] = {}
    ways: dict[int, tuple[list[int], Tags]] = {}
    for i, tags in enumerate(houses):
        refs = [10 * i + corner for corner in range(1, 5)]
        for ref, (east, north) in zip(refs, [(0, 0), (1, 0), (1, 1), (0, 1)], strict=True):
            nodes[ref] = (20 * i + east * size_m, north * size_m)
        ways[i + 1] = ([*refs, refs[0]], tags)
    found, rejected = osm_buildings.build(extract(write(path / "t.osm", nodes, ways)), SRID, town(), boundary or town())
    assert rejected == []
    return sorted(found, key=lambda row: row.source_id)


def test_a_building_is_measured_in_metres(tmp_path: Path) -> None:
    (row,) = rows(
        tmp_path, FLATS | {"building:levels": "5", "elevator": "yes", "addr:street": "East", "addr:housenumber": "7"}
    )
    assert (row.source_id, row.kind, row.floors, row.floors_assumed, row.lift, row.address) == (
        "w1", "apartments", 5, False, True, "7 East",
    )  # fmt: skip
    assert row.footprint_m2 == pytest.approx(100, rel=1e-3)


@pytest.mark.parametrize(
    ("tags", "dwelling"),
    [
        (FLATS, True),
        (YES, True),
        (YES | {"shop": "bakery"}, False),
        (YES | {"amenity": "school"}, False),
        ({"building": "retail"}, False),
        (FLATS | {"shop": "bakery"}, True),
    ],
)
def test_who_lives_where(tmp_path: Path, tags: Tags, dwelling: bool) -> None:
    assert [row.residential for row in rows(tmp_path, tags)] == [dwelling]


def test_a_shed_and_a_house_outside_the_boundary_are_no_dwellings(tmp_path: Path) -> None:
    assert [row.residential for row in rows(tmp_path, FLATS, size_m=4)] == [False]
    assert [row.residential for row in rows(tmp_path, FLATS, FLATS, boundary=town(east_m=15))] == [True, False]


def test_floors_that_are_not_tagged_are_the_median_of_the_kind(tmp_path: Path) -> None:
    tagged = [FLATS | {"building:levels": n} for n in ("4", "5", "5.5", "7", "9")]
    found = rows(tmp_path, *tagged, FLATS, YES, YES | {"height": "12 m"}, YES | {"building:levels": "20"})
    assert [(row.floors, row.floors_assumed) for row in found] == [
        (4, False), (5, False), (6, False), (7, False), (9, False), (6, True), (6, True), (4, True), (20, False),
    ]  # fmt: skip


def test_the_point_of_a_building_is_its_main_entrance(tmp_path: Path) -> None:
    nodes = {
        1: (0, 0),
        2: (10, 0, {"entrance": "yes"}),
        3: (10, 10, {"entrance": "main"}),
        4: (0, 10, {"entrance": "exit"}),
    }
    path = write(tmp_path / "t.osm", nodes, {1: ([1, 2, 3, 4, 1], FLATS)})
    (row,), _ = osm_buildings.build(extract(path), SRID, town(), town())
    assert (row.point.x, row.point.y) == pytest.approx(degrees(10, 10), abs=1e-7)
