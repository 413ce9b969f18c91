"""Shapes as they come from files, made what the tables take."""

from __future__ import annotations

import shapely

__all__ = ["lines", "polygons"]


def polygons(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Give the polygons in a geometry, made valid; empty where it has no area.

    Lines and points in it, or left over from making it valid, are left out.
    """
    areas = [part for part in _parts(shapely.make_valid(geometry)) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon([area for area in areas if area.area > 0])


def lines(geometry: shapely.Geometry) -> shapely.MultiLineString:
    """Give the lines in a geometry; empty where it has no length."""
    ways = [part for part in _parts(geometry) if isinstance(part, shapely.LineString) and part.length > 0]
    return shapely.MultiLineString(ways)


def _parts(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """Give the single geometries in a collection of collections."""
    if isinstance(geometry, shapely.GeometryCollection | shapely.MultiPolygon | shapely.MultiLineString):
        return [single for part in geometry.geoms for single in _parts(part)]
    return [geometry]
