"""GCJ-02 and BD-09: the offsets of design/domain.md §3.8, the way back to 1e-6 m, and nothing moved abroad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from twin import china_offset

GEOD = Geod(ellps="WGS84")
METRES = 0.5  # what the table is rounded to


# Offsets measured with the public formula: design/domain.md §3.8.
@pytest.mark.parametrize(
    ("lon", "lat", "offset_m"),
    [
        (116.391, 39.907, 556),  # Beijing
        (121.473, 31.230, 482),  # Shanghai
        (114.058, 22.543, 606),  # Shenzhen
        (120.894, 31.980, 466),  # Nantong
        (87.617, 43.820, 266),  # Urumqi
    ],
)
def test_gcj02_is_as_far_from_wgs84_as_the_table_says(lon: float, lat: float, offset_m: float) -> None:
    assert GEOD.inv(lon, lat, *china_offset.wgs84_to_gcj02(lon, lat))[2] == pytest.approx(offset_m, abs=2 * METRES)


def test_bd09_in_beijing_is_1379_m_from_wgs84() -> None:
    there = china_offset.wgs84_to_bd09(116.391, 39.907)
    assert GEOD.inv(116.391, 39.907, *there)[2] == pytest.approx(1379, abs=METRES)


# The table: median 433 m, 95 % 617 m, at most 694 m, over 20,000 points of an area that it does not state.
def test_offsets_over_the_mainland_are_within_a_twentieth_of_the_table() -> None:
    rng = np.random.default_rng(22)
    lon, lat = rng.uniform(73.6, 134.8, 60_000), rng.uniform(18.0, 53.6, 60_000)
    inside = china_offset.in_mainland(lon, lat)
    lon, lat = lon[inside], lat[inside]
    offset_m = GEOD.inv(lon, lat, *china_offset.wgs84_to_gcj02(lon, lat))[2]
    assert np.percentile(offset_m, [50, 95, 100]) == pytest.approx([433, 617, 694], rel=0.05)


@given(lon=st.floats(98, 117), lat=st.floats(27, 38))
def test_both_ways_end_where_they_began_to_a_thousandth_of_a_millimetre(lon: float, lat: float) -> None:
    for there, back in (
        (china_offset.wgs84_to_gcj02, china_offset.gcj02_to_wgs84),
        (china_offset.wgs84_to_bd09, china_offset.bd09_to_wgs84),
    ):
        assert GEOD.inv(lon, lat, *back(*there(lon, lat)))[2] < 1e-6


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (114.158, 22.281),  # Hong Kong, Central
        (114.128, 22.500),  # Sheung Shui, 3 km from the border
        (113.560, 22.146),  # Macao
        (121.500, 25.040),  # Taipei
        (105.850, 21.030),  # Hanoi: inside the usual rectangle
        (126.980, 37.570),  # Seoul: too
        (7.420, 43.735),  # Monaco
        (float("nan"), 30.0),
    ],
)
def test_outside_the_mainland_nothing_is_moved(lon: float, lat: float) -> None:
    for move in (
        china_offset.wgs84_to_gcj02,
        china_offset.gcj02_to_wgs84,
        china_offset.wgs84_to_bd09,
        china_offset.bd09_to_wgs84,
    ):
        assert np.array_equal(np.array(move(lon, lat)), [lon, lat], equal_nan=True)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (114.118, 22.545),  # Shenzhen, Luohu
        (113.885, 22.525),  # Qianhai, on new land
        (113.530, 22.130),  # Hengqin, beside Macao
        (121.930, 30.890),  # Lingang
        (110.330, 20.030),  # Haikou
        (124.390, 40.120),  # Dandong
        (75.990, 39.470),  # Kashgar
        (127.490, 50.245),  # Heihe
    ],
)
def test_cities_at_the_rim_are_in_the_mainland(lon: float, lat: float) -> None:
    assert china_offset.in_mainland(lon, lat)
