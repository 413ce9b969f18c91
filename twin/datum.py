"""Datums: what the coordinates of a file are, as its owner declares it, and the way from them to WGS 84.

`WGS84`, `CGCS2000`, `GCJ-02`, `BD-09`; `CGCS2000-GK3` and `-GK6` (zone number in front of the easting),
`CGCS2000-GK3-CM120` (without; central meridian 120 E); the same with `XIAN80` and `BEIJING54`; `EPSG:4549`;
a PROJ string (`+proj=...`). A city's own system is fitted (twin/local_fit.py). Latin case, blanks and dashes don't
matter. x is east or longitude, y north or latitude, whatever the survey calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from twin import china_offset, gauss_kruger
from twin.crs import CHINA, EARTH, WGS84
from twin.errors import Refused
from twin.gauss_kruger import System, Width
from twin.local_fit import Fit

__all__ = ["EXAMPLES", "WGS_84", "Bounds", "Datum", "fitted", "parse"]

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]  # west, south, east, north [degrees, WGS 84]

EXAMPLES = "WGS84, CGCS2000, GCJ-02, BD-09, CGCS2000-GK3, CGCS2000-GK3-CM120, EPSG:4549 or local:CONTROL.csv"
RIM = 2.0  # degrees: data of one place is written in its zone beyond the zone's edge too
# EPSG lists no operation from these to WGS 84 but for a few oil fields; the one of the Ordos basin moves a point by 51 m.
OLD_SYSTEMS = {
    System.XIAN_1980: "Xian 1980 has no published way to WGS 84: taken as it stands, it may be off by 100 m",
    System.BEIJING_1954: "Beijing 1954 has no published way to WGS 84: taken as it stands, it may be off by 100 m",
}
OLD_GEODETIC = {4610: System.XIAN_1980, 4214: System.BEIJING_1954}
SIMPLE = {"WGS84": "WGS84", "EPSG4326": "WGS84", "EPSG4490": "CGCS2000", "GCJ02": "GCJ-02", "BD09": "BD-09"}
PLANE = re.compile(r"(CGCS2000|XIAN80|BEIJING54)(?:GK([36])(?:CM(\d{2,3}))?)?")
ZONE_M = 1_000_000  # what a zone number in front of an easting counts


@dataclass(frozen=True, slots=True)
class Datum:
    """A datum: its name, the way to WGS 84 degrees, where it is used, and what to warn of ("" nothing)."""

    name: str
    degrees: Callable[[ArrayLike, ArrayLike], tuple[Floats, Floats]]  # infinite or NaN where there is no such place
    area: Bounds
    warning: str = ""

    def locate(self, x: ArrayLike, y: ArrayLike, *, within: Bounds | None = None) -> tuple[Floats, Floats]:
        """Give the WGS 84 degrees (lon, lat) of points that must lie in the area of use, and in `within`.

        Refuses the points where one lies outside, and says so where they would all lie inside the other way round.
        """
        lon, lat = self.degrees(x, y)
        outside = ~self.covers(lon, lat, within=within)
        if not outside.any():
            return lon, lat
        if self.covers(*self.degrees(y, x), within=within).all():
            raise Refused(f"x and y are the wrong way round for {self.name}: the points fit when swapped")
        where = "outside the area of use" if within is None else "far outside the place"
        raise Refused(f"{int(outside.sum())} of {outside.size} points lie {where} if they are {self.name}")

    def covers(self, lon: Floats, lat: Floats, *, within: Bounds | None = None) -> NDArray[np.bool_]:
        """Say which points [degrees, WGS 84] lie in the area of use and in `within`; false for NaN."""
        inside = np.ones(np.shape(lon), np.bool_)
        for west, south, east, north in (self.area, within or self.area):
            inside &= (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return inside


def parse(declared: str) -> Datum:
    """Give the datum that is declared; refuses one that is not known."""
    if declared.strip().startswith("+proj="):
        return _projected(declared.strip(), declared.strip())
    name = re.sub(r"[\s\-_:.]", "", declared).upper()
    if name in SIMPLE:
        return _simple(SIMPLE[name])
    plane = PLANE.fullmatch(name)
    if plane is not None:
        return _chinese(System(plane[1]), plane[2], plane[3])
    if re.fullmatch(r"EPSG\d{4,6}", name):
        return _projected(f"EPSG:{name[4:]}", f"EPSG:{name[4:]}")
    raise Refused(f"unknown datum {declared[:60]!r}; say for example {EXAMPLES}")


def fitted(local: Fit) -> Datum:
    """Give the datum of a local system that was fitted on control points."""
    return Datum("local", local.degrees, EARTH, local.describe())


def _as_it_is(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


WGS_84 = Datum("WGS84", _as_it_is, EARTH)


def _simple(name: str) -> Datum:
    return {
        "WGS84": WGS_84,
        "CGCS2000": Datum("CGCS2000", _as_it_is, CHINA),
        "GCJ-02": Datum("GCJ-02", china_offset.gcj02_to_wgs84, CHINA),
        "BD-09": Datum("BD-09", china_offset.bd09_to_wgs84, CHINA),
    }[name]


def _chinese(system: System, width: str | None, meridian: str | None) -> Datum:
    """Give a Chinese system in degrees, in zones by number, or in the zone of a central meridian."""
    if width is None:
        return Datum(system.value, _as_it_is, CHINA, OLD_SYSTEMS.get(system, ""))
    wide = cast("Width", int(width))
    name = f"{system}-GK{wide}"
    warning = OLD_SYSTEMS.get(system, "")
    if meridian is None:
        return Datum(name, lambda x, y: _by_zone_number(system, wide, x, y), CHINA, warning)
    numbers = [n for n in gauss_kruger.zones(wide) if gauss_kruger.central_meridian(n, wide) == int(meridian)]
    if not numbers:
        raise Refused(f"no {wide}-degree zone has the central meridian {meridian}")
    srid = gauss_kruger.srid(system, numbers[0], wide, numbered=False)
    return Datum(f"{name}-CM{int(meridian)}", _to_wgs84(f"EPSG:{srid}"), _zone_area(int(meridian), wide), warning)


def _by_zone_number(system: System, width: Width, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Read each easting's zone number; NaN where it has none."""
    east, north = np.atleast_1d(*_as_it_is(x, y))
    with np.errstate(invalid="ignore"):
        numbers = np.floor(east / ZONE_M)
    lon, lat = np.full(east.shape, np.nan), np.full(east.shape, np.nan)
    for number in set(np.unique(numbers).tolist()) & set(gauss_kruger.zones(width)):
        chosen = numbers == number
        srid = gauss_kruger.srid(system, int(number), width, numbered=True)
        lon[chosen], lat[chosen] = _to_wgs84(f"EPSG:{srid}")(east[chosen], north[chosen])
    return lon.reshape(np.shape(x)), lat.reshape(np.shape(x))


