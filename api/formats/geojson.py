"""GeoJSON (RFC 7946), with what it is about as a member beside the features."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import shapely

from api.formats.table import Table

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "geojson"
MEDIA_TYPE = "application/geo+json"


def write(table: Table) -> bytes:
    """Write a table as a FeatureCollection; a row without a shape has null for its geometry."""
    shapes = [None] * table.length if table.shapes is None else [_geometry(wkb) for wkb in table.shapes.wkb]
    rows = zip(*table.columns.values(), strict=True)
    features = [
        {"type": "Feature", "geometry": shape, "properties": dict(zip(table.columns, map(_plain, row), strict=True))}
        for shape, row in zip(shapes, rows, strict=True)
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "about": dict(table.about), "features": features})


def _geometry(wkb: bytes | None) -> Any:
    return None if wkb is None else json.loads(shapely.to_geojson(shapely.from_wkb(wkb)))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
