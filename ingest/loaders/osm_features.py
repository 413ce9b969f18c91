"""Make the base map of an extract: sea, water, green, land, rail and streets, clipped to the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely

from ingest.loaders.osm_coast import sea
from ingest.loaders.osm_extract import Area, Extract, Way
from ingest.loaders.osm_tags import is_underground, map_class, metres
from twin import crs
from twin.features import FeatureRow
from twin.projection import to_degrees, to_metric
from twin.shapes import lines, polygons

__all__ = ["build"]

PIER_WIDTH_M = 2.5  # of a pier that is mapped as a line without a width; ours
SMALLEST_M2 = 1.0  # what is left of an area at the window's edge


def build(extract: Extract, srid: int, window: shapely.Geometry, coast_window: shapely.Polygon) -> list[FeatureRow]:
    """Build the features in the window; sea and land reach on to the wider coast_window.

    Both are shapes in the metric CRS srid. Piers stand out of the sea, so the two do not overlap.
    """
    shapely.prepare(window)
    rows = [
        row
        for area in extract.areas
        if not area.geom.is_empty and "building" not in area.tags
        for row in _area(area, to_metric(srid, area.geom), window)
    ]
    for way in extract.ways:
        rows += _line(way, to_metric(srid, shapely.LineString(np.column_stack((way.lon, way.lat)))), window)
    coast = [
        shapely.LineString(np.column_stack(crs.project(srid, way.lon, way.lat)))
        for way in extract.ways
        if way.tags.get("natural") == "coastline"
    ]
    piers = shapely.union_all([row.geom for row in rows if (row.kind, row.class_) == ("land", "pier")])
    water = polygons(sea(coast, coast_window) - piers)
    land = polygons(coast_window - water)
    if not water.is_empty:
        rows.append(FeatureRow("sea", "water", "sea", water))
    rows.append(FeatureRow("land", "land", "land", land))
    return [replace(row, geom=to_degrees(srid, row.geom)) for row in rows]


def _area(area: Area, plane: shapely.Geometry, window: shapely.Geometry) -> Iterator[FeatureRow]:
    for kind in ("water", "green", "land"):
        class_ = map_class(area.tags, kind)
        if class_ is None or (class_ == "square" and "highway" in area.tags and area.tags.get("area", "yes") != "yes"):
            continue
        if class_ == "square" and area.source.startswith("w") and area.tags.get("area") != "yes":
            continue  # a closed footway is a line around something, no square
        clipped = polygons(shapely.intersection(window, plane))
        if clipped.area >= SMALLEST_M2:
            yield FeatureRow(area.source, kind, class_, clipped, area.tags.get("name"))
        return


def _line(way: Way, plane: shapely.Geometry, window: shapely.Geometry) -> Iterator[FeatureRow]:
    is_pier = way.tags.get("man_made") in ("pier", "breakwater", "groyne")
    if is_pier and way.refs[0] != way.refs[-1]:
        width_m = metres(way.tags.get("width")) or PIER_WIDTH_M
        clipped = polygons(shapely.intersection(window, shapely.buffer(plane, width_m / 2, cap_style="flat")))
        if not clipped.is_empty:
            yield FeatureRow(way.source, "land", "pier", clipped, way.tags.get("name"))
    for kind in ("street", "rail", "water"):
        class_ = map_class(way.tags, kind)
        is_drawn = class_ is not None and not way.is_area and (kind == "street" or not is_underground(way.tags))
        if class_ is None or not is_drawn or (kind == "water" and class_ != "stream"):
            continue
        line = lines(shapely.intersection(window, plane))
        if not line.is_empty:
            yield FeatureRow(way.source, kind, class_, line, way.tags.get("name", way.tags.get("ref")))
