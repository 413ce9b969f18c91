"""Read the boundary of a place from a GeoJSON file; run in a confined process (ingest/loaders/confined.py)."""

from __future__ import annotations

import codecs
from pathlib import Path

import msgspec
import shapely

from ingest.loaders.refusal import RefusedFile
from ingest.loaders.vector_reader import MOST_BYTES, MOST_DEPTH, MOST_VERTICES, depth
from twin.shapes import polygons

__all__ = ["area"]


def area(path: Path) -> bytes:
    """Give all the polygons of the file, made valid, as one shape in the file's own coordinates (WKB); it may be empty."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise RefusedFile("too-large", size=size, most=MOST_BYTES)
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    if depth(content) > MOST_DEPTH:
        raise RefusedFile("too-deep")
    try:
        msgspec.json.decode(content)
        shape = shapely.from_geojson(content.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, shapely.GEOSException) as error:
        raise RefusedFile("not-geojson", why=str(error).splitlines()[0][:200]) from None
    coordinates = shapely.get_coordinates(shape)
    if len(coordinates) > MOST_VERTICES:
        raise RefusedFile("too-many", most=MOST_VERTICES, what="vertices")
    if not (abs(coordinates) < float("inf")).all():
        raise RefusedFile("not-geojson", why="a coordinate is no finite number")
    valid = shapely.make_valid(shapely.get_parts(shape))
    return bytes(shapely.to_wkb(polygons(shapely.union_all(valid))))
