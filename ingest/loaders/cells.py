"""Cells that statistics are given by: H3, INSPIRE's squares, and squares by their lower left corner in a plane system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import h3
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from ingest.loaders import positions
from twin.crs import WGS84
from twin.datum import Datum
from twin.errors import Refused

__all__ = ["members", "shape", "square"]

# INSPIRE Data Specification on Geographical Grid Systems: 250mN10745E17325 counts in tens of metres, as many zeros are
# left out as the size ends with; with CRS and RES in front the metres are whole.
SQUARE = re.compile(r"(?:CRS(\d{4,5})RES)?(\d{1,5})(k?m)N(\d+)E(\d+)", re.ASCII)
EUROPE = 3035
KM = 1000
MOST_M = 100_000

Floats = NDArray[np.float64]


def shape(code: str) -> shapely.Polygon:
    """Give the area of an H3 or INSPIRE cell [degrees, WGS 84]; raises Refused where the code is neither."""
    if h3.is_valid_cell(code):
        return shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(code)])
    srid, x, y, size = _square(code)
    back = _transformer(srid, WGS84)
    lon, lat = back.transform(np.array([x, x + size, x + size, x]), np.array([y, y, y + size, y + size]))
    made = shapely.Polygon(list(zip(lon, lat, strict=True))) if np.all(np.isfinite([lon, lat])) else shapely.Polygon()
    if made.is_empty:
        raise Refused(f"cell {code[:40]!r} is nowhere on the earth")
    return made


def square(x: str, y: str, size_m: float, datum: Datum) -> shapely.Polygon:
    """Give the area [degrees, WGS 84] of a square by its lower left corner in a datum that is counted in metres."""
    east, north = positions.numbers(x, y)
    corners = ((0.0, 0.0), (size_m, 0.0), (size_m, size_m), (0.0, size_m))
    at = [positions.position(repr(east + right), repr(north + up), datum) for right, up in corners]
    return shapely.Polygon(at)


def members(areas: Mapping[str, shapely.Polygon], points: Floats) -> dict[str, list[int]]:
    """Give which points, (n, 2) degrees, lie in each area; a point on a common border is in the first only."""
    names = list(areas)
    tree = shapely.STRtree([areas[name] for name in names])
    of_point, of_area = tree.query(shapely.points(points), predicate="intersects")
    found: dict[str, list[int]] = {name: [] for name in names}
    inner: Sequence[bool] = shapely.contains_xy(
        np.array([areas[names[area]] for area in of_area], np.object_), points[of_point]
    ).tolist()
    taken: set[int] = set()
    # a point inside one area and on the border of the next is the first one's, whichever comes first
    for at in sorted(range(len(of_point)), key=lambda i: (not inner[i], of_area[i])):
        if inner[at] or int(of_point[at]) not in taken:
            found[names[of_area[at]]].append(int(of_point[at]))
            taken.add(int(of_point[at]))
    return {name: sorted(rows) for name, rows in found.items()}


def _square(code: str) -> tuple[int, float, float, float]:
    """Take the code of a square apart: srid, x and y of the lower left corner, and the size [m]."""
    found = SQUARE.fullmatch(code)
    if found is None:
        raise Refused(f"cell {code[:40]!r} is neither an H3 index nor a square such as 250mN10745E17325")
    size = int(found[2]) * (KM if found[3] == "km" else 1)
    if not 0 < size <= MOST_M:
        raise Refused(f"cell {code[:40]!r} has no size from 1 m to 100 km")
    scale = 1 if found[1] else 10 ** (len(str(size)) - len(str(size).rstrip("0")))
    return int(found[1] or EUROPE), int(found[5]) * scale, int(found[4]) * scale, size


@lru_cache(maxsize=16)
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
