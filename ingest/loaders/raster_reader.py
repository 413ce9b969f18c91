"""Read the heights of a GeoTIFF or .hgt around a place; run in a confined process (ingest/loaders/confined.py).

Only GDAL's drivers for these two are allowed: a VRT called .tif would be followed into other files and the network. Only
the window that the place needs is read, whatever size the file declares.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ingest.loaders.refusal import RefusedFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

__all__ = ["Heights", "window"]

DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".hgt": "SRTMHGT"}
MAGIC = {"GTiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")}
MOST_CELLS = 50_000_000  # of the window, as 32-bit numbers
MOST_BYTES = 4 * 2**30
METRES = {"", "m", "metre", "meter", "metres", "meters"}
RIM = 2  # cells around the place


class Heights(msgspec.Struct, array_like=True, frozen=True):
    """A window of heights [m], NaN where there is none: rows from the top, little-endian 32-bit numbers.

    transform is the affine one from (column, row) of a cell's upper left corner to x, y of the crs (WKT).
    """

    rows: int
    columns: int
    transform: tuple[float, float, float, float, float, float]
    crs: str
    values: bytes


def window(path: Path, *bounds: str) -> Heights:
    """Read the cells around west, south, east, north [degrees, WGS 84], as text."""
    suffix = path.suffix.lower()
    if suffix not in DRIVERS:
        raise RefusedFile("unknown-kind", suffix=suffix or "without a name", kinds=", ".join(DRIVERS))
    if not path.is_file():
        raise RefusedFile("no-file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise RefusedFile("too-large", size=size, most=MOST_BYTES)
    driver = DRIVERS[suffix]
    with path.open("rb") as file:
        head = file.read(4)
    if driver in MAGIC and head not in MAGIC[driver]:
        raise RefusedFile("wrong-kind", kind="GeoTIFF")
    return _read(path, driver, tuple(float(each) for each in bounds))


def _read(path: Path, driver: str, bounds: tuple[float, ...]) -> Heights:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        options = {"GDAL_PAM_ENABLED": "NO", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
        with rasterio.Env(**options), rasterio.open(path, driver=driver) as raster:
            return _window(raster, bounds)
    except (RasterioError, ValueError, OSError) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile("unreadable", why=str(error).replace(str(path), path.name).splitlines()[0][:200]) from None


def _window(raster: DatasetReader, bounds: tuple[float, ...]) -> Heights:
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window, from_bounds

    if raster.crs is None:
        raise RefusedFile("no-raster-crs")
    if raster.count != 1:
        raise RefusedFile("bands", count=raster.count)
    unit = (raster.units[0] or "").lower()
    if unit not in METRES:
        raise RefusedFile("not-metres", unit=unit[:20])
    west, south, east, north = transform_bounds("EPSG:4326", raster.crs, *bounds)
    near = from_bounds(west, south, east, north, raster.transform)
    left, top = math.floor(near.col_off) - RIM, math.floor(near.row_off) - RIM
    right, bottom = math.ceil(near.col_off + near.width) + RIM, math.ceil(near.row_off + near.height) + RIM
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, raster.width), min(bottom, raster.height)
    if left >= right or top >= bottom:
        raise RefusedFile("elsewhere")
    cells = (right - left) * (bottom - top)
    if cells > MOST_CELLS:
        raise RefusedFile("too-many", most=MOST_CELLS, what="cells around the place")
    here = Window(left, top, right - left, bottom - top)
    found = raster.read(1, window=here, masked=True).astype("float32")
    values = np.asarray(found.filled(np.nan) * raster.scales[0] + raster.offsets[0], "<f4")
    values[~np.isfinite(values)] = np.nan
    return Heights(
        bottom - top, right - left, tuple(raster.window_transform(here))[:6], raster.crs.to_wkt(), values.tobytes()
    )
