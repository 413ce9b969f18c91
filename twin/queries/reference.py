"""Coordinate reference systems as OGC's URIs name them, and the order in which each writes its axes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pyproj import CRS
from pyproj.exceptions import CRSError

from twin.errors import Refused

__all__ = ["CRS84", "Reference", "known", "reference"]

URI = "http://www.opengis.net/def/crs/"
EPSG = re.compile(r"http://www\.opengis\.net/def/crs/EPSG/(?:0|[0-9.]{1,10})/([0-9]{4,6})", re.ASCII)
# WGS 84, CGCS2000, its zone around 120° E, and web maps; each place adds its own metric CRS.
EVERYWHERE = (4326, 4490, 4549, 3857)
DEGREES, METRES = 7, 3  # decimals: 1 cm, 1 mm


@dataclass(frozen=True, slots=True)
class Reference:
    """A CRS; `is_flipped`: it writes the axis to the north before that to the east."""

    uri: str
    srid: int
    is_flipped: bool
    is_geographic: bool

    @property
    def decimals(self) -> int:
        """Give how many decimals its coordinates are written with."""
        return DEGREES if self.is_geographic else METRES


CRS84 = Reference(f"{URI}OGC/1.3/CRS84", 4326, is_flipped=False, is_geographic=True)


@cache
def _of(srid: int) -> Reference:
    crs = CRS.from_epsg(srid)
    is_flipped = crs.axis_info[0].direction.lower() == "north"
    return Reference(f"{URI}EPSG/0/{srid}", srid, is_flipped, crs.is_geographic)


def known(metric_srid: int) -> tuple[Reference, ...]:
    """Give the CRSs that a place is served in, the default first."""
    return (CRS84, *(_of(srid) for srid in dict.fromkeys((*EVERYWHERE, metric_srid))))


def reference(uri: str, metric_srid: int) -> Reference:
    """Read a CRS's URI. Raises Refused for one that the place is not served in."""
    if uri == CRS84.uri:
        return CRS84
    found = EPSG.fullmatch(uri)
    try:
        asked = _of(int(found[1])) if found else None
    except CRSError:
        asked = None
    if asked is None or asked not in known(metric_srid):
        raise Refused("the CRS is not one of those that the collection names")
    return asked
