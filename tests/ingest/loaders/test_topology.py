"""The topology of grids: each fault is one finding."""

import numpy as np
import shapely

from ingest.loaders.regions import Band
from ingest.loaders.topology import addresses, findings

BOUNDARY = shapely.box(0, 0, 300, 100)
BAND = Band(300, 500)


def test_one_overlap_one_gap_and_one_overfull_grid_are_three_findings() -> None:
    # domain notes, S01
    shapes = np.array([shapely.box(0, 0, 110, 100), shapely.box(100, 0, 200, 100), shapely.box(200, 0, 300, 90)])
    found = findings(BOUNDARY, shapes, ["a", "b", "c"], np.array([400.0, 812.0, 300.0]), BAND)
    assert found == [
        "overlap of 1000 m² between a and b",
        "gap of 1000 m² at 250, 95 (metric CRS)",
        "b holds 812 households, outside 300 to 500",
    ]


def test_a_clean_partition_has_no_finding() -> None:
    shapes = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 300, 100)])
    assert findings(BOUNDARY, shapes, ["a", "b"], np.array([300.0, 500.0]), BAND) == []


def test_addresses_in_no_grid_and_in_two_are_named() -> None:
    shapes = np.array([shapely.box(0, 0, 110, 100), shapely.box(100, 0, 200, 100), shapely.box(200, 0, 300, 90)])
    points = shapely.points([(50, 50), (105, 50), (200, 50), (250, 95), (120, 10)])
    # one in an overlap, one on the border of two (which is in one of them), one in a gap
    assert addresses(shapes, points, ["w1", "w2", "w3", "w4", "w5"]) == [
        "1 residential buildings lie in no grid: w4",
        "1 residential buildings lie in two grids or more: w2",
    ]


def test_of_many_addresses_twenty_are_named() -> None:
    (found,) = addresses(
        np.array([shapely.box(0, 0, 1, 1)]), shapely.points([(5, 5)] * 25), [f"w{i}" for i in range(25)]
    )
    assert found.startswith("25 residential buildings lie in no grid: w0, w1,")
    assert found.endswith("w19 and 5 more")
