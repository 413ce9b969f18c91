"""The topology of grids: each fault is one finding."""

import numpy as np
import shapely

from ingest.loaders.regions import Band
from ingest.loaders.topology import findings

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
