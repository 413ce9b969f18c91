"""The sea lies right of the coastline."""

from __future__ import annotations

import pytest
import shapely

from ingest.loaders.osm_coast import sea

WINDOW = shapely.box(0, 0, 1000, 1000)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def test_no_coastline_no_sea() -> None:
    assert sea([], WINDOW).is_empty


def test_the_sea_is_right_of_a_coast_that_crosses_the_window() -> None:
    northward = sea([line((400, -10), (400, 500)), line((400, 500), (400, 1010))], WINDOW)
    assert northward.equals(shapely.box(400, 0, 1000, 1000))
    assert sea([line((400, 1010), (400, -10))], WINDOW).equals(shapely.box(0, 0, 400, 1000))


def test_a_coast_that_is_cut_off_is_led_on_straight() -> None:
    assert sea([line((400, 300), (400, 600))], WINDOW).symmetric_difference(shapely.box(400, 0, 1000, 1000)).area < 1e-6


def test_an_island_is_land_and_a_pond_of_the_sea_is_water() -> None:
    coast = line((500, -10), (500, 1010))
    island = line((700, 700), (800, 700), (800, 800), (700, 800), (700, 700))  # land on its left
    lagoon = line((100, 100), (100, 200), (200, 200), (200, 100), (100, 100))  # water on its right
    water = sea([coast, island, lagoon], WINDOW)
    assert water.area == pytest.approx(500 * 1000 - 100 * 100 + 100 * 100)
    assert not water.covers(shapely.Point(750, 750))
    assert water.covers(shapely.Point(150, 150))


def test_coast_outside_the_window_says_nothing() -> None:
    assert sea([line((5000, 0), (5000, 900))], WINDOW).is_empty
