"""The metric CRS follows the longitude, and plane lengths agree with the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from twin import crs
from twin.errors import Refused

GEOD = Geod(ellps="WGS84")


# The cities of design/domain.md §3.2: CGCS2000 3-degree zones by central meridian.
@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [
        (116.391, 39.9, 4548),  # Beijing
        (121.473, 31.2, 4549),  # Shanghai
        (114.058, 22.5, 4547),  # Shenzhen
        (104.066, 30.7, 4544),  # Chengdu
        (87.617, 43.8, 4538),  # Urumqi
        (126.642, 45.8, 4551),  # Harbin
        (120.894, 32.0, 4549),  # Nantong
        (108.940, 34.3, 4545),  # Xi'an
        (7.42, 43.735, 32632),  # Monaco
        (24.94, 60.17, 32635),  # Helsinki
        (-58.4, -34.6, 32721),  # Buenos Aires
        (180.0, 0.0, 32660),
    ],
)
def test_the_metric_crs_follows_the_longitude(lon: float, lat: float, srid: int) -> None:
    assert crs.metric_srid(lon, lat) == srid


def test_each_chinese_zone_has_its_own_central_meridian() -> None:
    for meridian in range(75, 136, 3):
        inside = min(max(float(meridian), crs.CHINA[0]), crs.CHINA[2])
        assert CRS.from_epsg(crs.metric_srid(inside, 35.0)).name == (f"CGCS2000 / 3-degree Gauss-Kruger CM {meridian}E")


@pytest.mark.parametrize(("lon", "lat"), [(181.0, 0.0), (0.0, 89.0), (float("nan"), 0.0)])
def test_a_point_off_the_map_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(Refused, match="no metric projection"):
        crs.metric_srid(lon, lat)


@given(
    lon=st.floats(-179.9, 179.9),
    lat=st.floats(-75, 75),
    bearing=st.floats(0, 360),
)
def test_plane_lengths_agree_with_the_ellipsoid_to_a_thousandth(lon: float, lat: float, bearing: float) -> None:
    far_lon, far_lat, _ = GEOD.fwd(lon, lat, bearing, 500.0)
    x, y = crs.project(crs.metric_srid(lon, lat), [lon, far_lon], [lat, far_lat])
    assert np.hypot(*(np.diff(x), np.diff(y)))[0] == pytest.approx(500.0, rel=1e-3)


def test_unproject_undoes_project() -> None:
    lon, lat = crs.unproject(4548, *crs.project(4548, [116.391, 116.4], [39.9, 39.95]))
    assert lon == pytest.approx([116.391, 116.4], abs=1e-9)
    assert lat == pytest.approx([39.9, 39.95], abs=1e-9)
