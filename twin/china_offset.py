"""GCJ-02 and BD-09: the offset coordinates of maps published in mainland China, and the way back.

The formula is the one in public use, found by reverse engineering; how far it is from the official one cannot be tested
here. WGS 84 and GCJ-02 differ by 300 to 700 m, more than the whole radius of a five-minute circle.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

__all__ = ["BORDER_TOLERANCE_M", "bd09_to_wgs84", "gcj02_to_wgs84", "in_mainland", "wgs84_to_bd09", "wgs84_to_gcj02"]

Floats = NDArray[np.float64]
Move = Callable[[Floats, Floats], tuple[Floats, Floats]]

MAINLAND = Path(__file__).with_name("mainland.geojson")
BORDER_TOLERANCE_M = 2000.0  # so near the border the test for the mainland may be wrong

# Krasovsky 1940, the ellipsoid of the formula: semi-major axis [m] and squared eccentricity.
AXIS_M = 6378245.0
ECCENTRICITY_2 = 0.00669342162296594323
CENTRE = (105.0, 35.0)  # where the formula's polynomials start, degrees
REACH = 40.0  # degrees from there; all of China is nearer
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
    return _moved(lon, lat, in_mainland, _gcj02)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to BD-09 where they lie in mainland China; shapes as given."""
    return _moved(lon, lat, in_mainland, lambda east, north: _bd09(*_gcj02(east, north)))


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo wgs84_to_gcj02 to 1e-6 m by a fixed point; shapes as given.

    A point that comes from outside the mainland stays; within an offset of the border it may be moved wrongly.
    """
    return _moved(lon, lat, lambda east, north: in_mainland(*_ungcj02(east, north)), _ungcj02)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Undo wgs84_to_bd09 to 1e-6 m by a fixed point; shapes as given. The usual closed form is off by up to 0.2 m."""
    return _moved(lon, lat, lambda east, north: in_mainland(*_unbd09(east, north)), _unbd09)


def _moved(
    lon: ArrayLike, lat: ArrayLike, concerns: Callable[[Floats, Floats], NDArray[np.bool_]], move: Move
) -> tuple[Floats, Floats]:
    """Move the points that it concerns; what is far from China (metres, NaN) does not even enter the formula."""
    east, north = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    near = (np.abs(east - CENTRE[0]) < REACH) & (np.abs(north - CENTRE[1]) < REACH)
    x, y = np.where(near, east, CENTRE[0]), np.where(near, north, CENTRE[1])
    moved_x, moved_y = move(x, y)
    chosen = near & concerns(x, y)
    return np.where(chosen, moved_x, east), np.where(chosen, moved_y, north)


def _undone(move: Move, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Find what a move takes to these points."""
    before_lon, before_lat = lon, lat
    for _ in range(PASSES):
        there_lon, there_lat = move(before_lon, before_lat)
        before_lon, before_lat = before_lon + (lon - there_lon), before_lat + (lat - there_lat)
    return before_lon, before_lat


def _ungcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _undone(_gcj02, lon, lat)


def _unbd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _ungcj02(*_undone(_bd09, lon, lat))


def _gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS 84 degrees to GCJ-02, wherever they are."""
    shift_lon, shift_lat = _shift(lon, lat)
    return lon + shift_lon, lat + shift_lat


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


@cache
def _mainland() -> shapely.Geometry:
    area = shapely.from_geojson(MAINLAND.read_text(encoding="utf-8"))
    shapely.prepare(area)
    return area
