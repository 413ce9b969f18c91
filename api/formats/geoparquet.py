"""GeoParquet 1.1: columns as Arrow has them, shapes as WKB, what it is about in the file's metadata."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet
from pyproj import CRS

from api.formats.table import Shapes, Table
from twin.queries.expressions import Kind

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "parquet"
MEDIA_TYPE = "application/vnd.apache.parquet"
TYPES = {Kind.NUMBER: pa.float64(), Kind.TRUTH: pa.bool_(), Kind.TIME: pa.timestamp("us", tz="UTC")}
WGS_84 = 4326


def write(table: Table) -> bytes:
    """Write a table as GeoParquet; one without shapes as plain Parquet."""
    arrays = {name: pa.array(values, TYPES.get(table.kinds[name], pa.string())) for name, values in _plain(table)}
    about: dict[str, str] = dict(table.about)
    if table.shapes is not None:
        arrays["geometry"] = pa.array(table.shapes.wkb, pa.binary())
        about["geo"] = json.dumps(_geo(table.shapes))
    out = io.BytesIO()
    parquet.write_table(pa.table(arrays).replace_schema_metadata(about), out, compression="zstd")
    return out.getvalue()


def _plain(table: Table) -> list[tuple[str, list[Any]]]:
    """Give the columns; whole numbers become the floats their column is of."""
    return [
        (
            name,
            [None if one is None else float(one) for one in values]
            if table.kinds[name] is Kind.NUMBER
            else list(values),
        )
        for name, values in table.columns.items()
    ]


def _geo(shapes: Shapes) -> dict[str, Any]:
    """Describe the geometry column; without a CRS of its own it is OGC:CRS84, as the format has it."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [shapes.kind]}
    there = np.array([wkb for wkb in shapes.wkb if wkb is not None], dtype=object)
    if there.size:
        column["bbox"] = shapely.total_bounds(shapely.from_wkb(there)).tolist()
    if shapes.srid != WGS_84:
        column["crs"] = CRS.from_epsg(shapes.srid).to_json_dict()
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
