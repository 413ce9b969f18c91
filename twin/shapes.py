"""Shapes as they come from files, made what the tables take."""

from __future__ import annotations

import shapely

__all__ = ["polygons"]


def polygons(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Give the polygons in a geometry, made valid; empty where it has no area.

    Lines and points in it, or left over from making it valid, are left out.
    """
    areas = [part for part in _parts(shapely.make_valid(geometry)) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon([area for area in areas if area.area > 0])


def _parts(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """Give the single geometries in a collection of collections."""
    if isinstance(geometry, shapely.GeometryCollection | shapely.MultiPolygon):
        return [single for part in geometry.geoms for single in _parts(part)]
    return [geometry]
