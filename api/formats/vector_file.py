"""Files that GDAL writes: a table becomes arrays, and they a file in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyogrio.raw import write as write_arrays

from api.formats.table import Shapes, Table
from twin.queries.expressions import Kind

__all__ = ["written"]

EMPTY: Mapping[Kind, Any] = {Kind.NUMBER: 0.0, Kind.TRUTH: False, Kind.TIME: np.datetime64("1970-01-01", "ms")}


def written(table: Table, driver: str, **options: str) -> bytes:
    """Write a table by one of GDAL's drivers; a table without shapes has rows without geometry."""
    shapes = table.shapes or Shapes([None] * table.length, "Unknown")
    fields = [_field(table.kinds[name], values) for name, values in table.columns.items()]
    out = io.BytesIO()
    write_arrays(
        out,
        geometry=np.array(shapes.wkb, dtype=object),
        field_data=[data for data, _ in fields],
        field_mask=[mask for _, mask in fields],
        fields=np.array(list(table.columns), dtype=object),
        driver=driver,
        layer=table.name,
        geometry_type=shapes.kind,
        crs=f"EPSG:{shapes.srid}",
        dataset_metadata=dict(table.about) if driver == "GPKG" else None,
        **options,
    )
    return out.getvalue()


def _field(kind: Kind, values: Sequence[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Give the values as an array and which of them are null; texts say so themselves."""
    if kind not in EMPTY:
        return np.array([None if value is None else str(value) for value in values], dtype=object), None
    missing = np.array([value is None for value in values], dtype=bool)
    filled = [EMPTY[kind] if value is None else _plain(value) for value in values]
    types: dict[Kind, Any] = {Kind.NUMBER: np.float64, Kind.TRUTH: np.bool_, Kind.TIME: "datetime64[ms]"}
    return np.array(filled, dtype=types[kind]), missing


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "ms")
    return value
