"""Write layers as planners and strangers send them: GeoJSON, GeoPackage, Shapefile and XLSX."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

BOX = shapely.box(7.412, 43.732, 7.418, 43.738)
POINT = 1


def feature(code: str, shape: shapely.Geometry, **said: object) -> dict[str, Any]:
    properties = {"code": code, "level": "grid", "name": f"网格 {code}", **said}
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


def geojson(path: Path, *features: object) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return path


def geopackage(
    path: Path, *wkb: bytes, layer: str = "grids", crs: str | None = "EPSG:4326", append: bool = False
) -> Path:
    _write(path, wkb, "GPKG", crs=crs, layer=layer, append=append, geometry_type="Unknown")
    return path


def deep_geopackage(path: Path, depth: int) -> Path:
    """A GeoPackage with collections nested so deep; written past GDAL, which would not."""
    geopackage(path, shapely.to_wkb(BOX))
    with sqlite3.connect(path) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE grids SET geom = ?", (struct.pack("<2sBBi", b"GP", 0, 1, 4326) + nested_wkb(depth),))
    database.close()
    return path


def shapefile(path: Path, *shapes: shapely.Geometry, crs: str = "EPSG:4326", encoding: str = "GB18030") -> Path:
    _write(path, [shapely.to_wkb(shape) for shape in shapes], "ESRI Shapefile", crs=crs, encoding=encoding)
    return path


def xlsx(path: Path, *rows: Sequence[object]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def star(count: int) -> shapely.Polygon:
    """A polygon of random vertices, which crosses itself everywhere."""
    at = np.random.default_rng(22).uniform(0, 0.01, (count, 2)) + np.array([7.41, 43.73])
    return shapely.Polygon(at)


def nested_wkb(depth: int) -> bytes:
    """Collections of one collection each, and a point at the bottom."""
    return struct.pack("<BII", 1, 7, 1) * depth + struct.pack("<BIdd", 1, POINT, 7.41, 43.73)


def _write(path: Path, wkb: Sequence[bytes], driver: str, *, geometry_type: str = "Polygon", **options: Any) -> None:
    from pyogrio.raw import write

    codes = [f"g{number}" for number in range(1, len(wkb) + 1)]
    columns = [codes, ["grid"] * len(wkb), [f"网格 {code}" for code in codes]]
    write(
        path,
        np.array([*wkb, None], dtype=object)[:-1],
        [np.array([*column, None], dtype=object)[:-1] for column in columns],
        ["code", "level", "name"],
        geometry_type=geometry_type,
        driver=driver,
        **options,
    )
