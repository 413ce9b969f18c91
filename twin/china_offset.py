"""GCJ-02 and BD-09: the offset coordinates of maps published in mainland China, and the way back.

The formula is the one in public use, found by reverse engineering; how far it is from the official one cannot be tested
here. WGS 84 and GCJ-02 differ by 300 to 700 m, more than the whole radius of a five-minute circle.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

__all__ = ["BORDER_TOLERANCE_M", "bd09_to_wgs84", "gcj02_to_wgs84", "in_mainland", "wgs84_to_bd09", "wgs84_to_gcj02"]

Floats = NDArray[np.float64]

MAINLAND = Path(__file__).with_name("mainland.geojson")
BORDER_TOLERANCE_M = 2000.0  # so near the border the test for the mainland may be wrong

# Krasovsky 1940, the ellipsoid of the formula: semi-major axis [m] and squared eccentricity.
AXIS_M = 6378245.0
ECCENTRICITY_2 = 0.00669342162296594323
CENTRE = (105.0, 35.0)  # where the formula's polynomials start, degrees
# Error against the formula after n passes: 1: 4 m, 2: 0.02 m, 3: 0.0001 m, 6: 3e-9 m; it shrinks about 170-fold a pass.
PASSES = 7
BD_PHASE = np.pi * 3000.0 / 180.0
BD_SHIFT = (0.0065, 0.006)  # degrees


def in_mainland(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Say which points [degrees] lie where the offset applies; shape as given, false for NaN.

    Outside it (Hong Kong, Macao, Taiwan, abroad) nothing is moved. Within BORDER_TOLERANCE_M of a border the answer may
    be wrong: the outline is coarse.
    """
    return np.asarray(shapely.contains_xy(_mainland(), np.asarray(lon, np.float64), np.asarray(lat, np.float64)))


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to GCJ-02 where they lie in mainland China; shapes as given."""
    east, north = _arrays(lon, lat)
    shift_lon, shift_lat = _shift(east, north)
    inside = in_mainland(east, north)
    return np.where(inside, east + shift_lon, east), np.where(inside, north + shift_lat, north)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo wgs84_to_gcj02 to 1e-6 m by a fixed point; shapes as given.

    A point that comes from outside the mainland stays; within an offset of the border it may be moved wrongly.
    """
    east, north = _arrays(lon, lat)
    true_lon, true_lat = east, north
    for _ in range(PASSES):
        shift_lon, shift_lat = _shift(true_lon, true_lat)
        true_lon, true_lat = east - shift_lon, north - shift_lat
    inside = in_mainland(true_lon, true_lat)
    return np.where(inside, true_lon, east), np.where(inside, true_lat, north)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to BD-09 where they lie in mainland China; shapes as given."""
    east, north = _arrays(lon, lat)
    inside = in_mainland(east, north)
    moved_lon, moved_lat = _bd09(*wgs84_to_gcj02(east, north))
    return np.where(inside, moved_lon, east), np.where(inside, moved_lat, north)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo wgs84_to_bd09 to 1e-6 m by a fixed point; shapes as given. The usual closed form is off by up to 0.2 m."""
    east, north = _arrays(lon, lat)
    gcj_lon, gcj_lat = east - BD_SHIFT[0], north - BD_SHIFT[1]
    for _ in range(PASSES):
        there_lon, there_lat = _bd09(gcj_lon, gcj_lat)
        gcj_lon, gcj_lat = gcj_lon + (east - there_lon), gcj_lat + (north - there_lat)
    true_lon, true_lat = gcj02_to_wgs84(gcj_lon, gcj_lat)
    inside = in_mainland(true_lon, true_lat)
    return np.where(inside, true_lon, east), np.where(inside, true_lat, north)


def _shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Give what GCJ-02 adds to WGS 84 at a point, degrees of longitude and latitude."""
    x, y = lon - CENTRE[0], lat - CENTRE[1]
    both = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    root = np.sqrt(np.abs(x))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (both + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (both + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    curve = 1.0 - ECCENTRICITY_2 * np.sin(np.radians(lat)) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY_2) / (curve * np.sqrt(curve))
    parallel_m = AXIS_M / np.sqrt(curve) * np.cos(np.radians(lat))
    return np.degrees(east / parallel_m), np.degrees(north / meridian_m)


def _waves(along: Floats, *waves: tuple[float, float]) -> Floats:
    """Add up sine waves, each an amplitude [m] and half its length [degrees]."""
    heights = [amplitude * np.sin(np.pi * along / length) for amplitude, length in waves]
    return np.asarray(np.sum(heights, axis=0), np.float64)


def _bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees to BD-09."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_PHASE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_PHASE)
    return radius * np.cos(angle) + BD_SHIFT[0], radius * np.sin(angle) + BD_SHIFT[1]


def _arrays(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


@cache
def _mainland() -> shapely.Geometry:
    area = shapely.from_geojson(MAINLAND.read_text(encoding="utf-8"))
    shapely.prepare(area)
    return area
