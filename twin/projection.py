"""Project whole shapes between WGS 84 and a metric CRS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import crs

__all__ = ["to_degrees", "to_metric"]

Shapes = Sequence[shapely.Geometry] | NDArray[np.object_]


@overload
def to_metric(srid: int, shapes: shapely.Geometry) -> shapely.Geometry: ...
@overload
def to_metric(srid: int, shapes: Shapes) -> NDArray[np.object_]: ...
def to_metric(srid: int, shapes: shapely.Geometry | Shapes) -> shapely.Geometry | NDArray[np.object_]:
    """Project one shape or several, shape (n,), from WGS 84 degrees to metres in a metric CRS, vertex by vertex."""
    return _moved(shapes, lambda at: np.column_stack(crs.project(srid, at[:, 0], at[:, 1])))


@overload
def to_degrees(srid: int, shapes: shapely.Geometry) -> shapely.Geometry: ...
@overload
def to_degrees(srid: int, shapes: Shapes) -> NDArray[np.object_]: ...
def to_degrees(srid: int, shapes: shapely.Geometry | Shapes) -> shapely.Geometry | NDArray[np.object_]:
    """Project one shape or several, shape (n,), back to WGS 84 degrees; vertices that were equal stay equal."""
    return _moved(shapes, lambda at: np.column_stack(crs.unproject(srid, at[:, 0], at[:, 1])))


def _moved(
    shapes: shapely.Geometry | Shapes, move: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> shapely.Geometry | NDArray[np.object_]:
    if isinstance(shapes, shapely.Geometry):
        return shapely.transform(shapes, move)
    found = np.empty(len(shapes), dtype=np.object_)
    found[:] = list(shapes)
    return np.asarray(shapely.transform(found, move), dtype=np.object_)
