"""Choose the metric CRS of a place, and project into it.

Distances are never taken in EPSG:3857: 500 m measured there are 384 m in Beijing and 365 m in Monaco.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from twin import gauss_kruger
from twin.errors import Refused
from twin.gauss_kruger import System

__all__ = ["EARTH", "WGS84", "metric_srid", "project", "unproject"]

WGS84 = 4326

# West, south, east, north [degrees] of all that has a longitude and a latitude.
EARTH = (-180.0, -90.0, 180.0, 90.0)
# Area of use of CGCS2000 (EPSG:4490), degrees; west, south, east, north.
CHINA = (73.62, 16.7, 134.77, 53.56)
# Universal Transverse Mercator is used between these latitudes.
UTM_SOUTH, UTM_NORTH = -80.0, 84.0


def metric_srid(lon: float, lat: float) -> int:
    """Choose the metric CRS for a place by a point in it [degrees, WGS 84].

    CGCS2000 3-degree Gauss-Krueger by central meridian inside CGCS2000's area of use, else the WGS 84 UTM zone. A
    plane distance is off by 0.3 m a kilometre at the edge of such a zone, 0.4 m in the middle of a UTM zone.
    Refuses a point that is not on the earth or beyond UTM.
    """
    if not (EARTH[0] <= lon <= EARTH[2] and UTM_SOUTH <= lat <= UTM_NORTH):
        raise Refused(f"no metric projection for lon {lon}, lat {lat}")
    west, south, east, north = CHINA
    if west <= lon <= east and south <= lat <= north:
        return gauss_kruger.srid(System.CGCS2000, gauss_kruger.zone(lon, 3), 3, numbered=False)
    zone = min(math.floor((lon + 180) / 6) + 1, 60)
    return (32600 if lat >= 0 else 32700) + zone


def project(srid: int, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project WGS 84 degrees to metres east (x) and north (y) in a metric CRS; shapes as given.

    WGS 84 and CGCS2000 are taken as equal, as PROJ does: they differ by less than a metre.
    """
    x, y = _transformer(WGS84, srid).transform(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def unproject(srid: int, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the WGS 84 degrees (lon, lat) of metres east and north in a metric CRS; shapes as given."""
    lon, lat = _transformer(srid, WGS84).transform(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


@lru_cache(maxsize=64)
def _transformer(source: int, target: int) -> Transformer:
    # always_xy: without it pyproj takes latitude first, and gives north first in the Chinese zones
    return Transformer.from_crs(source, target, always_xy=True)
