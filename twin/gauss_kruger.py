"""Gauss-Krueger zones of the Chinese systems: CGCS2000, Xian 1980 and Beijing 1954, 3 and 6 degrees wide.

A zone is written two ways: with its number in front of the easting (40,640,346) or without (640,346).
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Literal

__all__ = ["System", "Width", "central_meridian", "srid", "zone", "zones"]

Width = Literal[3, 6]  # degrees
NARROW: Width = 3  # zone n lies about the meridian 3n; wide ones are counted from Greenwich


class System(StrEnum):
    """A geodetic system with such zones."""

    CGCS2000 = "CGCS2000"
    XIAN_1980 = "XIAN80"
    BEIJING_1954 = "BEIJING54"


# EPSG code = number here + zone; with the zone number in the easting, and without (named by the central meridian).
BASE: dict[tuple[System, Width], tuple[int, int]] = {
    (System.CGCS2000, 3): (4488, 4509),
    (System.CGCS2000, 6): (4478, 4489),
    (System.XIAN_1980, 3): (2324, 2345),
    (System.XIAN_1980, 6): (2314, 2325),
    (System.BEIJING_1954, 3): (2376, 2397),
    (System.BEIJING_1954, 6): (21400, 21440),
}
ZONES: dict[Width, range] = {3: range(25, 46), 6: range(13, 24)}


def zones(width: Width) -> range:
    """Give the zones that the area of these systems has: 25 to 45, and 13 to 23."""
    return ZONES[width]


def zone(lon: float, width: Width = 3) -> int:
    """Give the zone of a longitude [degrees]; raises ValueError where these systems have none there."""
    found = math.floor(lon / 3 + 0.5) if width == NARROW else math.floor(lon / 6) + 1
    if found not in ZONES[width]:
        raise ValueError(f"no {width}-degree zone at longitude {lon}")
    return found


def central_meridian(number: int, width: Width) -> int:
    """Give the central meridian of a zone [degrees east]."""
    return 3 * number if width == NARROW else 6 * number - 3


def srid(system: System, number: int, width: Width, *, numbered: bool) -> int:
    """Give the EPSG code of a zone; numbered: its number stands in front of the easting.

    Raises ValueError where there is no such zone.
    """
    if number not in ZONES[width]:
        raise ValueError(f"no {width}-degree zone {number}: there are {ZONES[width][0]} to {ZONES[width][-1]}")
    with_number, by_meridian = BASE[system, width]
    return (with_number if numbered else by_meridian) + number
