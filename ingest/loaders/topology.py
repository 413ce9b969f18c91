"""Find what is wrong with the topology of grids."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ingest.loaders.regions import Band

__all__ = ["SMALLEST_M2", "addresses", "findings"]

NAMED = 20  # addresses that a finding names
SMALLEST_M2 = 1.0  # smaller overlaps and gaps come from rounded coordinates


def findings(
    boundary: BaseGeometry,
    shapes: NDArray[np.object_],
    codes: Sequence[str],
    households: NDArray[np.float64],
    band: Band,
) -> list[str]:
    """Say each overlap of two grids, each gap in the boundary, and each grid whose households are out of the band.

    Shapes are in the place's metric CRS, codes and households beside them; shape (n,).
    """
    return [*_overlaps(shapes, codes), *_gaps(boundary, shapes), *_sizes(codes, households, band)]


def addresses(shapes: NDArray[np.object_], points: NDArray[np.object_], names: Sequence[str]) -> list[str]:
    """Say which residential addresses lie in no grid, and which in two or more; points have their names beside them."""
    point, _ = shapely.STRtree(shapes).query(points, predicate="intersects")
    inside, _ = shapely.STRtree(shapes).query(points, predicate="within")  # on the border of two is in one
    none = np.flatnonzero(np.bincount(point, minlength=len(points)) == 0)
    several = np.flatnonzero(np.bincount(inside, minlength=len(points)) > 1)
    found = []
    for which, where in ((none, "no grid"), (several, "two grids or more")):
        if which.size:
            told = ", ".join(names[i] for i in which[:NAMED].tolist())
            more = f" and {which.size - NAMED} more" if which.size > NAMED else ""
            found.append(f"{which.size} residential buildings lie in {where}: {told}{more}")
    return found


def _overlaps(shapes: NDArray[np.object_], codes: Sequence[str]) -> list[str]:
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    area = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    return [
        f"overlap of {metres:.0f} m² between {codes[i]} and {codes[k]}"
        for i, k, metres in zip(one.tolist(), other.tolist(), area.tolist(), strict=True)
        if metres > SMALLEST_M2
    ]


def _gaps(boundary: BaseGeometry, shapes: NDArray[np.object_]) -> list[str]:
    missing = shapely.get_parts(shapely.difference(boundary, shapely.union_all(shapes)))
    centres = shapely.point_on_surface(missing)
    return [
        f"gap of {part.area:.0f} m² at {centre.x:.0f}, {centre.y:.0f} (metric CRS)"
        for part, centre in zip(missing, centres, strict=True)
        if part.area > SMALLEST_M2
    ]


def _sizes(codes: Sequence[str], households: NDArray[np.float64], band: Band) -> list[str]:
    return [
        f"{code} holds {n:.0f} households, outside {band}"
        for code, n, excess in zip(codes, households.tolist(), band.excess(households).tolist(), strict=True)
        if excess > 0
    ]
