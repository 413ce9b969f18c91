"""Blocks: a planar partition whose borders are the streets, and lines between houses where a block is too full."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.loaders.blocks import BRIDGE_M, Blocks, Houses, cut, owner

SQUARE = shapely.box(0, 0, 200, 200)
CROSS = np.array([shapely.LineString([(100, -10), (100, 210)]), shapely.LineString([(-10, 100), (210, 100)])])


def houses(*boxes: tuple[float, float, float, float], households: list[int]) -> Houses:
    footprints = np.array([shapely.box(*box) for box in boxes], dtype=np.object_)
    return Houses(footprints, shapely.point_on_surface(footprints), np.array(households, dtype=np.int64))


def assert_partition(blocks: Blocks, boundary: BaseGeometry) -> None:
    assert shapely.coverage_is_valid(blocks.polygons)
    assert abs(shapely.area(blocks.polygons).sum() - boundary.area) <= 1e-9 * boundary.area
    assert shapely.symmetric_difference(shapely.union_all(blocks.polygons), boundary).area <= 1e-9 * boundary.area


def test_streets_cut_a_place_into_blocks_with_the_households_of_their_houses() -> None:
    found = cut(
        SQUARE, CROSS, houses((10, 10, 30, 30), (40, 10, 60, 30), (150, 150, 170, 170), households=[3, 4, 5]), most=99
    )
    assert_partition(found, SQUARE)
    assert found.households.tolist() == [7, 0, 0, 5]
    assert found.building.tolist() == [0, 0, 3]
    assert found.border_m.toarray().tolist() == [[0, 100, 100, 0], [100, 0, 0, 100], [100, 0, 0, 100], [0, 100, 100, 0]]


def test_a_street_that_ends_in_a_block_does_not_cut_it() -> None:
    blind = np.array([shapely.LineString([(100, -10), (100, 120)])])
    assert len(cut(SQUARE, blind, houses((10, 10, 30, 30), households=[1]), most=99).polygons) == 1


def test_a_street_through_a_building_does_not_cut_it() -> None:
    found = cut(SQUARE, CROSS[:1], houses((80, 80, 120, 120), households=[1]), most=99)
    assert len(found.polygons) == 1


def test_an_overfull_block_is_split_half_way_between_its_houses() -> None:
    found = cut(SQUARE, CROSS[:0], houses((20, 80, 40, 120), (120, 80, 140, 120), households=[60, 50]), most=100)
    assert_partition(found, SQUARE)
    assert found.households.tolist() == [60, 50]
    assert abs(found.polygons[0].bounds[2] - 80) < 3


def test_houses_wall_to_wall_are_split_too() -> None:
    row = houses(*[(20 * i, 80, 20 * i + 20, 100) for i in range(10)], households=[30] * 10)
    found = cut(SQUARE, CROSS[:0], row, most=100)
    assert_partition(found, SQUARE)
    assert found.households.tolist() == [30] * 10


def test_a_traffic_island_joins_its_neighbour() -> None:
    ring = np.array([shapely.box(95, 95, 105, 105).exterior, shapely.LineString([(100, 105), (100, 210)])])
    found = cut(SQUARE, ring, houses((10, 10, 30, 30), households=[1]), most=99)
    assert len(found.polygons) == 1
    assert_partition(found, SQUARE)


def test_an_island_is_tied_to_the_nearest_block() -> None:
    boundary = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(130, 0, 200, 100)])
    found = cut(boundary, CROSS[:0], houses((10, 10, 30, 30), (140, 10, 160, 30), households=[1, 2]), most=99)
    assert_partition(found, boundary)
    assert found.border_m.toarray().tolist() == [[0, BRIDGE_M], [BRIDGE_M, 0]]


def test_a_place_without_streets_and_houses_is_one_block() -> None:
    found = cut(SQUARE, CROSS[:0], houses(households=[]), most=99)
    assert_partition(found, SQUARE)
    assert found.households.tolist() == [0]


def test_a_point_on_a_border_belongs_to_the_first_polygon_and_one_outside_to_none() -> None:
    polygons = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=np.object_)
    points = shapely.points([[1, 0.5], [1.5, 0.5], [3, 3]])
    assert owner(polygons, points).tolist() == [0, 1, -1]