def _zone_area(meridian: int, width: Width) -> Bounds:
    _, south, _, north = CHINA
    return meridian - width / 2 - RIM, south, meridian + width / 2 + RIM, north


def _projected(name: str, definition: str) -> Datum:
    """Give a CRS that PROJ knows; its area of use widened by RIM, the whole earth where it states none."""
    try:
        found = CRS.from_user_input(definition)
    except CRSError:
        raise Refused(f"unknown datum {name[:60]!r}") from None
    if not (found.is_geographic or found.is_projected) or len(found.axis_info) != 2:  # noqa: PLR2004
        raise Refused(f"{name} is {found.name}, no CRS of the plane or of degrees")
    area, use = EARTH, found.area_of_use
    if use is not None:
        # a zone across the date line has its west in the east: no bound is drawn then
        across = use.west > use.east
        west, east = (-180.0, 180.0) if across else (use.west - RIM, use.east + RIM)
        area = (west, use.south - RIM, east, use.north + RIM)
    geodetic = found.geodetic_crs.to_epsg() if found.geodetic_crs is not None else None
    system = OLD_GEODETIC.get(geodetic) if geodetic else None
    return Datum(name, _to_wgs84(definition), area, OLD_SYSTEMS[system] if system else "")


@lru_cache(maxsize=64)
def _to_wgs84(definition: str) -> Callable[[ArrayLike, ArrayLike], tuple[Floats, Floats]]:
    # always_xy: without it pyproj takes north first in the Chinese zones
    transformer = Transformer.from_crs(definition, WGS84, always_xy=True)

    def degrees(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        lon, lat = transformer.transform(*_as_it_is(x, y))
        return np.asarray(lon, np.float64), np.asarray(lat, np.float64)

    return degrees
